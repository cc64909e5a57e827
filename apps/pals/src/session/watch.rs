//! What the card says of its session, followed.

use std::time::Duration;

use libetp::client::text::hex;
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::pals::{Invite, Outcome, SessionResult, SessionState, Stage};
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::{EntityId, Message, Mtype};
use pals::Controller;

use super::roster::Roster;
use super::setting::Setting;

/// Most lines that tell of rounds in which all is well.
const ROUND_LINES_MAX: u32 = 50;

/// A session as its host sees it.
pub(super) struct Watch<'r> {
    card: EntityId,
    /// The first member's card.
    first: EntityId,
    descriptor: Hash,
    roster: &'r Roster,
    pub(super) controller: Controller,
    pub(super) last: Option<SessionState>,
    /// For each round in which somebody was missing: who.
    pub(super) missed: Vec<(u32, u32)>,
    /// Whether others are missing than were before.
    is_change: bool,
    said: Option<String>,
    /// The result, if the card has rounds before it still.
    early: Option<SessionResult>,
}

/// What a message comes to.
pub(super) enum Heard {
    /// Nothing of this session.
    Nothing,
    /// The card is somewhere else now.
    State,
    /// The result is there, and the session is not over.
    Early(SessionResult),
    /// The session is over.
    Ended(SessionResult),
    /// The first member began the same session again.
    Invited(Invite),
    /// That card wants the owner for another session.
    InvitedElsewhere(EntityId),
    /// The card did not do something.
    Refused(OrderRefused),
}

impl<'r> Watch<'r> {
    pub(super) fn new(card: EntityId, setting: &'r Setting) -> Self {
        Self {
            card,
            first: setting.terms.card(0),
            descriptor: *setting.terms.hash(),
            roster: &setting.roster,
            controller: Controller::new(setting.descriptor()),
            last: None,
            missed: Vec::new(),
            is_change: false,
            said: None,
            early: None,
        }
    }

    /// The session is there already, and started at the beginning of this clock.
    pub(super) fn take_over(&mut self, state: &SessionState, now: Duration) {
        self.controller.told(state, Duration::ZERO);
        self.is_told(state.clone(), now);
    }

    /// A message came.
    pub(super) fn hear(&mut self, message: &Message, now: Duration) -> Heard {
        if message.header.mtype == Mtype::SESSION_INVITE {
            return self.hear_invitation(message);
        }
        if message.header.src != self.card {
            return Heard::Nothing;
        }
        match message.header.mtype {
            Mtype::SESSION_STATE => self.hear_state(message, now),
            Mtype::SESSION_RESULT => match SessionResult::from_param(&message.param) {
                Ok(result) if self.is_of_session(&result) => self.hear_result(result),
                _ => Heard::Nothing,
            },
            Mtype::ORDER_REFUSED => match OrderRefused::from_param(&message.param) {
                Ok(refused) => self.hear_refusal(refused, now),
                _ => Heard::Nothing,
            },
            _ => Heard::Nothing,
        }
    }

    /// Whether it is the same session, of its first member's card.
    fn hear_invitation(&self, message: &Message) -> Heard {
        let src = message.header.src;
        let invite = Invite::from_param(&message.param).ok();
        let again = invite.filter(|invite| invite.descriptor.hash() == self.descriptor);
        match again.filter(|_| src == self.first) {
            Some(invite) => Heard::Invited(invite),
            None => Heard::InvitedElsewhere(src),
        }
    }

    /// A session before may have had the same descriptor, and the card tell of its end only now: what it says of this
    /// one comes after a state.
    fn is_of_session(&self, result: &SessionResult) -> bool {
        let last = self.last.as_ref();
        let is_same = last.is_some_and(|last| last.session == result.session);
        is_same && result.descriptor == self.descriptor
    }

    /// An exchange goes on after its result.
    fn hear_result(&mut self, result: SessionResult) -> Heard {
        let last = self.last.as_ref();
        let is_early = last.is_some_and(|last| last.round < last.rounds);
        if is_early && result.outcome == Outcome::Result as u8 {
            return Heard::Early(self.early.insert(result).clone());
        }
        Heard::Ended(result)
    }

    fn hear_state(&mut self, message: &Message, now: Duration) -> Heard {
        let state = SessionState::from_param(&message.param);
        match state.ok().filter(|it| it.descriptor == self.descriptor) {
            Some(state) => self.is_told(state, now),
            None => Heard::Nothing,
        }
    }

    fn is_told(&mut self, state: SessionState, now: Duration) -> Heard {
        self.controller.told(&state, now);
        let is_new = self
            .last
            .as_ref()
            .is_none_or(|last| last.round < state.round);
        if is_new && state.missed != 0 {
            self.missed
                .push((state.round.saturating_sub(1), state.missed));
        }
        self.is_change = self.last.as_ref().map_or(0, |last| last.missed) != state.missed;
        let is_over = state.stage == Stage::Over as u8;
        self.last = Some(state);
        let early = self.early.take_if(|_| is_over);
        early.map_or(Heard::State, Heard::Ended)
    }

    /// Of a round's end or work only want of room matters: what else the card refuses there crossed with something.
    fn hear_refusal(&mut self, refused: OrderRefused, now: Duration) -> Heard {
        if ![Mtype::ROUND_OVER, Mtype::COMPUTE].contains(&refused.mtype) {
            return Heard::Refused(refused);
        }
        let code = RefusalCode::from_u16(refused.code);
        if refused.mtype == Mtype::ROUND_OVER && code == Some(RefusalCode::Storage) {
            self.controller.had_no_room(now);
        }
        // The card lost power, or left the session at another program's order: there is nothing more to do for others.
        let is_gone = code == Some(RefusalCode::NotFound);
        let early = self.early.take_if(|_| is_gone);
        early.map_or(Heard::Nothing, Heard::Ended)
    }

    /// Who has not joined, or of whom nothing is there now.
    pub(super) fn missing(&self) -> Vec<usize> {
        let present = self.last.as_ref().map_or(0, |state| state.present);
        self.roster.others_without(present)
    }

    /// Where the session is, if that is news.
    pub(super) fn news(&mut self) -> Option<String> {
        let text = self.text()?;
        let is_news = self.said.as_ref() != Some(&text);
        is_news.then(|| self.said.insert(text).clone())
    }

    fn text(&self) -> Option<String> {
        let state = self.last.as_ref()?;
        match Stage::from_u8(state.stage)? {
            Stage::Joining if self.roster.me == 0 => {
                let missing = self.roster.names(&self.missing());
                Some(format!("waiting for members to join: {missing}"))
            }
            Stage::Joining => {
                let first = self.roster.name(0).unwrap_or_default();
                Some(format!("joined; waiting for the start by {first}"))
            }
            Stage::Linking => {
                let session = hex(&state.session.unwrap_or_default()[..6]);
                Some(format!("session {session} has started"))
            }
            Stage::Running => self.round(state),
            Stage::Over => None,
        }
    }

    fn round(&self, state: &SessionState) -> Option<String> {
        let SessionState { round, rounds, .. } = *state;
        let mut text = format!("round {round} of {rounds}");
        if state.missed != 0 {
            let missed = self.roster.names(&self.roster.of_bits(state.missed));
            text += &format!("; nothing came in time from {missed}");
        }
        let every = rounds.div_ceil(ROUND_LINES_MAX).max(1);
        let is_told = self.is_change || round % every == 0 || round == rounds;
        is_told.then_some(text)
    }
}

#[cfg(test)]
mod tests;
