//! A scheme, its cards, an issuer and a redeemer, all from fixed seeds.

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::scheme::{Authority, Request, Seeds};
use etp_pki::{Anchors, Role, Subject, key_id, self_certified_domain};
use libetp::codec::Encode;
use libetp::digest::{Hash, signature_input, tagged};
use libetp::params::voucher::{Issue, IssueBody, IssueChallenge, Voucher};
use libetp::{Domain, EntityId, Port};
use oncard_runtime::{
    MemoryStore, Personalisation, PinCost, Program, ServiceKey, Store, personalise,
};
use oncard_thirdparty::ThirdPartyProgram;
use oncard_voucher::VoucherProgram;

/// The PIN of every card.
pub const PIN: &[u8] = b"246810";
/// The port of every card's wallet.
pub const WALLET_PORT: Port = Port(1);
/// When every certificate was issued, Unix time in seconds: 2026-01-01.
const NOW: u64 = 1_767_225_600;
/// The scheme's epoch in which it was issued.
const EPOCH: u64 = 1;

/// What the third party's key is derived from.
const THIRD_PARTY: &str = "a third party";

/// A named key and its certificate.
pub struct Holder {
    key: SigningKey,
    /// Certificate, DER.
    pub certificate: Vec<u8>,
}

impl Holder {
    /// Its key id.
    pub fn key_id(&self) -> Hash {
        key_id(&self.key.verifying_key().to_bytes())
    }

    /// Its signature with a tag over a body.
    pub fn sign(&self, tag: &str, body: &impl Encode) -> [u8; 64] {
        self.key.sign(&signature_input(tag, body)).to_bytes()
    }
}

/// A card before its first power-up, and what everybody may know of it.
#[derive(Clone)]
pub struct Blank {
    /// Its home.
    pub domain: Domain,
    /// Key id.
    pub key: Hash,
    /// Certificate, DER.
    pub certificate: Vec<u8>,
    /// X25519 key, for wallets.
    pub agree: [u8; 32],
    /// The memory of the new card.
    pub memory: MemoryStore,
}

impl Blank {
    /// The card's own id.
    pub fn id(&self) -> EntityId {
        self.domain.card()
    }

    /// The id of its owner's wallet.
    pub fn wallet(&self) -> EntityId {
        self.domain.entity(WALLET_PORT)
    }
}

/// A scheme with everybody who holds a key in it.
pub struct World {
    authority: Authority,
    seed: String,
    /// Signs vouchers.
    pub issuer: Holder,
    /// Takes vouchers back.
    pub redeemer: Holder,
    /// Key id of the third party.
    pub third_party: Hash,
}

/// Why a world cannot be made: never, unless the code is wrong.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The scheme refused.
    #[error(transparent)]
    Scheme(#[from] etp_pki::scheme::SchemeError),
    /// The card refused.
    #[error(transparent)]
    Card(#[from] oncard_runtime::CardError),
    /// The memory failed.
    #[error(transparent)]
    Store(#[from] oncard_runtime::StoreError),
}

/// The programs of a card.
pub fn programs() -> Vec<Box<dyn Program>> {
    vec![Box::new(VoucherProgram), Box::new(ThirdPartyProgram)]
}

impl World {
    /// The world of a name: equal names, equal keys.
    ///
    /// # Errors
    /// [`WorldError`] if scheme and cards do not go together.
    pub fn new(name: &str) -> Result<Self, WorldError> {
        let seed = |label: &str| derived(name, label);
        let seeds = Seeds {
            root: seed("root"),
            intermediates: Role::ALL.map(|role| seed(role.name())),
        };
        let authority = Authority::generate("simulation", &seeds, NOW)?;
        let issuer = holder(&authority, Role::Issuer, seed("an issuer"), EPOCH)?;
        let redeemer = holder(&authority, Role::Redeemer, seed("a redeemer"), EPOCH)?;
        let third_party = holder(&authority, Role::Service, seed(THIRD_PARTY), EPOCH)?;
        Ok(Self {
            authority,
            seed: name.into(),
            issuer,
            redeemer,
            third_party: third_party.key_id(),
        })
    }

    /// What verifiers in this world trust.
    pub fn anchors(&self) -> Anchors {
        self.authority.file().anchors()
    }

    /// Another holder of a key.
    ///
    /// # Errors
    /// [`WorldError::Scheme`].
    pub fn holder(&self, role: Role, label: &str) -> Result<Holder, WorldError> {
        holder(&self.authority, role, derived(&self.seed, label), EPOCH)
    }

    /// Another holder of a key, certified in that epoch of the scheme.
    ///
    /// # Errors
    /// [`WorldError::Scheme`].
    pub fn holder_of_epoch(
        &self,
        role: Role,
        label: &str,
        epoch: u64,
    ) -> Result<Holder, WorldError> {
        holder(&self.authority, role, derived(&self.seed, label), epoch)
    }

    /// A holder of a card's key with any class and subject the scheme lets it have.
    ///
    /// # Errors
    /// [`WorldError::Scheme`].
    pub fn card_holder(&self, label: &str, class: u8) -> Result<Holder, WorldError> {
        let (sign, agree) = self.card_keys(label);
        let key = SigningKey::from_bytes(&sign);
        let request = card_request(&key, &agree_public(&agree), class);
        let certificate = self.authority.issue(Role::Card, &request, NOW)?;
        Ok(Holder { key, certificate })
    }

    /// Another certificate of a card: the scheme's word in a later epoch.
    ///
    /// # Errors
    /// [`WorldError::Scheme`].
    pub fn card_certificate(
        &self,
        label: &str,
        class: u8,
        epoch: u64,
    ) -> Result<Vec<u8>, WorldError> {
        let (sign, agree) = self.card_keys(label);
        let mut request =
            card_request(&SigningKey::from_bytes(&sign), &agree_public(&agree), class);
        request.epoch = epoch;
        Ok(self.authority.issue(Role::Card, &request, NOW)?)
    }

    /// A holder of a card's key whose certificate names a domain that an authority assigned.
    ///
    /// # Errors
    /// [`WorldError::Scheme`].
    pub fn assigned_holder(&self, label: &str, domain: Domain) -> Result<Holder, WorldError> {
        let (sign, agree) = self.card_keys(label);
        let key = SigningKey::from_bytes(&sign);
        let mut request = card_request(&key, &agree_public(&agree), 0);
        request.subject = Subject::Domain(domain);
        let certificate = self.authority.issue(Role::Card, &request, NOW)?;
        Ok(Holder { key, certificate })
    }

    /// A new card.
    ///
    /// # Errors
    /// [`WorldError`] if scheme and card do not go together.
    pub fn card(&self, label: &str, class: u8) -> Result<Blank, WorldError> {
        self.personalised(label, class, vec![self.third_party], None)
    }

    /// A new card that is the third party.
    ///
    /// # Errors
    /// [`WorldError`] if scheme and card do not go together.
    pub fn third_party_card(&self, label: &str) -> Result<Blank, WorldError> {
        self.card_among(label, &[self.third_party], Some(THIRD_PARTY))
    }

    /// A new card in a scheme with several third parties: it trusts these, and is the one whose key
    /// has that label ([`holder`](Self::holder)).
    ///
    /// # Errors
    /// [`WorldError`] if scheme and card do not go together.
    pub fn card_among(
        &self,
        label: &str,
        third_parties: &[Hash],
        service: Option<&str>,
    ) -> Result<Blank, WorldError> {
        let key = |of: &str| {
            Ok::<_, WorldError>(ServiceKey {
                seed: derived(&self.seed, of),
                certificate: self.holder(Role::Service, of)?.certificate,
            })
        };
        let service = service.map(key).transpose()?;
        self.personalised(label, 0, third_parties.to_vec(), service)
    }

    /// The third party's key, outside of its card: for what only a broken third party would sign.
    ///
    /// # Errors
    /// [`WorldError::Scheme`].
    pub fn third_party_holder(&self) -> Result<Holder, WorldError> {
        self.holder(Role::Service, THIRD_PARTY)
    }

    fn personalised(
        &self,
        label: &str,
        class: u8,
        third_parties: Vec<Hash>,
        service: Option<ServiceKey>,
    ) -> Result<Blank, WorldError> {
        let (sign_seed, agree_secret) = self.card_keys(label);
        let agree = agree_public(&agree_secret);
        let Holder { key, certificate } = self.card_holder(label, class)?;
        let public = key.verifying_key().to_bytes();
        let domain = self_certified_domain(&public, &agree);
        let personalisation = Personalisation {
            domain,
            sign_seed,
            agree_secret,
            certificate: certificate.clone(),
            anchors: self.anchors(),
            class,
            host_key: None,
            third_parties,
            device_key: None,
            service,
            pin_cost: PinCost::LEAST,
        };
        let entropy = derived(&self.seed, &format!("{label} entropy"));
        let mut memory = MemoryStore::default();
        memory.commit(&personalise(&personalisation, PIN, entropy)?)?;
        Ok(Blank {
            domain,
            key: key_id(&public),
            certificate,
            agree,
            memory,
        })
    }

    /// A voucher that the issuer signs.
    pub fn voucher(&self, serial: u64, promise: &[u8], min_class: u8) -> Voucher {
        let mut number = [0; 16];
        number[8..].copy_from_slice(&serial.to_be_bytes());
        let draft = Voucher {
            issuer: self.issuer.key_id(),
            promise: promise.to_vec(),
            min_class,
            redeemer: Some(self.redeemer.key_id()),
            serial: number,
            issuer_signature: [0; 64],
        };
        self.signed(draft)
    }

    /// The voucher with the issuer's signature over what it says.
    pub fn signed(&self, mut draft: Voucher) -> Voucher {
        draft.issuer_signature = self.issuer.sign("voucher", &draft.vid());
        draft
    }

    /// The issuer's answer to a card's challenge.
    pub fn issue(&self, voucher: Voucher, to: &IssueChallenge) -> Issue {
        let body = IssueBody {
            vid: voucher.vid(),
            card_key: to.card_key,
            challenge: to.challenge,
        };
        Issue {
            voucher,
            issuer_certificate: self.issuer.certificate.clone(),
            challenge: to.challenge,
            signature: self.issuer.sign("issue", &body),
        }
    }

    fn card_keys(&self, label: &str) -> ([u8; 32], [u8; 32]) {
        let seed = |what: &str| derived(&self.seed, &format!("{label} {what}"));
        (seed("sign"), seed("agree"))
    }
}

fn derived(world: &str, label: &str) -> [u8; 32] {
    tagged("simulator", &[&world.to_string(), &label.to_string()])
}

fn agree_public(secret: &[u8; 32]) -> [u8; 32] {
    x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(*secret)).to_bytes()
}

fn card_request(key: &SigningKey, agree: &[u8; 32], class: u8) -> Request {
    let mut request = Request::card(key.verifying_key().to_bytes(), *agree, EPOCH);
    request.class = class;
    request
}

fn holder(
    authority: &Authority,
    role: Role,
    seed: [u8; 32],
    epoch: u64,
) -> Result<Holder, WorldError> {
    let key = SigningKey::from_bytes(&seed);
    let request = Request::key(key.verifying_key().to_bytes(), epoch);
    let certificate = authority.issue(role, &request, NOW)?;
    Ok(Holder { key, certificate })
}
