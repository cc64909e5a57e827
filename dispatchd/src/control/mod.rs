//! What administrators can ask: status, ids, routes, cards and traces.

mod answer;
mod recorder;
mod replies;

pub use answer::answer;
pub use recorder::Recorder;
pub use replies::Facts;
