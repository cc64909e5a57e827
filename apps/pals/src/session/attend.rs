//! A session from the order to its end: messages in, the card's rounds ended in time.

use std::time::{Duration, Instant};

use card_owner::{ANSWER_TIMEOUT, Orders};
use libetp::client::blocking::{Capability, CardSession};
use libetp::client::text::shown;
use libetp::client::{ClientError, Event};
use libetp::params::pals::{
    Invite, JoinSession, LeaveSession, OpenSession, Outcome, SessionResult, SessionState, Stage,
};
use libetp::{EntityId, Mtype};
use pals::Step;

use super::account::{Account, Memory};
use super::ended::Ended;
use super::interrupt::Interrupt;
use super::program::{Failure, Kind};
use super::setting::Setting;
use super::watch::{Heard, Watch};

/// How often at least somebody looks for signals.
const WAKE: Duration = Duration::from_millis(200);

/// Gives the order that begins a session for this card, and attends to it until it ends. Members may take `wait` to
/// join. `early` is told a result that is there before the session ends.
pub(super) fn attend<'a>(
    account: &mut Account,
    mut orders: Orders,
    setting: &'a Setting,
    order: Order,
    wait: Duration,
    early: &mut dyn FnMut(&SessionResult),
) -> Result<Ended<'a>, Failure> {
    let interrupt = Interrupt::new()?;
    let card = orders.card();
    let mut watch = Watch::new(card, setting);
    let elapsed = order.elapsed(&account.memory);
    if let Order::TakeOver(state) = &order {
        watch.take_over(state, elapsed);
    }
    let (session, capability) = orders.authenticated(&mut account.capability);
    order.give(session, capability)?;
    let mut attending = Attending {
        setting,
        memory: &mut account.memory,
        order,
        session,
        capability,
        watch,
        interrupt,
        began: Instant::now()
            .checked_sub(elapsed)
            .unwrap_or_else(Instant::now),
        heard: elapsed,
        wait,
        early,
        leaving: None,
        is_invited_elsewhere: false,
        is_taken: false,
        is_start_known: false,
    };
    let result = attending.run()?;
    attending.capability.take_received();
    attending.capability.write_out()?;
    let why = attending.leaving;
    let missed = attending.watch.missed;
    match why {
        // It may have ended before the card heard of it.
        Some(why) if result.outcome == Outcome::Left as u8 => Err(why),
        _ => Ok(Ended::new(setting, result, missed)),
    }
}

/// The order that begins a session for a card.
pub(super) enum Order {
    Open(OpenSession),
    Join(JoinSession),
    /// It was given; the card is there already, and tells this program.
    TakeOver(SessionState),
}

impl Order {
    fn give(
        &self,
        session: &mut CardSession,
        capability: &mut Capability,
    ) -> Result<(), ClientError> {
        match self {
            Self::Open(order) => session.send(capability, order).map(drop),
            Self::Join(order) => session.send(capability, order).map(drop),
            Self::TakeOver(_) => Ok(()),
        }
    }

    /// How long ago the session started; nothing if it did not, or nobody knows.
    fn elapsed(&self, memory: &Memory) -> Duration {
        let session = match self {
            Self::TakeOver(state) => state.session,
            Self::Open(_) | Self::Join(_) => None,
        };
        let started = session.and_then(|session| memory.started(&session)?.elapsed());
        started.unwrap_or_default()
    }
}

struct Attending<'a> {
    setting: &'a Setting,
    memory: &'a mut Memory,
    order: Order,
    session: &'a mut CardSession,
    capability: &'a mut Capability,
    watch: Watch<'a>,
    interrupt: Interrupt,
    began: Instant,
    /// When the card said something last.
    heard: Duration,
    /// For how long members may join.
    wait: Duration,
    early: &'a mut dyn FnMut(&SessionResult),
    /// Why the session is being left.
    leaving: Option<Failure>,
    /// Somebody invited to another session meanwhile.
    is_invited_elsewhere: bool,
    /// The card took the order.
    is_taken: bool,
    /// It is remembered when the session started.
    is_start_known: bool,
}

impl Attending<'_> {
    fn run(&mut self) -> Result<SessionResult, Failure> {
        self.tell_news();
        loop {
            self.carry_out_steps()?;
            self.look_around()?;
            let event = self.capability.event_within(self.patience())?;
            let now = self.began.elapsed();
            let heard = match &event {
                Some(Event::Delivery(delivery)) => self.watch.hear(&delivery.message, now),
                Some(Event::Undelivered(undelivered)) => {
                    return Err(Failure::undelivered(undelivered));
                }
                None => Heard::Nothing,
            };
            self.capability.take_received();
            match heard {
                Heard::Nothing => continue,
                Heard::Early(result) => (self.early)(&result),
                Heard::Ended(result) => return Ok(result),
                Heard::Invited(invite) => self.join_anew(&invite)?,
                Heard::InvitedElsewhere(by) => self.tell_of_invitation(by),
                // It started meanwhile, or somebody began it too often: what was joined before stands.
                Heard::Refused(refused)
                    if self.is_taken && refused.mtype == Mtype::JOIN_SESSION =>
                {
                    let why = shown(&refused.detail);
                    eprintln!("pals: the card stays with the invitations that it took: {why}");
                }
                Heard::Refused(refused) => {
                    return Err(ClientError::OrderRefused {
                        mtype: refused.mtype,
                        code: refused.code,
                        detail: refused.detail,
                    }
                    .into());
                }
                Heard::State => {
                    if !std::mem::replace(&mut self.is_taken, true) {
                        self.memory.remember(self.setting.descriptor())?;
                    }
                    self.remember_start(now)?;
                    self.heard = now;
                }
            }
            self.tell_news();
        }
    }

    fn tell_news(&mut self) {
        if let Some(news) = self.watch.news() {
            eprintln!("pals: {news}");
        }
    }

    /// For who takes over if this program ends.
    fn remember_start(&mut self, started: Duration) -> Result<(), Failure> {
        let session = self.watch.last.as_ref().and_then(|last| last.session);
        match session.filter(|_| !self.is_start_known) {
            None => Ok(()),
            Some(session) => {
                self.is_start_known = true;
                let ago = self.began.elapsed().saturating_sub(started);
                self.memory.remember_start(&session, ago)
            }
        }
    }

    /// The first member began again, on the same terms, or somebody says so: the card waits for either to start.
    fn join_anew(&mut self, invite: &Invite) -> Result<(), Failure> {
        // It may come before the card has answered the first order.
        let last = self.watch.last.as_ref();
        let has_started = last.is_some_and(|state| state.session.is_some());
        let Order::Join(order) = &mut self.order else {
            return Ok(());
        };
        if has_started || self.leaving.is_some() || order.opening == invite.opening {
            return Ok(());
        }
        order.opening = invite.opening;
        self.order.give(self.session, self.capability)?;
        Ok(())
    }

    /// Once: anybody can send invitations.
    fn tell_of_invitation(&mut self, by: EntityId) {
        if !std::mem::replace(&mut self.is_invited_elsewhere, true) {
            let by = card_owner::named(by);
            eprintln!("pals: {by} invites to another session; a card is in one at a time");
        }
    }

    /// Tells the card what the clock says.
    fn carry_out_steps(&mut self) -> Result<(), Failure> {
        let card = self.session.card();
        while let Some(step) = self.watch.controller.next(self.began.elapsed()) {
            match step {
                Step::End(over) => self.capability.queue_param(card, &over)?,
                Step::Compute(compute) => self.capability.queue_param(card, &compute)?,
            };
        }
        Ok(self.capability.write_out()?)
    }

    /// How long there is nothing to do but to listen.
    fn patience(&self) -> Duration {
        let due = self.watch.controller.due();
        let left = due.map(|due| due.saturating_sub(self.began.elapsed()));
        left.map_or(WAKE, |left| left.min(WAKE))
    }

    /// Leaves if somebody asks for that, or if nobody joins; gives a card up that is silent.
    fn look_around(&mut self) -> Result<(), Failure> {
        let now = self.began.elapsed();
        if self.interrupt.has_come() {
            if let Some(why) = self.leaving.take() {
                return Err(why);
            }
            let text = "interrupted: the card has left the session";
            self.leave(Failure::new(Kind::Other, text).fact("outcome", "left"))?;
        }
        let is_joining = self.is_joining();
        if is_joining && self.leaving.is_none() && now >= self.wait {
            self.leave(self.not_joined())?;
        }
        let is_asked = self.watch.last.is_none()
            || self.leaving.is_some()
            || !is_joining && self.watch.controller.due().is_none();
        let round = Duration::from_millis(self.setting.descriptor().round_ms.into());
        match is_asked && now >= self.heard + ANSWER_TIMEOUT.max(round) {
            true => Err(silent()),
            false => Ok(()),
        }
    }

    fn is_joining(&self) -> bool {
        let last = self.watch.last.as_ref();
        last.is_some_and(|state| state.stage == Stage::Joining as u8)
    }

    fn leave(&mut self, why: Failure) -> Result<(), Failure> {
        self.session.send(self.capability, &LeaveSession {})?;
        self.heard = self.began.elapsed();
        self.leaving = Some(why);
        Ok(())
    }

    fn not_joined(&self) -> Failure {
        let roster = &self.setting.roster;
        let missing = match roster.me {
            0 => self.watch.missing(),
            _ => vec![0],
        };
        let names = roster.names(&missing);
        let text = match roster.me {
            0 => format!("did not join in time: {names}"),
            _ => format!("the session was not started in time by {names}"),
        };
        Failure::new(Kind::Timeout, text)
            .hint("the card has left the session; agree on a time, and begin again")
            .fact("missing", missing)
    }
}

fn silent() -> Failure {
    Failure::new(Kind::Timeout, "the card does not say anything")
        .hint("`pals status` asks it where the session is, `pals leave` ends it for this card")
}
