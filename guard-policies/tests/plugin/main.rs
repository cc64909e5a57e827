//! Plugins, as their authors, administrators and attackers meet them.

mod answers;
mod broken;
mod declared;
mod hostile;
mod input;
mod kept;
mod life;
mod native;
mod shipped;
mod spending;
mod support;
mod template;

/// The source of the shipped plugin, without WebAssembly.
#[expect(unreachable_pub, reason = "elsewhere it is a crate of its own")]
#[path = "../../plugins/one-per-minute/src/lib.rs"]
mod one_per_minute;
