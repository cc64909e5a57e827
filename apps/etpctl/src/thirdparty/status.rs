//! `etpctl t status`.

use etp_pki::Leaf;
use etp_pki::scheme::{inspect, utc};
use libetp::EntityId;
use libetp::params::thirdparty::ThirdPartyStatus;
use serde_json::json;

use super::{Failure, Program, Reach, Xid};
use crate::control::{Daemon, Report};

pub(super) fn run(daemon: &Daemon, reach: &Reach) -> Result<Report, Failure> {
    let mut program = Program::connect(daemon, reach)?;
    let status = program.status()?;
    Ok(report(program.card(), &status))
}

fn report(card: EntityId, status: &ThirdPartyStatus) -> Report {
    let key = Xid(status.key);
    let (resolved, aborted) = (status.resolved, status.aborted);
    let leaf = inspect(&status.certificate).ok();
    let until = leaf.as_ref().map(|leaf| leaf.not_after);
    let valid = leaf.as_ref().map_or_else(|| "unreadable".into(), validity);
    Report {
        text: format!(
            "third party  {key}\nreached at   {card}\ncertificate  {valid}\n\
             resolved     {resolved}\naborted      {aborted}"
        ),
        json: json!({
            "key": key.to_string(),
            "id": card.to_string(),
            "certificate_valid_until_unix_s": until,
            "resolved": resolved,
            "aborted": aborted,
        }),
    }
}

fn validity(leaf: &Leaf) -> String {
    format!("of role {}, until {}", leaf.role, utc(leaf.not_after))
}
