//! A card that this test has in its hands: it stops where it is told to, and is pulled there.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use card_proxy::{Link, LinkError};
use libetp::exchange::INS_EXCHANGE;
use softcard::SoftCard;
use softcard::vpcd::{Protocol, VirtualCard};
use system_tests::reader::Slot;

/// Only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

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
    stop: Option<Stop>,
    is_there: bool,
    /// Whether the response leaves the card that stopped.
    answers: Option<bool>,
}

#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<State>, Condvar)>);

/// A card in a reader, until this goes away.
pub(crate) struct OwnCard {
    gate: Gate,
    stop: Option<UnixStream>,
    life: Option<JoinHandle<()>>,
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
        let stream = connect(slot);
        let (stop, stopped) = UnixStream::pair().unwrap();
        let life = std::thread::spawn(move || {
            VirtualCard::new(guarded, Protocol::T1).insert(&stream, &stopped);
        });
        Self {
            gate,
            stop: Some(stop),
            life: Some(life),
        }
    }

    /// The next EXCHANGE stops there.
    pub(crate) fn stop_at(&self, stop: Stop) {
        let mut state = self.gate.lock();
        *state = State {
            stop: Some(stop),
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

    /// It is pulled where it is.
    pub(crate) fn pull(self) {
        self.gate.release(false);
    }
}

/// A service that is just started does not wait for cards yet.
fn connect(slot: &Slot) -> TcpStream {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(("127.0.0.1", slot.port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for OwnCard {
    fn drop(&mut self) {
        self.gate.release(false);
        self.stop = None;
        let ended = self.life.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || matches!(ended, Some(Ok(()))));
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

    /// The card comes by; an error if it is pulled here.
    fn pass(&self, place: Stop) -> Result<(), LinkError> {
        let mut state = self.lock();
        if state.stop != Some(place) {
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
        let is_exchange = command.get(1) == Some(&INS_EXCHANGE);
        if is_exchange {
            self.gate.pass(Stop::Before)?;
        }
        let response = self.card.transmit(command)?;
        if is_exchange {
            self.gate.pass(Stop::After)?;
        }
        Ok(response)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.card.reset()
    }
}
