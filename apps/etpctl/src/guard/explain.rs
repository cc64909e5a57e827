//! `etpctl guard explain`.

use std::path::Path;

use libetp::client::text::shown;
use serde_json::{Value, json};

use super::session::Session;
use super::{Failure, offline};
use crate::control::{Daemon, Report};

/// A policy's name, and what it consists of.
type Explained = (String, Vec<String>);

pub(super) fn offline(rules: &Path) -> Result<Report, Failure> {
    let chain = offline::chain(rules)?;
    let links = chain.links().iter();
    let policies: Vec<Explained> = links
        .map(|link| (link.name.clone(), link.explain()))
        .collect();
    let defaults = chain.defaults().named();
    let defaults = defaults.map(|(entry, what)| (entry.to_owned(), what.to_owned()));
    Ok(report(&policies, &defaults))
}

pub(super) fn online(daemon: &Daemon) -> Result<Report, Failure> {
    let mut session = Session::open(daemon)?;
    let chain = session.chain()?;
    let mut policies = Vec::new();
    for (place, policy) in (0..).zip(session.policies(&chain)?) {
        policies.push((policy.name, session.explain(&chain, place)?));
    }
    Ok(report(&policies, &chain.defaults))
}

fn report(policies: &[Explained], defaults: &[(String, String)]) -> Report {
    let mut text = String::new();
    for (n, (name, lines)) in policies.iter().enumerate() {
        text += &format!("{}. {}\n", n + 1, shown(name));
        for line in lines {
            text += &format!("     {}\n", shown(line));
        }
    }
    let defaults = defaults.iter();
    let defaults: Vec<_> = defaults
        .map(|(entry, what)| format!("{} {}", shown(entry), shown(what)))
        .collect();
    text += &format!("what no policy decides: {}\n", defaults.join(", "));
    let values = policies.iter();
    let values: Vec<Value> = values
        .map(|(name, lines)| json!({ "name": name, "explain": lines }))
        .collect();
    Report {
        text,
        json: json!({ "policies": values, "defaults": defaults }),
    }
}
