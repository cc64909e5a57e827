//! `init`: a durable id, and the card that the program will trust from now on.

use std::path::{Path, PathBuf};

use etp_pki::scheme::SchemeFile;
use etp_pki::{CertificateError, Leaf, Role};
use libetp::Domain;
use libetp::client::Taking;
use libetp::client::blocking::{Capability, Connection};
use libetp::digest::sha256;

use crate::{
    Access, Failure, Hex32, Home, Kind, PinnedCard, Program, Settings, connect, info, now, trust,
};

/// Where the daemon listens unless its configuration says otherwise.
const SOCKET: &str = "/run/tenet/dispatchd.sock";

/// Makes the home, gets a durable id, and pins the card of that scheme in `domain`, or in the one that the daemon
/// chooses.
///
/// # Errors
/// If there is such a home already, or no such card.
pub fn initialise<P: Program>(
    access: &Access<'_>,
    scheme: &Path,
    domain: Option<Domain>,
) -> Result<(Home<P>, Settings), Failure<P>> {
    let scheme = load_scheme(scheme)?;
    let home = Home::create(access.home)?;
    if let Some(settings) = Settings::find(&home)? {
        return Err(already(&home, &settings));
    }
    let socket = access.socket.unwrap_or(Path::new(SOCKET));
    let connection = connect(socket, &trust(access))?;
    let mut capability = acquire(&home, connection, domain)?;
    capability.set_taking(Taking::Explicit);
    let domain = capability.id().domain;
    let info = info(&mut capability, domain.card())?;
    let leaf = verify(&info.certificate, &scheme, domain)?;
    let anchors = scheme.anchors().intermediates.0;
    let settings = Settings {
        socket: absolute(socket)?,
        id: capability.id(),
        card: pinned(&leaf, &info.certificate, domain)?,
        scheme: scheme.name,
        anchors: anchors.into_iter().map(Hex32).collect(),
    };
    settings.store(&home)?;
    Ok((home, settings))
}

/// An earlier run may have got an id and then failed: it is taken up again.
fn acquire<P: Program>(
    home: &Home<P>,
    connection: Connection,
    domain: Option<Domain>,
) -> Result<Capability, Failure<P>> {
    let file = home.capability();
    match file.load()? {
        None => Ok(file.acquire(connection, domain)?),
        Some(_) => file
            .resume(connection)?
            .ok_or_else(|| home.not_initialised()),
    }
}

fn load_scheme<P: Program>(path: &Path) -> Result<SchemeFile, Failure<P>> {
    SchemeFile::load(path).map_err(|error| {
        Failure::new(Kind::Usage, error.to_string())
            .hint("give the scheme.toml of the scheme that your card belongs to")
    })
}

fn absolute<P: Program>(socket: &Path) -> Result<PathBuf, Failure<P>> {
    std::path::absolute(socket).map_err(|error| Failure::system("socket", error))
}

/// The card's certificate, valid now and for the domain that the daemon named.
fn verify<P: Program>(der: &[u8], scheme: &SchemeFile, domain: Domain) -> Result<Leaf, Failure<P>> {
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

fn pinned<P: Program>(leaf: &Leaf, der: &[u8], domain: Domain) -> Result<PinnedCard, Failure<P>> {
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

fn already<P: Program>(home: &Home<P>, settings: &Settings) -> Failure<P> {
    let text = format!(
        "{} is the home of {} already, {}",
        home.path().display(),
        P::NAME,
        settings.id
    );
    Failure::new(Kind::Home, text).hint("use it, or name another directory with --home")
}
