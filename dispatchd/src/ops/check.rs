//! `--check`, and orders to the state of a daemon that does not run.

use std::fmt::Write;

use libetp::Domain;

use super::failure::Failure;
use crate::card::unix_s;
use crate::config::Loaded;
use crate::remote::hex;
use crate::state::State;

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
            card.get_ref().directory.get_ref().display().to_string(),
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

/// Accepts that a card was restored from an older state.
///
/// # Errors
/// [`Failure::Start`] if the state cannot be had, as while the daemon runs, or the domain is
/// not known.
pub fn accept_rollback(loaded: &Loaded, domain: Domain) -> Result<String, Failure> {
    match open_state(loaded)?
        .accept_rollback(domain)
        .map_err(Failure::start)?
    {
        true => Ok(format!(
            "the card of {domain} may start again from an older state, once\n"
        )),
        false => Err(unknown(domain)),
    }
}

/// Forgets that a domain is this host's.
///
/// # Errors
/// As [`accept_rollback`].
pub fn forget_domain(loaded: &Loaded, domain: Domain) -> Result<String, Failure> {
    match open_state(loaded)?
        .remove_local_domain(domain)
        .map_err(Failure::start)?
    {
        true => Ok(format!("{domain} is not a domain of this host any more\n")),
        false => Err(unknown(domain)),
    }
}

fn open_state(loaded: &Loaded) -> Result<State, Failure> {
    State::open(loaded.config.daemon.state.get_ref()).map_err(Failure::start)
}

fn unknown(domain: Domain) -> Failure {
    Failure::Start(format!("no card of domain {domain} was ever seen here"))
}
