//! What other hosts ask about this host's cards. A card is asked once per question, and not
//! oftener than it can bear.

use std::collections::BTreeMap;

use libetp::Domain;
use libetp::digest::Hash;
use libetp::limits::CERTIFICATE_BYTES_MAX;
use libetp::params::runtime::Statement;

use super::Hub;
use crate::event::{Counter, RemoteEvent, StatementToken};
use crate::link::Now;

/// Questions of one host about one domain that are let through at once. (A host that restarts
/// asks anew, so the second question can be honest.)
const QUESTIONS_BURST_MAX: u64 = 8;
/// Milliseconds after which one more is let through.
const QUESTION_MS: u64 = 1_000;

/// The last question of each host about each domain.
#[derive(Debug, Default)]
pub(super) struct Questions {
    last: BTreeMap<(Hash, Domain), Asked>,
    tokens: u64,
}

#[derive(Debug)]
struct Asked {
    nonce: Hash,
    /// The moment up to which this host's questions are used up; it may lie in the future.
    spent_ms: u64,
    token: StatementToken,
    /// What the card said, once it has.
    answer: Option<Option<Statement>>,
}

impl Hub {
    /// A host asks for the statement of a domain.
    pub(super) fn wanted(&mut self, now: Now, host: Hash, domain: Domain, nonce: Hash) {
        if !self.local.contains(&domain) {
            let detail = format!("domain {domain} is not here");
            self.refuse(Some(host), Counter::WantNotLocal, detail);
            return self.tell(host, domain, None);
        }
        match self.questions.last.get(&(host, domain)) {
            Some(asked) if asked.nonce == nonce => {
                if let Some(answer) = asked.answer.clone() {
                    self.tell(host, domain, answer);
                }
            }
            Some(asked) if asked.spent_ms > now.ms + (QUESTIONS_BURST_MAX - 1) * QUESTION_MS => {
                let detail = format!("domain {domain} was asked for too often");
                self.refuse(Some(host), Counter::WantTooOften, detail);
                self.tell(host, domain, None);
            }
            _ => self.put(now, host, domain, nonce),
        }
    }

    /// The card's answer to [`RemoteEvent::NeedStatement`]. Returns the host that asked.
    pub fn statement(
        &mut self,
        domain: Domain,
        statement: Option<Statement>,
        token: StatementToken,
    ) -> Option<Hash> {
        // No verifier reads a longer certificate, and no frame carries it.
        let fits = |it: &Statement| it.certificate.len() <= CERTIFICATE_BYTES_MAX;
        let statement = statement.filter(fits);
        let mut last = self.questions.last.iter_mut();
        let (&(host, _), asked) = last.find(|((_, d), a)| *d == domain && a.token == token)?;
        asked.answer = Some(statement.clone());
        self.tell(host, domain, statement);
        Some(host)
    }

    pub(super) fn restarted(&mut self, host: Hash, verdicts: u64) {
        let (asked, dropped) = self.gate.forget(host);
        for domain in asked {
            if let Some(link) = self.links.get_mut(&host) {
                link.unwant(domain);
            }
        }
        let lost = [
            (Counter::ParkedRestarted, dropped as u64, "messages"),
            (Counter::VerdictRestarted, verdicts, "verdicts"),
        ];
        for (counter, count, what) in lost.into_iter().filter(|(_, count, _)| *count > 0) {
            let detail = format!("{count} {what} were under way when the other host restarted");
            self.refuse_many(Some(host), counter, count, detail);
        }
    }

    fn put(&mut self, now: Now, host: Hash, domain: Domain, nonce: Hash) {
        self.questions.tokens += 1;
        let token = StatementToken(self.questions.tokens);
        let before = self.questions.last.get(&(host, domain));
        let spent_ms = before.map_or(now.ms, |asked| asked.spent_ms.max(now.ms));
        let asked = Asked {
            nonce,
            spent_ms: spent_ms + QUESTION_MS,
            token,
            answer: None,
        };
        self.questions.last.insert((host, domain), asked);
        self.event(RemoteEvent::NeedStatement {
            domain,
            nonce,
            token,
        });
    }

    fn tell(&mut self, host: Hash, domain: Domain, statement: Option<Statement>) {
        if let Some(link) = self.links.get_mut(&host) {
            link.answer(domain, statement);
        }
    }
}
