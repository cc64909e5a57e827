//! What administrators can ask: status, ids, routes, cards and traces.

mod recorder;
mod replies;

pub use recorder::Recorder;
pub use replies::{Facts, answer};
