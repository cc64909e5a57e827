//! What passed lately, and how often what happened: bounded, and never with params.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use card_proxy::ApduRecord;
use libetp::client::control::card::CardHappening;
use libetp::client::control::{ApduEntry, Trace, TraceEntry};
use libetp::{Domain, Mtype};

use crate::router::TraceRecord;

/// Most happenings of cards that are kept.
const HAPPENINGS_MAX: usize = 1_024;

/// The daemon's memory of recent messages, APDUs and notes.
#[derive(Debug)]
pub struct Recorder {
    records_max: usize,
    rings: Mutex<Rings>,
}

#[derive(Debug, Default)]
struct Rings {
    messages: Ring<(u64, TraceRecord)>,
    apdus: Ring<(u64, Domain, ApduRecord)>,
    apdus_by_domain: BTreeMap<Domain, u64>,
    counters: BTreeMap<String, u64>,
    happenings: Ring<CardHappening>,
}

/// The newest records and how many there ever were.
#[derive(Debug)]
struct Ring<T> {
    records: VecDeque<T>,
    last: u64,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            records: VecDeque::new(),
            last: 0,
        }
    }
}

impl<T> Ring<T> {
    fn push(&mut self, record: T, records_max: usize) {
        self.last += 1;
        if records_max == 0 {
            return;
        }
        if self.records.len() >= records_max {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// Records with a greater sequence number, at most `limit`, the oldest first.
    fn after(&self, after: u64, limit: usize) -> impl Iterator<Item = (u64, &T)> {
        let first = self.last - self.records.len() as u64 + 1;
        let skip = after.saturating_add(1).saturating_sub(first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let numbered = (first..).zip(&self.records);
        numbered.skip(skip).take(limit)
    }
}

impl Recorder {
    /// Keeps at most so many records of each kind.
    pub fn new(records_max: usize) -> Self {
        Self {
            records_max,
            rings: Mutex::default(),
        }
    }

    // Each update is whole even if a thread panics between two of them.
    fn lock(&self) -> MutexGuard<'_, Rings> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Messages were judged, all at this moment.
    pub fn messages(&self, records: &[TraceRecord]) {
        let at = unix_us();
        let mut rings = self.lock();
        for record in records {
            rings.messages.push((at, *record), self.records_max);
        }
    }

    /// A card answered a command.
    pub fn apdu(&self, domain: Domain, record: ApduRecord) {
        let at = unix_us();
        let mut rings = self.lock();
        *rings.apdus_by_domain.entry(domain).or_default() += 1;
        rings.apdus.push((at, domain, record), self.records_max);
    }

    /// Something happened that is counted by name. Names come from closed sets.
    pub fn count(&self, name: &str) {
        let mut rings = self.lock();
        match rings.counters.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                rings.counters.insert(name.to_owned(), 1);
            }
        }
    }

    /// Something happened to a card; its number is given here.
    pub fn happened(&self, happening: CardHappening) {
        let happenings = &mut self.lock().happenings;
        let sequence = happenings.last + 1;
        let happening = CardHappening {
            sequence,
            ..happening
        };
        happenings.push(happening, HAPPENINGS_MAX);
    }

    /// What happened to cards with a greater sequence number, at most `limit`, the oldest first.
    pub fn happenings(&self, after: u64, limit: usize) -> Vec<CardHappening> {
        let rings = self.lock();
        let happenings = rings.happenings.after(after, limit);
        happenings.map(|(_, happening)| happening.clone()).collect()
    }

    /// Every counter.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.lock().counters.clone()
    }

    /// APDUs of a card.
    pub fn apdus(&self, domain: Domain) -> u64 {
        self.lock()
            .apdus_by_domain
            .get(&domain)
            .copied()
            .unwrap_or_default()
    }

    /// Records with a greater sequence number, at most `limit` of each kind.
    pub fn trace(&self, after: u64, limit: usize) -> Trace {
        let rings = self.lock();
        let messages = rings.messages.after(after, limit);
        let apdus = rings.apdus.after(after, limit);
        Trace {
            messages: messages
                .map(|(sequence, (at, record))| message(sequence, *at, record))
                .collect(),
            apdus: apdus
                .map(|(sequence, (at, domain, record))| apdu(sequence, *at, domain, record))
                .collect(),
        }
    }
}

fn message(sequence: u64, unix_us: u64, record: &TraceRecord) -> TraceEntry {
    TraceEntry {
        sequence,
        unix_us,
        entry: record.entry.into(),
        src: record.header.src.to_string(),
        dst: record.header.dst.to_string(),
        mtype: record.header.mtype.0,
        bytes: u32::try_from(record.bytes).unwrap_or(u32::MAX),
        cpu_us: record.cpu_us,
        io_us: record.io_us,
        outcome: record.outcome.into(),
    }
}

fn apdu(sequence: u64, unix_us: u64, domain: &Domain, record: &ApduRecord) -> ApduEntry {
    let numbers = |mtypes: &[Mtype]| mtypes.iter().map(|mtype| mtype.0).collect();
    ApduEntry {
        sequence,
        unix_us,
        domain: domain.to_string(),
        mtypes_in: numbers(&record.mtypes_in),
        mtypes_out: numbers(&record.mtypes_out),
        bytes_in: u32::try_from(record.bytes_in).unwrap_or(u32::MAX),
        bytes_out: u32::try_from(record.bytes_out).unwrap_or(u32::MAX),
        cpu_us: record.cpu_us,
        io_us: record.io_us,
    }
}

fn unix_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(bytes: usize) -> TraceRecord {
        let id = Domain([1; 12]).card();
        let header = libetp::Header {
            src: id,
            dst: id,
            mtype: Mtype::PING,
        };
        TraceRecord {
            entry: "app",
            header,
            bytes,
            outcome: "stored",
            cpu_us: 0,
            io_us: 0,
        }
    }

    fn sequences(recorder: &Recorder, after: u64, limit: usize) -> Vec<u64> {
        let trace = recorder.trace(after, limit);
        trace
            .messages
            .iter()
            .map(|message| message.sequence)
            .collect()
    }

    #[test]
    fn the_newest_records_are_kept_and_numbered_for_ever() {
        let recorder = Recorder::new(3);
        assert!(sequences(&recorder, 0, 10).is_empty());
        recorder.messages(&[1, 2].map(record));
        recorder.messages(&[3, 4, 5].map(record));
        assert_eq!(sequences(&recorder, 0, 10), [3, 4, 5]);
        assert_eq!(sequences(&recorder, 3, 10), [4, 5]);
        assert_eq!(sequences(&recorder, 0, 2), [3, 4]);
        assert!(sequences(&recorder, 5, 10).is_empty());
        assert!(sequences(&recorder, u64::MAX - 1, 10).is_empty());
        assert_eq!(recorder.trace(4, 1).messages[0].bytes, 5);
    }

    #[test]
    fn counters_count() {
        let recorder = Recorder::new(0);
        recorder.count("card-live");
        recorder.count("card-live");
        recorder.messages(&[record(1)]);
        assert_eq!(
            recorder.counters(),
            BTreeMap::from([("card-live".to_owned(), 2)])
        );
        assert!(recorder.trace(0, 9).messages.is_empty());
    }
}
