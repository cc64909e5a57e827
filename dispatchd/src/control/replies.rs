//! Answers to control requests, from what the parts of the daemon say of themselves.

use std::cell::RefCell;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use libetp::client::control::card::CardDetails;
use libetp::client::control::{
    CardStatus, ControlReply, ControlRequest, IdEntry, LinkStatus, RouteEntry, Status,
};
use libetp::digest::Hash;
use libetp::text::hex;
use libetp::{Domain, VerdictCode};
use remote_proxy::{LinkState, RemoteHandle};

use super::{GuardKeeper, Recorder, details};
use crate::card::{self, Cards, Slot, Stage};
use crate::router::{DomainSnapshot, Snapshot};
use crate::state::State;
use crate::table::DomainState;

/// Most records of each kind in one answer: it must fit into a frame.
const TRACE_RECORDS_MAX: usize = 128;

/// Most happenings of cards in one answer: it must fit into a frame.
const HAPPENINGS_A_REPLY: usize = 32;

/// The daemon, for the time of an answer.
pub struct Facts<'d> {
    /// Name and version.
    pub software: &'d str,
    /// When it started.
    pub start: Instant,
    /// Whether it ends.
    pub is_draining: bool,
    /// The application socket.
    pub socket: String,
    /// This host's key id.
    pub host_key: Option<Hash>,
    /// The cards.
    pub cards: &'d Cards,
    /// The links.
    pub remote: Option<&'d RemoteHandle>,
    /// Traces and counters.
    pub recorder: &'d Recorder,
    /// Guard.
    pub guard: &'d RefCell<GuardKeeper>,
    /// The durable state.
    pub state: &'d State,
}

/// Answers a request.
pub(super) fn reply(
    request: &ControlRequest,
    facts: &Facts<'_>,
    snapshot: &Snapshot,
) -> ControlReply {
    match request {
        ControlRequest::Status => ControlReply::Status(Box::new(facts.status(snapshot))),
        ControlRequest::Ids => ControlReply::Ids(ids(snapshot)),
        ControlRequest::Routes => ControlReply::Routes(facts.routes(snapshot)),
        ControlRequest::Cards => ControlReply::Cards(facts.cards(snapshot)),
        ControlRequest::Card { domain } => ControlReply::Card(facts.card_details(domain, snapshot)),
        ControlRequest::CardHappenings { after } => {
            ControlReply::CardHappenings(facts.recorder.happenings(*after, HAPPENINGS_A_REPLY))
        }
        ControlRequest::Trace { after, limit } => {
            let limit = TRACE_RECORDS_MAX.min(*limit as usize);
            ControlReply::Trace(facts.recorder.trace(*after, limit))
        }
        ControlRequest::Guard(asked) => {
            ControlReply::Guard(facts.guard.borrow_mut().answer(asked.clone(), snapshot))
        }
    }
}

impl Facts<'_> {
    fn status(&self, snapshot: &Snapshot) -> Status {
        let mut counters = self.recorder.counters();
        let remote = self.remote.map(RemoteHandle::status).unwrap_or_default();
        let refused = remote
            .refused
            .iter()
            .map(|(name, count)| (name.name().to_owned(), *count));
        for (name, count) in snapshot.counters.clone().into_iter().chain(refused) {
            *counters.entry(name).or_default() += count;
        }
        let cards = self.cards(snapshot);
        Status {
            software: self.software.into(),
            pid: std::process::id(),
            uptime_s: self.start.elapsed().as_secs(),
            state: if self.is_draining {
                "draining"
            } else {
                "running"
            }
            .into(),
            socket: self.socket.clone(),
            listen: self.remote.map(|remote| remote.local_addr().to_string()),
            host_key: self.host_key.as_ref().map(|key| hex(key)),
            at_rest: self.at_rest(),
            warnings: self.warnings(&cards),
            cards,
            links: self.links(),
            counters,
        }
    }

    /// The weakest protection of any card.
    fn at_rest(&self) -> String {
        let kinds = self.cards.slots().map(|slot| slot.at_rest);
        let strength = |kind: &&str| ["none", "unknown"].iter().position(|weak| weak == kind);
        let weakest = kinds.min_by_key(|kind| strength(kind).unwrap_or(usize::MAX));
        weakest.unwrap_or("none").into()
    }

    fn warnings(&self, cards: &[CardStatus]) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.guard.borrow().is_experiment() {
            let words = "an experiment disturbs messages on purpose (see etpctl guard list)";
            warnings.push(words.into());
        }
        if cards.is_empty() {
            warnings.push("no [[card]]: programs get their ids from a card".into());
        }
        for card in cards.iter().filter(|card| card.state != "live") {
            let named = format!("card {}", card.domain);
            let named = named.trim_end();
            warnings.push(format!("{named}: {}: {}", card.state, card.detail));
        }
        for slot in self.cards.slots().filter(|slot| slot.at_rest == "none") {
            let directory = slot.place.display();
            warnings.push(format!(
                "at-rest: none: whoever copies {directory} has the card's keys; set device_key"
            ));
        }
        warnings
    }

    fn cards(&self, snapshot: &Snapshot) -> Vec<CardStatus> {
        let of = |domain: Domain| snapshot.domains.iter().find(|known| known.domain == domain);
        let card = |slot: &Arc<Slot>| self.card(slot, slot.domain().and_then(of));
        let cards = self.cards.slots().map(card);
        cards.chain(self.suspended_elsewhere(snapshot)).collect()
    }

    /// Domains whose card went to another host and is in no slot.
    fn suspended_elsewhere(&self, snapshot: &Snapshot) -> Vec<CardStatus> {
        let domains = snapshot.domains.iter();
        let suspended = domains.filter(|known| {
            known.state == DomainState::Down(VerdictCode::Suspended)
                && self.cards.of(known.domain).is_none()
        });
        let status = |known: &DomainSnapshot| CardStatus {
            domain: known.domain.to_string(),
            state: "suspended".into(),
            detail: self.suspended_words(known.domain),
            ..CardStatus::default()
        };
        suspended.map(status).collect()
    }

    fn suspended_words(&self, domain: Domain) -> String {
        let number = self.state.suspension(domain).ok().flatten();
        card::suspended(number.unwrap_or_default())
    }

    fn card_details(&self, domain: &str, snapshot: &Snapshot) -> Option<Box<CardDetails>> {
        let domain: Domain = domain.parse().ok()?;
        let table = snapshot.domains.iter().find(|known| known.domain == domain);
        let Some(slot) = self.cards.of(domain) else {
            let mut elsewhere = self.suspended_elsewhere(snapshot).into_iter();
            let status = elsewhere.find(|status| status.domain == domain.to_string())?;
            let suspended = self.state.suspension(domain).ok().flatten();
            let details = CardDetails {
                status,
                suspended,
                ..CardDetails::default()
            };
            return Some(Box::new(details));
        };
        Some(Box::new(details::of(slot, self.card(slot, table))))
    }

    pub(super) fn card(&self, slot: &Slot, table: Option<&DomainSnapshot>) -> CardStatus {
        let session = slot.session();
        let domain = session.domain();
        let (mut state, mut detail) = (session.stage().name(), session.stage().detail());
        let is_suspended = DomainState::Down(VerdictCode::Suspended);
        if let Some(known) =
            table.filter(|it| ["gone", "absent"].contains(&state) && it.state == is_suspended)
        {
            state = "suspended";
            detail = format!("{detail}; {}", self.suspended_words(known.domain));
        }
        let place = slot.place.display().to_string();
        let is_named = |rest: &str| rest.starts_with([':', ' ']);
        if domain.is_none() && !detail.strip_prefix(&place).is_some_and(is_named) {
            detail = format!("{place}: {detail}");
        }
        if let Some((attempt, pause_ms)) = slot.reopening() {
            // Writing to a String does not fail.
            let _ = write!(
                detail,
                "; opened again after {} s, attempt {attempt}",
                pause_ms as f64 / 1_000.0
            );
        }
        let leaf = match session.stage() {
            Stage::Live { leaf, .. } => Some(leaf),
            _ => None,
        };
        CardStatus {
            domain: domain.map(|domain| domain.to_string()).unwrap_or_default(),
            state: state.into(),
            since_unix_s: slot.seen().since.1,
            place,
            backend: slot.backend.into(),
            class: leaf.map_or(0, |leaf| leaf.class),
            key: leaf.map(|leaf| hex(&leaf.key)),
            generation: session.witness().generation,
            ports_left: table.map_or(0, |table| table.ports_left),
            queued: table.map_or(0, |table| table.queued),
            apdus: domain.map_or(0, |domain| self.recorder.apdus(domain)),
            detail,
        }
    }

    fn links(&self) -> Vec<LinkStatus> {
        let status = self.remote.map(RemoteHandle::status).unwrap_or_default();
        let link = |(host, link): (&Hash, &remote_proxy::LinkStatus)| LinkStatus {
            host: hex(host),
            address: link
                .address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            state: link_state(link.state).into(),
            sent: link.sent,
            received: link.received,
            unacknowledged: link.queued_messages as u64,
            detail: match link.last_reason.as_str() {
                "" => link.state.name().into(),
                reason => format!("{}; before: {reason}", link.state.name()),
            },
        };
        status.links.iter().map(link).collect()
    }

    fn routes(&self, snapshot: &Snapshot) -> Vec<RouteEntry> {
        let local = snapshot.domains.iter().map(|known| RouteEntry {
            domain: known.domain.to_string(),
            via: "card".into(),
            state: domain_state(known.state).into(),
            ..RouteEntry::default()
        });
        let links = self
            .remote
            .map(RemoteHandle::status)
            .unwrap_or_default()
            .links;
        let remote = snapshot.routes.iter().map(|(domain, host)| RouteEntry {
            domain: domain.to_string(),
            via: "remote".into(),
            host: Some(hex(host)),
            state: links
                .get(host)
                .map_or("down", |link| link_state(link.state))
                .into(),
            statement: self.statement(*domain),
        });
        let mut routes: Vec<_> = local.chain(remote).collect();
        routes.sort_by(|a, b| a.domain.cmp(&b.domain));
        routes
    }

    /// Unknown if the state cannot be read; that is an error where it matters.
    fn statement(&self, domain: Domain) -> Option<u64> {
        let key = self.state.pinned_key(domain).ok().flatten()?;
        self.state.statement_number(&key).ok().flatten()
    }
}

fn ids(snapshot: &Snapshot) -> Vec<IdEntry> {
    let entry = |id: &crate::router::IdSnapshot| IdEntry {
        id: id.id.to_string(),
        name: id.name.clone(),
        uid: id.uid,
        pid: id.pid.and_then(|pid| u32::try_from(pid).ok()),
        durable: id.durable,
        connected: id.pid.is_some(),
        derived: id.derived,
        waiting: id.waiting,
        waiting_bytes: id.waiting_bytes,
    };
    snapshot.ids.iter().map(entry).collect()
}

fn link_state(state: LinkState) -> &'static str {
    match state {
        LinkState::Up => "up",
        LinkState::Connecting | LinkState::Greeting | LinkState::BackingOff => "connecting",
        LinkState::Waiting | LinkState::Closing => "down",
    }
}

fn domain_state(state: DomainState) -> &'static str {
    match state {
        DomainState::Live(_) => "live",
        DomainState::Down(VerdictCode::Quarantined) => "quarantined",
        DomainState::Down(VerdictCode::Suspended) => "suspended",
        DomainState::Down(_) => "gone",
    }
}
