//! Personalisation: what a new card is given, once.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::SigningKey;
use etp_pki::{Anchors, Leaf, Role};
use libetp::Domain;
use libetp::codec::{self, List};
use libetp::digest::Hash;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::entropy::{Secret, derive};
use crate::error::CardError;
use crate::limits::THIRD_PARTIES_MAX;
use crate::pin::{self, Kind, OwnerSecrets, PinCost};
use crate::records::{self, HeadRecord, IdentityRecord};
use crate::seal::{self, Secrets};
use crate::service_key::{self, ServiceKey};
use crate::store::Writes;

/// What a new card is given. Its secrets are erased when it is dropped, and never printed.
#[derive(Clone)]
pub struct Personalisation {
    /// The card's domain, as in its certificate.
    pub domain: Domain,
    /// Seed of the Ed25519 key.
    pub sign_seed: [u8; 32],
    /// The X25519 key.
    pub agree_secret: [u8; 32],
    /// The card's certificate, DER.
    pub certificate: Vec<u8>,
    /// The scheme's role intermediates.
    pub anchors: Anchors,
    /// The card's class, as in its certificate.
    pub class: u8,
    /// Key id of the host that serves the card, if it is known yet.
    pub host_key: Option<Hash>,
    /// Key ids of the third parties that the card trusts.
    pub third_parties: Vec<Hash>,
    /// The key at rest, held outside the card and given at each power-up. `None`: nothing is
    /// protected at rest.
    pub device_key: Option<[u8; 32]>,
    /// The service that the card gives, a third party's.
    pub service: Option<ServiceKey>,
    /// What one try of the PIN or the PUK costs.
    pub pin_cost: PinCost,
}

impl Drop for Personalisation {
    fn drop(&mut self) {
        self.sign_seed.zeroize();
        self.agree_secret.zeroize();
        self.device_key.zeroize();
    }
}

impl ZeroizeOnDrop for Personalisation {}

impl fmt::Debug for Personalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Personalisation")
            .field("domain", &self.domain)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// The writes that make an empty store a card. `owner` is a PIN, or [`OwnerSecrets`]; `entropy` is
/// random and used for nothing else.
///
/// # Errors
/// [`CardError::Certificate`] unless the certificate verifies and is of these keys, this domain and
/// this class; [`CardError::PinLength`], [`CardError::PinCost`], [`CardError::ThirdParties`].
pub fn personalise<'o>(
    card: &Personalisation,
    owner: impl Into<OwnerSecrets<'o>>,
    entropy: [u8; 32],
) -> Result<Writes, CardError> {
    let owner = owner.into();
    let entropy = Zeroizing::new(entropy);
    let leaf = check_certificate(card)?;
    if card.third_parties.len() > THIRD_PARTIES_MAX {
        return Err(CardError::ThirdParties);
    }
    let draw = |label: &str| derive(&entropy, "personalise/v1", label);
    let stored_key = match card.device_key {
        Some(_) => None,
        None => Some(*draw("at-rest")),
    };
    let at_rest: Secret = Zeroizing::new(card.device_key.or(stored_key).unwrap_or_default());
    let identity = identity_record(card, &leaf, *draw("salt"), stored_key);
    let secrets = Secrets {
        sign: Zeroizing::new(card.sign_seed),
        agree: Zeroizing::new(card.agree_secret),
        fresh: draw("fresh"),
    };
    let cost = card.pin_cost;
    let pin = pin::enrol(Kind::Pin, &at_rest, owner.pin, cost, *draw("pin-salt"))?;
    let puk = owner
        .puk
        .map(|puk| pin::enrol(Kind::Puk, &at_rest, puk, cost, *draw("puk-salt")));
    let bound = codec::to_vec(&identity);
    let sealed = seal::seal(&at_rest, &bound, &secrets);
    let head = HeadRecord {
        generation: 0,
        command: None,
    };
    let mut writes = Writes::from([
        records::IDENTITY.write(&identity),
        records::SECRETS.write(&sealed),
        records::PIN.write(&pin),
        records::TRIES.write(&Kind::Pin.tries_max()),
        records::HEAD.write(&head),
        records::EPOCH.write(&leaf.epoch),
    ]);
    if let Some(service) = &card.service {
        writes.extend([service_key::write(
            service,
            &leaf.key,
            &card.anchors,
            &at_rest,
            &bound,
        )?]);
    }
    writes.extend(card.host_key.map(|key| records::HOST.write(&key)));
    if let Some(puk) = puk.transpose()? {
        let tries = Kind::Puk.tries_max();
        writes.extend([records::PUK.write(&puk), records::PUK_TRIES.write(&tries)]);
    }
    Ok(writes)
}

fn identity_record(
    card: &Personalisation,
    leaf: &Leaf,
    salt: [u8; 32],
    stored_key: Option<[u8; 32]>,
) -> IdentityRecord {
    IdentityRecord {
        domain: card.domain,
        key: leaf.key,
        class: leaf.class,
        certificate: card.certificate.clone(),
        anchors: card.anchors.clone(),
        third_parties: List(card.third_parties.clone()),
        salt,
        stored_key,
    }
}

fn check_certificate(card: &Personalisation) -> Result<Leaf, CardError> {
    let wrong = |what: &str| Err(CardError::Certificate(what.to_string()));
    let leaf = etp_pki::verify(&card.certificate, Role::Card, &card.anchors)
        .map_err(|error| CardError::Certificate(error.to_string()))?;
    let sign = SigningKey::from_bytes(&card.sign_seed).verifying_key();
    let agree = PublicKey::from(&StaticSecret::from(card.agree_secret));
    if leaf.public != sign.to_bytes() || leaf.agree != Some(agree.to_bytes()) {
        return wrong("not of these keys");
    }
    if leaf.domain() != Some(card.domain) {
        return wrong("not of this domain");
    }
    if leaf.class != card.class {
        return wrong("not of this class");
    }
    Ok(leaf)
}
