//! `etpctl guard list`.

use libetp::client::control::guard::{Chain, Policy};
use libetp::client::text::shown;
use serde_json::json;

use super::Failure;
use super::session::Session;
use crate::control::{Daemon, Report, Table};

pub(super) fn run(daemon: &Daemon) -> Result<Report, Failure> {
    let mut session = Session::open(daemon)?;
    let chain = session.chain()?;
    let policies = session.policies(&chain)?;
    let mut json = json!(chain);
    json["policies"] = json!(policies);
    let table = table(&policies).or("no policies: the built-in rules and the defaults decide");
    Ok(Report {
        text: format!("{}\n{table}", head(&chain)),
        json,
    })
}

fn head(chain: &Chain) -> String {
    let digest = chain.digest.get(..16).unwrap_or(&chain.digest);
    let defaults = chain.defaults.iter();
    let defaults: Vec<_> = defaults
        .map(|(entry, what)| format!("{} {}", shown(entry), shown(what)))
        .collect();
    let mut text = format!(
        "rule file   {}\ngeneration  {} ({}){}\ndefaults    {}\n",
        shown(chain.file.as_deref().unwrap_or("none")),
        chain.generation,
        shown(digest),
        match chain.previous {
            Some(previous) => format!(", `etpctl guard rollback` goes to {previous}"),
            None => String::new(),
        },
        defaults.join(", "),
    );
    if let Some(shadow) = &chain.shadow {
        let differs = chain.shadow_differs;
        text += &format!("shadow      {}, {differs} differences\n", shown(shadow));
    }
    if !chain.watched.is_empty() {
        text += &format!("traced      {}\n", shown(&chain.watched.join(", ")));
    }
    if chain.is_captured {
        text += "captured    every message\n";
    }
    text
}

fn table(policies: &[Policy]) -> Table {
    let mut table = Table::new(&["#", "POLICY", "MODE", "ON ERROR", "", "SAID SO FAR"]);
    for (n, policy) in policies.iter().enumerate() {
        let notes = [(policy.slow, "slow"), (policy.quarantined, "IN QUARANTINE")];
        let notes = notes.iter().filter(|(is_so, _)| *is_so);
        let notes: Vec<_> = notes.map(|(_, note)| *note).collect();
        table.row([
            &(n + 1).to_string(),
            &policy.name,
            &policy.mode,
            &policy.on_error,
            &notes.join(", "),
            &counts(policy),
        ]);
    }
    table
}

fn counts(policy: &Policy) -> String {
    let counts = policy.counts.iter().filter(|(_, n)| *n > 0);
    let counts: Vec<_> = counts.map(|(name, n)| format!("{name} {n}")).collect();
    match counts.is_empty() {
        true => "nothing".into(),
        false => counts.join(", "),
    }
}
