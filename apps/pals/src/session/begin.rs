//! `create` and `join`: an order to the card, and the session to its end.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use card_owner::Access;
use libetp::Mtype;
use libetp::client::Delivery;
use libetp::params::Param;
use libetp::params::pals::{Invite, JoinSession, Native, OpenSession};
use pals::{Computation, MemberCode, Proposal};

use super::account::Account;
use super::attend::{Order, attend};
use super::options::{Create, Join};
use super::program::{Failure, Kind};
use super::terms::Agreement;
use crate::report::Report;

/// Opens a session with others.
pub(super) fn create(
    access: &Access<'_>,
    create: &Create,
    computation: Computation,
    input: [u8; 8],
) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    let me = account.code();
    let members = [me].into_iter().chain(create.with.iter().copied());
    let proposal = Proposal {
        members: members.map(|code| code.member()).collect(),
        computation,
        min_class: create.min_class,
        corrupt: create.corrupt,
        cover_rounds: create.cover_rounds,
        round_ms: create.round_ms,
    };
    let agreement = Agreement::new(proposal.descriptor(), &me.key)?;
    drop_invitations(&mut account)?;
    eprint!("{}", agreement.text());
    let order = OpenSession {
        descriptor: agreement.descriptor().clone(),
        input: input.to_vec(),
    };
    let order = Order::Open(order);
    run(access, account, &agreement, order, create.wait)
}

/// Joins the session that somebody invites to.
pub(super) fn join(
    access: &Access<'_>,
    join: &Join,
    native: Native,
    input: [u8; 8],
) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    let wanted = Wanted {
        me: account.code(),
        from: join.from,
        native,
    };
    let (agreement, opening) = invitation(&mut account, &wanted, join.wait)?;
    eprint!("{}", agreement.text());
    if !join.yes {
        consent()?;
    }
    let order = JoinSession {
        descriptor: agreement.descriptor().clone(),
        opening,
        input: input.to_vec(),
    };
    run(access, account, &agreement, Order::Join(order), join.wait)
}

fn run(
    access: &Access<'_>,
    mut account: Account,
    agreement: &Agreement,
    order: Order,
    wait_s: u64,
) -> Result<Report, Failure> {
    let orders = account.authenticate(access)?;
    let wait = Duration::from_secs(wait_s);
    attend(&mut account, orders, agreement, order, wait)?.report()
}

/// What an invitation has to be.
struct Wanted {
    me: MemberCode,
    from: Option<MemberCode>,
    native: Native,
}

impl Wanted {
    /// What a message invites to, if it is such an invitation and its first member's card sent it.
    fn read(&self, delivery: &Delivery) -> Option<(Agreement, [u8; 32])> {
        let message = &delivery.message;
        if message.header.mtype != Mtype::SESSION_INVITE {
            return None;
        }
        let Invite {
            descriptor,
            opening,
        } = Invite::from_param(&message.param).ok()?;
        let first = MemberCode::from(descriptor.members.0.first()?);
        let is_mine = descriptor.members.0.contains(&self.me.member());
        let is_of_first = message.header.src == first.program.domain.card();
        let is_wanted = self.from.is_none_or(|from| from == first);
        if !is_mine || !is_of_first || !is_wanted {
            return None;
        }
        let agreement = Agreement::new(descriptor, &self.me.key).ok()?;
        (agreement.computation.native() == self.native).then_some((agreement, opening))
    }
}

/// The newest invitation that waits, or the first that comes.
fn invitation(
    account: &mut Account,
    wanted: &Wanted,
    wait_s: u64,
) -> Result<(Agreement, [u8; 32]), Failure> {
    let deadline = Instant::now() + Duration::from_secs(wait_s);
    let mut newest = None;
    let mut is_told = false;
    loop {
        while let Some(delivery) = account.capability.receive_within(Duration::ZERO)? {
            newest = wanted.read(&delivery).or(newest);
        }
        account.capability.take_received();
        if let Some(invitation) = newest {
            return Ok(invitation);
        }
        if !std::mem::replace(&mut is_told, true) {
            eprintln!(
                "pals: waiting for an invitation to {}",
                wanted.native.name()
            );
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match account.capability.receive_within(left)? {
            Some(delivery) => newest = wanted.read(&delivery),
            None => return Err(not_invited(wanted)),
        }
    }
}

fn not_invited(wanted: &Wanted) -> Failure {
    let from = wanted
        .from
        .map_or(String::new(), |from| format!(" from {from}"));
    let text = format!("no invitation to {} came{from}", wanted.native.name());
    Failure::new(Kind::Timeout, text)
        .hint("the first member has to name your member code, which `pals id` prints, with --with")
}

/// Old invitations are of no use to who begins a session.
fn drop_invitations(account: &mut Account) -> Result<(), Failure> {
    let mut count = 0;
    while let Some(delivery) = account.capability.receive_within(Duration::ZERO)? {
        count += u64::from(delivery.message.header.mtype == Mtype::SESSION_INVITE);
    }
    account.capability.take_received();
    if count > 0 {
        let invitations = command_line::counted(count, "invitation", "invitations");
        eprintln!("pals: unanswered: {invitations} of others");
    }
    Ok(())
}

fn consent() -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        let text = "there is no terminal to ask at whether you join";
        return Err(Failure::new(Kind::Usage, text).hint("--yes joins without asking"));
    }
    eprint!("Join? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::system("terminal", error))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new(Kind::Other, "you did not join").hint("no input left this host")),
    }
}
