//! Vouchers for cards that shall trade.

use ed25519_dalek::Signer as _;
use etp_pki::Role;
use etp_pki::scheme::{Identity, inspect};
use libetp::codec::Encode;
use libetp::digest::{Hash, signature_input};
use libetp::params::voucher::{Issue, IssueBegin, IssueBody, IssueChallenge, Issued, Vid, Voucher};

use super::{ANSWER_TIMEOUT, Attempt, Owner};
use crate::deployment::Deployment;
use crate::program::Failure;

/// An issuer that numbers its vouchers.
pub struct Mint {
    identity: Identity,
    key: Hash,
    issued: u128,
}

impl Mint {
    /// Enrols an issuer of that name.
    ///
    /// # Errors
    /// [`Failure`] if `etpctl` refuses.
    pub fn enrol(at: &Deployment, name: &str) -> Result<Self, Failure> {
        at.enrol("issuer", name)?;
        let file = |ending: &str| {
            at.path()
                .join(name)
                .join(format!("{}.{ending}", Role::Issuer))
        };
        let unusable = |error: &dyn std::fmt::Display| Failure::new(format!("{name}: {error}"));
        let identity = Identity::load(&file("der"), None, &file("key"));
        let identity = identity.map_err(|error| unusable(&error))?;
        let key = inspect(&identity.leaf)
            .map_err(|error| unusable(&error))?
            .key;
        Ok(Self {
            identity,
            key,
            issued: 0,
        })
    }

    /// Puts a new voucher into the card of its owner.
    ///
    /// # Errors
    /// [`Trouble`](super::Trouble) of the owner's connection, or that the card refuses.
    pub fn issue(&mut self, owner: &mut Owner) -> Attempt<Vid> {
        let challenge: IssueChallenge = owner.ask(&IssueBegin {})?;
        let issue = self.answer(&challenge);
        let (card, vid) = (owner.id.domain.card(), issue.voucher.vid());
        let issued: Issued = owner.try_with(|line| {
            let of_issue = |issued: &Issued| issued.vid == vid;
            line.capability
                .call_where(card, &issue, ANSWER_TIMEOUT, of_issue)
        })?;
        Ok(issued.vid)
    }

    fn answer(&mut self, challenge: &IssueChallenge) -> Issue {
        let voucher = self.voucher();
        let body = IssueBody {
            vid: voucher.vid(),
            card_key: challenge.card_key,
            challenge: challenge.challenge,
        };
        Issue {
            voucher,
            issuer_certificate: self.identity.leaf.clone(),
            challenge: challenge.challenge,
            signature: self.sign("issue", &body),
        }
    }

    fn voucher(&mut self) -> Voucher {
        self.issued += 1;
        let mut voucher = Voucher {
            issuer: self.key,
            promise: format!("promise {}", self.issued).into_bytes(),
            min_class: 0,
            redeemer: None,
            serial: self.issued.to_be_bytes(),
            issuer_signature: [0; 64],
        };
        voucher.issuer_signature = self.sign("voucher", &voucher.vid());
        voucher
    }

    fn sign<B: Encode>(&self, tag: &str, body: &B) -> [u8; 64] {
        self.identity
            .key()
            .sign(&signature_input(tag, body))
            .to_bytes()
    }
}
