//! What comes too often.

use guard_policies::table::{BURST_MAX, KEYS_PER_SOURCE_MAX};
use guard_policies::{Entry, Opinion};
use libetp::{Mtype, Port};

use crate::support::{BRANCH, HQ, Letter, app, compile, refuse, rule};

/// How many of so many messages pass.
fn passed(table: &guard_policies::table::Table, letter: &Letter, count: usize) -> usize {
    (0..count).filter(|_| !letter.meets(table)).count()
}

#[test]
fn a_burst_and_then_the_rate() {
    let table = rule("rate = { over = \"10/s\", burst = 5 }");
    let mut letter = Letter::default();
    assert_eq!(passed(&table, &letter, 100), 5);
    letter.now.tick_ms = 99;
    assert_eq!(passed(&table, &letter, 100), 0);
    letter.now.tick_ms = 100;
    assert_eq!(passed(&table, &letter, 100), 1);
    letter.now.tick_ms = 1_000_000;
    assert_eq!(passed(&table, &letter, 100), 5);
}

#[test]
fn units_of_time_and_bursts_of_their_own() {
    for (over, ms) in [
        ("3/s", 1_000),
        ("3/min", 60_000),
        ("3/h", 3_600_000),
        ("3/d", 86_400_000),
    ] {
        let table = rule(&format!("rate = {{ over = \"{over}\" }}"));
        let mut letter = Letter::default();
        assert_eq!(passed(&table, &letter, 9), 3);
        letter.now.tick_ms = u64::div_ceil(ms, 3) - 1;
        assert_eq!(passed(&table, &letter, 9), 0, "{over}");
        letter.now.tick_ms = u64::div_ceil(ms, 3);
        assert_eq!(passed(&table, &letter, 9), 1, "{over}");
        letter.now.tick_ms = u64::MAX;
        assert_eq!(passed(&table, &letter, 9), 3, "{over}");
    }
    assert_eq!(BURST_MAX, 1_000_000);
    rule("rate = { over = \"1000000/s\", burst = 1000000 }");
}

#[test]
fn keys() {
    let local = |uid, port| Letter {
        src: libetp::EntityId {
            port: Port(port),
            ..Letter::default().src
        },
        ..Letter::from(app(uid))
    };
    let (a, b) = (local(1, 1), local(2, 2));
    let (hq, branch) = (
        Letter::from(Entry::Remote(HQ)),
        Letter::from(Entry::Remote(BRANCH)),
    );
    let left = |per: &str, letters: [&Letter; 2]| {
        let table = rule(&format!("rate = {{ over = \"2/h\", per = \"{per}\" }}"));
        letters.map(|letter| passed(&table, letter, 3))
    };
    assert_eq!(left("source", [&a, &b]), [2, 2]);
    assert_eq!(left("source", [&a, &local(1, 2)]), [2, 0]);
    assert_eq!(left("source", [&hq, &branch]), [2, 2]);
    assert_eq!(left("src", [&a, &b]), [2, 2]);
    assert_eq!(left("src", [&a, &local(2, 1)]), [2, 0]);
    assert_eq!(left("dst", [&a, &b]), [2, 0]);
    assert_eq!(left("src_domain", [&a, &b]), [2, 0]);
    assert_eq!(left("all", [&a, &hq]), [2, 0]);
    assert_eq!(left("uid", [&a, &b]), [2, 2]);
    assert_eq!(left("uid", [&a, &hq]), [2, 3], "hosts are not counted");
    assert_eq!(left("host", [&hq, &branch]), [2, 2]);
    assert_eq!(left("host", [&a, &hq]), [3, 2], "users are not counted");
}

#[test]
fn only_what_meets_the_rest_of_the_rule_and_comes_so_far_is_counted() {
    let table = compile(
        r#"
        [[rule]]
        mtype = "pong"
        then = "pass"
        [[rule]]
        src_port = "0-100"
        rate = { over = "2/h", per = "all" }
        then = "refuse"
        reason = "often"
        [[rule]]
        mtype = "ping"
        then = "drop"
        "#,
    )
    .unwrap();
    let of = |mtype, port| {
        let mut letter = Letter {
            mtype,
            ..Letter::default()
        };
        letter.src.port = Port(port);
        letter.judged(&table)
    };
    for _ in 0..9 {
        assert_eq!(of(Mtype::PONG, 1), Opinion::Pass);
        assert_eq!(of(Mtype::OFFER, 101), Opinion::Indifferent);
    }
    assert_eq!(of(Mtype::OFFER, 100), Opinion::Indifferent);
    assert!(matches!(of(Mtype::PING, 100), Opinion::Drop(_)));
    assert_eq!(of(Mtype::PING, 100), refuse("often"));
    assert_eq!(of(Mtype::OFFER, 0), refuse("often"));
}

#[test]
fn making_up_sources_gives_no_more_than_a_share() {
    let table = rule("rate = { over = \"1/h\", per = \"src\" }");
    let mut flooder = Letter::from(Entry::Remote(HQ));
    let mut passed = 0;
    for round in 0..3 {
        for port in 0..5_000 {
            flooder.src.port = Port(port);
            flooder.now.tick_ms = round;
            passed += usize::from(!flooder.meets(&table));
        }
    }
    assert_eq!(passed, KEYS_PER_SOURCE_MAX + 1);
    let honest = Letter {
        src: libetp::EntityId {
            port: Port(6_000),
            ..flooder.src
        },
        ..Letter::from(Entry::Remote(BRANCH))
    };
    assert!(
        !honest.meets(&table),
        "another host still has a bucket of its own"
    );
}
