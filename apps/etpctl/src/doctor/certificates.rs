//! Certificates: chains of the scheme and the host, and how long all are valid.

use std::path::Path;

use etp_pki::scheme::{Named, SchemeFile, inspect, read_certificates, utc};

use super::Facts;
use super::finding::Finding;

/// So long before its end a certificate is to be replaced, in seconds: 30 days.
const SOON_S: u64 = 30 * 24 * 60 * 60;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = facts.config.as_ref();
    let host = config.and_then(|config| config.host_certificate.as_deref());
    match config.and_then(|config| config.scheme.as_deref()) {
        Some(scheme) => findings.extend(chains(scheme, host, facts.now_unix_s)),
        None if config.is_some() => findings.push(Finding::warn(
            "scheme",
            "no scheme is named, so no card and no host is accepted",
            "set [scheme] file",
        )),
        None => {}
    }
    findings.extend(host.and_then(|host| host_end(host, facts.now_unix_s)));
    findings.extend(facts.cards.iter().filter_map(|card| {
        let certificate = card.certificate.as_ref()?;
        let what = format!("certificate of card {}", card.status.domain);
        let mend = "make the card a new certificate with `etpctl scheme enrol card`";
        Some(end(
            what,
            certificate.not_after_unix_s,
            facts.now_unix_s,
            mend,
        ))
    }));
    findings
}

/// Whether root, intermediates and the host's certificate hold together, now.
fn chains(file: &Path, host: Option<&Path>, now_unix_s: u64) -> Vec<Finding> {
    let scheme = match SchemeFile::load(file) {
        Ok(scheme) => scheme,
        Err(error) => {
            let mend = "copy the scheme's scheme.toml there, or correct [scheme] file";
            return vec![Finding::bad("scheme", error.to_string(), mend)];
        }
    };
    let mut leaves = Vec::new();
    let mut findings = Vec::new();
    match host.map(read_certificates) {
        None => {}
        Some(Ok(chain)) => leaves.extend(chain.into_iter().take(1).map(|der| Named {
            name: "host".into(),
            der,
        })),
        Some(Err(error)) => findings.push(Finding::bad(
            "certificate of the host",
            error.to_string(),
            "make one with `etpctl scheme enrol host`, or correct [host] certificate",
        )),
    }
    let problems = scheme.check(&leaves, now_unix_s);
    findings.extend(problems.iter().map(|found| {
        Finding::bad(
            format!("certificate {}", found.certificate),
            found.problem.to_string(),
            "check the host's clock; then `etpctl scheme check`, and enrol anew what is too old",
        )
    }));
    if findings.is_empty() {
        let found = format!("{}: its certificates hold together", scheme.name);
        findings.push(Finding::ok("scheme", found));
    }
    findings
}

fn host_end(path: &Path, now_unix_s: u64) -> Option<Finding> {
    let der = read_certificates(path).ok()?.into_iter().next()?;
    let leaf = inspect(&der).ok()?;
    let mend = "make a new one with `etpctl scheme enrol host`";
    Some(end(
        "certificate of the host".into(),
        leaf.not_after,
        now_unix_s,
        mend,
    ))
}

fn end(what: String, not_after_unix_s: u64, now_unix_s: u64, mend: &str) -> Finding {
    let until = utc(not_after_unix_s);
    match not_after_unix_s.checked_sub(now_unix_s) {
        None => Finding::bad(what, format!("it was valid until {until}"), mend),
        Some(left_s) if left_s < SOON_S => {
            Finding::warn(what, format!("it is valid until {until} only"), mend)
        }
        Some(_) => Finding::ok(what, format!("valid until {until}")),
    }
}
