//! What the rounds of a session are for.

use libetp::codec::CodecError;
use libetp::params::pals::{Descriptor, EXCHANGE_ENGINE, ExchangeTerms};

use super::terms::TermsError;
use crate::exchange;
use crate::smc;

/// Longest parameters of a fair exchange in bytes: descriptions of signatures by all members there may be.
pub const EXCHANGE_PARAMETERS_BYTES_MAX: usize = 4_096;

/// The numbers of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// A function is computed.
    Computation(smc::Plan),
    /// Items are exchanged.
    Exchange(exchange::Plan),
}

/// Why there is no such exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The engine is that of exchanges and the function is not, or the parameters are those of something else.
    #[error("not the function or the parameters of an exchange")]
    Parameters,
    /// Fields that say nothing of an exchange, and might say something.
    #[error("of an exchange, `{0}` is {1}")]
    Unused(&'static str, u64),
    /// Not the longest item's.
    #[error("inputs of {found} bytes; the longest item has {longest}")]
    Length {
        /// As the descriptor says.
        found: u32,
        /// Of the descriptions.
        longest: u32,
    },
    /// Members, rounds, items.
    #[error(transparent)]
    Plan(#[from] exchange::PlanError),
}

impl From<CodecError> for ExchangeError {
    fn from(_: CodecError) -> Self {
        Self::Parameters
    }
}

impl Plan {
    /// Of a descriptor, as member `me` sees it.
    pub(super) fn new(descriptor: &Descriptor, me: usize) -> Result<Self, TermsError> {
        match descriptor.engine.as_str() {
            EXCHANGE_ENGINE => Ok(Self::Exchange(of_exchange(descriptor, me)?)),
            _ => Ok(Self::Computation(of_computation(descriptor, me)?)),
        }
    }

    /// Members.
    pub fn n(&self) -> usize {
        match self {
            Self::Computation(plan) => plan.n(),
            Self::Exchange(plan) => plan.n(),
        }
    }

    /// This member.
    pub fn me(&self) -> usize {
        match self {
            Self::Computation(plan) => plan.me(),
            Self::Exchange(plan) => plan.me(),
        }
    }

    /// The last round.
    pub fn last_round(&self) -> u32 {
        match self {
            Self::Computation(plan) => plan.last_round(),
            Self::Exchange(plan) => plan.last_round(),
        }
    }

    /// Bytes of every packet.
    pub fn packet_bytes(&self) -> usize {
        match self {
            Self::Computation(plan) => plan.packet_bytes(),
            Self::Exchange(plan) => plan.packet_bytes(),
        }
    }
}

fn of_exchange(descriptor: &Descriptor, me: usize) -> Result<exchange::Plan, ExchangeError> {
    if !ExchangeTerms::are_of(descriptor) {
        return Err(ExchangeError::Parameters);
    }
    let unused = [
        ("fuel", descriptor.fuel, 1),
        ("slice", descriptor.slice, 1),
        ("memory_bytes", descriptor.memory_bytes.into(), 0),
        ("cover_rounds", descriptor.cover_rounds.into(), 0),
    ];
    let unused = unused.iter().find(|(_, found, expected)| found != expected);
    if let Some((name, _, expected)) = unused {
        return Err(ExchangeError::Unused(name, *expected));
    }
    let terms = ExchangeTerms::read(descriptor)?;
    let (n, found) = (descriptor.members.0.len(), terms.items.0.len());
    if n != found {
        return Err(exchange::PlanError::Items { found, n }.into());
    }
    let corrupt = usize::from(descriptor.corrupt);
    let (setup_rounds, slots) = (terms.setup_rounds, terms.slots);
    let plan = exchange::Plan::new((corrupt, me), terms.items.0, setup_rounds, slots)?;
    match (descriptor.input_bytes, plan.item_bytes()) {
        (found, longest) if found != longest => Err(ExchangeError::Length { found, longest }),
        _ => Ok(plan),
    }
}

fn of_computation(descriptor: &Descriptor, me: usize) -> Result<smc::Plan, TermsError> {
    let Descriptor { fuel, slice, .. } = *descriptor;
    let slices = (slice > 0).then(|| fuel.div_ceil(slice));
    let slices = slices.and_then(|slices| u32::try_from(slices).ok());
    let slices = slices.filter(|slices| *slices > 0);
    let slices = slices.ok_or(TermsError::Fuel { fuel, slice })?;
    let (n, t) = (descriptor.members.0.len(), usize::from(descriptor.corrupt));
    let input_bytes = usize::try_from(descriptor.input_bytes).unwrap_or(usize::MAX);
    Ok(smc::Plan::new(
        (n, t, me),
        input_bytes,
        descriptor.cover_rounds,
        slices,
    )?)
}
