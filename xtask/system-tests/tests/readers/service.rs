//! The service of readers, and the process that leads there, while they end and come back.

use libetp::Mtype;

use crate::gate::Stop;
use crate::station::Station;

#[test]
fn messages_wait_for_a_service_that_ended() {
    let mut station = Station::set(&[]);
    station.service.kill();
    station.wait_for_words("absent", "PC/SC");
    station.pings.send();
    station.service.launch().unwrap();
    station.host.wait_until("live").unwrap();
    station.pings.are_answered_once();
}

#[test]
fn a_command_is_carried_out_once_when_the_service_ends_in_the_middle() {
    let (mut station, mut card) = Station::with_own_card(&[]);
    for stop in [Stop::Before, Stop::After] {
        card.stop_at(stop, Mtype::PING);
        station.pings.send();
        card.wait();
        station.service.kill();
        station.pings.send();
        station.service.launch().unwrap();
        card.pull();
        card = station.insert_own();
        station.pings.are_answered_once();
    }
}

#[test]
fn messages_wait_for_a_reader_that_was_unplugged() {
    let mut station = Station::set(&[]);
    station.service.kill();
    station.service.launch_with(0).unwrap();
    station.wait_for_words("absent", "no reader");
    station.pings.send();
    station.service.kill();
    station.service.launch().unwrap();
    station.host.wait_until("live").unwrap();
    station.pings.are_answered_once();
}

#[test]
fn a_command_is_carried_out_once_when_the_card_proxy_is_killed_in_the_middle() {
    let (mut station, card) = Station::with_own_card(&[]);
    for stop in [Stop::Before, Stop::After] {
        card.stop_at(stop, Mtype::PING);
        station.pings.send();
        card.wait();
        station.host.kill_proxy();
        card.go_on();
        station.host.launch_proxy().unwrap();
        station.pings.are_answered_once();
    }
}
