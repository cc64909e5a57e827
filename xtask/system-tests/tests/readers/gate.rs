//! A card that this test has in its hands: it stops where it is told to, and is pulled there.

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use card_proxy::{Link, LinkError};
use libetp::Mtype;
use libetp::exchange::Command;
use softcard::SoftCard;
use softcard::vpcd::wire::{self, Order};
use system_tests::reader::{InsertedCard, Slot};

/// Only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a card stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// When it got an EXCHANGE.
    Before,
    /// When it has carried one out, before it answers.
    After,
}

/// What is between a card and its reader.
#[derive(Default)]
struct State {
    stop: Option<(Stop, Mtype)>,
    is_there: bool,
    /// Whether the response leaves the card that stopped.
    answers: Option<bool>,
}

#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<State>, Condvar)>);

/// A card in a reader, until this goes away.
pub(crate) struct OwnCard {
    gate: Gate,
    inserted: InsertedCard,
}

impl OwnCard {
    /// Puts the card of a directory into a reader.
    pub(crate) fn insert(directory: &Path, slot: &Slot) -> Self {
        let card = SoftCard::open(directory, None).unwrap();
        let gate = Gate::default();
        let guarded = Guarded {
            card,
            gate: gate.clone(),
        };
        let inserted = InsertedCard::insert(guarded, slot).unwrap();
        Self { gate, inserted }
    }

    /// The next EXCHANGE with a message of that type stops there.
    pub(crate) fn stop_at(&self, stop: Stop, mtype: Mtype) {
        *self.gate.lock() = State {
            stop: Some((stop, mtype)),
            ..State::default()
        };
    }

    /// Waits until one did.
    pub(crate) fn wait(&self) {
        let state = self.gate.wait(|state| !state.is_there);
        assert!(state.is_there, "no EXCHANGE came to the card");
    }

    /// It goes on, and answers.
    pub(crate) fn go_on(&self) {
        self.gate.release(true);
    }

    /// It is pulled where it is, and lies beside the reader when this returns.
    pub(crate) fn pull(&mut self) {
        self.gate.release(false);
        self.inserted.pull();
    }
}

impl Drop for OwnCard {
    fn drop(&mut self) {
        self.pull();
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, is_early: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.0.1.wait_timeout_while(self.lock(), PATIENCE, is_early);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn release(&self, answers: bool) {
        let mut state = self.lock();
        state.stop = None;
        state.answers = Some(answers);
        self.0.1.notify_all();
    }

    /// The card comes by with these messages; an error if it is pulled here.
    fn pass(&self, place: Stop, mtypes: &[Mtype]) -> Result<(), LinkError> {
        let mut state = self.lock();
        let is_meant = |(stop, mtype)| stop == place && mtypes.contains(&mtype);
        if !state.stop.is_some_and(is_meant) {
            return Ok(());
        }
        state.is_there = true;
        self.0.1.notify_all();
        drop(state);
        match self.wait(|state| state.answers.is_none()).answers {
            Some(true) => Ok(()),
            _ => Err(LinkError::Gone("pulled".into())),
        }
    }
}

/// A card behind a gate.
struct Guarded {
    card: SoftCard,
    gate: Gate,
}

impl Link for Guarded {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let Ok(Command::Exchange(exchange)) = Command::parse(command) else {
            return self.card.transmit(command);
        };
        let mtypes = exchange.messages().map(|message| message.header.mtype);
        let mtypes: Vec<Mtype> = mtypes.collect();
        self.gate.pass(Stop::Before, &mtypes)?;
        let response = self.card.transmit(command)?;
        self.gate.pass(Stop::After, &mtypes)?;
        Ok(response)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.card.reset()
    }
}

/// Something in the reader that gives an answer to reset without sense, until this goes away.
pub(crate) struct Rubbish {
    stream: TcpStream,
    life: Option<JoinHandle<()>>,
}

impl Rubbish {
    /// Puts it into a reader.
    pub(crate) fn insert(slot: &Slot) -> Self {
        let stream = slot.connect().unwrap();
        let reader = stream.try_clone().unwrap();
        let life = std::thread::spawn(move || {
            let mut read = Vec::new();
            for byte in BufReader::new(&reader).bytes().map_while(Result::ok) {
                read.push(byte);
                if let Some(Order::SendAtr) = wire::take(&mut read) {
                    // Nobody is there any more to whom it matters.
                    let _ = (&reader).write_all(&wire::frame(&[0xFF]).unwrap());
                }
            }
        });
        Self {
            stream,
            life: Some(life),
        }
    }
}

impl Drop for Rubbish {
    fn drop(&mut self) {
        self.stream.shutdown(Shutdown::Both).ok();
        self.life.take().map(JoinHandle::join);
    }
}
