//! A card that another process serves: real sockets, a card and its host on threads.

#[path = "../support/mod.rs"]
mod support;

mod absent;
mod hostile;
mod process;
mod vectors;

use std::sync::mpsc::{Receiver, channel};

use card_proxy::socket::SocketLink;
use card_proxy::{CardEvent, CardSettings, CardThread};
use libetp::local::{ConnectError, Trust};
use process::Place;

/// The daemon's end, connected.
fn link(place: &Place) -> Result<SocketLink, ConnectError> {
    SocketLink::open(&place.path(), Trust::default(), "daemon/1")
}

/// A card thread over the socket, and what it tells.
fn host(place: &Place) -> (CardThread, Receiver<CardEvent>) {
    host_with(place, CardSettings::default())
}

fn host_with(place: &Place, settings: CardSettings) -> (CardThread, Receiver<CardEvent>) {
    let (tell, events) = channel();
    let link = link(place).expect("a process that listens");
    let thread = CardThread::spawn("card", link, settings, move |event| {
        let _ = tell.send(event);
    });
    (thread.expect("threads and randomness"), events)
}
