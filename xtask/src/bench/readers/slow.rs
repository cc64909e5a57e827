//! Cards as slow as those of the paper, in virtual readers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use card_proxy::{Link, LinkError};
use libetp::Mtype;
use libetp::exchange::Command;
use softcard::SoftCard;

use super::words;
use crate::shell::Result;

/// Terada et al. 2005, Table 2: what each message of an exchange takes a card, with the time on the wire, in
/// milliseconds.
pub(super) const TABLE_2: [(Mtype, u64); 5] = [
    (Mtype::START_EXCHANGE, 179),
    (Mtype::ACCEPT, 344),
    (Mtype::AGREEMENT, 706),
    (Mtype::CONFIRMATION, 493),
    (Mtype::COMMITMENT, 66),
];

/// A command of an exchange, as a card saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) command: Vec<u8>,
    pub(super) response: Vec<u8>,
    pub(super) begin: Instant,
    pub(super) end: Instant,
}

/// What the cards of an exchange saw, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    pub(super) fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A card that takes its time.
pub(super) struct Slow {
    card: SoftCard,
    log: Log,
}

impl Slow {
    pub(super) fn open(directory: &Path, log: &Log) -> Result<Self> {
        let card = SoftCard::open(directory, None).map_err(words)?;
        let log = log.clone();
        Ok(Self { card, log })
    }
}

/// How long a command takes by the paper, if it is one of an exchange.
fn time(command: &[u8]) -> Option<Duration> {
    let Ok(Command::Exchange(exchange)) = Command::parse(command) else {
        return None;
    };
    let first = exchange.messages().next()?.header.mtype;
    let (_, ms) = TABLE_2.iter().find(|(mtype, _)| *mtype == first)?;
    Some(Duration::from_millis(*ms))
}

impl Link for Slow {
    fn transmit(&mut self, command: &[u8]) -> std::result::Result<Vec<u8>, LinkError> {
        let begin = Instant::now();
        let response = self.card.transmit(command)?;
        if let Some(time) = time(command) {
            std::thread::sleep(time.saturating_sub(begin.elapsed()));
            self.log.seen().push(Seen {
                command: command.into(),
                response: response.clone(),
                begin,
                end: Instant::now(),
            });
        }
        Ok(response)
    }

    fn reset(&mut self) -> std::result::Result<(), LinkError> {
        self.card.reset()
    }
}

/// A card that knows the commands of an exchange that was, and takes as long for each.
pub(super) struct Replay(pub(super) BTreeMap<Vec<u8>, Vec<u8>>);

impl Link for Replay {
    fn transmit(&mut self, command: &[u8]) -> std::result::Result<Vec<u8>, LinkError> {
        let begin = Instant::now();
        let response = self.0.get(command).cloned();
        let time = time(command).unwrap_or_default();
        std::thread::sleep(time.saturating_sub(begin.elapsed()));
        response.ok_or_else(|| LinkError::Gone("a command that was not seen before".into()))
    }

    fn reset(&mut self) -> std::result::Result<(), LinkError> {
        Ok(())
    }
}
