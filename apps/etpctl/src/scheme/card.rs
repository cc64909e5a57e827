//! `scheme enrol card`: a soft card with a certificate, the owner's PIN and its first trust.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use etp_pki::scheme::{Identity, Request, Scheme, SchemeFile, inspect, read_certificates};
use etp_pki::{Role, Subject, verify};
use libetp::digest::Hash;
use libetp::id::parse_hex;
use serde::Serialize;
use softcard::{
    DeviceKey, KeyPair, NewCard, PinCost, PublicKeys, ServiceKey, SoftCard, SoftCardError,
};

use super::Failure;
use super::arguments::CardArguments;
use super::pin::new_pin;
use super::puk::Puk;
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
    /// Key id of the third party that it is.
    service: Option<Hex>,
    /// What sets a new PIN, shown once.
    puk: Puk,
    /// What protects its directory when that is stolen or copied.
    at_rest: &'static str,
}

pub(super) fn run(arguments: &CardArguments) -> Result<CardReport, Failure> {
    let directory = arguments.key.out.as_path();
    refuse_existing(directory)?;
    let scheme = Scheme::open(&arguments.key.scheme)?;
    let trust = Trust::read(arguments, scheme.file())?;
    let pin = new_pin(arguments.pin_file.as_deref())?;
    softcard::check_pin(&pin).map_err(SoftCardError::from)?;
    let puk = Puk::of(arguments)?;
    let device_key = arguments
        .device_key
        .as_deref()
        .map(|path| device_key(path, directory));
    let device_key = device_key.transpose()?;
    let keys = KeyPair::generate()?;
    let request = request(arguments, keys.public(), scheme.file().epoch);
    let certificate = scheme.issue(Role::Card, &request)?;
    let leaf = inspect(&certificate).map_err(Failure::certificate(directory))?;
    let new = NewCard {
        keys,
        certificate,
        anchors: scheme.file().anchors(),
        third_parties: trust.third_parties.clone(),
        host_key: trust.host,
        pin,
        puk: puk.secret(),
        pin_cost: PinCost::STANDARD,
        service: service_key(arguments)?,
        device_key,
    };
    puk.file()?;
    let card = SoftCard::create(directory, new).inspect_err(|_| puk.withdraw())?;
    Ok(CardReport {
        leaf: LeafReport::from(&leaf),
        directory: directory.into(),
        host: trust.host.map(|key| Hex(key.to_vec())),
        third_parties: trust
            .third_parties
            .iter()
            .map(|key| Hex(key.to_vec()))
            .collect(),
        service: card.service().map(|service| Hex(service.key.to_vec())),
        puk,
        at_rest: card.at_rest().name(),
    })
}

/// Whom a card trusts from the start.
struct Trust {
    host: Option<Hash>,
    third_parties: Vec<Hash>,
}

impl Trust {
    fn read(arguments: &CardArguments, scheme: &SchemeFile) -> Result<Self, Failure> {
        let host = arguments
            .host
            .as_deref()
            .map(|path| key_of(path, Role::Host, scheme));
        let third_parties = arguments
            .third_party
            .iter()
            .map(|text| third_party(text, scheme));
        Ok(Self {
            host: host.transpose()?,
            third_parties: third_parties.collect::<Result<_, _>>()?,
        })
    }
}

fn refuse_existing(directory: &Path) -> Result<(), Failure> {
    match directory
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
    {
        true => Err(SoftCardError::NotEmpty(directory.into()).into()),
        false => Ok(()),
    }
}

fn request(arguments: &CardArguments, keys: PublicKeys, epoch: u64) -> Request {
    let own = Request::card(keys.sign, keys.agree, epoch);
    Request {
        subject: arguments.domain.map_or(own.subject, Subject::Domain),
        class: arguments.class,
        valid_days: arguments.key.days,
        ..own
    }
}

/// The key in that file, or a new one that is then in it.
fn device_key(path: &Path, card_directory: &Path) -> Result<DeviceKey, Failure> {
    let key = match path.exists() {
        true => DeviceKey::load(path, card_directory),
        false => DeviceKey::create(path, card_directory),
    };
    Ok(key?)
}

/// The key and certificate that `scheme enrol service` wrote. The runtime checks them.
fn service_key(arguments: &CardArguments) -> Result<Option<ServiceKey>, Failure> {
    let Some(directory) = &arguments.service else {
        return Ok(None);
    };
    let at = |suffix: &str| directory.join(format!("{}.{suffix}", Role::Service));
    let identity = Identity::load(&at("der"), None, &at("key"))?;
    Ok(Some(ServiceKey {
        seed: identity.key().to_bytes(),
        certificate: identity.leaf.clone(),
    }))
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
        if let Some(key) = &self.service {
            writeln!(f, "service    {key}")?;
        }
        match &self.puk {
            Puk::None => writeln!(f, "puk        none: a blocked PIN stays so")?,
            Puk::Filed(path, _) => writeln!(f, "puk        in {}", path.display())?,
            Puk::Shown(_) => {
                let puk = self.puk.grouped().unwrap_or_default();
                writeln!(
                    f,
                    "puk        {puk} (never shown again; keep it apart from the card)"
                )?;
            }
        }
        writeln!(f, "at rest    {}", self.at_rest)?;
        writeln!(f, "card       {}", self.directory.display())
    }
}
