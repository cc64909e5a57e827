//! A program that speaks for itself.

use std::time::{Duration, Instant};

use libetp::client::blocking::{Capability, Connection};
use libetp::client::{Event, SavedCapability};
use libetp::params::Param;
use libetp::{EntityId, Mtype, Verdict};
use system_tests::Host;

/// What does not come in this time does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program with an id of its own.
pub(crate) struct Program(Capability);

impl Program {
    pub(crate) fn at(host: &Host) -> Self {
        let connection = Connection::open(host.socket(), "program").unwrap();
        Self(connection.acquire(None, false).unwrap())
    }

    /// Gets a durable id, and goes.
    pub(crate) fn leave(host: &Host) -> (EntityId, SavedCapability) {
        let connection = Connection::open(host.socket(), "program").unwrap();
        let capability = connection.acquire(None, true).unwrap();
        (capability.id(), capability.saved().unwrap().clone())
    }

    /// Is back.
    pub(crate) fn return_to(host: &Host, saved: &SavedCapability) -> Self {
        let connection = Connection::open(host.socket(), "program").unwrap();
        Self(connection.resume(saved).unwrap())
    }

    /// Sends a message; its number.
    pub(crate) fn send(&mut self, to: &str, mtype: Mtype, param: &[u8]) -> u64 {
        self.0.send(to.parse().unwrap(), mtype, param).unwrap()
    }

    /// The verdict on a message at this host, if there is one.
    pub(crate) fn refusal(&mut self, number: u64) -> Option<Verdict> {
        let verdicts = self.0.flush().unwrap();
        let of_it = verdicts.into_iter().find(|told| told.number == number);
        of_it.map(|told| told.verdict)
    }

    /// Waits for the verdict on a message.
    pub(crate) fn verdict(&mut self, number: u64) -> Verdict {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.0.event_within(left).unwrap() {
                Some(Event::Undelivered(told)) if told.number == number => return told.verdict,
                Some(_) => {}
                None => panic!("no verdict on message {number}"),
            }
        }
    }

    /// Waits for a message of a type.
    pub(crate) fn receive<P: Param>(&mut self) -> P {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let delivery = self.0.receive_within(left).unwrap();
            let message = delivery.expect("a message in time").message;
            if message.header.mtype == P::MTYPE {
                return P::from_param(&message.param).unwrap();
            }
        }
    }
}
