//! `etpctl guard check`.

use std::path::Path;

use guard_policies::chain::Link;
use libetp::client::text::hex;
use serde_json::json;

use super::{Failure, offline};
use crate::control::Report;

pub(super) fn run(rules: &Path) -> Result<Report, Failure> {
    let chain = offline::chain(rules)?;
    let names: Vec<&str> = chain
        .links()
        .iter()
        .map(|link| link.name.as_str())
        .collect();
    let digest = hex(&chain.digest);
    Ok(Report {
        text: format!(
            "{} is good, policies: {}{}\ndigest {digest}",
            rules.display(),
            names.len(),
            list(chain.links()),
        ),
        json: json!({
            "file": rules.display().to_string(),
            "policies": names,
            "digest": digest,
        }),
    })
}

fn list(links: &[Link]) -> String {
    let lines = links.iter().map(|link| format!("\n  {}", link.name));
    lines.collect()
}
