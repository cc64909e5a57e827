//! Plugins, as their authors, administrators and attackers meet them.

mod answers;
mod declared;
mod hostile;
mod input;
mod life;
mod spending;
mod support;
