//! Which domains of which hosts may enter.
//!
//! That a host has a valid certificate says nothing about domains: a domain's messages enter over
//! a link only after its card signed, for a nonce of ours, that it is at that very host. Until
//! then they are parked, bounded. The newest statement of a card wins, so a domain has one home,
//! and numbers that were seen once are dead for ever.

mod check;
mod parking;

use std::collections::BTreeMap;

use etp_pki::Anchors;
use libetp::Domain;
use libetp::digest::Hash;
use libetp::params::runtime::Statement;

use crate::event::Counter;
use crate::limits::Limits;
use crate::link::{Now, Outgoing};
use crate::store::StatementStore;
use check::Question;
use parking::Parked;

/// What becomes of a message from another host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It enters.
    Enter(Outgoing),
    /// It is parked, and the domain's statement has to be asked for with this nonce.
    Ask(Hash),
    /// It is parked; the statement was asked for before.
    Parked,
    /// It does not enter.
    Refused(Outgoing, Counter, String),
}

/// What a statement, or its absence, leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The domain lives at that host: what was parked enters, in order.
    Enter(Vec<Outgoing>),
    /// It was not shown to: what was parked does not enter.
    Refused(Vec<Outgoing>, Counter, String),
    /// The statement belongs to no open question, or to another one; that stays open.
    Ignored(Counter, String),
}

/// The state of all domains of all other hosts.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    homes: BTreeMap<Domain, Home>,
    open: BTreeMap<(Hash, Domain), Parked>,
    /// Until when a failed question is not asked again.
    refused: BTreeMap<(Hash, Domain), u64>,
}

#[derive(Clone, Copy, Debug)]
struct Home {
    host: Hash,
    until_ms: u64,
}

/// All that a statement is judged by, beside the question.
pub struct Grounds<'a> {
    /// The scheme.
    pub anchors: &'a Anchors,
    /// What was kept of earlier statements.
    pub store: &'a mut dyn StatementStore,
}

impl Gate {
    /// Knows nobody.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            homes: BTreeMap::new(),
            open: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    /// A message came from `host`. `nonce` is called if a question has to be asked.
    pub fn admit(
        &mut self,
        now: Now,
        host: Hash,
        outgoing: Outgoing,
        nonce: impl FnOnce() -> Hash,
    ) -> Admission {
        let domain = outgoing.message.header.src.domain;
        let home = self.homes.get(&domain);
        if home.is_some_and(|home| home.host == host && now.ms < home.until_ms) {
            return Admission::Enter(outgoing);
        }
        let room = self.room(host);
        if let Some(parked) = self.open.get_mut(&(host, domain)) {
            return parked.park(outgoing, room, &self.limits);
        }
        if self.is_refused(now, host, domain) {
            let detail = format!("domain {domain} has no valid statement for this host");
            return Admission::Refused(outgoing, Counter::NotEnrolled, detail);
        }
        self.ask(now, host, outgoing, nonce())
    }

    /// A host speaks for a domain of this host's own cards: has it show a statement, without
    /// letting anything in. Returns the nonce if the question is to be asked now.
    pub fn challenge(
        &mut self,
        now: Now,
        host: Hash,
        domain: Domain,
        nonce: impl FnOnce() -> Hash,
    ) -> Option<Hash> {
        let is_open = self.open.contains_key(&(host, domain));
        let is_full = self.of_host(host).count() >= self.limits.parked_domains_max;
        if is_open || is_full || self.is_refused(now, host, domain) {
            return None;
        }
        let (nonce, until_ms) = (nonce(), now.ms + self.limits.statement_ms_max);
        self.open
            .insert((host, domain), Parked::new(nonce, until_ms));
        Some(nonce)
    }

    /// The question about a domain is not asked again for a while.
    pub fn rest(&mut self, now: Now, host: Hash, domain: Domain) {
        self.note_refused(now, host, domain);
    }

    /// The host answered the question about a domain.
    pub fn answer(
        &mut self,
        now: Now,
        host: Hash,
        domain: Domain,
        statement: Option<&Statement>,
        grounds: Grounds<'_>,
    ) -> Judgement {
        let Some(parked) = self.open.get(&(host, domain)) else {
            let detail = format!("an answer about domain {domain}, which was not asked");
            return Judgement::Ignored(Counter::StatementUnasked, detail);
        };
        let Some(statement) = statement else {
            let detail = format!("no statement for domain {domain}");
            return self.refuse(now, host, domain, Counter::StatementNone, detail);
        };
        let question = Question {
            host,
            domain,
            nonce: parked.nonce,
        };
        match check::check(&question, statement, now, grounds) {
            Ok(()) => self.settle(now, host, domain),
            Err((Counter::StatementNonce, detail)) => {
                Judgement::Ignored(Counter::StatementNonce, detail)
            }
            Err((counter, detail)) => self.refuse(now, host, domain, counter, detail),
        }
    }

    /// A question whose time is up, if there is one; to be asked until there is none.
    pub fn overdue(&mut self, now: Now) -> Option<(Hash, Domain, Judgement)> {
        let mut open = self.open.iter();
        let (&(host, domain), _) = open.find(|(_, parked)| parked.until_ms <= now.ms)?;
        let detail = format!("no statement for domain {domain} in time");
        let judgement = self.refuse(now, host, domain, Counter::StatementTimeout, detail);
        Some((host, domain, judgement))
    }

    /// When the next question is overdue.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.open.values().map(|parked| parked.until_ms).min()
    }

    /// The host restarted: every domain has to be shown anew. Returns the questions that are not
    /// open any more and how many parked messages are dropped; nobody waits for their verdicts.
    pub fn forget(&mut self, host: Hash) -> (Vec<Domain>, usize) {
        self.homes.retain(|_, home| home.host != host);
        self.refused.retain(|(refused, _), _| *refused != host);
        let asked: Vec<_> = self.of_host(host).map(|(domain, _)| domain).collect();
        let parked = asked
            .iter()
            .filter_map(|domain| self.open.remove(&(host, *domain)));
        let dropped = parked.map(|parked| parked.len()).sum();
        (asked, dropped)
    }

    /// Gives out everything that is parked, with the host that it came from.
    pub fn give_up(&mut self) -> Vec<(Hash, Outgoing)> {
        let open = std::mem::take(&mut self.open).into_iter();
        let of_host = |((host, _), parked): ((Hash, Domain), Parked)| {
            let messages = parked.into_messages().into_iter();
            messages.map(move |outgoing| (host, outgoing))
        };
        open.flat_map(of_host).collect()
    }

    fn ask(&mut self, now: Now, host: Hash, outgoing: Outgoing, nonce: Hash) -> Admission {
        let domain = outgoing.message.header.src.domain;
        if self.of_host(host).count() >= self.limits.parked_domains_max {
            let max = self.limits.parked_domains_max;
            let detail = format!("{max} domains of this host wait for their statements");
            return Admission::Refused(outgoing, Counter::ParkedFull, detail);
        }
        let mut parked = Parked::new(nonce, now.ms + self.limits.statement_ms_max);
        let admission = parked.park(outgoing, self.room(host), &self.limits);
        self.open.insert((host, domain), parked);
        match admission {
            Admission::Parked => Admission::Ask(nonce),
            other => other,
        }
    }

    fn settle(&mut self, now: Now, host: Hash, domain: Domain) -> Judgement {
        let until_ms = now.ms + self.limits.statement_valid_ms;
        self.homes.insert(domain, Home { host, until_ms });
        self.refused.remove(&(host, domain));
        Judgement::Enter(self.take(host, domain))
    }

    fn refuse(
        &mut self,
        now: Now,
        host: Hash,
        domain: Domain,
        counter: Counter,
        detail: String,
    ) -> Judgement {
        self.note_refused(now, host, domain);
        Judgement::Refused(self.take(host, domain), counter, detail)
    }

    /// Remembers a failure, for as many domains of a host as may wait at a time.
    fn note_refused(&mut self, now: Now, host: Hash, domain: Domain) {
        self.refused.retain(|_, until_ms| now.ms < *until_ms);
        let of_host = self.refused.range(span(host)).map(|(key, _)| *key);
        let surplus = of_host.clone().count() >= self.limits.parked_domains_max;
        if let Some(first) = of_host.clone().next().filter(|_| surplus) {
            self.refused.remove(&first);
        }
        let until_ms = now.ms + self.limits.statement_refused_ms;
        self.refused.insert((host, domain), until_ms);
    }

    fn is_refused(&self, now: Now, host: Hash, domain: Domain) -> bool {
        let until_ms = self.refused.get(&(host, domain));
        until_ms.is_some_and(|until_ms| now.ms < *until_ms)
    }

    /// Bytes that may still be parked for a host.
    fn room(&self, host: Hash) -> usize {
        let taken: usize = self.of_host(host).map(|(_, parked)| parked.bytes()).sum();
        self.limits.parked_bytes_max.saturating_sub(taken)
    }

    fn take(&mut self, host: Hash, domain: Domain) -> Vec<Outgoing> {
        let parked = self.open.remove(&(host, domain));
        parked.map(Parked::into_messages).unwrap_or_default()
    }

    fn of_host(&self, host: Hash) -> impl Iterator<Item = (Domain, &Parked)> {
        let open = self.open.range(span(host));
        open.map(|((_, domain), parked)| (*domain, parked))
    }
}

/// All keys of a host.
fn span(host: Hash) -> std::ops::RangeInclusive<(Hash, Domain)> {
    (host, Domain([0; Domain::LEN]))..=(host, Domain([0xff; Domain::LEN]))
}
