//! Looking for the card among the readers, and words for why there is none.

use std::collections::{BTreeMap, VecDeque};

use libetp::Domain;
use libetp::exchange::{ReplyError, SelectReply, StatusWord};

use super::pause::AskAgain;
use super::{Now, words};
use crate::choice::Selector;
use crate::view::{Reader, Slot};

/// A card as it was seen: another one in the same reader is another sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) reader: String,
    pub(super) changes: u32,
}

/// Whose card answered SELECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// The right one, and its domain if it tells.
    Right(Option<Domain>),
    /// One that can say nothing until it gets power.
    NeedsPower,
    /// Another one, and what it is.
    Wrong(String),
    /// No answer that makes sense: it may be on its way out.
    Silent,
}

/// A card that is of no use as long as it is the same.
#[derive(Debug)]
struct Barred {
    sight: Sight,
    why: String,
    ask: AskAgain,
}

/// A search for the card of a selector.
#[derive(Debug)]
pub(super) struct Search {
    selector: Selector,
    /// What was there when it began.
    seen: Vec<(Sight, bool)>,
    left: VecDeque<Sight>,
    /// Cards that are of no use.
    barred: Vec<Barred>,
    /// Why a reader was of no use this time.
    missed: BTreeMap<String, String>,
}

impl Search {
    pub(super) fn new(selector: Selector) -> Self {
        Self {
            selector,
            seen: Vec::new(),
            left: VecDeque::new(),
            barred: Vec::new(),
            missed: BTreeMap::new(),
        }
    }

    /// Begins with the readers that are there.
    pub(super) fn begin(&mut self, now: &Now<'_>) {
        self.seen = seen(now);
        self.missed.clear();
        self.barred
            .retain(|it| now.view.still_has(&it.sight.reader, it.sight.changes));
        self.left = self.candidates(now).collect();
    }

    pub(super) fn is_over(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<Sight> {
        self.left.pop_front()
    }

    /// Whether there is a card that may be the right one.
    pub(super) fn has_candidates(&self, now: &Now<'_>) -> bool {
        self.candidates(now).next().is_some()
    }

    /// Whether cards came or went since it began.
    pub(super) fn is_changed(&self, now: &Now<'_>) -> bool {
        self.seen != seen(now)
    }

    /// Only another card in this reader is worth a try. It may come unnoticed, so this one is asked again, seldom.
    pub(super) fn bar(&mut self, sight: Sight, why: String, now: &Now<'_>) {
        self.missed.remove(&sight.reader);
        let before = self.barred.iter().position(|it| it.sight == sight);
        let before = before.map(|at| self.barred.swap_remove(at));
        let ask = match before {
            Some(Barred { mut ask, .. }) => {
                ask.postpone(now.ms);
                ask
            }
            None => AskAgain::from(now.ms),
        };
        self.barred.retain(|it| it.sight.reader != sight.reader);
        self.barred.push(Barred { sight, why, ask });
    }

    /// The reader is of no use for now.
    pub(super) fn miss(&mut self, sight: &Sight, why: String) {
        self.missed.insert(sight.reader.clone(), why);
    }

    /// The card that was held is lost. If that is all that changed since it was found, nobody has noticed yet.
    pub(super) fn lost(&mut self, sight: &Sight, why: String) {
        self.missed.clear();
        self.miss(sight, why);
    }

    /// PC/SC ended. What its readers count begins anew.
    pub(super) fn lost_service(&mut self, now: &Now<'_>) {
        self.missed.clear();
        self.barred.clear();
        if now.view.service.is_err() {
            self.seen.clear();
        }
    }

    /// Whose card gave this response to SELECT.
    pub(super) fn judge(&self, response: &[u8]) -> Judged {
        match SelectReply::parse(response) {
            Ok(reply) if self.selector.admits_card(reply.domain) => {
                Judged::Right(Some(reply.domain))
            }
            Ok(reply) => Judged::Wrong(format!("it is card {}", reply.domain)),
            Err(ReplyError::Status(StatusWord::FAILED)) => Judged::NeedsPower,
            Err(ReplyError::Status(status)) => Judged::Wrong(foreign(status)),
            Err(ReplyError::Version(_)) if !self.selector.is_of_a_card() => Judged::Right(None),
            Err(error @ ReplyError::Version(_)) => Judged::Wrong(error.to_string()),
            Err(_) => Judged::Silent,
        }
    }

    /// Why there is no card, reader by reader.
    pub(super) fn why(&self, now: &Now<'_>) -> String {
        if let Err(error) = now.view.service {
            return of_service(error);
        }
        let readers = &now.view.readers;
        let admitted = |reader: &&Reader| self.selector.admits_reader(&reader.name);
        let reasons = readers.iter().filter(admitted).map(|reader| {
            let why = self.why_reader(reader, now);
            format!("{}: {why}", reader.name)
        });
        let reasons: Vec<String> = reasons.collect();
        match (readers.as_slice(), reasons.as_slice()) {
            ([], _) => "no reader is connected".into(),
            (_, []) => {
                let names: Vec<&str> = readers.iter().map(|it| it.name.as_str()).collect();
                format!(
                    "no reader for {}; there are: {}",
                    self.selector,
                    names.join(", ")
                )
            }
            _ => reasons.join("; "),
        }
    }

    fn why_reader(&self, reader: &Reader, now: &Now<'_>) -> String {
        match &reader.slot {
            Slot::Empty => return "no card".into(),
            Slot::Mute => return words(pcsc::Error::UnresponsiveCard).into(),
            Slot::Card(_) => {}
        }
        if now.taken.contains(&reader.name) {
            return TAKEN.into();
        }
        let barred = self.barred.iter().find(|it| it.sight.is_of(reader));
        let barred = barred.map(|it| &it.why);
        let why = barred.or_else(|| self.missed.get(&reader.name));
        why.map_or_else(|| "its card is about to be tried".into(), String::clone)
    }

    /// Cards that may be the right one.
    fn candidates<'s>(&'s self, now: &'s Now<'_>) -> impl Iterator<Item = Sight> + 's {
        let admitted = now.view.readers.iter().filter(|reader| {
            matches!(reader.slot, Slot::Card(_))
                && self.selector.admits_reader(&reader.name)
                && !now.taken.contains(&reader.name)
                && !self.barred.iter().any(|it| it.bars(reader, now.ms))
        });
        admitted.map(Sight::of)
    }
}

/// Of a reader whose card another socket of this process serves.
pub(super) const TAKEN: &str = "its card serves another socket";

impl Barred {
    /// Whether the card in this reader is not to be tried now. Nobody who uses it is disturbed.
    fn bars(&self, reader: &Reader, now_ms: u64) -> bool {
        self.sight.is_of(reader) && (reader.is_in_use || !self.ask.is_due(now_ms))
    }
}

impl Sight {
    fn of(reader: &Reader) -> Self {
        Self {
            reader: reader.name.clone(),
            changes: reader.changes,
        }
    }

    fn is_of(&self, reader: &Reader) -> bool {
        self.reader == reader.name && self.changes == reader.changes
    }
}

/// What is said of a card that is somebody else's.
pub(super) fn foreign(status: StatusWord) -> String {
    format!("its card is none of TENeT: SELECT is answered {status}")
}

/// What is said of the service.
pub(crate) fn of_service(error: pcsc::Error) -> String {
    format!("{} (PC/SC error 0x{:08X})", words(error), error as u32)
}

/// Which cards there are: what this card's thread does itself changes nothing of it.
fn seen(now: &Now<'_>) -> Vec<(Sight, bool)> {
    let readers = now.view.readers.iter();
    let is_free =
        |reader: &Reader| matches!(reader.slot, Slot::Card(_)) && !now.taken.contains(&reader.name);
    readers
        .map(|reader| (Sight::of(reader), is_free(reader)))
        .collect()
}
