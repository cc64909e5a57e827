//! `create` and `join`: an order to the card, and the exchange to its end.

use std::time::Duration;

use card_owner::Access;
use libetp::params::pals::{JoinSession, OpenSession, SessionResult};
use pals::{DescriptionWord, ExchangeProposal};

use super::deal::Deal;
use super::received::Received;
use super::{INVITATION, NAME, item};
use crate::report::Report;
use crate::session::account::Account;
use crate::session::attend::{Order, attend};
use crate::session::begin::consent;
use crate::session::invitation::{drop_invitations, invitation_to};
use crate::session::options::{CreateExchange, JoinExchange};
use crate::session::program::{Failure, Kind};

/// Opens an exchange with others.
pub(super) fn create(access: &Access<'_>, create: &CreateExchange) -> Result<Report, Failure> {
    check_pairs(create)?;
    let file = &create.given.give;
    let item = item::read(file)?;
    let own = create.described.clone();
    let own = own.unwrap_or_else(|| DescriptionWord::of_bytes(&item));
    item::check(file, &item, &own)?;
    let mut account = Account::open(access)?;
    let deal = propose(&account, create, own)?;
    let received = Received::into(&create.given.folder.into, &deal.roster)?;
    drop_invitations(&mut account)?;
    eprint!("{}", deal.text());
    let order = Order::Open(OpenSession {
        descriptor: deal.descriptor().clone(),
        input: item.to_vec(),
    });
    run(access, account, &deal, order, (create.wait, &received))
}

/// What is wanted of each.
fn check_pairs(create: &CreateExchange) -> Result<(), Failure> {
    let (with, wants) = (create.with.len(), create.wants.len());
    if with == wants {
        return Ok(());
    }
    let text = format!("--with is said {with} times, and --wants {wants} times");
    Err(Failure::new(Kind::Usage, text).hint("say --wants once after each --with"))
}

fn propose(
    account: &Account,
    create: &CreateExchange,
    own: DescriptionWord,
) -> Result<Deal, Failure> {
    let me = account.code();
    let members = [me].into_iter().chain(create.with.iter().copied());
    let items = [own].into_iter().chain(create.wants.iter().cloned());
    let proposal = ExchangeProposal {
        members: members.map(|code| code.member()).collect(),
        items: items.map(|word| word.0).collect(),
        min_class: create.min_class,
        corrupt: create.corrupt,
        slots: create.slots,
        round_ms: create.round_ms,
    };
    Deal::new(proposal.descriptor(), &me.key)
}

/// Joins the exchange that somebody invites to.
pub(super) fn join(access: &Access<'_>, join: &JoinExchange) -> Result<Report, Failure> {
    let file = &join.given.give;
    let item = item::read(file)?;
    let mut account = Account::open(access)?;
    let key = account.code().key;
    let deal = |descriptor| {
        let is_exchange = Deal::is_of(&descriptor);
        is_exchange.then(|| Deal::new(descriptor, &key).ok())?
    };
    let (deal, opening) = invitation_to(&mut account, &join.join, INVITATION, deal)?;
    eprint!("{}", deal.text());
    item::check(file, &item, &deal.own())?;
    deal.check(&join.wants, join.slots, join.join.yes)?;
    let received = Received::into(&join.given.folder.into, &deal.roster)?;
    if !join.join.yes {
        consent("Exchange it?", "join")?;
    }
    let order = Order::Join(JoinSession {
        descriptor: deal.descriptor().clone(),
        opening,
        input: item.to_vec(),
    });
    run(access, account, &deal, order, (join.join.wait, &received))
}

fn run(
    access: &Access<'_>,
    mut account: Account,
    deal: &Deal,
    order: Order,
    (wait_s, received): (u64, &Received),
) -> Result<Report, Failure> {
    let orders = account.authenticate(access)?;
    let wait = Duration::from_secs(wait_s);
    let mut written = None;
    let early = &mut |result: &SessionResult| {
        let items = result.result.as_deref().unwrap_or_default();
        let tried = written.insert(received.write(items, &deal.roster));
        if tried.is_ok() {
            eprintln!(
                "pals: you got all items; for the others' sake the card goes on to the last round"
            );
        }
    };
    let ended = attend(&mut account, orders, deal, order, wait, early)?;
    ended.report_of(Some(NAME), |result| {
        written.unwrap_or_else(|| received.write(result, &deal.roster))
    })
}
