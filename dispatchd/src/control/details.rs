//! Everything about one card.

use etp_pki::Leaf;
use libetp::client::control::CardStatus;
use libetp::client::control::card::{CardCertificate, CardDetails};
use libetp::exchange::SelectReply;
use libetp::text::hex;

use crate::card::{Seen, Slot, Stage};

/// What a slot knows of its card.
pub(super) fn of(slot: &Slot, status: CardStatus) -> CardDetails {
    let Seen {
        server,
        last_failure,
        ..
    } = slot.seen();
    let session = slot.session();
    let known = session.known();
    let live = match session.stage() {
        Stage::Live { reply, leaf } => Some((reply, leaf)),
        _ => None,
    };
    let authenticated = slot.authenticated();
    let selected = |what: fn(&SelectReply) -> u32| live.map(|(reply, _)| what(reply));
    CardDetails {
        server_pid: server.as_ref().map(|server| server.pid),
        server_uid: server.as_ref().map(|server| server.uid),
        server: server.map(|server| server.name).unwrap_or_default(),
        at_rest: slot.at_rest.into(),
        owners: slot.owners().to_vec(),
        authenticated: authenticated.iter().map(ToString::to_string).collect(),
        away_ms_max: slot.away_ms_max(),
        boot_id: live.map(|(reply, _)| libetp::text::hex(&reply.boot_id)),
        command_data_bytes_max: selected(|reply| reply.max_command_data),
        message_bytes_max: selected(|reply| reply.max_message),
        selected_generation: live.map(|(reply, _)| reply.generation),
        witness_highest_port: session.witness().highest_port,
        statement: Some(known.statements).filter(|number| *number > 0),
        suspended: known.suspended,
        certificate: live.map(|(_, leaf)| certificate(leaf)),
        last_failure,
        status,
    }
}

fn certificate(leaf: &Leaf) -> CardCertificate {
    CardCertificate {
        not_before_unix_s: leaf.not_before,
        not_after_unix_s: leaf.not_after,
        epoch: leaf.epoch,
        code_hash: leaf.code_hash.as_ref().map(|hash| hex(hash)),
    }
}
