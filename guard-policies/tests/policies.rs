//! The shipped table policies do what their cases say.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use guard_policies::Outcome;
use guard_policies::cases::{self, Case, Report};
use guard_policies::chain::Chain;
use guard_policies::file::{self, Disk};

const SHIPPED: [&str; 7] = [
    "card-firewall",
    "privileged-orders",
    "rate-limits",
    "quiet-hours",
    "size-caps",
    "counterpart-allow-list",
    "ask-the-owner",
];

fn directory(policy: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("policies")
        .join(policy)
}

/// A chain that passes everything to which its policies do not object.
fn chain(policies: &[&str]) -> Chain {
    let files = policies
        .iter()
        .map(|policy| directory(policy).join("policy.toml"));
    let files: Vec<PathBuf> = files.collect();
    let defaults = "app = 'pass'\ncard = 'pass'\nremote = 'pass'";
    let text = format!("version = 1\ninclude = {files:?}\n[default]\n{defaults}\n");
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("guard.toml");
    fs::write(&path, text).unwrap();
    file::load(&path, &Disk).unwrap_or_else(|error| panic!("{error}"))
}

fn cases(policy: &str) -> Vec<Case> {
    let text = fs::read_to_string(directory(policy).join("cases.toml")).unwrap();
    let names = file::load_names(&directory(policy).join("policy.toml"), &Disk).unwrap();
    cases::parse(&text, &names).unwrap_or_else(|problem| panic!("{policy}: {problem:?}"))
}

fn report(policy: &str, chain: &Chain) -> Report {
    cases::run(&cases(policy), |facts| Outcome::of(chain, facts))
}

#[test]
fn each_does_what_its_cases_say() {
    for policy in SHIPPED {
        let report = report(policy, &chain(&[policy]));
        assert_eq!(report.failures(), 0, "{policy}\n{report}");
    }
}

#[test]
fn the_cases_of_each_ask_for_it() {
    for policy in SHIPPED {
        let report = report(policy, &chain(&[]));
        assert!(report.failures() > 0, "{policy}\n{report}");
    }
}

#[test]
fn they_load_together() {
    assert_eq!(chain(&SHIPPED).links().len(), SHIPPED.len());
}

#[test]
fn each_has_a_page() {
    for policy in SHIPPED {
        let page = fs::read_to_string(directory(policy).join("README.md")).unwrap();
        assert!(page.starts_with(&format!("# {policy}\n")), "{policy}");
    }
}
