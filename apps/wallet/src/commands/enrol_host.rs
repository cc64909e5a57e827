//! `wallet enrol-host`: the card states from now on that another host serves it.

use std::path::Path;

use card_owner::Settings;
use etp_pki::{CertificateError, Role};
use libetp::digest::Hash;
use libetp::params::runtime::{EnrolHost, HostEnrolled};
use serde_json::json;

use crate::card::Orders;
use crate::cli::{self, Cli};
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::values::Hex32;

pub(super) fn run(cli: &Cli, args: &cli::EnrolHost) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let host_key = host(&args.file, &wallet.settings)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let enrolled: HostEnrolled = orders.give(&mut wallet, |session, capability| {
        session.order(capability, &EnrolHost { host_key }, ANSWER_TIMEOUT)
    })?;
    wallet.done()?;
    let host = Hex32(enrolled.host_key);
    let text = format!("The card states that it is at host {host}, and at no other.");
    Ok(Report::new(text, json!({ "host": host })))
}

/// The key of a host whose certificate is good: a card that names any other key is at no host.
fn host(path: &Path, settings: &Settings) -> Result<Hash, Failure> {
    let read = etp_pki::scheme::read_certificates(path);
    let certificates = read.map_err(|error| refused(Kind::Usage, error.to_string()))?;
    let certificate = certificates.first().map(Vec::as_slice).unwrap_or_default();
    let verified = etp_pki::verify(certificate, Role::Host, &settings.anchors());
    let leaf = verified.and_then(|leaf| leaf.valid_at(now()).map(|()| leaf));
    leaf.map(|leaf| leaf.key)
        .map_err(|error: CertificateError| {
            refused(Kind::Certificate, format!("{}: {error}", path.display()))
        })
}

fn refused(kind: Kind, why: String) -> Failure {
    Failure::new(kind, why).hint(
        "wanted is the host.der that `etpctl scheme enrol host` wrote, of the scheme of this card",
    )
}
