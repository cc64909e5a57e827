//! `attend`: the session that another program of the owner's began, to its end.

use std::time::Duration;

use card_owner::Access;
use libetp::params::pals::{AttendSession, SessionResult};

use super::account::Account;
use super::attend::{Order, attend};
use super::exchange;
use super::look::{About, Said, about, ended, other_home, say};
use super::options::TakeOver;
use super::program::Failure;
use crate::report::Report;

/// Takes the card's session over, with the deadlines that it has.
pub(super) fn run(access: &Access<'_>, command: &TakeOver) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    let mut orders = account.authenticate(access)?;
    let said = say(&mut orders, &mut account.capability, &AttendSession {})?;
    let state = match said {
        Said::Ended(result) => return ended(&account, result),
        Said::Goes(state) => state,
    };
    let about = about(&account, &state.descriptor).ok_or_else(other_home)?;
    let order = Order::TakeOver(state);
    let wait = Duration::from_secs(command.wait);
    let told = &mut |_: &SessionResult| eprintln!("pals: the card goes on to the last round");
    let ended = attend(&mut account, orders, about.setting(), order, wait, told)?;
    match &about {
        About::Computation(agreement) => ended.report(agreement),
        About::Exchange(_) => exchange::shown(ended),
    }
}
