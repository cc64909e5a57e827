//! A reader in a process of its own, played by a thread: cards are put in and pulled out.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use card_proxy::socket::CardServer;
use card_proxy::{Link, LinkError};
use libetp::local::{Claim, Trust};
use softcard::SoftCard;

/// A reader, whose card is in a directory.
#[derive(Clone, Default)]
pub(crate) struct Reader(Arc<Mutex<Option<SoftCard>>>);

impl Reader {
    pub(crate) fn with(card: &Path) -> Self {
        let reader = Self::default();
        reader.insert(card);
        reader
    }

    pub(crate) fn insert(&self, card: &Path) {
        let card = SoftCard::open(card, None).unwrap();
        assert!(self.lock().replace(card).is_none(), "one card at a time");
    }

    pub(crate) fn pull(&self) {
        assert!(self.lock().take().is_some(), "there is no card to pull");
    }

    fn lock(&self) -> MutexGuard<'_, Option<SoftCard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_card<T>(
        &self,
        does: impl FnOnce(&mut SoftCard) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        let empty = || LinkError::Absent("the reader is empty".into());
        does(self.lock().as_mut().ok_or_else(empty)?)
    }
}

impl Link for Reader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.with_card(|card| card.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.with_card(SoftCard::reset)
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }

    fn check(&mut self) -> Result<(), LinkError> {
        self.with_card(|_| Ok(()))
    }
}

/// The process; it ends when this is dropped.
pub(crate) struct Process {
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn serve(socket: PathBuf, reader: &Reader) -> Self {
        let mut claim = Claim::of(&socket, "card").unwrap();
        let listener = claim.bind(0o600).unwrap();
        let (stop, stopped) = UnixStream::pair().unwrap();
        let mut server = CardServer::new(reader.clone(), Trust::default(), "test reader");
        let thread = std::thread::spawn(move || {
            let _claim = claim;
            server.serve(&listener, &stopped).unwrap();
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
