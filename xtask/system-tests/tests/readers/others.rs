//! Other programs at the reader of a card.

use crate::station::{Station, ok, until_ok};

#[test]
fn a_card_is_its_daemons_alone_as_long_as_that_runs() {
    let mut station = Station::set(&[]);
    let mut other = station.other_program();
    for mode in ["shared", "exclusive"] {
        let answer = other.ask(&format!("connect {mode}")).unwrap();
        assert_eq!(answer, "SharingViolation", "{mode}");
    }
    station.host.stop().unwrap();
    until_ok(&mut other, "connect exclusive");
    ok(&mut other, "disconnect leave");
    station.host.restart().unwrap();
    station.reconnect();
    station.pings.are_answered_once();
}

#[test]
fn a_card_that_another_program_has_for_itself_is_waited_for() {
    let mut station = Station::set(&[]);
    station.host.kill_proxy();
    let mut other = station.other_program();
    until_ok(&mut other, "connect exclusive");
    station.host.launch_proxy().unwrap();
    station.wait_for_words("absent", "another program uses the card");
    station.pings.send();
    ok(&mut other, "disconnect leave");
    station.host.wait_until("live").unwrap();
    station.pings.are_answered_once();
}

#[test]
fn a_transaction_of_another_program_is_waited_for() {
    let mut station = Station::set(&["--shared"]);
    let mut other = station.other_program();
    ok(&mut other, "connect shared");
    ok(&mut other, "begin");
    station.pings.send();
    // Its own commands go through meanwhile.
    assert_eq!(other.ask("transmit 00b0000000").unwrap(), "ok 6d00");
    ok(&mut other, "end");
    station.pings.are_answered_once();
}

#[test]
fn a_card_that_another_program_resets_or_unpowers_goes_on() {
    let mut station = Station::set(&["--shared"]);
    let mut other = station.other_program();
    for leaving in ["reset", "unpower", "reset", "unpower"] {
        ok(&mut other, "connect shared");
        ok(&mut other, &format!("disconnect {leaving}"));
        station.pings.are_answered_once();
    }
}
