//! Who exists: one scheme, its hosts and its cards.

use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use etp_pki::scheme::{Authority, Request, Seeds};
use etp_pki::{Anchors, Role, key_id, self_certified_domain};
use libetp::digest::{Hash, signature_input};
use libetp::params::runtime::{Statement, StatementBody};
use libetp::{Domain, EntityId, Message, Mtype};
use remote_proxy::HostIdentity;

/// When the scheme was made, seconds before now.
pub(crate) const NOW_AGO_S: u64 = 30 * 86_400;

pub(crate) fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

pub(crate) fn message(src: EntityId, dst: EntityId, param: Vec<u8>) -> Message {
    Message::new(src, dst, Mtype(0xC001), param)
}

pub(crate) struct World {
    authority: Authority,
}

/// A key with the certificate of some role.
#[derive(Clone)]
pub(crate) struct HostKey {
    pub(crate) signing: SigningKey,
    pub(crate) leaf: Vec<u8>,
    pub(crate) intermediate: Vec<u8>,
    pub(crate) key: Hash,
}

#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) signing: SigningKey,
    pub(crate) domain: Domain,
    pub(crate) certificate: Vec<u8>,
}

impl World {
    pub(crate) fn new() -> Self {
        let seeds = Seeds {
            root: [1; 32],
            intermediates: std::array::from_fn(|role| [role as u8 + 2; 32]),
        };
        let made = unix_now() - NOW_AGO_S;
        let authority = Authority::generate("test", &seeds, made);
        Self {
            authority: authority.unwrap(),
        }
    }

    pub(crate) fn anchors(&self) -> Anchors {
        self.authority.file().anchors()
    }

    pub(crate) fn host(&self, seed: u8) -> HostKey {
        self.holder(Role::Host, seed, unix_now(), 30)
    }

    /// A certificate of any role, issued at a time, for some days.
    pub(crate) fn holder(&self, role: Role, seed: u8, issued: u64, valid_days: u32) -> HostKey {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        let public = signing.verifying_key().to_bytes();
        let mut request = match role {
            Role::Host => Request::host(public, 1),
            Role::Card => Request::card(public, [9; 32], 1),
            _ => Request::key(public, 1),
        };
        request.valid_days = valid_days;
        HostKey {
            leaf: self.authority.issue(role, &request, issued).unwrap(),
            intermediate: self.authority.file().intermediate(role).to_vec(),
            key: key_id(&public),
            signing,
        }
    }

    pub(crate) fn card(&self, seed: u8) -> Card {
        self.card_with(seed, [seed; 32], None)
    }

    /// A card; with `domain`, one that an authority assigned.
    pub(crate) fn card_with(&self, seed: u8, agree: [u8; 32], domain: Option<Domain>) -> Card {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        let public = signing.verifying_key().to_bytes();
        let mut request = Request::card(public, agree, 1);
        if let Some(domain) = domain {
            request.subject = etp_pki::Subject::Domain(domain);
        }
        let certificate = self.authority.issue(Role::Card, &request, unix_now());
        Card {
            domain: domain.unwrap_or_else(|| self_certified_domain(&public, &agree)),
            certificate: certificate.unwrap(),
            signing,
        }
    }
}

impl HostKey {
    pub(crate) fn identity(&self) -> HostIdentity {
        HostIdentity {
            leaf: self.leaf.clone(),
            intermediate: self.intermediate.clone(),
            key: self
                .signing
                .to_pkcs8_der()
                .unwrap()
                .as_bytes()
                .to_vec()
                .into(),
        }
    }
}

impl Card {
    pub(crate) fn key(&self) -> Hash {
        key_id(&self.signing.verifying_key().to_bytes())
    }

    pub(crate) fn entity(&self, port: u32) -> EntityId {
        self.domain.entity(libetp::Port(port))
    }

    /// What the card states if `host` is its home.
    pub(crate) fn statement(&self, host: Hash, number: u64, nonce: [u8; 32]) -> Statement {
        let body = StatementBody {
            domain: self.domain,
            card_key: self.key(),
            host_key: host,
            number,
            nonce,
        };
        let signature = self.signing.sign(&signature_input("serve", &body));
        Statement {
            certificate: self.certificate.clone(),
            host_key: host,
            number,
            nonce,
            signature: signature.to_bytes(),
        }
    }
}
