//! `wallet init`: a durable id, and the card that it will trust from now on.

use std::path::{Path, PathBuf};

use etp_pki::scheme::SchemeFile;
use etp_pki::{CertificateError, Leaf, Role};
use libetp::Domain;
use libetp::client::Taking;
use libetp::client::blocking::{Capability, Connection};
use libetp::digest::sha256;
use serde_json::json;

use crate::card;
use crate::cli::{Cli, Init};
use crate::failure::{Failure, Kind};
use crate::home::Home;
use crate::mail::{self, now};
use crate::output::Report;
use crate::settings::{self, PinnedCard, Settings};
use crate::values::Hex32;

/// Where the daemon listens unless its configuration says otherwise.
const SOCKET: &str = "/run/tenet/dispatchd.sock";

pub(super) fn run(cli: &Cli, args: &Init) -> Result<Report, Failure> {
    let scheme = load_scheme(args)?;
    let home = Home::create(cli.home.as_deref())?;
    if let Some(settings) = home.load::<Settings>(settings::FILE)? {
        return Err(already(&home, &settings));
    }
    let socket = cli.socket.as_deref().unwrap_or(Path::new(SOCKET));
    let connection = Connection::open_trusting(socket, "wallet", &mail::trust(cli))?;
    let mut capability = acquire(&home, connection, args.domain)?;
    capability.set_taking(Taking::Explicit);
    let domain = capability.id().domain;
    let info = card::info(&mut capability, domain.card())?;
    let leaf = verify(&info.certificate, &scheme, domain)?;
    let settings = Settings {
        socket: absolute(socket)?,
        id: capability.id(),
        card: pinned(&leaf, &info.certificate, domain)?,
        scheme: scheme.name.clone(),
        anchors: scheme
            .anchors()
            .intermediates
            .0
            .into_iter()
            .map(Hex32)
            .collect(),
    };
    home.store(settings::FILE, &settings)?;
    Ok(report(&home, &settings))
}

/// An earlier run may have got an id and then failed: it is taken up again.
fn acquire(
    home: &Home,
    connection: Connection,
    domain: Option<Domain>,
) -> Result<Capability, Failure> {
    let file = home.capability();
    match file.load()? {
        None => Ok(file.acquire(connection, domain)?),
        Some(_) => file
            .resume(connection)?
            .ok_or_else(|| home.not_initialised()),
    }
}

fn load_scheme(args: &Init) -> Result<SchemeFile, Failure> {
    SchemeFile::load(&args.scheme).map_err(|error| {
        Failure::new(Kind::Usage, error.to_string())
            .hint("give the scheme.toml of the scheme that your card belongs to")
    })
}

fn absolute(socket: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(socket).map_err(|error| Failure::system("socket", error))
}

/// The card's certificate, valid now and for the domain that the daemon named.
fn verify(der: &[u8], scheme: &SchemeFile, domain: Domain) -> Result<Leaf, Failure> {
    let untrusted = |error: CertificateError| {
        Failure::new(
            Kind::Certificate,
            format!("the card's certificate: {error}"),
        )
        .hint("is it the scheme file of this card? If so, do not use this card or host")
    };
    let leaf = etp_pki::verify(der, Role::Card, &scheme.anchors()).map_err(untrusted)?;
    leaf.valid_at(now()).map_err(untrusted)?;
    match leaf.domain() == Some(domain) {
        true => Ok(leaf),
        false => Err(Failure::new(
            Kind::Certificate,
            format!("the card's certificate is not for domain {domain}"),
        )
        .hint("the daemon passes another card off as this one: do not use it")),
    }
}

fn pinned(leaf: &Leaf, der: &[u8], domain: Domain) -> Result<PinnedCard, Failure> {
    let agree = leaf.agree.ok_or_else(|| {
        Failure::new(
            Kind::Certificate,
            "the card's certificate has no key to authenticate to",
        )
    })?;
    Ok(PinnedCard {
        domain,
        key: Hex32(leaf.key),
        agree: Hex32(agree),
        certificate: Hex32(sha256(der)),
        class: leaf.class,
    })
}

fn already(home: &Home, settings: &Settings) -> Failure {
    let text = format!(
        "{} holds a wallet already, {}",
        home.path().display(),
        settings.id
    );
    Failure::new(Kind::Home, text).hint("use it, or name another directory with --home")
}

fn report(home: &Home, settings: &Settings) -> Report {
    let card = &settings.card;
    let note = match card.class {
        0 => "\nThe card is software: whoever controls its host can rewind it.",
        _ => "",
    };
    let text = format!(
        "Wallet {}\n  card    {} (class {}), certified by scheme {}\n  home    {}\n\
         Give the wallet's id to those who shall make you offers.{note}",
        settings.id,
        card.key,
        card.class,
        settings.scheme,
        home.path().display(),
    );
    let json = json!({
        "id": settings.id.to_string(),
        "card": settings.card,
        "scheme": settings.scheme,
        "socket": settings.socket,
        "home": home.path(),
    });
    Report::new(text, json)
}
