//! Every state that two honest cards and their third party can get into, within bounds, when
//! everything else is the adversary.
//!
//! Cards and third parties are the real programs over the real runtime, one message a transaction.
//! A step is a function of memory and message, so it is computed once and remembered; a state of all
//! together is a tuple of small numbers, and all of them are visited, breadth first.
//!
//! The adversary is the network and every host. What was ever sent is delivered to anybody at any
//! time, any number of times or never: loss, replay, and any order come of that. Owners give any order in any
//! state. Power fails around every transaction: before it nothing happened, after it the record is
//! there and what was sent may be lost. The random sources of all cards repeat themselves
//! for ever. X is a broken card with a good certificate and signs whatever its key can sign.
//!
//! What must hold is a [`Rule`]; it is checked in every state, and that from every state honest owners
//! end every exchange with the third party alone. That the check can fail is shown by [`BROKEN`].

mod cast;
mod config;
mod derive;
mod forge;
mod history;
mod intern;
mod letter;
mod machine;
mod orders;
mod recover;
mod rules;
mod space;
mod tell;
mod variant;
mod variants;
mod view;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

pub use cast::CastError;
pub use config::{CONFIGS, Config};
pub use rules::{Finding, Rule};
pub use variants::{BROKEN, Broken};

use cast::Cast;
use space::Space;
use variant::AsSpecified;

/// What an exploration found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was explored.
    pub name: &'static str,
    /// In words.
    pub about: &'static str,
    /// Different states.
    pub states: usize,
    /// Different pairs of memory and message, each handled by the real program.
    pub handled: u64,
    /// Kinds of steps that changed something: message types, orders and mishaps.
    pub kinds: BTreeSet<&'static str>,
    /// How long it took.
    pub seconds: f64,
    /// What is broken, if anything.
    pub finding: Option<Finding>,
    /// The shortest way to it, step by step.
    pub trace: Vec<String>,
}

impl Report {
    /// Whether no rule is broken in any state.
    pub fn holds(&self) -> bool {
        self.finding.is_none()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            about,
            states,
            handled,
            seconds,
            ..
        } = self;
        write!(
            f,
            "{name:<14} {about}: {states} states, {handled} transitions, {seconds:.1} s: "
        )?;
        match &self.finding {
            None => f.write_str("holds"),
            Some(finding) => {
                write!(f, "{}", finding.detail)?;
                self.trace
                    .iter()
                    .try_for_each(|step| write!(f, "\n    {step}"))
            }
        }
    }
}

/// Explores the protocol as it is.
///
/// # Errors
/// [`CastError`] if cards and scheme do not go together.
pub fn explore(config: &Config) -> Result<Report, CastError> {
    let cast = Cast::new(config, false)?;
    Ok(report(
        config.name,
        config.about,
        Space::new(config, &cast, &AsSpecified),
    ))
}

/// Explores a broken variant, until a rule is broken.
///
/// # Errors
/// [`CastError`] if cards and scheme do not go together.
pub fn explore_broken(broken: &Broken) -> Result<Report, CastError> {
    let cast = Cast::new(&broken.config, broken.twins)?;
    let space = Space::new(&broken.config, &cast, broken).only(Some(broken.rule));
    Ok(report(broken.name, broken.about, space))
}

fn report(name: &'static str, about: &'static str, mut space: Space<'_>) -> Report {
    let explored = space.explore();
    let (finding, way) = explored.broken.unzip();
    Report {
        name,
        about,
        states: explored.states,
        handled: explored.computed,
        kinds: explored.kinds,
        seconds: explored.time.as_secs_f64(),
        finding,
        trace: tell::way(&space.machine, &way.unwrap_or_default()),
    }
}
