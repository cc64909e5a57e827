//! What the card stores of a session: that it is in it, and nothing else. And the form of all records.

use alloc::vec::Vec;

use libetp::EntityId;
use libetp::codec::{Decode, from_slice, to_vec};
use libetp::digest::Hash;
use libetp::params::pals::{Outcome, SessionResult};
use libetp::params::runtime::RefusalCode;
use oncard_runtime::{Context, Rejection};

use super::memory::{Memory, Session};

const KEY: &[u8] = b"s";
/// First byte of every value.
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
    context.put(KEY, value(&to_vec(&record)));
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
    let record: OpenRecord = read(&value)?;
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

/// The value of a record.
pub(super) fn value(record: &[u8]) -> Vec<u8> {
    [&[VERSION], record].concat()
}

/// The record in a value.
pub(super) fn content(value: &[u8]) -> Result<&[u8], Rejection> {
    match value.split_first() {
        Some((&VERSION, record)) => Ok(record),
        _ => Err(damaged()),
    }
}

/// As [`content`], decoded.
pub(super) fn read<T: Decode>(value: &[u8]) -> Result<T, Rejection> {
    from_slice(content(value)?).map_err(|_| damaged())
}

/// What is stored is not what this program stores.
pub(super) fn damaged() -> Rejection {
    let detail = "a record of secure computation is damaged";
    Rejection::refused(RefusalCode::Storage, detail)
}
