//! Whether a statement proves that a domain lives at a host.

use etp_pki::{Leaf, Role};
use libetp::Domain;
use libetp::digest::Hash;
use libetp::params::runtime::{Statement, StatementBody};

use super::Grounds;
use crate::config::KeyText;
use crate::event::Counter;
use crate::link::Now;
use crate::store::StatementStore;

/// What was asked, of whom.
pub(super) struct Question {
    pub(super) host: Hash,
    pub(super) domain: Domain,
    pub(super) nonce: Hash,
}

/// The first rule that a statement breaks.
type Flaw = (Counter, String);

/// Judges a statement, and keeps its number and key if it holds. Fresh (our nonce), meant for
/// the host that authenticated the link, by the certified card of that domain, newer than every
/// other of that card, by the one key that the domain ever had.
pub(super) fn check(
    question: &Question,
    statement: &Statement,
    now: Now,
    grounds: Grounds<'_>,
) -> Result<(), Flaw> {
    if statement.nonce != question.nonce {
        return flaw(
            Counter::StatementNonce,
            "the nonce is not the one that was asked with",
        );
    }
    if statement.host_key != question.host {
        let home = KeyText(statement.host_key);
        return flaw(
            Counter::StatementHost,
            format!("the card is at host {home}"),
        );
    }
    let card = certificate(question, statement, now, &grounds)?;
    signature(question, statement, &card)?;
    newest(question, statement, &card, grounds.store)
}

fn certificate(
    question: &Question,
    statement: &Statement,
    now: Now,
    grounds: &Grounds<'_>,
) -> Result<Leaf, Flaw> {
    let card = etp_pki::verify(&statement.certificate, Role::Card, grounds.anchors);
    let card = card.and_then(|card| card.valid_at(now.unix_s).map(|()| card));
    let card = card.map_err(|error| (Counter::StatementCertificate, error.to_string()))?;
    if card.domain() != Some(question.domain) {
        let text = format!("the certificate is that of {}", card.subject);
        return flaw(Counter::StatementDomain, text);
    }
    Ok(card)
}

fn signature(question: &Question, statement: &Statement, card: &Leaf) -> Result<(), Flaw> {
    let body = StatementBody {
        domain: question.domain,
        card_key: card.key,
        host_key: statement.host_key,
        number: statement.number,
        nonce: statement.nonce,
    };
    card.check_signature("serve", &body, &statement.signature)
        .map_err(|error| (Counter::StatementSignature, error.to_string()))
}

fn newest(
    question: &Question,
    statement: &Statement,
    card: &Leaf,
    store: &mut dyn StatementStore,
) -> Result<(), Flaw> {
    let failed = |error: crate::StoreError| (Counter::StatementStore, error.to_string());
    let pinned = store.pinned(question.domain).map_err(failed)?;
    if let Some(pinned) = pinned.filter(|pinned| *pinned != card.key) {
        let text = format!(
            "domain {} is pinned to card {}, this is card {}",
            question.domain,
            KeyText(pinned),
            KeyText(card.key)
        );
        return flaw(Counter::StatementSecondKey, text);
    }
    let highest = store.highest(&card.key).map_err(failed)?;
    if let Some(highest) = highest.filter(|highest| statement.number <= *highest) {
        let text = format!("number {}, {highest} was seen", statement.number);
        return flaw(Counter::StatementStale, text);
    }
    store
        .keep(question.domain, card.key, statement.number)
        .map_err(failed)
}

fn flaw<T>(counter: Counter, text: impl Into<String>) -> Result<T, Flaw> {
    Err((counter, text.into()))
}
