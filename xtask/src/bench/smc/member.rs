//! A member's program: what `pals` does in a session, with a connection that stays.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ::pals::{Controller, Library, Step};
use etp_pki::Role;
use etp_pki::scheme::SchemeFile;
use libetp::client::blocking::{Capability, CapabilityFile, CardSession, Connection};
use libetp::client::{CardPin, Event, Taking};
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::pals::{
    self, Descriptor, Invite, JoinSession, OpenSession, Outcome, SessionResult, SessionState, Stage,
};
use libetp::params::runtime::{CardInfo, CardInfoRequest, OrderRefused, RefusalCode};
use libetp::{Message, Mtype};
use system_tests::{Deployment, Host, PIN};

use super::words;
use crate::shell::Result;

/// Only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A member, authenticated to its card.
pub(super) struct Member {
    capability: Capability,
    session: CardSession,
    key: Hash,
}

/// A moment: on a clock that never goes back, and in microseconds since 1970 as traces have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Instant,
    pub(super) unix_us: u64,
}

/// What a session came to for a member.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// The order; of one who joins, when it was invited.
    pub(super) began: Moment,
    /// All links of its card are up.
    pub(super) linked: Moment,
    /// The result is here.
    pub(super) ended: Moment,
    pub(super) rounds: u32,
    pub(super) result: Vec<u8>,
}

impl Moment {
    fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            at: Instant::now(),
            unix_us: since.unwrap_or_default().as_micros() as u64,
        }
    }
}

impl Member {
    /// At a host, with the card's certificate verified.
    pub(super) fn at(host: &Host, deployment: &Deployment) -> Result<Self> {
        let connection = Connection::open(host.socket(), "bench").map_err(words)?;
        let file = CapabilityFile::new(host.path().join("bench.capability"));
        let mut capability = file.acquire(connection, None).map_err(words)?;
        capability.set_taking(Taking::Explicit);
        let domain = capability.id().domain;
        let info: CardInfo = capability
            .call(domain.card(), &CardInfoRequest {}, PATIENCE)
            .map_err(words)?;
        let scheme = SchemeFile::load(deployment.scheme_file()).map_err(words)?;
        let leaf = etp_pki::verify(&info.certificate, Role::Card, &scheme.anchors());
        let leaf = leaf.map_err(words)?;
        let agree = leaf.agree.ok_or("a card's certificate without a key")?;
        let pin = CardPin::new(domain, &info.certificate, agree);
        let session = CardSession::authenticate(&mut capability, &pin, PIN.as_bytes(), PATIENCE);
        Ok(Self {
            session: session.map_err(words)?,
            capability,
            key: leaf.key,
        })
    }

    /// As a descriptor names it.
    pub(super) fn named(&self) -> pals::Member {
        pals::Member {
            key: self.key,
            program: self.capability.id(),
        }
    }

    /// Gives the card a function and approves it; how long that took.
    pub(super) fn load(&mut self, module: &[u8]) -> Result<Duration> {
        let began = Instant::now();
        let mut library = Library::new(&mut self.session, &mut self.capability);
        library.provide(module).map_err(words)?;
        self.capability.take_received();
        Ok(began.elapsed())
    }

    /// Opens the session, and attends to it until it ends.
    pub(super) fn open(&mut self, descriptor: &Descriptor, input: Vec<u8>) -> Result<Told> {
        let began = Moment::now();
        let order = OpenSession {
            descriptor: descriptor.clone(),
            input,
        };
        let sent = self.session.send(&mut self.capability, &order);
        sent.map_err(words)?;
        self.attend(descriptor, began)
    }

    /// Joins as soon as it is invited, and attends to the session until it ends.
    pub(super) fn join(&mut self, descriptor: &Descriptor, input: Vec<u8>) -> Result<Told> {
        let invite: Invite = loop {
            let message = self.next(PATIENCE)?.ok_or("nobody invites")?;
            if message.header.mtype == Mtype::SESSION_INVITE {
                break Invite::from_param(&message.param).map_err(words)?;
            }
        };
        let began = Moment::now();
        let order = JoinSession {
            descriptor: invite.descriptor,
            opening: invite.opening,
            input,
        };
        let sent = self.session.send(&mut self.capability, &order);
        sent.map_err(words)?;
        self.attend(descriptor, began)
    }

    fn attend(&mut self, descriptor: &Descriptor, began: Moment) -> Result<Told> {
        let mut watch = Watch {
            controller: Controller::new(descriptor),
            began: began.at,
            all: descriptor.members.0.len() as u32,
            linked: None,
            last: None,
        };
        loop {
            self.carry_out(&mut watch)?;
            let now = began.at.elapsed();
            let due = watch.controller.due();
            let patience = due.map_or(PATIENCE, |due| due.saturating_sub(now));
            let Some(message) = self.next(patience)? else {
                return Err(format!("nothing came in time after {:?}", watch.last));
            };
            if let Some(result) = watch.hear(&message)? {
                self.capability.write_out().map_err(words)?;
                return watch.end(began, &result);
            }
        }
    }

    /// Tells the card what the controller says.
    fn carry_out(&mut self, watch: &mut Watch) -> Result {
        let card = self.session.card();
        while let Some(step) = watch.controller.next(watch.began.elapsed()) {
            let queued = match step {
                Step::End(over) => self.capability.queue_param(card, &over),
                Step::Compute(compute) => self.capability.queue_param(card, &compute),
            };
            queued.map_err(words)?;
        }
        self.capability.write_out().map_err(words)
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Message>> {
        let event = self.capability.event_within(patience).map_err(words)?;
        self.capability.take_received();
        match event {
            Some(Event::Delivery(delivery)) => Ok(Some(delivery.message)),
            Some(Event::Undelivered(undelivered)) => Err(format!("{undelivered:?}")),
            None => Ok(None),
        }
    }
}

/// A session as its host sees it.
struct Watch {
    controller: Controller,
    began: Instant,
    /// How many members.
    all: u32,
    linked: Option<Moment>,
    last: Option<SessionState>,
}

impl Watch {
    fn hear(&mut self, message: &Message) -> Result<Option<SessionResult>> {
        let param = &message.param;
        match message.header.mtype {
            Mtype::SESSION_STATE => {
                self.hear_state(SessionState::from_param(param).map_err(words)?)?;
            }
            Mtype::SESSION_RESULT => {
                return SessionResult::from_param(param).map(Some).map_err(words);
            }
            Mtype::ORDER_REFUSED => {
                self.hear_refusal(&OrderRefused::from_param(param).map_err(words)?)?;
            }
            _ => {}
        }
        Ok(None)
    }

    fn hear_state(&mut self, state: SessionState) -> Result {
        if state.missed != 0 {
            return Err(format!("somebody was missing before round {}", state.round));
        }
        let is_up = state.stage != Stage::Joining as u8 && state.present.count_ones() == self.all;
        if is_up && self.linked.is_none() {
            self.linked = Some(Moment::now());
        }
        self.controller.told(&state, self.began.elapsed());
        self.last = Some(state);
        Ok(())
    }

    fn hear_refusal(&mut self, refused: &OrderRefused) -> Result {
        let code = RefusalCode::from_u16(refused.code);
        match (refused.mtype, code) {
            (Mtype::ROUND_OVER, Some(RefusalCode::Storage)) => {
                self.controller.had_no_room(self.began.elapsed());
                Ok(())
            }
            _ => Err(format!("the card refuses: {refused:?}")),
        }
    }

    fn end(self, began: Moment, result: &SessionResult) -> Result<Told> {
        let ended = Moment::now();
        let part = result.result.as_deref();
        let part = part.filter(|_| result.outcome == Outcome::Result as u8);
        let part = part.ok_or_else(|| format!("a session without a result: {result:?}"))?;
        Ok(Told {
            began,
            linked: self.linked.ok_or("a session without links")?,
            ended,
            rounds: self.last.map_or(0, |state| state.rounds),
            result: part.to_vec(),
        })
    }
}
