//! `scheme enrol`: a new key with a certificate.

use std::fmt::{self, Display};
use std::path::PathBuf;

use etp_pki::Role;
use etp_pki::scheme::{Request, Scheme, SchemeError, inspect};
use serde::Serialize;

use super::arguments::{EnrolCommand, KeyArguments};
use super::report::{LeafReport, print};
use super::{Failure, card};

/// The key that was made.
#[derive(Debug, Serialize)]
pub(super) struct EnrolReport {
    #[serde(flatten)]
    leaf: LeafReport,
    certificate: PathBuf,
    intermediate: PathBuf,
    private_key: PathBuf,
}

pub(super) fn run(command: &EnrolCommand, json: bool) -> Result<(), Failure> {
    let (role, arguments) = match command {
        EnrolCommand::Card(arguments) => return print(&card::run(arguments)?, json),
        EnrolCommand::Host(arguments) => (Role::Host, arguments),
        EnrolCommand::Issuer(arguments) => (Role::Issuer, arguments),
        EnrolCommand::Redeemer(arguments) => (Role::Redeemer, arguments),
        EnrolCommand::Service(arguments) => (Role::Service, arguments),
        EnrolCommand::OffCard(arguments) => (Role::OffCard, arguments),
    };
    print(&key(role, arguments)?, json)
}

fn key(role: Role, arguments: &KeyArguments) -> Result<EnrolReport, Failure> {
    let scheme = Scheme::open(&arguments.scheme)?;
    let at = |suffix: &str| arguments.out.join(format!("{role}{suffix}"));
    let (private_key, certificate) = (at(".key"), at(".der"));
    for path in [&private_key, &certificate] {
        if path.exists() {
            return Err(SchemeError::Exists(path.clone()).into());
        }
    }
    let epoch = scheme.file().epoch;
    let identity = scheme.enrol(role, |public| {
        let request = match role {
            Role::Host => Request::host(public, epoch),
            _ => Request::key(public, epoch),
        };
        Request {
            valid_days: arguments.days,
            ..request
        }
    })?;
    identity.write(&arguments.out, role.name())?;
    let leaf = inspect(&identity.leaf).map_err(Failure::certificate(&certificate))?;
    Ok(EnrolReport {
        leaf: LeafReport::from(&leaf),
        certificate,
        intermediate: at("-intermediate.der"),
        private_key,
    })
}

impl Display for EnrolReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.leaf)?;
        writeln!(f, "files      {} (secret)", self.private_key.display())?;
        writeln!(f, "           {}", self.certificate.display())?;
        writeln!(f, "           {}", self.intermediate.display())
    }
}
