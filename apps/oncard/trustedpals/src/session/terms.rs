//! A descriptor that is within the proofs and the limits.

use alloc::vec::Vec;

use libetp::EntityId;
use libetp::digest::Hash;
use libetp::params::pals::{Descriptor, EXCHANGE_ENGINE, Member};

use super::clock::{self, ClockError};
use super::plan::{EXCHANGE_PARAMETERS_BYTES_MAX, ExchangeError, Plan};
use crate::smc::PlanError;

/// Longest parameters of a function in bytes.
pub const PARAMETERS_BYTES_MAX: usize = 1_024;
/// Longest name and version of an engine in bytes.
pub const ENGINE_BYTES_MAX: usize = 64;

/// A session as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    descriptor: Descriptor,
    hash: Hash,
    plan: Plan,
}

/// Why there is no such session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Another version of the protocol.
    #[error("suite {0}, which this card does not speak")]
    Suite(u8),
    /// A computation with oneself.
    #[error("a session has at least two members")]
    Alone,
    /// This card is none of them.
    #[error("this card is not one of the members")]
    NotMember,
    /// One key or domain more than once.
    #[error("member {0} has the key or the domain of an earlier one")]
    Twice(usize),
    /// A member's id is not that of a program.
    #[error("member {0} is not named by a program of its owner")]
    Program(usize),
    /// Inputs of no bytes.
    #[error("inputs have at least one byte")]
    NoInput,
    /// Nothing to compute with, or more rounds than there are.
    #[error("{fuel} units in slices of {slice}: both are at least 1, and slices at most 2^32 - 1")]
    Fuel {
        /// In all.
        fuel: u64,
        /// In one round.
        slice: u64,
    },
    /// More than [`PARAMETERS_BYTES_MAX`] or [`ENGINE_BYTES_MAX`].
    #[error("the {0} have more bytes than allowed")]
    TooLong(&'static str),
    /// Members, rounds and sizes.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What an exchange has beside these.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Time.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

impl Terms {
    /// The session as the card with this key id sees it.
    ///
    /// # Errors
    /// [`TermsError`].
    pub fn new(descriptor: Descriptor, key: &Hash) -> Result<Self, TermsError> {
        if !descriptor.is_of_suite() {
            return Err(TermsError::Suite(descriptor.suite));
        }
        check_sizes(&descriptor)?;
        check_members(&descriptor.members.0)?;
        let mut members = descriptor.members.0.iter();
        let me = members.position(|member| member.key == *key);
        let plan = Plan::new(&descriptor, me.ok_or(TermsError::NotMember)?)?;
        clock::check(&descriptor, plan.last_round())?;
        Ok(Self {
            hash: descriptor.hash(),
            descriptor,
            plan,
        })
    }

    /// What all members know.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The descriptor's hash.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The numbers of the session.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The members in order.
    pub fn members(&self) -> &[Member] {
        &self.descriptor.members.0
    }

    /// A member's card.
    pub fn card(&self, member: usize) -> EntityId {
        self.members()[member].program.domain.card()
    }

    /// All other members in order.
    pub fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let (n, me) = (self.plan.n(), self.plan.me());
        (0..n).filter(move |member| *member != me)
    }

    /// The member whose card this is, if it is another one's.
    pub fn other(&self, card: EntityId) -> Option<usize> {
        let mut others = self.others();
        others.find(|member| self.card(*member) == card)
    }
}

fn check_sizes(descriptor: &Descriptor) -> Result<(), TermsError> {
    let parameters_max = match descriptor.engine.as_str() {
        EXCHANGE_ENGINE => EXCHANGE_PARAMETERS_BYTES_MAX,
        _ => PARAMETERS_BYTES_MAX,
    };
    if descriptor.parameters.len() > parameters_max {
        return Err(TermsError::TooLong("parameters"));
    }
    if descriptor.engine.len() > ENGINE_BYTES_MAX {
        return Err(TermsError::TooLong("name and version of the engine"));
    }
    match descriptor.input_bytes {
        0 => Err(TermsError::NoInput),
        _ => Ok(()),
    }
}

fn check_members(members: &[Member]) -> Result<(), TermsError> {
    if members.len() < 2 {
        return Err(TermsError::Alone);
    }
    let mut earlier: Vec<&Member> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let is_same = |other: &&Member| {
            other.key == member.key || other.program.domain == member.program.domain
        };
        if earlier.iter().any(is_same) {
            return Err(TermsError::Twice(at));
        }
        if !member.program.port.is_assignable() {
            return Err(TermsError::Program(at));
        }
        earlier.push(member);
    }
    Ok(())
}
