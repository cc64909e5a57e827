//! The calls of PC/SC that a card's thread makes, so that a test can make a script of them.

use pcsc::Error;

use crate::transport::{Protocol, Transport, TransportError};

/// Who else may use the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody, while a daemon is served.
    #[default]
    Exclusive,
    /// Other programs, between two commands of the daemon; each is a transaction of its own.
    Shared,
}

/// What becomes of the card's power when its handle is made good again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// It stays as it is.
    Leave,
    /// The card is reset.
    Reset,
}

/// A card that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// How the reader talks to it.
    pub protocol: Protocol,
    /// The reader's `dwMaxAPDUDataSize`, if it tells.
    pub reader_data_max: Option<u32>,
    /// The card's answer to reset.
    pub atr: Vec<u8>,
}

/// Why a command has no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// PC/SC says so.
    Service(Error),
    /// What the card says makes no sense.
    Transport(TransportError),
}

/// PC/SC for one card: at most one context, and in it at most one open card. Calls block.
pub trait Service: Send {
    /// A new context, in place of any other.
    ///
    /// # Errors
    /// As PC/SC.
    fn establish(&mut self) -> Result<(), Error>;

    /// Opens the card in a reader.
    ///
    /// # Errors
    /// As PC/SC; there is no open card then.
    fn connect(&mut self, reader: &str, sharing: Sharing) -> Result<Opened, Error>;

    /// Makes the handle of the open card good again.
    ///
    /// # Errors
    /// As PC/SC; the handle is there still.
    fn reconnect(&mut self, sharing: Sharing, power: Power) -> Result<Opened, Error>;

    /// Whether the open card has power.
    ///
    /// # Errors
    /// As PC/SC.
    fn has_power(&mut self) -> Result<bool, Error>;

    /// Carries the command that `transport` has begun, in one transaction if the card is shared.
    ///
    /// # Errors
    /// [`Fault`]: whether the card carried it out is unknown.
    fn carry(&mut self, sharing: Sharing, transport: &mut Transport) -> Result<Vec<u8>, Fault>;

    /// Closes the card and leaves it as it is.
    fn close(&mut self);

    /// Closes the card and the context.
    fn release(&mut self);
}

/// Sends the APDUs of a command one by one.
///
/// # Errors
/// [`Fault`].
pub fn carry_with(
    transport: &mut Transport,
    mut transmit: impl FnMut(&[u8], &mut Transport) -> Result<Option<Vec<u8>>, Fault>,
) -> Result<Vec<u8>, Fault> {
    loop {
        let apdu = transport.outgoing().to_vec();
        if let Some(response) = transmit(&apdu, transport)? {
            return Ok(response);
        }
    }
}
