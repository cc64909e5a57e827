//! What a card's slot works with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use libetp::Domain;
use libetp::client::control::card::CardHappening;
use libetp::params::runtime::Statement;

use super::events::{Note, Now, Token};
use super::witness_writer::WitnessWriter;
use crate::control::Recorder;
use crate::router::Router;
use crate::state::{State, StateError};

/// Gives a card's statement, or that there is none, to who asked for it.
pub type Answer = Box<dyn Fn(Domain, Option<Statement>, Token) + Send + Sync>;

/// Tells the links to other hosts which domains are here.
pub type TellLinks = Box<dyn Fn(Vec<Domain>) + Send + Sync>;

/// What all cards share.
pub struct Services {
    /// The dispatch table.
    pub router: Router,
    /// The durable state.
    pub state: State,
    /// Writes witnesses soon.
    pub witnesses: WitnessWriter,
    /// Counters and traces.
    pub recorder: Arc<Recorder>,
    /// Where statements go; unset while there are no links.
    pub answer: OnceLock<Answer>,
    /// Where it is told that a domain is here that was not before; unset while there are no links.
    pub links: OnceLock<TellLinks>,
    /// Which slot has a domain.
    claims: Mutex<BTreeMap<Domain, usize>>,
    start: Instant,
}

impl Services {
    /// Services without links.
    pub fn new(
        router: Router,
        state: State,
        witnesses: WitnessWriter,
        recorder: Arc<Recorder>,
    ) -> Self {
        Self {
            router,
            state,
            witnesses,
            recorder,
            answer: OnceLock::new(),
            links: OnceLock::new(),
            claims: Mutex::default(),
            start: Instant::now(),
        }
    }

    /// The slot that has the domain; `slot` if none had it.
    pub(super) fn claim(&self, domain: Domain, slot: usize) -> usize {
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        *claims.entry(domain).or_insert(slot)
    }

    /// Tells the links which domains are here.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn tell_links(&self) -> Result<(), StateError> {
        if let Some(tell) = self.links.get() {
            let local = self.state.local_domains()?;
            tell(local.into_iter().map(|(domain, _)| domain).collect());
        }
        Ok(())
    }

    /// Time and randomness for a step.
    ///
    /// # Errors
    /// In words, if the system has no entropy.
    pub(super) fn now(&self) -> Result<Now, String> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(|error| format!("no entropy: {error}"))?;
        let ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Now {
            unix_s: unix_s(),
            ms,
            fresh,
        })
    }

    pub(super) fn note(&self, card: &str, domain: Option<Domain>, note: &Note) -> CardHappening {
        self.recorder.count(note.name);
        let happening = CardHappening {
            sequence: 0,
            unix_s: unix_s(),
            domain: domain.map(|it| it.to_string()).unwrap_or_default(),
            place: card.into(),
            event: note.name.into(),
            is_alarm: note.is_alarm,
            detail: note.detail.clone(),
        };
        self.recorder.happened(happening.clone());
        match note.is_alarm {
            true => tracing::warn!(card, event = note.name, "{}", note.detail),
            false => tracing::info!(card, event = note.name, "{}", note.detail),
        }
        happening
    }
}

/// Unix time in seconds.
pub fn unix_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
