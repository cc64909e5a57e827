//! The session that the card is in. Nothing of it is ever stored.

use alloc::boxed::Box;
use alloc::vec::Vec;

use libetp::EntityId;
use libetp::digest::Hash;
use libetp::params::pals::{JoinSession, SessionResult, SessionState, Stage, Start};
use oncard_function::Module;
use zeroize::Zeroizing;

use super::early::Early;
use super::fault::Fault;
use crate::members::Members;
use crate::party::{Machine, Party};
use crate::session::{Setup, Terms};

/// What the program keeps while there is power.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) session: Option<Session>,
    /// How the session ended for its owner, until the next one. The card may have rounds before it still.
    pub(super) ended: Option<SessionResult>,
    /// The function that was compiled last: the next session may want it again.
    pub(super) compiled: Option<Module>,
}

impl Memory {
    /// The session with this descriptor.
    pub(super) fn of(&mut self, descriptor: &Hash) -> Result<&mut Session, Fault> {
        let session = self.session.as_mut().ok_or(Fault::NoSession)?;
        match session.descriptor() == descriptor {
            true => Ok(session),
            false => Err(Fault::OtherSession),
        }
    }

    /// Whether the card is in no session.
    pub(super) fn is_idle(&self) -> bool {
        self.session.is_none()
    }
}

/// A session, and who attends to it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) attendant: EntityId,
    pub(super) phase: Phase,
}

#[derive(Debug)]
pub(super) enum Phase {
    Joining(Box<Joining>),
    Running(Box<Running>),
}

/// Waits for the start.
pub(super) struct Joining {
    pub(super) setup: Setup,
    /// The same session, as it was opened and joined before. Each may start: who opened it says what it likes, and
    /// which one started is what the start says.
    pub(super) earlier: Vec<Setup>,
    pub(super) input: Zeroizing<Vec<u8>>,
    /// What is computed, if anything is. It is here to stay, whatever the card forgets.
    pub(super) module: Option<Module>,
    pub(super) early: Early,
}

/// Most openings of one session that a card joins.
pub(super) const OPENINGS_MAX: usize = 16;

impl Joining {
    /// The session of that opening.
    pub(super) fn of_opening(&self, opening: &Hash) -> Option<&Setup> {
        let mut setups = self.earlier.iter().chain([&self.setup]);
        setups.find(|setup| setup.opening() == opening)
    }
}

impl core::fmt::Debug for Joining {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Joining")
    }
}

/// Goes from round to round.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) terms: Terms,
    pub(super) id: Hash,
    pub(super) party: Party<dyn Machine>,
    /// Whose packet of the round before did not come.
    pub(super) missed: Members,
    /// Until the first round, for members whose cards have it not.
    pub(super) start: Option<Start>,
    /// Who asked for it.
    pub(super) given: Members,
}

impl Session {
    /// Whether that program joined just this, with that input.
    pub(super) fn is_joined_by(&self, owner: EntityId, order: &JoinSession) -> bool {
        let Phase::Joining(joining) = &self.phase else {
            return false;
        };
        self.attendant == owner
            && !joining.setup.is_first()
            && *joining.setup.terms().descriptor() == order.descriptor
            && *joining.input == order.input
    }

    /// The descriptor's hash.
    pub(super) fn descriptor(&self) -> &Hash {
        match &self.phase {
            Phase::Joining(joining) => joining.setup.terms().hash(),
            Phase::Running(running) => running.terms.hash(),
        }
    }

    /// The session's id, once it started.
    pub(super) fn id(&self) -> Option<Hash> {
        match &self.phase {
            Phase::Joining(_) => None,
            Phase::Running(running) => Some(running.id),
        }
    }

    /// The session that waits for its start.
    pub(super) fn joining(&mut self) -> Result<&mut Joining, Fault> {
        match &mut self.phase {
            Phase::Joining(joining) => Ok(joining),
            Phase::Running(_) => Err(Fault::OtherStage),
        }
    }

    /// The session that goes from round to round.
    pub(super) fn running(&mut self) -> Result<&mut Running, Fault> {
        match &mut self.phase {
            Phase::Joining(_) => Err(Fault::OtherStage),
            Phase::Running(running) => Ok(running),
        }
    }

    fn missed(&self) -> Members {
        match &self.phase {
            Phase::Joining(_) => Members::NONE,
            Phase::Running(running) => running.missed,
        }
    }

    /// Where it is, for who attends to it.
    pub(super) fn state(&self) -> SessionState {
        let stage = match &self.phase {
            Phase::Joining(_) => Stage::Joining,
            Phase::Running(running) if running.party.round() == 0 => Stage::Linking,
            Phase::Running(_) => Stage::Running,
        };
        self.state_in(stage)
    }

    /// The same, in that stage.
    pub(super) fn state_in(&self, stage: Stage) -> SessionState {
        let (round, present, terms) = match &self.phase {
            Phase::Joining(joining) => (0, joining.setup.joined(), joining.setup.terms()),
            Phase::Running(running) => match running.party.round() {
                0 => (0, running.party.linked(), &running.terms),
                round => {
                    // None begins after the last.
                    let round = round.min(running.terms.plan().last_round());
                    (round, running.party.present(), &running.terms)
                }
            },
        };
        SessionState {
            descriptor: *terms.hash(),
            session: self.id(),
            stage: stage as u8,
            round,
            rounds: terms.plan().last_round(),
            present: present.bits(),
            missed: self.missed().bits(),
        }
    }
}
