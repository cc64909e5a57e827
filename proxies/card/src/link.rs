//! What carries APDUs to a card and back: an embedded soft card, a reader, a script in a test.

use std::time::Duration;

use crate::socket::COMMAND_BYTES_MAX;

/// A way to one card. Calls block; one thread uses it at a time.
pub trait Link: Send {
    /// Sends one command APDU and returns the response APDU, status word included.
    ///
    /// # Errors
    /// [`LinkError`]. Whether the card carried the command out is then unknown.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError>;

    /// Takes power from the card and gives it back: its working memory is lost, what it committed
    /// is not.
    ///
    /// # Errors
    /// [`LinkError`] if the card is not powered afterwards.
    fn reset(&mut self) -> Result<(), LinkError>;

    /// Longest command in bytes that this way carries, once the card has answered.
    fn command_bytes_max(&self) -> usize {
        COMMAND_BYTES_MAX
    }

    /// Who serves the card, if another process does and has said so.
    fn server(&self) -> Option<Server> {
        None
    }

    /// Where the card is, for people, if this process has the way to several places: a reader.
    fn place(&self) -> Option<String> {
        None
    }

    /// How often [`check`](Self::check) is to be asked while nothing is transmitted; `None`: not at
    /// all.
    fn check_pause(&self) -> Option<Duration> {
        None
    }

    /// Whether the card is still as it was left. After [`LinkError::Absent`]: whether there is one
    /// again, which is then to be [`reset`](Self::reset) before anything else.
    ///
    /// # Errors
    /// [`LinkError`] if it is not, once; [`LinkError::Absent`] each time as long as there is no card.
    fn check(&mut self) -> Result<(), LinkError> {
        Ok(())
    }

    /// Nobody needs the card until it is [`reset`](Self::reset) again: what holds it may let others have it.
    fn rest(&mut self) {}
}

impl<L: Link + ?Sized> Link for Box<L> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        (**self).transmit(command)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        (**self).reset()
    }

    fn command_bytes_max(&self) -> usize {
        (**self).command_bytes_max()
    }

    fn server(&self) -> Option<Server> {
        (**self).server()
    }

    fn place(&self) -> Option<String> {
        (**self).place()
    }

    fn check_pause(&self) -> Option<Duration> {
        (**self).check_pause()
    }

    fn check(&mut self) -> Result<(), LinkError> {
        (**self).check()
    }

    fn rest(&mut self) {
        (**self).rest();
    }
}

/// A process that serves a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Program, version, reader: as it says of itself, without control characters; empty until it had a
    /// card.
    pub name: String,
    /// The process that listens, as the kernel says it.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
}

/// Why a link gave no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Command or response was lost; the link may work again at the next try.
    #[error("no response from the card: {0}")]
    Lost(String),
    /// The card was reset, by somebody else or by a power cut, and is powered again.
    #[error("the card was reset")]
    Reset,
    /// There is no card now; one may come. [`Link::check`] tells when. The last command may have been
    /// carried out.
    #[error("there is no card: {0}")]
    Absent(String),
    /// There is no card any more, and waiting will not bring it back.
    #[error("the card is gone: {0}")]
    Gone(String),
}
