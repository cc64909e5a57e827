//! A card and the host side of its link, [`Binding`]: one message in one APDU, and whatever the
//! binding does about lost power.

use std::collections::BTreeMap;

use card_proxy::{
    Action, ApduKind, Binding, BindingSettings, CardEvent, FailReason, GoneReason, LinkError,
};
use libetp::{Message, Mtype};
use oncard_runtime::{Card, CardError};

use crate::chip::{Chip, LostWrite};
use crate::dice::Dice;
use crate::world::{Blank, programs};

/// Actions that one call may take: a card that needs more hangs.
const ACTIONS_MAX: usize = 64;

/// What one APDU carried to the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// SELECT.
    Select,
    /// EXCHANGE without a message.
    Nothing,
    /// EXCHANGE with a message of this type.
    Message(Mtype),
}

/// What a card did that no card may do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It cannot be powered up.
    #[error("power-up: {0}")]
    PowerUp(#[from] CardError),
    /// It did not take a message.
    #[error("a message was not taken: {0}")]
    Failed(#[from] FailReason),
    /// The binding gave it up.
    #[error("given up: {0}")]
    Gone(#[from] GoneReason),
    /// It does not come to rest.
    #[error("the card does not come to rest")]
    Restless,
}

/// What the binding wants next, without its borrow.
enum Want {
    Transmit(Carried, Vec<u8>),
    Reset,
    Wait(u64),
    Nothing,
}

/// A card in its host.
pub struct CardHost {
    card: Card<Chip>,
    chip: Chip,
    dice: Dice,
    binding: Binding,
    queued: u64,
    now_ms: u64,
    apdus: BTreeMap<Carried, u64>,
}

impl CardHost {
    /// Puts a card into a host, and powers it up.
    ///
    /// # Errors
    /// [`HostError::PowerUp`].
    pub fn new(blank: &Blank, dice: Dice) -> Result<Self, HostError> {
        Self::with_lost_writes(blank, &[], dice)
    }

    /// As [`new`](Self::new), with a card that loses writes.
    ///
    /// # Errors
    /// [`HostError::PowerUp`].
    pub fn with_lost_writes(
        blank: &Blank,
        lost: &'static [LostWrite],
        mut dice: Dice,
    ) -> Result<Self, HostError> {
        let chip = Chip::new(blank.memory.clone(), lost);
        let mut session = [0; 8];
        dice.fill(&mut session);
        Ok(Self {
            card: Card::new(chip.clone(), programs(), dice.bytes())?,
            chip,
            dice,
            binding: Binding::new(BindingSettings {
                session,
                highest_seen: 0,
                faults_max: BindingSettings::FAULTS_MAX,
            }),
            queued: 0,
            now_ms: 0,
            apdus: BTreeMap::new(),
        })
    }

    /// The card's memory.
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// How many APDUs carried what, so far.
    pub fn apdus(&self) -> &BTreeMap<Carried, u64> {
        &self.apdus
    }

    /// One raw command, past queue and session.
    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.transmit(command)
    }

    /// Takes the power away and gives it back. The binding is not told: it finds out by itself.
    ///
    /// # Errors
    /// [`HostError::PowerUp`].
    pub fn reboot(&mut self) -> Result<(), HostError> {
        self.chip.revive();
        let entropy = self.dice.bytes();
        self.card = Card::new(self.chip.clone(), programs(), entropy)?;
        Ok(())
    }

    /// Gives the card a message, and returns what it sends until it is at rest.
    ///
    /// # Errors
    /// [`HostError`] if the card breaks the rules of EXCHANGE.
    pub fn deliver(&mut self, message: Message) -> Result<Vec<Message>, HostError> {
        self.queued += 1;
        self.binding.queue(self.queued, message);
        self.settle()
    }

    /// What the card sends until it is at rest.
    ///
    /// # Errors
    /// [`HostError`] if the card breaks the rules of EXCHANGE.
    pub fn settle(&mut self) -> Result<Vec<Message>, HostError> {
        let mut said = Vec::new();
        for _ in 0..ACTIONS_MAX {
            let want = self.want();
            for event in self.binding.take_events() {
                said.extend(heard(event)?);
            }
            match want {
                Want::Transmit(carried, command) => self.carry(carried, &command)?,
                Want::Reset => {
                    self.reboot()?;
                    self.binding.completed(self.now_ms, Ok(&[]));
                }
                Want::Wait(at_ms) => self.now_ms = at_ms,
                Want::Nothing => return Ok(said),
            }
        }
        Err(HostError::Restless)
    }

    fn want(&mut self) -> Want {
        match self.binding.next(self.now_ms) {
            Action::Transmit {
                kind,
                command,
                mtypes,
            } => Want::Transmit(carried(kind, mtypes), command.to_vec()),
            Action::Reset => Want::Reset,
            Action::WaitUntil(at_ms) => Want::Wait(at_ms),
            Action::Idle | Action::AwaitCard(_) | Action::Gone => Want::Nothing,
        }
    }

    /// One APDU. If the power fails in the middle, there is no response.
    fn carry(&mut self, carried: Carried, command: &[u8]) -> Result<(), HostError> {
        *self.apdus.entry(carried).or_default() += 1;
        self.chip.handles(match carried {
            Carried::Message(mtype) => Some(mtype),
            Carried::Select | Carried::Nothing => None,
        });
        let response = self.card.transmit(command);
        if self.chip.is_dead() {
            self.reboot()?;
            self.binding.completed(self.now_ms, Err(LinkError::Reset));
        } else {
            self.binding.completed(self.now_ms, Ok(&response));
        }
        Ok(())
    }
}

/// The message in an event, if it is one.
fn heard(event: CardEvent) -> Result<Option<Message>, HostError> {
    match event {
        CardEvent::Message { message, .. } => Ok(Some(message)),
        CardEvent::Failed { reason, .. } => Err(reason.into()),
        CardEvent::Gone(reason) => Err(reason.into()),
        CardEvent::Selected(_)
        | CardEvent::Served(_)
        | CardEvent::Completed { .. }
        | CardEvent::Apdu(_)
        | CardEvent::Away(_)
        | CardEvent::Overdue => Ok(None),
    }
}

fn carried(kind: ApduKind, mtypes: &[Mtype]) -> Carried {
    match (kind, mtypes) {
        (ApduKind::Select, _) => Carried::Select,
        (ApduKind::Exchange, [mtype]) => Carried::Message(*mtype),
        (ApduKind::Exchange, _) => Carried::Nothing,
    }
}
