//! Cards behind a real `pcscd` with virtual readers, one for a test alone.
//!
//! Debian's driver opens two slots per configured reader, on a port and the next one; more than two cards take
//! copies of the driver under other names. All of it needs the packages that `cargo xtask test` installs.

mod card;
mod driver;
mod inserted;
mod log;
mod service;
mod user;

pub use card::VirtualCard;
pub use inserted::InsertedCard;
pub use service::{PcscService, Slot};
pub use user::ReaderUser;
