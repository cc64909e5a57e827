//! What an on-card program is: it is given a message and a [`Context`], and nothing else.

use alloc::string::String;
use alloc::vec::Vec;

use libetp::params::runtime::RefusalCode;
use libetp::{EntityId, Mtype};

use crate::context::Context;

/// A message for an on-card program, as the runtime hands it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Who sent it, as far as the host says.
    pub src: EntityId,
    /// Its type.
    pub mtype: Mtype,
    /// Its parameters. Of a privileged type: the body, after counter and tag were checked.
    pub param: Vec<u8>,
}

/// Why a message had no effect. All writes and sends made for it are undone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The sender is told by `order-refused`.
    #[error("{1}")]
    Refused(RefusalCode, String),
    /// Dropped and counted: input of others that does not verify never changes anything, nor is
    /// it answered.
    #[error("{0}")]
    Ignored(&'static str),
}

impl Rejection {
    /// A refusal with words.
    pub fn refused(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self::Refused(code, detail.into())
    }

    /// The same, told to the sender only if it `is_answered`: others than the own owner mostly are not.
    pub fn answered_if(self, is_answered: bool) -> Self {
        match self {
            Self::Refused(code, _) if !is_answered => Self::Ignored(code.name()),
            rejection => rejection,
        }
    }
}

/// An on-card program. It keeps no state of its own: what lasts is in its part of the store, what ends with power
/// in its [memory](Context::memory).
pub trait Program: Send {
    /// Its name in `card-info`.
    fn name(&self) -> &'static str;

    /// High byte of the message types that are its own; also its part of the store.
    fn family(&self) -> u8;

    /// The tags that it may have signed.
    fn tags(&self) -> &'static [&'static str];

    /// The tags that it may have signed by the key of the service that the card gives.
    fn service_tags(&self) -> &'static [&'static str] {
        &[]
    }

    /// Handles one message.
    ///
    /// # Errors
    /// [`Rejection`] if the message is not carried out; then nothing changed.
    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection>;
}
