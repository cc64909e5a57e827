//! Sessions that compute modules.

use libetp::digest::sha256;
use libetp::params::pals::{Descriptor, ForgetFunction, JoinSession, Outcome, SessionResult};
use libetp::params::runtime::RefusalCode;
use oncard_function::ENGINE;
use oncard_function::limits::{FUEL_MAX, MEMORY_BYTES_MAX, SLICE_FUEL_MAX, SLICE_FUEL_MIN};
use oncard_runtime::{Store, Writes};
use oncard_trustedpals::FAMILY;

use crate::library::kept;
use crate::table::{Seat, Table, honest, opening, refusal};
use crate::traffic::traffic;

/// A module that is shipped: values are numbers of 64 bits with a sign.
pub(crate) const SUM: &[u8] = include_bytes!("../../../../pals/functions/sum/sum.wasm");

const FUEL: u64 = 20_000;
const SLICE: u64 = 5_000;
const WORK_ROUNDS: u32 = 4;

/// A module of so many bytes.
pub(crate) fn padded(len: usize) -> Vec<u8> {
    // A custom section, whose bytes say nothing.
    let body = len - SUM.len() - 1 - 5;
    let mut padded = SUM.to_vec();
    padded.push(0);
    padded.extend([0, 7, 14, 21].map(|shift| (body >> shift) as u8 & 0x7f | 0x80));
    padded.push((body >> 28) as u8);
    padded.push(1);
    padded.resize(len, b'x');
    padded
}

/// A module of this code.
fn module(code: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "function_buffer") (param i32) (result i32) (i32.const 1024))
            (func (export "function_run") (param i32) (result i64) {code}))"#
    );
    wat::parse_str(text).unwrap()
}

/// A table whose cards compute that module, and a session of it.
fn table(n: usize, function: &[u8]) -> (Table, Descriptor) {
    let mut table = Table::without_functions(n);
    let hashes = table.seats.iter_mut().map(|it| it.take_function(function));
    let function = hashes.last().unwrap();
    let descriptor = Descriptor {
        function,
        engine: ENGINE.into(),
        parameters: vec![],
        fuel: FUEL,
        slice: SLICE,
        memory_bytes: 2 << 20,
        ..table.descriptor()
    };
    (table, descriptor)
}

impl Seat {
    fn result(&self) -> Vec<u8> {
        self.last::<SessionResult>().unwrap().result.unwrap()
    }
}

/// What the cards came to.
fn results(table: &Table) -> Vec<Vec<u8>> {
    table.seats.iter().map(Seat::result).collect()
}

fn numbers(inputs: &[i64]) -> Vec<u64> {
    inputs.iter().map(|it| it.cast_unsigned()).collect()
}

#[test]
fn cards_compute_a_module_in_the_rounds_that_its_fuel_makes() {
    let inputs = numbers(&[-7, 40, 9]);
    let (mut table, descriptor) = table(3, SUM);
    table.start_of(&descriptor, &inputs, &mut honest);
    let rounds = table.seats[0].state().rounds;
    assert_eq!(rounds, descriptor.cover_rounds + 2 + WORK_ROUNDS);
    table.play(&mut honest);
    let (sum, mean) = (42_i128.to_be_bytes(), 14_i64.to_be_bytes());
    let expected = [&[0, 3][..], &sum, &mean].concat();
    assert_eq!(results(&table), vec![expected; 3]);
}

/// It is told which session, which parameters, whose inputs came, and who asks.
#[test]
fn a_module_is_given_what_the_session_says() {
    let echo = "(i64.or (i64.shl (i64.const 1024) (i64.const 32))
                        (i64.extend_i32_u (local.get 0)))";
    let (mut table, mut descriptor) = table(3, &module(echo));
    descriptor.parameters = b"xyz".to_vec();
    table.start_of(&descriptor, &[1, 2, 3], &mut honest);
    let session = table.seats[0].state().session.unwrap();
    table.crashed.push(2);
    table.play(&mut honest);
    let values = [
        &[1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2][..],
        &[0; 9],
    ]
    .concat();
    for me in [0, 1] {
        let head = [&[0, 3, 0, me as u8][..], &session, b"\0\x03xyz\0\0\0\x08"].concat();
        assert_eq!(table.seats[me].result(), [head, values.clone()].concat());
    }
}

#[test]
fn a_module_that_traps_and_one_that_never_ends_trap_for_all_alike() {
    for code in [
        "(unreachable)",
        "(loop (br 0)) (i64.const 0)",
        "(i64.const -1)",
        "(drop (memory.grow (i32.const 1000))) (i64.load (i32.const 70000000))",
    ] {
        let (mut table, descriptor) = table(3, &module(code));
        table.start_of(&descriptor, &[1, 2, 3], &mut honest);
        let rounds = table.seats[0].state().rounds;
        for _ in 0..=rounds {
            assert!(table.seats.iter().all(|it| it.outcome().is_none()));
            table.round(&mut honest);
        }
        let outcomes: Vec<_> = table.seats.iter().map(Seat::outcome).collect();
        assert_eq!(outcomes, [Some(Outcome::Trapped); 3], "{code}");
    }
}

/// One that traps for odd inputs of the first member: the traffic between cards says nothing of it.
#[test]
fn hosts_do_not_see_from_the_traffic_that_a_module_trapped() {
    let odd = "(i32.and (i32.load8_u (i32.const 1074)) (i32.const 1))";
    let function = module(&format!("(if {odd} (then (unreachable))) (i64.const 0)"));
    let seen = |input: u64, outcome| {
        let (mut table, descriptor) = table(3, &function);
        table.start_of(&descriptor, &[input, 5, 6], &mut honest);
        table.play(&mut honest);
        let outcomes: Vec<_> = table.seats.iter().map(Seat::outcome).collect();
        assert_eq!(outcomes, [Some(outcome); 3]);
        traffic(&table)
    };
    assert_eq!(seen(4, Outcome::Result), seen(3, Outcome::Trapped));
}

/// A function that ended in the first slice is told after all of them: a host that lets its card compute fewer gets
/// nothing, whichever it leaves out.
#[test]
fn there_is_a_slice_in_every_round_of_work_however_early_the_function_ended() {
    let (mut table, descriptor) = table(3, &module("(i64.const 0)"));
    table.start_of(&descriptor, &[1, 2, 3], &mut honest);
    let rounds = table.seats[0].state().rounds;
    for _ in 0..rounds {
        let is_last = table.seats[0].state().round + 1 == rounds;
        table.idle = is_last.then_some(0);
        table.round(&mut honest);
    }
    table.idle = None;
    table.play(&mut honest);
    let outcomes: Vec<_> = table.seats.iter().map(Seat::outcome).collect();
    let result = Some(Outcome::Result);
    assert_eq!(outcomes, [Some(Outcome::Trapped), result, result]);
}

#[test]
fn what_the_owner_has_not_approved_is_not_computed() {
    let (table, descriptor) = table(3, SUM);
    let mut strangers = Table::without_functions(3);
    assert_eq!(strangers.descriptor().members, table.descriptor().members);
    let join = JoinSession {
        descriptor: descriptor.clone(),
        opening: [1; 32],
        input: vec![0; 8],
    };
    let [first, second, _] = &mut strangers.seats[..] else {
        panic!("three");
    };
    let not_found = Some(RefusalCode::NotFound);
    assert_eq!(refusal(&first.order(opening(&descriptor))), not_found);
    assert_eq!(refusal(&second.order(join.clone())), not_found);
    first.load(SUM);
    second.load(SUM);
    let state = Some(RefusalCode::State);
    assert_eq!(refusal(&first.order(opening(&descriptor))), state);
    assert_eq!(refusal(&second.order(join.clone())), state);
    first.take_function(SUM);
    second.take_function(SUM);
    assert_eq!(refusal(&first.order(opening(&descriptor))), None);
    assert_eq!(refusal(&second.order(join)), None);
}

#[test]
fn another_engine_or_more_than_a_module_may_use_is_refused() {
    let (mut table, good) = table(2, SUM);
    let changes: [fn(&mut Descriptor); 7] = [
        |it| it.engine = "wasmi 2.0.1".into(),
        |it| it.engine = "native 1".into(),
        |it| it.slice = SLICE_FUEL_MIN - 1,
        |it| it.slice = SLICE_FUEL_MAX + 1,
        |it| (it.fuel, it.slice) = (FUEL_MAX + 1, SLICE_FUEL_MAX),
        |it| it.memory_bytes = MEMORY_BYTES_MAX + 1,
        |it| it.fuel = 0,
    ];
    for change in changes {
        let mut descriptor = good.clone();
        change(&mut descriptor);
        let said = table.seats[0].order(opening(&descriptor));
        let malformed = Some(RefusalCode::Malformed);
        assert_eq!(refusal(&said), malformed, "{descriptor:?}");
    }
    let most = Descriptor {
        fuel: FUEL_MAX,
        slice: SLICE_FUEL_MAX,
        memory_bytes: MEMORY_BYTES_MAX,
        ..good
    };
    assert_eq!(refusal(&table.seats[0].order(opening(&most))), None);
}

#[test]
fn a_function_that_is_forgotten_in_a_session_is_computed_in_it() {
    let (mut table, descriptor) = table(2, SUM);
    table.open(&descriptor, 20);
    let hash = descriptor.function;
    let forget = |seat: &mut Seat| kept(&seat.order(ForgetFunction { hash }));
    assert_eq!(forget(&mut table.seats[0]), []);
    table.join(1, 22, &mut honest);
    assert_eq!(forget(&mut table.seats[1]), []);
    table.play(&mut honest);
    assert!(
        results(&table)
            .iter()
            .all(|it| it[2..18] == 42_i128.to_be_bytes())
    );
    let said = table.seats[0].order(opening(&descriptor));
    assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
}

/// It lies on the card, and needs no approval again.
#[test]
fn a_function_outlives_power() {
    let (mut table, descriptor) = table(2, SUM);
    table
        .seats
        .iter_mut()
        .for_each(|seat| seat.lose_power(None));
    table.start_of(&descriptor, &[20, 22], &mut honest);
    table.play(&mut honest);
    assert!(
        results(&table)
            .iter()
            .all(|it| it[2..18] == 42_i128.to_be_bytes())
    );
}

#[test]
fn of_several_functions_the_one_that_the_session_names_is_computed() {
    let (mut table, of_sum) = table(2, SUM);
    let constant = module("(i64.const 0)");
    for seat in &mut table.seats {
        seat.take_function(&constant);
    }
    let of_constant = Descriptor {
        function: sha256(&constant),
        ..of_sum.clone()
    };
    for descriptor in [&of_sum, &of_constant, &of_sum] {
        table.seats.iter_mut().for_each(|seat| seat.inbox.clear());
        table.start_of(descriptor, &[20, 22], &mut honest);
        table.play(&mut honest);
        let expected = if *descriptor == of_sum { 26 } else { 0 };
        assert!(results(&table).iter().all(|it| it.len() == expected));
    }
}

/// Sessions after the first one do not read the function from the store again, while there is power.
#[test]
fn a_function_is_compiled_once() {
    let (mut table, descriptor) = table(2, SUM);
    let piece = [&[FAMILY, b'm'], &descriptor.function[..], &[0]].concat();
    let damage = Writes::from([(piece, Some(vec![2]))]);
    let seat = &mut table.seats[0];
    seat.card.store_mut().commit(&damage).unwrap();
    assert_eq!(refusal(&seat.order(opening(&descriptor))), None);
    seat.lose_power(None);
    let said = seat.order(opening(&descriptor));
    assert_eq!(refusal(&said), Some(RefusalCode::Storage));
}

/// A store that rotted gives no other function.
#[test]
fn what_is_stored_under_a_hash_and_is_not_it_is_not_computed() {
    let (mut table, descriptor) = table(2, SUM);
    let hash = descriptor.function;
    let piece = [&[FAMILY, b'm'], &hash[..], &[0]].concat();
    let record = [&[FAMILY, b'f'], &hash[..]].concat();
    let other = [&[1][..], &module("(i64.const 0)")].concat();
    let damages = [
        (&piece, Some(other)),
        (&piece, Some(vec![2])),
        (&piece, Some(vec![])),
        (&record, Some(vec![1, 0x80])),
    ];
    let sound = table.seats[0].card.store().clone();
    for (key, value) in damages {
        let mut store = sound.clone();
        assert!(store.get(key).unwrap().is_some());
        store.commit(&Writes::from([(key.clone(), value)])).unwrap();
        table.seats[0].lose_power(Some(store));
        let said = table.seats[0].order(opening(&descriptor));
        assert_eq!(refusal(&said), Some(RefusalCode::Storage));
    }
    table.seats[0].lose_power(Some(sound));
    assert_eq!(refusal(&table.seats[0].order(opening(&descriptor))), None);
}
