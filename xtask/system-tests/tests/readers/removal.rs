//! Cards that are pulled, put back and swapped.

use std::time::Duration;

use libetp::Mtype;
use softcard::SoftCard;

use crate::gate::{OwnCard, Rubbish, Stop};
use crate::station::Station;

#[test]
fn messages_wait_for_a_card_that_was_pulled() {
    let mut station = Station::set(&[]);
    station.pings.are_answered_once();
    for _ in 0..2 {
        station.pull();
        station.pings.send();
        station.host.launch_card().unwrap();
        station.host.wait_until("live").unwrap();
        station.pings.are_answered_once();
    }
}

#[test]
fn a_command_is_carried_out_once_when_the_card_is_pulled_in_the_middle() {
    let (mut station, mut card) = Station::with_own_card(&[]);
    for stop in [Stop::Before, Stop::After] {
        card.stop_at(stop, Mtype::PING);
        station.pings.send();
        card.wait();
        card.pull();
        station.pings.send();
        card = station.insert_own();
        station.pings.are_answered_once();
    }
}

#[test]
fn a_card_that_is_pulled_and_put_back_between_two_looks_of_the_reader_is_noticed() {
    let (mut station, mut card) = Station::with_own_card(&[]);
    for _ in 0..2 {
        drop(card);
        card = station.insert_own();
        station.pings.send();
        station.pings.are_answered_once();
    }
}

/// `pcscd` resets a card whose program died. One that is pulled just then and put back before the reader looks leaves a
/// reader that `pcscd` takes for empty.
#[test]
fn a_card_that_is_back_unseen_when_the_proxy_starts_anew_is_found() {
    let (mut station, mut card) = Station::with_own_card(&[]);
    for _ in 0..3 {
        drop(card);
        station.host.kill_proxy();
        // That pcscd sees it first is not sure, nor that the reader does not: then this tests less.
        std::thread::sleep(Duration::from_millis(30));
        card = station.insert_own();
        station.host.launch_proxy().unwrap();
        station.host.wait_until("live").unwrap();
        station.pings.send();
        station.pings.are_answered_once();
    }
}

#[test]
fn another_card_in_its_place_gets_nothing_that_is_for_the_first() {
    let (mut station, card) = Station::with_own_card(&[]);
    let directory = station.other_card();
    let generation = || {
        SoftCard::open(&directory, None)
            .unwrap()
            .info()
            .unwrap()
            .generation
    };
    let before = generation();
    // It waits behind the first, and is in the reader as soon as that is gone: the reader does not see it.
    let other = OwnCard::insert(&directory, &station.slot);
    drop(card);
    station.pings.send();
    station.host.wait_until("absent").unwrap();
    drop(other);
    assert_eq!(generation(), before, "it carried something out");
    let _card = station.insert_own();
    station.pings.are_answered_once();
}

#[test]
fn something_that_is_no_card_is_named_and_the_card_comes_back() {
    let mut station = Station::set(&[]);
    station.pull();
    let rubbish = Rubbish::insert(&station.slot);
    station.wait_for_words("absent", "speaks neither T=0 nor T=1");
    station.pings.send();
    drop(rubbish);
    station.wait_for_words("absent", "no card");
    station.host.launch_card().unwrap();
    station.host.wait_until("live").unwrap();
    station.pings.are_answered_once();
}

#[test]
fn a_card_that_takes_its_time_is_waited_for() {
    let mut station = Station::set(&[]);
    station.host.signal_card("STOP").unwrap();
    station.pings.send();
    station.host.signal_card("CONT").unwrap();
    station.pings.are_answered_once();
}
