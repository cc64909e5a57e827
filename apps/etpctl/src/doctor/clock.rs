//! Whether the clock can be right: not before what certificates and the daemon's state saw.

use std::path::Path;
use std::time::UNIX_EPOCH;

use etp_pki::scheme::{inspect, read_certificates, utc};

use super::Facts;
use super::finding::Finding;

/// Clocks are set by so much without harm, in seconds.
const SLACK_S: u64 = 120;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let now_unix_s = facts.now_unix_s;
    let seen = seen(facts).into_iter().max();
    let mend = "set the clock: timedatectl set-ntp true";
    let finding = match seen {
        Some((unix_s, what)) if unix_s > now_unix_s + SLACK_S => {
            let found = format!(
                "it says {}, and {what} is of {}",
                utc(now_unix_s),
                utc(unix_s)
            );
            Finding::bad("clock", found, mend)
        }
        _ => Finding::ok("clock", utc(now_unix_s)),
    };
    vec![finding]
}

/// Times that have passed, and what they are of.
fn seen(facts: &Facts) -> Vec<(u64, &'static str)> {
    let Some(config) = &facts.config else {
        return Vec::new();
    };
    let state = written(&config.state.join("state.redb"));
    let state = state.map(|unix_s| (unix_s, "the daemon's state"));
    let host = config.host_certificate.as_deref().and_then(issued);
    let host = host.map(|unix_s| (unix_s, "the host's certificate"));
    state.into_iter().chain(host).collect()
}

fn written(path: &Path) -> Option<u64> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    modified
        .duration_since(UNIX_EPOCH)
        .ok()
        .map(|it| it.as_secs())
}

fn issued(path: &Path) -> Option<u64> {
    let der = read_certificates(path).ok()?.into_iter().next()?;
    inspect(&der).ok().map(|leaf| leaf.not_before)
}
