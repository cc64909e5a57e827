//! Members who give nonsense: it takes nothing from the others, and no card differs.

use etp_function::Session;

use crate::engine::{Both, Dice, Value, runs};

fn all() -> [Both; 5] {
    [
        Both::new::<sum::Sum>("sum"),
        Both::new::<maximum::Maximum>("maximum"),
        Both::new::<auction::Auction>("auction"),
        Both::new::<benchmark::Benchmark>("benchmark"),
        Both::new::<plan::Plan>("plan"),
    ]
}

#[test]
fn whatever_bytes_members_and_parameters_are_there_is_a_result() {
    let all = all();
    runs(60, |dice| {
        let members = 1 + dice.below(6);
        let len = dice.below(80);
        let value = |dice: &mut Dice| (!dice.one_in(6)).then(|| dice.bytes(len));
        let values: Vec<Value> = (0..members).map(|_| value(dice)).collect();
        let len = dice.below(14);
        let mut parameters = dice.bytes(len);
        // Often small, and so often what it could mean.
        for byte in &mut parameters {
            *byte %= 3;
        }
        let session = Session {
            id: dice.id(),
            parameters: &parameters,
        };
        let me = dice.below(members) as usize;
        for both in &all {
            both.run(&session, &values, me);
        }
    });
}

#[test]
fn nobody_at_all_is_no_failure() {
    for both in &all() {
        for members in [1, 3, 64] {
            both.run(&Session::default(), &vec![None; members], members - 1);
        }
    }
}
