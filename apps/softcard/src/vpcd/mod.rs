//! A card in the virtual reader of `vsmartcard-vpcd`, behind a real `pcscd`.
//!
//! The reader is a driver inside `pcscd` that listens on a TCP port; whoever connects is the card that was
//! inserted, and whoever leaves is pulled. [`wire`] has the frames, [`atr`] what the card says of itself when it
//! gets power, [`VirtualCard`] the loop between them and a [`Link`](card_proxy::Link).

mod atr;
mod card;
pub mod wire;

pub use atr::{Protocol, atr};
pub use card::{Pulled, VirtualCard};
