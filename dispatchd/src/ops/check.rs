//! `--check`: what the configuration names, and whether it is as it must be.

use std::fmt::Write;

use libetp::text::hex;

use super::failure::Failure;
use crate::card::unix_s;
use crate::config::Loaded;

/// Loads everything that the configuration names; says what was found.
///
/// # Errors
/// [`Failure::Config`] with every error.
pub fn check(loaded: &Loaded) -> Result<String, Failure> {
    let resolved = loaded.resolve(unix_s()).map_err(Failure::Config)?;
    let config = &loaded.config;
    let mut words = String::from("configuration is good\n");
    let mut say = |name: &str, value: String| {
        // Writing to a String does not fail.
        let _ = writeln!(words, "  {name:<9} {value}");
    };
    say(
        "socket",
        config.daemon.socket.get_ref().display().to_string(),
    );
    say("state", config.daemon.state.get_ref().display().to_string());
    if let Some(scheme) = &resolved.scheme {
        say("scheme", scheme.name.clone());
    }
    if let Some(host) = &resolved.host {
        say("host key", hex(&host.leaf.key));
    }
    for card in &config.card {
        say(
            "card",
            card.get_ref().place().get_ref().display().to_string(),
        );
    }
    if let Some(file) = &config.guard.file {
        let policies = resolved.guard.links().len();
        say(
            "guard",
            format!("{}, policies: {policies}", file.get_ref().display()),
        );
    }
    for peer in &config.peer {
        say("peer", hex(&peer.get_ref().key.get_ref().0));
    }
    if config.card.is_empty() {
        words.push_str("warning: no [[card]]: programs get their ids from a card\n");
    }
    Ok(words)
}
