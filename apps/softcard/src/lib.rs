//! A card made of software: the on-card programs over a transactional store.
//!
//! [`SoftCard`] is the card that a daemon embeds; it is a [`Link`](card_proxy::Link) to itself.
//! Its state is a directory with one file, a `redb` database that [`RedbStore`] opens: one writer,
//! every transaction durable before its response leaves, and a file that is not understood is
//! refused, never started afresh. `docs/protocol/state.md` describes both.
//!
//! A soft card is of class 0. It keeps its keys from other local users, and from a thief of its
//! directory if a [`DeviceKey`] is kept elsewhere. Whoever owns the host can read its memory, copy
//! its directory and put an older copy back, and no code in here can stop that. A process that
//! embeds one should set `PR_SET_DUMPABLE` to 0, so that programs of the same user cannot attach;
//! that is a matter of the whole process and so not done here.

mod card;
mod device_key;
mod directory;
mod error;
mod keys;
mod puk;
mod store;
pub mod vpcd;

pub use card::{Info, NewCard, SoftCard};
pub use device_key::{AtRest, DEVICE_KEY_BYTES, DeviceKey};
pub use error::SoftCardError;
pub use keys::{KeyPair, PublicKeys};
pub use oncard_runtime::{PinCost, ServiceKey, TriesLeft, check_pin};
pub use puk::{PUK_DIGITS, new_puk};
pub use store::{RedbStore, STATE_FORMAT, StoreOpenError};
