//! `scheme enrol card`: a soft card with a certificate, the owner's PIN and its first trust.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use etp_pki::scheme::{Request, Scheme, SchemeError, SchemeFile, inspect, read_certificates};
use etp_pki::{Leaf, Role, Subject, verify};
use libetp::digest::Hash;
use libetp::id::parse_hex;
use serde::Serialize;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::Failure;
use super::arguments::CardArguments;
use super::pin::new_pin;
use super::report::{Hex, LeafReport};

/// The card that was made.
#[derive(Debug, Serialize)]
pub(super) struct CardReport {
    #[serde(flatten)]
    leaf: LeafReport,
    directory: PathBuf,
    /// Key id of the host that may serve it.
    host: Option<Hex>,
    /// Key ids of the third parties that it trusts.
    third_parties: Vec<Hex>,
}

/// What a new card is given.
pub(super) struct Blank<'a> {
    pub(super) keys: Keys,
    pub(super) certificate: Vec<u8>,
    pub(super) leaf: Leaf,
    pub(super) scheme: &'a SchemeFile,
    pub(super) host: Option<Hash>,
    pub(super) third_parties: Vec<Hash>,
    pub(super) pin: Zeroizing<Vec<u8>>,
}

/// A card's private keys.
pub(super) struct Keys {
    pub(super) sign_seed: Zeroizing<[u8; 32]>,
    pub(super) agree_secret: Zeroizing<[u8; 32]>,
}

pub(super) fn run(arguments: &CardArguments) -> Result<CardReport, Failure> {
    let directory = &arguments.key.out;
    if directory.exists() {
        return Err(SchemeError::Exists(directory.clone()).into());
    }
    let scheme = Scheme::open(&arguments.key.scheme)?;
    let third_parties = arguments
        .third_party
        .iter()
        .map(|text| third_party(text, scheme.file()));
    let third_parties = third_parties.collect::<Result<Vec<_>, _>>()?;
    let host = arguments
        .host
        .as_deref()
        .map(|path| key_of(path, Role::Host, scheme.file()));
    let host = host.transpose()?;
    let pin = new_pin(arguments.pin_file.as_deref())?;
    let keys = Keys::random()?;
    let certificate = scheme.issue(Role::Card, &request(arguments, &keys, scheme.file()))?;
    let leaf = inspect(&certificate).map_err(Failure::certificate(directory))?;
    let report = CardReport {
        leaf: LeafReport::from(&leaf),
        directory: directory.clone(),
        host: host.map(|key| Hex(key.to_vec())),
        third_parties: third_parties.iter().map(|key| Hex(key.to_vec())).collect(),
    };
    let scheme = scheme.file();
    create(
        directory,
        Blank {
            keys,
            certificate,
            leaf,
            scheme,
            host,
            third_parties,
            pin,
        },
    )?;
    Ok(report)
}

fn request(arguments: &CardArguments, keys: &Keys, scheme: &SchemeFile) -> Request {
    let sign = SigningKey::from_bytes(&keys.sign_seed)
        .verifying_key()
        .to_bytes();
    let agree = PublicKey::from(&StaticSecret::from(*keys.agree_secret)).to_bytes();
    let own = Request::card(sign, agree, scheme.epoch);
    Request {
        subject: arguments.domain.map_or(own.subject, Subject::Domain),
        class: arguments.class,
        valid_days: arguments.key.days,
        ..own
    }
}

impl Keys {
    fn random() -> Result<Self, Failure> {
        let random = || {
            let mut bytes = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *bytes).map_err(SchemeError::Entropy)?;
            Ok::<_, Failure>(bytes)
        };
        Ok(Self {
            sign_seed: random()?,
            agree_secret: random()?,
        })
    }
}

/// A key id as it is, or that of a certificate of role service.
fn third_party(text: &str, scheme: &SchemeFile) -> Result<Hash, Failure> {
    if let Some(key) = parse_hex(text) {
        return Ok(key);
    }
    match Path::new(text) {
        path if path.exists() => key_of(path, Role::Service, scheme),
        _ => Err(Failure::ThirdParty(text.into())),
    }
}

fn key_of(path: &Path, role: Role, scheme: &SchemeFile) -> Result<Hash, Failure> {
    let leaf = read_certificates(path)?
        .into_iter()
        .next()
        .unwrap_or_default();
    let leaf = verify(&leaf, role, &scheme.anchors()).map_err(Failure::certificate(path))?;
    Ok(leaf.key)
}

impl Display for CardReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.leaf)?;
        match &self.host {
            Some(host) => writeln!(f, "host       {host}")?,
            None => writeln!(f, "host       none yet; the owner enrols one from a wallet")?,
        }
        for key in &self.third_parties {
            writeln!(f, "trusts     {key}")?;
        }
        writeln!(f, "card       {}", self.directory.display())
    }
}

/// Makes the card itself.
fn create(_directory: &Path, _blank: Blank<'_>) -> Result<(), Failure> {
    Err(Failure::Card("this build has no soft card".into()))
}
