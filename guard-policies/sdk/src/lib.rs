//! Guard plugins in Rust.
//!
//! A plugin is a type with [`Guard::check`], and one line that exports it:
//!
//! ```
//! use etp_guard::{Context, Guard, Message, Verdict, export_guard};
//!
//! /// Refuses what is longer than a postcard.
//! #[derive(Default)]
//! struct Postcards;
//!
//! impl Guard for Postcards {
//!     fn check(&mut self, message: &Message<'_>, _: &mut Context<'_>) -> Verdict {
//!         match message.param {
//!             Some(param) if param.len() > 1_000 => Verdict::Refuse("this is no postcard"),
//!             _ => Verdict::Pass,
//!         }
//!     }
//! }
//!
//! export_guard!(Postcards);
//! # fn main() {}
//! ```
//!
//! The same type is tested natively, in a [`TestContext`]. What lies between it and the daemon is
//! `docs/protocol/guard-plugin.md`. A panic traps: the message is refused, and the plugin starts
//! anew, with its state gone.
//!
//! Nothing here allocates.

#![no_std]

#[cfg(not(target_arch = "wasm32"))]
extern crate std;

mod cbor;
mod context;
pub mod export;
mod keyed;
pub mod limits;
mod message;
mod settings;
#[cfg(not(target_arch = "wasm32"))]
mod testing;

pub use context::{Context, Output};
pub use keyed::Keyed;
pub use message::{Credentials, Entry, Groups, Id, Message};
pub use settings::{Complaint, List, Settings};
#[cfg(not(target_arch = "wasm32"))]
pub use testing::TestContext;

/// What a plugin is.
pub trait Guard: Default {
    /// What it says of a message.
    fn check(&mut self, message: &Message<'_>, cx: &mut Context<'_>) -> Verdict;

    /// Takes what the administrator set under `[policy.settings]`, before the first message. Without
    /// this function, a plugin takes no settings.
    ///
    /// # Errors
    ///
    /// What is wrong with the settings; the plugin is not loaded then.
    fn configure<'s>(&mut self, settings: &Settings<'s>) -> Result<(), Complaint<'s>> {
        settings.only(&[])
    }
}

/// What a plugin says of a message. A reason has at most [`limits::REASON_BYTES_MAX`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The next policy decides.
    Pass,
    /// It ends here, and only the operator learns why.
    Drop(&'static str),
    /// It ends here, and its sender is told why.
    Refuse(&'static str),
    /// Somebody is to be asked.
    Hold(&'static str),
    /// It goes on with the param that was written with [`Context::rewrite`], if the configuration
    /// grants that.
    Rewrite,
}
