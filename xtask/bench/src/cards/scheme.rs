//! A scheme in memory, and its cards on disk.

use std::io::{Error, Result};
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::Role;
use etp_pki::scheme::{Authority, Request, Seeds};
use libetp::codec::Encode;
use libetp::digest::{Hash, signature_input};
use libetp::params::voucher::{Issue, IssueBody, IssueChallenge, Voucher};
use softcard::{KeyPair, NewCard, PinCost, ServiceKey, SoftCard};

/// The PIN of every card.
pub(crate) const PIN: &[u8] = b"271828";
/// When everything was certified, Unix time in seconds: 2026-01-01.
const NOW_S: u64 = 1_767_225_600;
/// The epoch in which it was.
const EPOCH: u64 = 1;
/// Bytes of what a voucher promises.
const PROMISE_BYTES: usize = 14;
const ISSUER_SEED: [u8; 32] = [8; 32];
const THIRD_PARTY_SEED: [u8; 32] = [9; 32];

/// Who certifies cards and issues vouchers in a measurement.
pub(crate) struct Scheme {
    authority: Authority,
}

impl Scheme {
    pub(crate) fn new() -> Self {
        let seeds = Seeds {
            root: [1; 32],
            intermediates: [[2; 32], [3; 32], [4; 32], [5; 32], [6; 32], [7; 32]],
        };
        let authority = Authority::generate("benchmark", &seeds, NOW_S);
        Self {
            authority: authority.expect("seeds and a name that fit"),
        }
    }

    /// New cards of S_A, S_B and T, each in a directory of its own.
    pub(crate) fn cards(&self, place: &Path) -> Result<[Made; 3]> {
        Ok([
            self.card(&place.join("a"), None)?,
            self.card(&place.join("b"), None)?,
            self.card(&place.join("t"), Some(self.service()))?,
        ])
    }

    /// The issuer's answer to a card's challenge.
    pub(crate) fn issue(&self, to: &IssueChallenge, serial: u8) -> Issue {
        let issuer = SigningKey::from_bytes(&ISSUER_SEED);
        let mut voucher = Voucher {
            issuer: key_id(&issuer),
            promise: vec![b'p'; PROMISE_BYTES],
            min_class: 0,
            redeemer: None,
            serial: [serial; 16],
            issuer_signature: [0; 64],
        };
        let vid = voucher.vid();
        voucher.issuer_signature = sign(&issuer, "voucher", &vid);
        let body = IssueBody {
            vid,
            card_key: to.card_key,
            challenge: to.challenge,
        };
        Issue {
            voucher,
            issuer_certificate: self.certify(Role::Issuer, &ISSUER_SEED),
            challenge: to.challenge,
            signature: sign(&issuer, "issue", &body),
        }
    }

    fn card(&self, directory: &Path, service: Option<ServiceKey>) -> Result<Made> {
        let keys = KeyPair::generate().map_err(Error::other)?;
        let public = keys.public();
        let request = Request::card(public.sign, public.agree, EPOCH);
        let new = NewCard {
            certificate: self.leaf(Role::Card, &request),
            keys,
            anchors: self.authority.file().anchors(),
            third_parties: vec![third_party()],
            host_key: None,
            pin: PIN.to_vec().into(),
            puk: None,
            pin_cost: PinCost::LEAST,
            service,
            device_key: None,
        };
        let card = SoftCard::create(directory, new).map_err(Error::other)?;
        Ok(Made {
            card,
            agree: public.agree,
        })
    }

    fn service(&self) -> ServiceKey {
        ServiceKey {
            seed: THIRD_PARTY_SEED,
            certificate: self.certify(Role::Service, &THIRD_PARTY_SEED),
        }
    }

    fn certify(&self, role: Role, seed: &[u8; 32]) -> Vec<u8> {
        let public = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        self.leaf(role, &Request::key(public, EPOCH))
    }

    fn leaf(&self, role: Role, request: &Request) -> Vec<u8> {
        let issued = self.authority.issue(role, request, NOW_S);
        issued.expect("a request that fits the role")
    }
}

/// A card, and the key that owners authenticate against.
pub(crate) struct Made {
    pub(crate) card: SoftCard,
    pub(crate) agree: [u8; 32],
}

/// Key id of the third party.
pub(crate) fn third_party() -> Hash {
    key_id(&SigningKey::from_bytes(&THIRD_PARTY_SEED))
}

fn key_id(key: &SigningKey) -> Hash {
    etp_pki::key_id(&key.verifying_key().to_bytes())
}

fn sign(key: &SigningKey, tag: &str, body: &impl Encode) -> [u8; 64] {
    key.sign(&signature_input(tag, body)).to_bytes()
}
