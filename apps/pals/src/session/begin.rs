//! `create` and `join`: an order to the card, and the session to its end.

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use card_owner::Access;
use libetp::params::pals::{JoinSession, OpenSession};
use pals::{Computation, Grant, Library, Proposal};
use zeroize::Zeroizing;

use super::account::Account;
use super::attend::{Order, attend};
use super::code::Code;
use super::invitation::{Wanted, drop_invitations, invitation};
use super::options::{Create, Join};
use super::program::{Failure, Kind};
use super::terms::Agreement;
use crate::report::Report;

/// What the first member has computed, and of what.
pub(super) struct Opening {
    pub(super) code: Code,
    pub(super) computation: Computation,
    pub(super) grant: Grant,
    pub(super) input: Zeroizing<Vec<u8>>,
    /// Whether a function that is not shipped is computed without asking.
    pub(super) yes: bool,
}

/// Opens a session with others.
pub(super) fn create(
    access: &Access<'_>,
    create: &Create,
    opening: Opening,
) -> Result<Report, Failure> {
    let granted = opening.grant.check();
    granted.map_err(crate::report::Failure::from)?;
    let mut account = Account::open(access)?;
    let me = account.code();
    let members = [me].into_iter().chain(create.with.iter().copied());
    let proposal = Proposal {
        members: members.map(|code| code.member()).collect(),
        computation: opening.computation,
        grant: opening.grant,
        // Longer ones are refused below.
        input_bytes: u32::try_from(opening.input.len()).unwrap_or(u32::MAX),
        min_class: create.min_class,
        corrupt: create.corrupt,
        cover_rounds: create.cover_rounds,
        round_ms: create.round_ms,
    };
    let agreement = Agreement::new(proposal.descriptor(), &me.key)?;
    drop_invitations(&mut account)?;
    eprint!("{}", agreement.text(&opening.code));
    if opening.code.is_unknown() && !opening.yes {
        consent("Compute it?", "open the session")?;
    }
    let order = OpenSession {
        descriptor: agreement.descriptor().clone(),
        input: opening.input.to_vec(),
    };
    let order = Order::Open(order);
    run(
        access,
        account,
        &agreement,
        &opening.code,
        order,
        create.wait,
    )
}

/// Joins the session that somebody invites to. `input` makes one's own, for the session that it is.
pub(super) fn join(
    access: &Access<'_>,
    join: &Join,
    function: Wanted,
    input: impl FnOnce(&Agreement) -> Result<Zeroizing<Vec<u8>>, Failure>,
) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    let (agreement, opening) = invitation(&mut account, join, &function)?;
    let code = function.code(&agreement)?;
    let input = input(&agreement)?;
    eprint!("{}", agreement.text(&code));
    if !join.yes {
        consent("Join?", "join")?;
    }
    let order = JoinSession {
        descriptor: agreement.descriptor().clone(),
        opening,
        input: input.to_vec(),
    };
    let order = Order::Join(order);
    run(access, account, &agreement, &code, order, join.wait)
}

/// The card gets the function first, if it has not got it.
fn run(
    access: &Access<'_>,
    mut account: Account,
    agreement: &Agreement,
    code: &Code,
    order: Order,
    wait_s: u64,
) -> Result<Report, Failure> {
    let mut orders = account.authenticate(access)?;
    let (session, capability) = orders.authenticated(&mut account.capability);
    code.provide(&mut Library::new(session, capability))?;
    let wait = Duration::from_secs(wait_s);
    let early = &mut |_: &_| {};
    attend(&mut account, orders, agreement, order, wait, early)?.report(agreement)
}

/// Asks the owner, who may not want to `act`.
pub(super) fn consent(question: &str, act: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        let text = format!("there is no terminal to ask at whether you {act}");
        return Err(Failure::new(Kind::Usage, text).hint("--yes does it without asking"));
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::system("terminal", error))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => {
            let text = format!("you did not {act}");
            Err(Failure::new(Kind::Other, text).hint("no input left this host"))
        }
    }
}
