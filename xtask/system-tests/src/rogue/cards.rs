//! The broken cards: keys that sign anything.

use ed25519_dalek::{Signer as _, SigningKey};
use etp_pki::Role;
use etp_pki::scheme::{Request, Scheme, SchemeError};
use libetp::codec::Encode;
use libetp::digest::{Hash, SUITE, signature_input};
use libetp::params::Param;
use libetp::params::runtime::{Statement, StatementBody};
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{AgreementBody, Evidence, Xid};
use libetp::{Domain, EntityId, Message};

use crate::dice::Dice;

/// A card's key, out of its card.
pub(super) struct Card {
    key: SigningKey,
    id: Hash,
    pub(super) domain: Domain,
    certificate: Vec<u8>,
    statements: u64,
}

impl Card {
    /// A key that the scheme certified as a card's.
    pub(super) fn certified(scheme: &Scheme, dice: &mut Dice) -> Result<Self, SchemeError> {
        let key = SigningKey::from_bytes(&dice.bytes());
        let public = key.verifying_key().to_bytes();
        let request = Request::card(public, dice.bytes(), scheme.file().epoch);
        let certificate = scheme.issue(Role::Card, &request)?;
        let leaf = etp_pki::scheme::inspect(&certificate)?;
        Ok(Self {
            key,
            id: leaf.key,
            domain: leaf.domain().unwrap_or(Domain([0; 12])),
            certificate,
            statements: 0,
        })
    }

    pub(super) fn id(&self) -> EntityId {
        self.domain.card()
    }

    /// That a host serves this card.
    pub(super) fn state(&mut self, host_key: Hash, nonce: [u8; 32]) -> Statement {
        self.statements += 1;
        let body = StatementBody {
            domain: self.domain,
            card_key: self.id,
            host_key,
            number: self.statements,
            nonce,
        };
        Statement {
            certificate: self.certificate.clone(),
            host_key,
            number: body.number,
            nonce,
            signature: self.sign("serve", &body),
        }
    }

    fn sign<B: Encode>(&self, tag: &str, body: &B) -> [u8; 64] {
        self.key.sign(&signature_input(tag, body)).to_bytes()
    }
}

/// An exchange that both broken cards dispute: one wants it resolved, the other aborted.
pub(super) struct Quarrel {
    pub(super) xid: Xid,
    /// To resolve, by the first card.
    pub(super) resolve: Message,
    /// To abort, by the second one.
    pub(super) abort: Message,
}

impl Quarrel {
    /// About vouchers that never were.
    pub(super) fn new(cards: &[Card; 2], arbiter: (Hash, EntityId), dice: &mut Dice) -> Self {
        let [a, b] = cards;
        let body = AgreementBody {
            suite: SUITE,
            a_key: a.id,
            b_key: b.id,
            third_party: arbiter.0,
            sa: a.id(),
            sb: b.id(),
            hx: dice.bytes(),
            h2: dice.bytes(),
        };
        let xid = body.xid();
        let evidence = Evidence {
            signature: b.sign("agree", &body),
            body,
            certificate: b.certificate.clone(),
            status: None,
        };
        let resolve = ResolveRequest {
            evidence: evidence.clone(),
            signature: a.sign("resolve", &xid),
            certificate: a.certificate.clone(),
        };
        let abort = AbortRequest {
            evidence,
            signature: b.sign("abort", &xid),
            certificate: b.certificate.clone(),
        };
        Self {
            xid,
            resolve: resolve.into_message(a.id(), arbiter.1),
            abort: abort.into_message(b.id(), arbiter.1),
        }
    }
}
