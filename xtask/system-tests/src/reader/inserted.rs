//! A card that this process puts into a reader.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use card_proxy::Link;
use softcard::vpcd::{self, Protocol};

use super::Slot;
use crate::program::Failure;

/// How long a service may take until it waits for cards.
const START_S_MAX: u64 = 120;

impl Slot {
    /// The way into the reader. A service that is just started does not wait for cards yet.
    ///
    /// # Errors
    /// [`Failure`] if it does not in time.
    pub fn connect(&self) -> Result<TcpStream, Failure> {
        let deadline = Instant::now() + Duration::from_secs(START_S_MAX);
        loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Err(error) if Instant::now() > deadline => {
                    return Err(Failure::io(&self.reader)(error));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
                Ok(stream) => return Ok(stream),
            }
        }
    }
}

/// A card in a reader, until this goes away.
#[derive(Debug)]
pub struct InsertedCard {
    stop: Option<UnixStream>,
    life: Option<JoinHandle<()>>,
}

impl InsertedCard {
    /// Puts a card that speaks T=1 into a reader.
    ///
    /// # Errors
    /// [`Failure`] if there is no way into it.
    pub fn insert(card: impl Link + 'static, slot: &Slot) -> Result<Self, Failure> {
        let stream = slot.connect()?;
        let (stop, stopped) = UnixStream::pair().map_err(Failure::io("a pair of sockets"))?;
        let life = std::thread::spawn(move || {
            vpcd::VirtualCard::new(card, Protocol::T1).insert(&stream, &stopped);
        });
        Ok(Self {
            stop: Some(stop),
            life: Some(life),
        })
    }

    /// Pulls it, after a command that is under way: it lies beside the reader when this returns.
    ///
    /// # Panics
    /// If the card did.
    pub fn pull(&mut self) {
        self.stop = None;
        let ended = self.life.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || !matches!(ended, Some(Err(_))));
    }
}

impl Drop for InsertedCard {
    fn drop(&mut self) {
        self.pull();
    }
}
