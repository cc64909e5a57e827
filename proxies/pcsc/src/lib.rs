//! Cards in PC/SC readers, for `dispatchd` over the card socket.
//!
//! Pure are [`transport`] (which APDUs a command becomes), [`life`] (what is done about what PC/SC says) and
//! [`choice`]. [`ReaderLink`] drives them over a [`service::Service`]: [`system::System`], or a script in a test.

pub mod choice;
pub mod claims;
pub mod clock;
mod doubts;
pub mod life;
pub mod log;
pub mod patience;
mod queue;
mod reader_link;
pub mod readers;
pub mod serve;
pub mod service;
mod suspects;
pub mod system;
pub mod transport;
pub mod view;
pub mod watch;

pub use reader_link::{ReaderLink, Use};
