//! Who makes Guard work pays for it, and nobody else does.

use crate::modules::{BURNS_AT_B, policy};
use crate::stage::{NOTED, PLAIN, Stage, nothing_came, received, send};
use crate::users::User;

const HOSTILE: u32 = 64_100;
const OTHER: u32 = 64_101;
/// What a sender may use at once. It comes back so slowly that no test sees it.
const BURST: u64 = 1_000_000;
/// What a message can cost at most: 50,000 for the plugin, and a little for its module.
const MESSAGE_MAX: u64 = 60_000;
/// Messages of the modest, each of which costs next to nothing.
const MODEST: u64 = 100;

fn rules(is_slow: bool) -> String {
    let fuel = format!("fuel = {{ per_second = 1, burst = {BURST} }}");
    format!("version = 1\n{fuel}\n{}", policy("burns", PLAIN, is_slow))
}

#[test]
fn who_burns_all_fuel_is_refused_and_a_modest_user_passes_the_same_plugin() {
    let stage = Stage::set_with(&rules(false), &[("burns", BURNS_AT_B)]);
    let (mut modest, mut receiver) = (stage.program("modest"), stage.program("receiver"));
    let to = receiver.id();
    let mut hostile = User::start(&stage, HOSTILE);
    let mut passed = 0;
    while hostile.send(to, PLAIN, "B").is_none() {
        assert_eq!(received(&mut receiver), b"B");
        passed += 1;
        assert!(passed <= BURST / 10_000, "there is no end of its fuel");
    }
    let spent = stage.count("burns", "fuel");
    assert!((BURST - MESSAGE_MAX..BURST).contains(&spent), "{spent}");
    for n in 0..MODEST {
        let said = hostile.send(to, PLAIN, "B").expect("a refusal");
        assert!(said.contains("burns: guard-failed: "), "{said}");
        assert!(said.contains("has used up its fuel"), "{said}");
        let param = n.to_string();
        send(&mut modest, to, PLAIN, param.as_bytes());
        assert_eq!(received(&mut receiver), param.as_bytes());
    }
    assert_eq!(stage.count("burns", "unpaid"), MODEST + 1);
    assert_eq!(stage.count("burns", "passed"), 0);
    assert_eq!(stage.count("burns", "indifferent"), passed + MODEST);
    assert_eq!(hostile.send(to, NOTED, "free"), None);
    assert_eq!(received(&mut receiver), b"free");
    assert_eq!(User::start(&stage, OTHER).send(to, PLAIN, "B"), None);
    assert_eq!(received(&mut receiver), b"B");
    nothing_came(&mut receiver);
}

#[test]
fn a_slow_plugin_is_paid_for_by_who_makes_it_slow() {
    let stage = Stage::set_with(&rules(true), &[("burns", BURNS_AT_B)]);
    let (mut modest, mut receiver) = (stage.program("modest"), stage.program("receiver"));
    let to = receiver.id();
    let mut hostile = User::start(&stage, HOSTILE);
    for _ in 0..2 * BURST / 10_000 {
        hostile.send(to, PLAIN, "B");
    }
    for n in 0..MODEST {
        let param = n.to_string();
        send(&mut modest, to, PLAIN, param.as_bytes());
        while {
            let came = received(&mut receiver);
            assert!(came == b"B" || came == param.as_bytes());
            came == b"B"
        } {}
    }
    let refused = || Ok(stage.count("burns", "unpaid") > 0);
    let what = "the end of the hostile user's fuel";
    stage.host.wait_for(what, refused).unwrap();
    assert!(stage.count("burns", "fuel") < BURST + MODEST * 100);
}
