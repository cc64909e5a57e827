//! Certificates part by part: valid ones to begin with, then whatever a test makes of them.

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::{Role, key_id, self_certified_domain};
use libetp::codec::{Encode, Encoder, open_structure};

use super::der::{self, SEQUENCE, tlv};
use super::{hex, intermediate, public, seed};

/// The scheme in whose name certificates are forged.
pub(crate) const SCHEME: &str = "vectors";
/// 2026-01-01T00:00:00Z and the end of 2049.
pub(crate) const DATES: [&str; 2] = ["260101000000Z", "491231235959Z"];

/// The parts of a certificate.
#[derive(Clone)]
pub(crate) struct Forge {
    pub(crate) version: Vec<u8>,
    pub(crate) inner_algorithm: Vec<u8>,
    pub(crate) outer_algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) dates: Vec<Vec<u8>>,
    pub(crate) public_key_info: Vec<u8>,
    pub(crate) unique_id: Vec<u8>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) signer: SigningKey,
}

/// One extension.
#[derive(Clone, PartialEq)]
pub(crate) struct Extension {
    pub(crate) id: Vec<u8>,
    pub(crate) critical: bool,
    pub(crate) contents: Vec<u8>,
}

/// What the attributes extension says.
#[derive(Clone)]
pub(crate) struct Attributes {
    pub(crate) suite: u8,
    pub(crate) class: u8,
    pub(crate) agree: Option<[u8; 32]>,
    pub(crate) code_hash: Option<[u8; 32]>,
    pub(crate) epoch: u64,
}

impl Forge {
    /// A certificate of a role that every rule allows.
    pub(crate) fn valid(role: Role) -> Self {
        let holder = format!("a {role}");
        let key = public(&holder);
        let agree = (role == Role::Card).then(|| seed(&format!("{holder} agree")));
        let attributes = Attributes {
            suite: 1,
            class: 0,
            agree,
            code_hash: None,
            epoch: 1,
        };
        let mut extensions = vec![
            Extension::key_usage(),
            Extension::role(&[role as u8 + 1]),
            Extension::attributes(&attributes),
        ];
        extensions.extend(uri(role, &key, agree.as_ref()).map(|uri| Extension::uri(&uri)));
        Self {
            version: tlv(0xa0, &[&[2, 1, 2]]),
            inner_algorithm: der::algorithm(der::ED25519),
            outer_algorithm: der::algorithm(der::ED25519),
            issuer: der::name("who signs"),
            dates: DATES
                .map(|date| tlv(der::UTC_TIME, &[date.as_bytes()]))
                .into(),
            public_key_info: der::public_key_info(der::ED25519, &key),
            unique_id: Vec::new(),
            extensions,
            signer: intermediate(SCHEME, role),
        }
    }

    /// The extension of that id.
    pub(crate) fn extension(&mut self, id: &[u8]) -> &mut Extension {
        self.extensions
            .iter_mut()
            .find(|extension| extension.id == id)
            .unwrap()
    }

    /// Leaves the extension of that id out.
    pub(crate) fn remove(&mut self, id: &[u8]) {
        self.extensions.retain(|extension| extension.id != id);
    }

    /// Signs and gives the DER.
    pub(crate) fn der(&self) -> Vec<u8> {
        let tbs = self.tbs();
        let signature = self.signer.sign(&tbs).to_bytes();
        self.assemble(&tbs, &signature)
    }

    /// The DER with a signature that was made elsewhere.
    pub(crate) fn assemble(&self, tbs: &[u8], signature: &[u8]) -> Vec<u8> {
        tlv(
            SEQUENCE,
            &[tbs, &self.outer_algorithm, &der::bits(signature)],
        )
    }

    /// What is signed.
    pub(crate) fn tbs(&self) -> Vec<u8> {
        let extensions: Vec<u8> = self.extensions.iter().flat_map(Extension::der).collect();
        let extensions = match extensions.is_empty() {
            true => Vec::new(),
            false => tlv(0xa3, &[&tlv(SEQUENCE, &[&extensions])]),
        };
        let parts: [&[u8]; 9] = [
            &self.version,
            &[2, 1, 7],
            &self.inner_algorithm,
            &self.issuer,
            &tlv(SEQUENCE, &[&self.dates.concat()]),
            &der::name("who is certified"),
            &self.public_key_info,
            &self.unique_id,
            &extensions,
        ];
        tlv(SEQUENCE, &parts)
    }
}

impl Extension {
    /// Any extension.
    pub(crate) fn new(id: &[u8], critical: bool, contents: Vec<u8>) -> Self {
        Self {
            id: id.to_vec(),
            critical,
            contents,
        }
    }

    /// `digitalSignature`
    pub(crate) fn key_usage() -> Self {
        Self::new(der::KEY_USAGE, true, tlv(der::BITS, &[&[7, 0x80]]))
    }

    /// An extended key usage with the roles of these arcs.
    pub(crate) fn role(arcs: &[u8]) -> Self {
        let purposes: Vec<u8> = arcs.iter().flat_map(|arc| der::purpose(*arc)).collect();
        Self::new(der::EXTENDED_KEY_USAGE, true, tlv(SEQUENCE, &[&purposes]))
    }

    /// The attributes extension.
    pub(crate) fn attributes(attributes: &Attributes) -> Self {
        Self::attributes_bytes(&attributes.encoded())
    }

    /// The attributes extension with any bytes in it.
    pub(crate) fn attributes_bytes(bytes: &[u8]) -> Self {
        Self::new(der::ATTRIBUTES, false, tlv(der::OCTETS, &[bytes]))
    }

    /// A subject alternative name of one URI.
    pub(crate) fn uri(uri: &str) -> Self {
        Self::names(&[(der::URI, uri)])
    }

    /// A subject alternative name.
    pub(crate) fn names(names: &[(u8, &str)]) -> Self {
        let names: Vec<u8> = names
            .iter()
            .flat_map(|(tag, name)| tlv(*tag, &[name.as_bytes()]))
            .collect();
        Self::new(der::SUBJECT_ALT_NAME, false, tlv(SEQUENCE, &[&names]))
    }

    fn der(&self) -> Vec<u8> {
        let critical: &[u8] = if self.critical { &[1, 1, 0xff] } else { &[] };
        tlv(
            SEQUENCE,
            &[&self.id, critical, &tlv(der::OCTETS, &[&self.contents])],
        )
    }
}

impl Attributes {
    /// A card's, of class 0.
    pub(crate) fn of_card() -> Self {
        let agree = Some(seed("a card agree"));
        Self {
            suite: 1,
            class: 0,
            agree,
            code_hash: None,
            epoch: 1,
        }
    }

    /// Those of a role without an X25519 key.
    pub(crate) fn of_key() -> Self {
        Self {
            agree: None,
            ..Self::of_card()
        }
    }

    /// The array in core deterministic encoding.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut to = Encoder::new(Vec::new());
        open_structure(&mut to, 5);
        self.suite.encode(&mut to);
        self.class.encode(&mut to);
        self.agree.encode(&mut to);
        self.code_hash.encode(&mut to);
        self.epoch.encode(&mut to);
        to.into_writer()
    }
}

fn uri(role: Role, key: &[u8; 32], agree: Option<&[u8; 32]>) -> Option<String> {
    match role {
        Role::Card => Some(format!(
            "urn:etp:domain:{}",
            self_certified_domain(key, agree.unwrap())
        )),
        Role::Host => Some(format!("urn:etp:host:{}", hex(key_id(key)))),
        _ => None,
    }
}
