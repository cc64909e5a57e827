//! What administrators can ask: status, ids, routes, cards, traces and Guard.

mod answer;
mod details;
mod guard;
mod recorder;
mod replies;
mod watcher;

pub use answer::answer;
pub use guard::GuardKeeper;
pub use recorder::Recorder;
pub use replies::Facts;
pub use watcher::Watcher;
