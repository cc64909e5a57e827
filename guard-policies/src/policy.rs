//! What every policy is to the chain.

use crate::plugin::Log;
use crate::{Facts, Text};

/// What a policy says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// The next policy decides.
    Indifferent,
    /// It passes, and no later policy is asked.
    Pass,
    /// It ends here, and only the operator learns it.
    Drop(Text),
    /// It ends here, and its sender is told why.
    Refuse(Text),
    /// Somebody is to be asked.
    Hold(Text),
    /// It goes on with this param, to the next policy.
    Rewrite(Vec<u8>),
    /// It goes on to the next policy, but not as it came. Only experiments say so.
    Disturb(Disturbance),
}

/// What an experiment does to a message that it lets go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// It comes so many milliseconds late, and later ones of its flow behind it.
    Delay(u64),
    /// It comes so many milliseconds late, and later ones of its flow before it.
    Reorder(u64),
    /// It comes twice.
    Duplicate,
}

/// A policy could not say anything: it trapped, ran out of fuel, or met a value of a wrong kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub Text);

/// What asking a policy gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it says, or why it says nothing.
    pub opinion: Result<Opinion, Failure>,
    /// What it cost, in units of the plugin engine; 0 for policies whose cost is bounded by
    /// their own text.
    pub fuel: u64,
}

impl From<Opinion> for Answer {
    fn from(opinion: Opinion) -> Self {
        Self {
            opinion: Ok(opinion),
            fuel: 0,
        }
    }
}

/// A compiled policy. It is asked by several threads; state of its own is its own affair, and
/// must not grow without a bound.
pub trait Policy: Send + Sync {
    /// What it says of a message.
    fn judge(&self, facts: &Facts<'_>) -> Answer;

    /// The most that one message can cost, in fuel.
    fn fuel_max(&self) -> u64 {
        0
    }

    /// Whether it can fail at all; what cannot is never in quarantine.
    fn can_fail(&self) -> bool {
        true
    }

    /// Whether it asks for groups or control group of programs. It fails on messages of a program
    /// of which the kernel did not tell them, without being asked.
    fn reads_membership(&self) -> bool {
        false
    }

    /// Whether it is for experiments only.
    fn is_experiment(&self) -> bool {
        false
    }

    /// What it consists of and what it may do, one line each, for people.
    fn explain(&self) -> Vec<String>;
    /// Takes what it logged since the last time, for the operator.
    fn take_log(&self) -> Log {
        Log::default()
    }
}
