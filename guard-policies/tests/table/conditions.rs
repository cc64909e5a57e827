//! Each condition is met by what it says and by nothing else.

use guard_policies::{Entry, Now, Opinion, Policy};
use libetp::{Mtype, Port};

use crate::support::{ABROAD, BRANCH, ELSEWHERE, HOME, HQ, Letter, app, compile, refuse, rule};

/// A rule, a message that meets it, and one that does not.
fn check(conditions: &str, inside: &Letter, outside: &Letter) {
    let table = rule(conditions);
    assert!(inside.meets(&table), "{conditions}: {inside:?}");
    assert!(!outside.meets(&table), "{conditions}: {outside:?}");
}

fn letter(change: impl FnOnce(&mut Letter)) -> Letter {
    let mut letter = Letter::default();
    change(&mut letter);
    letter
}

#[test]
fn entries() {
    let entries = [
        ("app", app(1)),
        ("card", Entry::Card(HOME)),
        ("remote", Entry::Remote(HQ)),
        ("host", Entry::Host),
    ];
    for (name, _) in entries {
        let table = rule(&format!("entry = \"{name}\""));
        for (other, entry) in entries {
            assert_eq!(Letter::from(entry).meets(&table), name == other);
        }
    }
    let table = rule("entry = [\"card\", \"host\"]");
    let met = entries.map(|(_, entry)| Letter::from(entry).meets(&table));
    assert_eq!(met, [false, true, false, true]);
}

#[test]
fn ids_and_domains() {
    let default = Letter::default();
    let other = letter(|l| l.src = HOME.entity(Port(8)));
    check("src = \"shop\"", &default, &other);
    check(&format!("src = [\"bank\", \"{HOME}:7\"]"), &default, &other);
    let other = letter(|l| l.dst = ABROAD.entity(Port(8)));
    check("dst = \"bank\"", &default, &other);
    let other = letter(|l| l.dst = ELSEWHERE.entity(Port(9)));
    check("dst_domain = \"abroad\"", &default, &other);
    check("dst_domain = [\"local\", \"bank\"]", &default, &other);
    let homely = letter(|l| l.dst = HOME.entity(Port(9)));
    check("dst_domain = \"foreign\"", &other, &homely);
    check("dst_domain = [\"local\", \"bank\"]", &homely, &other);
    let other = letter(|l| l.src = ABROAD.entity(Port(7)));
    check("src_domain = \"local\"", &default, &other);
    check(&format!("src_domain = \"{ABROAD}\""), &other, &default);
}

#[test]
fn numbers_and_ranges_hold_their_ends() {
    let port = |port| letter(|l| l.src.port = Port(port));
    check("src_port = \"5-7\"", &port(7), &port(8));
    check("src_port = \"5-7\"", &port(5), &port(4));
    check("src_port = [1, \"0x10\"]", &port(16), &port(2));
    check("src_port = \">7\"", &port(8), &port(7));
    check("src_port = \">7\"", &port(u32::MAX), &port(0));
    check("src_port = \"<7\"", &port(6), &port(7));
    let port = |port| letter(|l| l.dst.port = Port(port));
    check("dst_port = 0", &port(0), &port(1));
    let size = |size| letter(|l| l.size = size);
    check("size = \">1024\"", &size(1025), &size(1024));
    check("size = \"<1024\"", &size(1023), &size(1024));
    check("size = 36", &size(36), &size(37));
}

#[test]
fn types_by_name_number_and_range() {
    let mtype = |mtype| letter(|l| l.mtype = mtype);
    let offer = mtype(Mtype::OFFER);
    check("mtype = \"offer\"", &offer, &mtype(Mtype::PING));
    let number = format!("mtype = \"0x{:04x}\"", Mtype::OFFER.0);
    check(&number, &offer, &mtype(Mtype::PING));
    check(
        &format!("mtype = {}", Mtype::OFFER.0),
        &offer,
        &mtype(Mtype::PING),
    );
    check(
        "mtype = \"0xc000-0xcfff\"",
        &mtype(Mtype(0xC001)),
        &mtype(Mtype(0xD000)),
    );
    let (low, high) = (Mtype::HELLO_CHALLENGE, Mtype(Mtype::HELLO_CHALLENGE.0 + 1));
    let range = format!("mtype = \"hello-challenge - 0x{:x}\"", high.0);
    check(&range, &mtype(low), &mtype(Mtype(high.0 + 1)));
}

#[test]
fn all_privileged_types_by_one_word() {
    let table = rule("mtype = [\"privileged\", \"ping\"]");
    for entry in libetp::mtype::TABLE {
        let mtype = entry.mtype;
        let wanted = mtype.is_privileged() || mtype == Mtype::PING;
        assert_eq!(letter(|l| l.mtype = mtype).meets(&table), wanted, "{mtype}");
    }
}

#[test]
fn next_leaves_it_to_the_next_policy() {
    let table = "[[rule]]\nmtype = \"ping\"\nthen = \"next\"\n[[rule]]\nthen = \"refuse\"\n";
    let table = compile(table).unwrap();
    let judged = |mtype| letter(|l| l.mtype = mtype).judged(&table);
    assert_eq!(judged(Mtype::PING), Opinion::Indifferent);
    assert!(matches!(judged(Mtype::PONG), Opinion::Refuse(_)));
}

#[test]
fn users_and_groups() {
    let by = |uid| Letter::from(app(uid));
    let remote = Letter::from(Entry::Remote(HQ));
    check("uid = [0, \"1000-1009\"]", &by(1009), &by(1010));
    check("uid = \"<2000\"", &by(1009), &remote);
    check("gid = 1009", &by(1009), &by(1010));
    check("gid = 1009", &by(1009), &by(27));
    check("group = 27", &by(1000), &letter(|l| l.membership = None));
    check("group = 1000", &letter(|l| l.membership = None), &by(1001));
    check("group = \"28-100\"", &by(1), &remote);
}

#[test]
fn control_groups_and_what_lies_below() {
    let within = |path: &str| letter(|l| l.membership.as_mut().unwrap().cgroup = path.into());
    let rule = "cgroup = [\"/user.slice\", \"/system.slice/shop.service/\"]";
    let shop = within("/system.slice/shop.service");
    check(rule, &shop, &within("/system.slice/shop.service2"));
    check(rule, &within("/user.slice/a/b"), &within("/system.slice"));
    check(rule, &shop, &letter(|l| l.membership = None));
}

#[test]
fn hosts_and_derived_capabilities() {
    let hq = Letter::from(Entry::Remote(HQ));
    check("host = \"hq\"", &hq, &Letter::from(Entry::Remote(BRANCH)));
    check(
        &format!("host = \"{}\"", "44".repeat(32)),
        &hq,
        &Letter::default(),
    );
    let derived = letter(|l| {
        if let Entry::App { derived, .. } = &mut l.entry {
            *derived = true;
        }
    });
    check("derived = true", &derived, &Letter::default());
    check("derived = false", &Letter::default(), &derived);
    check("derived = false", &Letter::default(), &hq);
}

/// Seconds from the start of Monday, 2026-06-01, UTC.
fn at(day: u64, hour: u64, minute: u64) -> Letter {
    const MONDAY: u64 = 1_780_272_000;
    letter(|l| {
        l.now = Now {
            unix_s: MONDAY + ((day * 24 + hour) * 60 + minute) * 60,
            tick_ms: 0,
        };
    })
}

#[test]
fn windows_of_the_day() {
    let rule = "time = \"09:00-17:30\"";
    check(rule, &at(0, 9, 0), &at(0, 8, 59));
    check(rule, &at(6, 17, 29), &at(6, 17, 30));
    let rule = "time = \"22:00-07:00\"";
    check(rule, &at(0, 22, 0), &at(0, 21, 59));
    check(rule, &at(0, 6, 59), &at(0, 7, 0));
    let rule = "time = [\"00:00-01:00\", { window = \"23:00-24:00\" }]";
    check(rule, &at(0, 23, 59), &at(0, 1, 0));
    check(rule, &at(0, 0, 59), &at(0, 22, 59));
}

#[test]
fn a_window_past_midnight_belongs_to_the_day_on_which_it_begins() {
    let rule = "time = { window = \"22:00-07:00\", days = [\"fri\", \"sun\"] }";
    check(rule, &at(4, 23, 0), &at(3, 23, 0));
    check(rule, &at(5, 6, 0), &at(4, 6, 0));
    check(rule, &at(7, 6, 0), &at(6, 6, 0));
    check(rule, &at(6, 23, 0), &at(5, 23, 0));
}

#[test]
fn zones_with_their_summer_time() {
    let rule = "time = { window = \"09:00-10:00\", zone = \"Europe/Berlin\" }";
    check(rule, &at(0, 7, 30), &at(0, 9, 30));
    let december = 183;
    check(rule, &at(december, 8, 30), &at(december, 7, 30));
}

#[test]
fn times_that_no_calendar_has_are_no_panic() {
    let late = letter(|l| l.now.unix_s = u64::MAX);
    check("time = \"12:00-24:00\"", &late, &at(0, 11, 0));
}

#[test]
fn all_conditions_together_and_the_first_rule_that_is_met() {
    let table = compile(
        r#"
        [[rule]]
        mtype = "offer"
        host = "hq"
        then = "pass"
        [[rule]]
        entry = "remote"
        size = ">1000"
        then = "drop"
        reason = "too much"
        [[rule]]
        mtype = "ping"
        then = "hold"
        reason = "why"
        [[rule]]
        then = "refuse"
        reason = "only hq offers"
        "#,
    )
    .unwrap();
    let mut letter = Letter::from(Entry::Remote(HQ));
    letter.size = 2000;
    assert_eq!(letter.judged(&table), Opinion::Pass);
    letter.mtype = Mtype::PING;
    assert_eq!(letter.judged(&table), Opinion::Drop("too much".into()));
    letter.size = 1000;
    assert_eq!(letter.judged(&table), Opinion::Hold("why".into()));
    letter.mtype = Mtype::PONG;
    assert_eq!(letter.judged(&table), refuse("only hq offers"));
    let lines = table.explain();
    assert_eq!(lines[1], "2. drop entry = remote, size = >1000: too much");
    assert_eq!(lines[3], "4. refuse everything: only hq offers");
}

#[test]
fn no_rule_no_opinion() {
    let table = compile("").unwrap();
    assert_eq!(Letter::default().judged(&table), Opinion::Indifferent);
}
