//! Answers that fit into a frame.

use libetp::client::control::{self, ControlReply, ControlRequest, guard};
use libetp::limits::FRAME_BYTES_MAX;

use super::replies::{Facts, reply};
use crate::router::Snapshot;

/// The encoded answer to a request. One that would not fit into a frame has fewer
/// records, and that is counted.
pub fn answer(request: &ControlRequest, facts: &Facts<'_>, snapshot: &Snapshot) -> Vec<u8> {
    let mut reply = reply(request, facts, snapshot);
    let mut bytes = control::encode(&reply);
    if bytes.len() > FRAME_BYTES_MAX {
        facts.recorder.count("control-shortened");
        tracing::warn!(
            event = "control-shortened",
            "an answer has {} bytes",
            bytes.len()
        );
    }
    while bytes.len() > FRAME_BYTES_MAX && shorten(&mut reply) {
        bytes = control::encode(&reply);
    }
    bytes
}

/// Leaves half of the longest list out; whether there was one.
fn shorten(reply: &mut ControlReply) -> bool {
    fn halve<T>(list: &mut Vec<T>) -> bool {
        list.truncate(list.len() / 2);
        !list.is_empty()
    }
    match reply {
        ControlReply::Status(status) => halve(&mut status.warnings),
        ControlReply::Ids(ids) => halve(ids),
        ControlReply::Routes(routes) => halve(routes),
        ControlReply::Cards(cards) => halve(cards),
        ControlReply::Card(Some(card)) => halve(&mut card.authenticated),
        ControlReply::Card(None) => false,
        ControlReply::CardHappenings(happenings) => halve(happenings),
        ControlReply::Guard(guard::Reply::Held(held)) => halve(held),
        ControlReply::Guard(guard::Reply::Records(records)) => halve(records),
        ControlReply::Guard(guard::Reply::Policies { policies, .. }) => halve(policies),
        ControlReply::Guard(guard::Reply::Explained { lines, .. }) => halve(lines),
        ControlReply::Guard(_) => false,
        ControlReply::Trace(trace) => halve(&mut trace.messages) | halve(&mut trace.apdus),
    }
}

#[cfg(test)]
mod tests {
    use libetp::client::control::IdEntry;

    use super::*;

    #[test]
    fn the_longest_list_is_halved_until_nothing_is_left() {
        let mut reply = ControlReply::Ids(vec![IdEntry::default(); 5]);
        let mut lengths = Vec::new();
        while shorten(&mut reply) {
            let ControlReply::Ids(ids) = &reply else {
                unreachable!()
            };
            lengths.push(ids.len());
        }
        assert_eq!(lengths, [2, 1]);
    }
}
