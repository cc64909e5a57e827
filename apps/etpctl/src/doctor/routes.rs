//! Links to other hosts, as the daemon says.

use libetp::client::control::LinkStatus;

use super::Facts;
use super::finding::Finding;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let links = facts.status.iter().flat_map(|status| &status.links);
    links.map(link).collect()
}

fn link(link: &LinkStatus) -> Finding {
    let host = link.host.get(..16).unwrap_or(&link.host);
    let what = format!("link to {host}");
    let found = match link.address.as_str() {
        "" => format!("{}: {}", link.state, link.detail),
        address => format!("{} at {address}: {}", link.state, link.detail),
    };
    match (link.state.as_str(), link.address.as_str()) {
        ("up", address) => Finding::ok(what, format!("up {address}").trim_end().to_owned()),
        (_, "") => Finding::warn(
            what,
            found,
            "it dials us: see the daemon there, and our [remote] listen",
        ),
        _ => Finding::bad(
            what,
            found,
            "see that its daemon runs, that UDP to it passes, and that each host has the other's key in [[peer]]",
        ),
    }
}
