//! The messaging library: capabilities over the application socket.
//!
//! A program connects to the daemon, becomes an entity id, and from then on the connection *is*
//! the capability: whatever it sends carries that id as its source.
//!
//! ```no_run
//! # async fn example() -> Result<(), libetp::client::ClientError> {
//! use std::time::Duration;
//! use libetp::client::Connection;
//! use libetp::params::host::{Ping, Pong};
//!
//! let connection = Connection::open("/run/tenet/etp.sock", "example").await?;
//! let mut me = connection.acquire(None, false).await?;
//! let card = me.id().domain.card();
//! let ping = Ping { nonce: b"hello".to_vec() };
//! let pong: Pong = me.call(card, &ping, Duration::from_secs(5)).await?;
//! assert_eq!(pong.nonce, ping.nonce);
//! # Ok(())
//! # }
//! ```
//!
//! [`blocking`] has the same API for programs without a runtime. Both drive one state machine,
//! [`session`], which does no input or output. [`CardSession`] gives privileged orders to the
//! own card, [`set_pin`] gives it a new PIN, [`CapabilityFile`] keeps a durable id between runs, [`control`] is the
//! administrators' view.

pub mod aliases;
pub mod blocking;
mod capability;
mod card;
mod connection;
pub mod control;
mod error;
mod handlers;
mod link;
mod new_pin;
mod saved;
pub mod session;
mod socket;
pub mod voucher;

pub use crate::limits::PIN_BYTES_MAX;
pub use capability::{Capability, Event};
pub use card::{CardPin, CardSession, Handshake, OrderChannel};
pub use connection::{Connection, Token};
pub use error::{ClientError, ProtocolError, SavedError, Undelivered};
pub use handlers::{Condition, Handlers, Outbox};
pub use link::REQUEST_SECONDS_MAX;
pub use new_pin::{PinProof, set_pin};
pub use saved::{CapabilityFile, SavedCapability, replace_file};
pub use session::{Delivery, Taking};
pub use socket::{AsyncSocket, BlockingSocket, Socket, Wanted};

pub use crate::local::{Distrust, Trust};
pub use crate::text;
