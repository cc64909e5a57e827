//! Invitations to sessions.

use std::time::{Duration, Instant};

use libetp::Mtype;
use libetp::client::Delivery;
use libetp::client::text::hex;
use libetp::params::Param;
use libetp::params::pals::{Descriptor, Invite};
use pals::{MemberCode, Shipped};

use super::account::Account;
use super::code::Code;
use super::options::Join;
use super::program::{Failure, Kind};
use super::terms::Agreement;

/// What somebody wants to join.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A session of this function.
    Shipped(Shipped),
    /// Any; if its function is not shipped, it is this one.
    Any(Option<Code>),
}

impl Wanted {
    fn is(&self, agreement: &Agreement) -> bool {
        match self {
            Self::Shipped(shipped) => agreement.computation.shipped() == Some(*shipped),
            Self::Any(_) => true,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Shipped(shipped) => shipped.name(),
            Self::Any(_) => "any session",
        }
    }

    /// The function of that session.
    pub(super) fn code(self, agreement: &Agreement) -> Result<Code, Failure> {
        let wanted = agreement.computation.function();
        let shipped = agreement.computation.shipped();
        match self {
            Self::Any(Some(code)) if code.hash == wanted => Ok(code),
            Self::Any(Some(code)) => Err(other(&code, &wanted)),
            _ => shipped.map(Code::shipped).ok_or_else(|| unknown(&wanted)),
        }
    }
}

fn other(code: &Code, wanted: &[u8; 32]) -> Failure {
    let text = format!(
        "the session computes the function with SHA-256 {}, and {} has {}",
        hex(wanted),
        code.name(),
        hex(&code.hash)
    );
    Failure::new(Kind::Usage, text)
        .hint("get the module from who invites you")
        .fact("sha256", hex(wanted))
}

fn unknown(wanted: &[u8; 32]) -> Failure {
    let text = format!(
        "the session computes a function that is not shipped with pals, with SHA-256 {}",
        hex(wanted)
    );
    Failure::new(Kind::Usage, text)
        .hint(
            "get the module and its source from who invites you, and name it with --function FILE",
        )
        .fact("sha256", hex(wanted))
}

/// The newest invitation that waits, or the first that comes: the session, and its opening.
pub(super) fn invitation(
    account: &mut Account,
    join: &Join,
    wanted: &Wanted,
) -> Result<(Agreement, [u8; 32]), Failure> {
    let key = account.code().key;
    let read = |descriptor| {
        let agreement = Agreement::new(descriptor, &key).ok();
        agreement.filter(|it| wanted.is(it))
    };
    invitation_to(account, join, wanted.name(), read)
}

/// As [`invitation`], to what `wanted` makes something of, and people call `name`.
pub(super) fn invitation_to<T>(
    account: &mut Account,
    join: &Join,
    name: &str,
    wanted: impl Fn(Descriptor) -> Option<T>,
) -> Result<(T, [u8; 32]), Failure> {
    let deadline = Instant::now() + Duration::from_secs(join.wait);
    let me = account.code();
    let read = |delivery: &Delivery| {
        let (descriptor, opening) = read(delivery, &me, join)?;
        wanted(descriptor).map(|it| (it, opening))
    };
    let mut newest = None;
    let mut is_told = false;
    loop {
        while let Some(delivery) = account.capability.receive_within(Duration::ZERO)? {
            newest = read(&delivery).or(newest);
        }
        // It waits on, until the card is ordered to join: not everybody has the function, or wants to.
        if let Some(invitation) = newest {
            return Ok(invitation);
        }
        account.capability.take_received();
        if !std::mem::replace(&mut is_told, true) {
            eprintln!("pals: waiting for an invitation to {name}");
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match account.capability.receive_within(left)? {
            Some(delivery) => newest = read(&delivery),
            None => return Err(not_invited(join, name)),
        }
    }
}

/// What a message invites to, if its first member's card sent it and this member is in it.
fn read(delivery: &Delivery, me: &MemberCode, join: &Join) -> Option<(Descriptor, [u8; 32])> {
    let message = &delivery.message;
    if message.header.mtype != Mtype::SESSION_INVITE {
        return None;
    }
    let Invite {
        descriptor,
        opening,
    } = Invite::from_param(&message.param).ok()?;
    let first = MemberCode::from(descriptor.members.0.first()?);
    let is_mine = descriptor.members.0.contains(&me.member());
    let is_of_first = message.header.src == first.program.domain.card();
    let is_wanted = join.from.is_none_or(|from| from == first);
    (is_mine && is_of_first && is_wanted).then_some((descriptor, opening))
}

fn not_invited(join: &Join, name: &str) -> Failure {
    let from = join
        .from
        .map_or(String::new(), |from| format!(" from {from}"));
    let text = format!("no invitation to {name} came{from}");
    Failure::new(Kind::Timeout, text)
        .hint("the first member has to name your member code, which `pals id` prints, with --with")
}

/// Old invitations are of no use to who begins a session.
pub(super) fn drop_invitations(account: &mut Account) -> Result<(), Failure> {
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
