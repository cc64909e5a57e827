//! Orders to the state of a daemon that does not run: what an operator decides about a domain.

use libetp::Domain;

use super::failure::Failure;
use crate::config::Loaded;
use crate::state::{State, Witness};

/// Says what it means to accept that a card was restored from an older state, and accepts it if
/// `confirmed`.
///
/// # Errors
/// [`Failure::Unconfirmed`] with the consequences; [`Failure::Start`] if the state cannot be had,
/// as while the daemon runs, or the domain is not known.
pub fn accept_rollback(
    loaded: &Loaded,
    domain: Domain,
    confirmed: bool,
) -> Result<String, Failure> {
    let state = open_state(loaded)?;
    let witness = state.witness(domain).map_err(Failure::start)?;
    let witness = witness.ok_or_else(|| unknown(domain))?;
    if !confirmed {
        return Err(Failure::Unconfirmed(consequences(domain, &witness)));
    }
    match state.accept_rollback(domain).map_err(Failure::start)? {
        true => Ok(format!(
            "the card of {domain} may start again from an older state, once\n"
        )),
        false => Err(unknown(domain)),
    }
}

fn consequences(domain: Domain, witness: &Witness) -> String {
    let Witness {
        generation,
        highest_port,
        ..
    } = witness;
    format!(
        "the card of {domain} was last seen at transaction {generation}. To accept an older state \
         of it means:\n\
         - vouchers that it gave away since that state show up on it again, although others hold \
         them: they must not be given away a second time; vouchers that it got since are lost\n\
         - exchanges that ended since look open: ask the third party how they ended before any \
         new order\n\
         - the PIN, and the tries left of PIN and PUK, are those of that state\n\
         - no port up to {highest_port} and no number of a statement is given out again; every \
         authentication is void\n\
         Look for a newer state of the card first. Nothing was changed; add --confirm to accept."
    )
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
