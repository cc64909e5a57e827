//! An exchange that got stuck under the eyes of its owner, who is asked what to do.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use super::settle::{Plan, settle};
use crate::card::Orders;
use crate::cli::DISPUTE_TIMEOUT_S;
use crate::commands::refresh;
use crate::disputes::{COST, Proposal, proposal};
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::program::Failure;
use crate::values::Hex32;

/// What became of an exchange whose wait is over.
pub(in crate::commands) enum Stuck {
    /// It ended, by itself or by the third party.
    Ended(Report),
    /// It is stuck, and the owner does not want the third party now.
    Declined(Proposal),
    /// The cards have not agreed, or the third party is asked already.
    Not,
}

/// Looks where the exchange stands at the card. If both cards agreed, proposes the third party; asks it if the owner
/// says yes, or said so before.
pub(in crate::commands) fn offer_dispute(
    wallet: &mut Wallet,
    orders: &mut Orders,
    n1: Hex32,
    yes: bool,
) -> Result<Stuck, Failure> {
    refresh::exchanges(wallet, orders)?;
    refresh::peers(wallet)?;
    if wallet.records.is_final(n1) {
        return super::super::history::ended(wallet, n1).map(Stuck::Ended);
    }
    let exchange = wallet.records.by_n1(n1);
    let stuck = exchange.and_then(|e| Some((e, proposal(e, now(), 0)?)));
    let Some((exchange, proposal)) = stuck else {
        return Ok(Stuck::Not);
    };
    if !yes && !ask(&proposal) {
        return Ok(Stuck::Declined(proposal));
    }
    let timeout = Duration::from_secs(DISPUTE_TIMEOUT_S);
    let plan = Plan::new(exchange, proposal.order, timeout);
    settle(wallet, orders, &plan).map(Stuck::Ended)
}

/// Asks at the terminal; no without one.
fn ask(proposal: &Proposal) -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return false;
    }
    let (trouble, order) = (proposal.trouble(), proposal.order.name());
    eprint!("wallet: {trouble}.\n  To {order} it costs {COST}.\n{order} now? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    read.is_ok() && is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_one() {
        assert!(["y\n", "Y", " yes \n", "YES"].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yo", "y es"].into_iter().any(is_yes));
    }
}
