//! What a host sees of what its card says to other cards, and they to it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::host::Host;
use crate::program::Failure;

/// How far a daemon looks back.
const RECORDS_MAX: &str = "4096";

/// Type and length in bytes of each message, in order, by source and destination.
pub type Wire = BTreeMap<(String, String), Vec<(String, u64)>>;

/// A place in a daemon's trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark(u64);

/// Where the trace of a host's daemon is now.
///
/// # Errors
/// [`Failure`] if the daemon does not answer.
pub fn mark(host: &Host) -> Result<Mark, Failure> {
    let sequences = messages(host)?;
    let sequences = sequences.iter().filter_map(|it| it["sequence"].as_u64());
    Ok(Mark(sequences.max().unwrap_or(0)))
}

/// What went between cards and passed this host after a place in its trace.
///
/// # Errors
/// [`Failure`] if the daemon does not answer.
pub fn between_cards(host: &Host, after: Mark) -> Result<Wire, Failure> {
    let mut wire = Wire::new();
    for message in messages(host)? {
        let [src, dst, mtype] = ["src", "dst", "mtype"].map(|field| text(&message, field));
        let is_new = message["sequence"].as_u64() > Some(after.0);
        if is_new && is_card(&src) && is_card(&dst) {
            let bytes = message["bytes"].as_u64().unwrap_or(0);
            wire.entry((src, dst)).or_default().push((mtype, bytes));
        }
    }
    Ok(wire)
}

fn messages(host: &Host) -> Result<Vec<Value>, Failure> {
    let mut trace = host.etpctl(&["trace", "--limit", RECORDS_MAX]).json()?;
    match trace["messages"].take() {
        Value::Array(messages) => Ok(messages),
        _ => Ok(Vec::new()),
    }
}

fn text(message: &Value, field: &str) -> String {
    message[field].as_str().unwrap_or_default().to_owned()
}

fn is_card(id: &str) -> bool {
    id.ends_with(":0")
}
