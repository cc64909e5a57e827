//! Other programs at the reader of a card.

use card_proxy::{Link, LinkError};
use libetp::exchange::{AID, CLA_INTERINDUSTRY, INS_SELECT};
use softcard::SoftCard;
use system_tests::reader::InsertedCard;

use crate::station::{Station, ok, until_ok};

/// A card with another application beside ours, which knows no command.
struct Crowded {
    card: SoftCard,
    is_other_selected: bool,
}

impl Link for Crowded {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        if command.starts_with(&[CLA_INTERINDUSTRY, INS_SELECT, 4, 0]) {
            self.is_other_selected = command.get(5..5 + AID.len()) != Some(&AID[..]);
            if self.is_other_selected {
                return Ok(vec![0x90, 0x00]);
            }
        }
        match self.is_other_selected {
            true => Ok(vec![0x6D, 0x00]),
            false => self.card.transmit(command),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.is_other_selected = false;
        self.card.reset()
    }
}

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

#[test]
fn a_card_whose_other_application_another_program_selects_goes_on() {
    let mut station = Station::set(&["--shared"]);
    station.pull();
    let card = Crowded {
        card: SoftCard::open(&station.card_directory(), None).unwrap(),
        is_other_selected: false,
    };
    let _inserted = InsertedCard::insert(card, &station.slot).unwrap();
    station.host.wait_until("live").unwrap();
    let mut other = station.other_program();
    ok(&mut other, "connect shared");
    for _ in 0..3 {
        let select = other.ask("transmit 00a4040005a00000000100").unwrap();
        assert_eq!(select, "ok 9000");
        assert_eq!(other.ask("transmit 80c20000000000").unwrap(), "ok 6d00");
        station.pings.are_answered_once();
    }
}
