//! Ways to show the real program another memory or another message.

use oncard_runtime::harness::Effects;
use oncard_runtime::{MemoryStore, Store, Writes};
use oncard_voucher::records::Record;

use crate::explore::letter::Letter;
use crate::explore::variant::Call;
use crate::explore::view::all;

/// A kind of record that no program has: what a broken one remembers beside.
pub(super) const MEMO: u8 = b'z';

/// The real program.
pub(super) fn as_it_is(call: &Call<'_>) -> Vec<Effects> {
    call.real().into_iter().collect()
}

/// The real program over another memory.
pub(super) fn over(call: &Call<'_>, writes: Writes) -> Vec<Effects> {
    let mut memory = call.memory.clone();
    memory.commit(&writes).expect("memory does not fail");
    as_it_is(&Call {
        memory: &memory,
        ..*call
    })
}

/// The real program with another message.
pub(super) fn given(call: &Call<'_>, letter: &Letter) -> Vec<Effects> {
    as_it_is(&Call { letter, ..*call })
}

pub(super) fn key(record: Vec<u8>) -> Vec<u8> {
    [&[oncard_voucher::FAMILY], record.as_slice()].concat()
}

pub(super) fn t_key(record: &[u8]) -> Vec<u8> {
    [&[oncard_thirdparty::FAMILY], record].concat()
}

/// The records of a kind that a change makes others of, changed.
pub(super) fn changed<R: Record>(memory: &MemoryStore, change: impl Fn(&mut R) -> bool) -> Writes {
    let records = all::<R>(memory).unwrap_or_default().into_iter();
    let changed = records.filter_map(|(id, mut record)| {
        let value = change(&mut record).then(|| record.to_value());
        value.map(|value| (key(R::key(&id)), Some(value)))
    });
    changed.collect()
}

/// Hides the records of a kind that match.
pub(super) fn hidden<R: Record>(memory: &MemoryStore, hide: impl Fn(&R) -> bool) -> Writes {
    let records = all::<R>(memory).unwrap_or_default().into_iter();
    let matching = records.filter(|(_, record)| hide(record));
    matching.map(|(id, _)| (key(R::key(&id)), None)).collect()
}
