//! What the card stores: that it is in a session, and nothing of it.

use alloc::vec::Vec;

use libetp::EntityId;
use libetp::codec::{from_slice, to_vec};
use libetp::digest::Hash;
use libetp::params::pals::{Outcome, SessionResult};
use libetp::params::runtime::RefusalCode;
use oncard_runtime::{Context, Rejection};

use super::memory::{Memory, Session};

const KEY: &[u8] = b"s";
/// First byte of the value.
const VERSION: u8 = 1;

libetp::structure! {
    /// A session that the card is in, or was when it lost power.
    struct OpenRecord {
        descriptor: Hash,
        session: Option<Hash>,
        attendant: EntityId,
    }
}

/// The card is in this session.
pub(super) fn put(session: &Session, context: &mut Context<'_>) {
    let record = OpenRecord {
        descriptor: *session.descriptor(),
        session: session.id(),
        attendant: session.attendant,
    };
    let value: Vec<u8> = [&[VERSION], to_vec(&record).as_slice()].concat();
    context.put(KEY, value);
}

/// The card is in no session.
pub(super) fn delete(context: &mut Context<'_>) {
    context.delete(KEY);
}

/// If the card was in a session and is not, tells who attended to it how it ended: as memory says, or else with power.
/// Whether that is so.
pub(super) fn take_lost(memory: &mut Memory, context: &mut Context<'_>) -> Result<bool, Rejection> {
    let Some(value) = context.get(KEY)? else {
        return Ok(false);
    };
    let record = match value.split_first() {
        Some((&VERSION, record)) => from_slice::<OpenRecord>(record).ok(),
        _ => None,
    };
    let record = record.ok_or_else(|| {
        Rejection::refused(RefusalCode::Storage, "the record of the session is damaged")
    })?;
    delete(context);
    let lost = SessionResult {
        descriptor: record.descriptor,
        session: record.session,
        outcome: Outcome::PowerLost as u8,
        result: None,
    };
    let ended = memory.ended.get_or_insert(lost).clone();
    context.send(record.attendant, ended);
    Ok(true)
}
