//! Keeps the view of readers true: a context of its own, in a thread of its own.

use std::convert::Infallible;
use std::time::Duration;

use pcsc::Error;

use crate::doubts::Doubts;
use crate::life::{Denials, PAUSE_FIRST_MS, Pause, of_service};
use crate::log::{Log, Urgency};
use crate::view::{Reader, SharedView};

/// The calls of PC/SC that tell of readers.
pub trait Readers: Send {
    /// A new context, in place of any other.
    ///
    /// # Errors
    /// As PC/SC.
    fn establish(&mut self) -> Result<(), Error>;

    /// Looks which readers there are; whether there is any.
    ///
    /// # Errors
    /// As PC/SC.
    fn list(&mut self) -> Result<bool, Error>;

    /// Waits until readers or cards come or go, at most so long if that is said, and at first for nothing if there
    /// are readers.
    ///
    /// # Errors
    /// As PC/SC. [`Error::Timeout`] and [`Error::Cancelled`] say that nothing changed.
    fn changes(&mut self, within: Option<Duration>) -> Result<Vec<Reader>, Error>;

    /// Has PC/SC look what is in the reader and give it power.
    ///
    /// # Errors
    /// As PC/SC; there is no card, among others.
    fn rouse(&mut self, reader: &str) -> Result<(), Error>;

    /// Passes the time before the next try.
    fn pause(&mut self, pause: Duration);
}

/// Follows the readers until the process ends.
///
/// # Errors
/// What the system says if there is no thread.
pub fn start(
    mut readers: impl Readers + 'static,
    view: SharedView,
    log: Log,
) -> std::io::Result<()> {
    let watching = std::thread::Builder::new().name("readers".into());
    watching
        .spawn(move || {
            let mut watch = Watch::new(view, log);
            loop {
                watch.watch(&mut readers);
            }
        })
        .map(drop)
}

/// What is told to whom.
#[derive(Debug)]
pub struct Watch {
    view: SharedView,
    log: Log,
    pause: Pause,
    denials: Denials,
    doubts: Doubts,
    /// What was logged last of a service that fails.
    said: Option<Error>,
}

impl Watch {
    /// Before anything is known.
    pub fn new(view: SharedView, log: Log) -> Self {
        Self {
            view,
            log,
            pause: Pause::default(),
            denials: Denials::default(),
            doubts: Doubts::default(),
            said: None,
        }
    }

    /// Follows the readers until PC/SC fails, tells so, and waits until another try is due.
    pub fn watch(&mut self, readers: &mut impl Readers) {
        let Err(error) = self.follow(readers);
        let error = self.denials.count(error);
        self.view.tell(Err(error), Vec::new());
        if self.said.replace(error) != Some(error) {
            self.log.say(Urgency::Error, of_service(error));
        }
        readers.pause(Duration::from_millis(self.pause.next_ms()));
    }

    fn follow(&mut self, readers: &mut impl Readers) -> Result<Infallible, Error> {
        readers.establish()?;
        self.doubts = Doubts::default();
        loop {
            if !readers.list()? {
                self.tell(Vec::new());
            }
            match readers.changes(self.doubts.pause()) {
                Ok(changed) => {
                    self.doubts.heed(&changed);
                    self.tell(changed);
                }
                Err(Error::Timeout) => self.settle(readers),
                Err(Error::Cancelled) => {}
                // One was unplugged between the two calls.
                Err(
                    Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable,
                ) => {
                    readers.pause(Duration::from_millis(PAUSE_FIRST_MS));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Nothing has changed for a while: what is doubtful is not about to be told.
    fn settle(&mut self, readers: &mut impl Readers) {
        for reader in self.doubts.take() {
            if readers.rouse(&reader).is_ok() {
                let words = format!("{reader}: there is a card; PC/SC had not noticed");
                self.log.say(Urgency::Info, words);
            }
        }
    }

    fn tell(&mut self, readers: Vec<Reader>) {
        self.pause.reset();
        self.denials.reset();
        if self.said.take().is_some() {
            self.log
                .say(Urgency::Info, "the PC/SC service is there again");
        }
        self.view.tell(Ok(()), readers);
    }
}
