//! One policy at its place in the chain.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use libetp::Mtype;
use libetp::digest::Hash;

use super::counters::{Counters, Counts};
use super::strikes::Strikes;
use crate::table::Conditions;
use crate::{Approver, Facts, Policy};

/// What a failure of a policy means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The message is refused.
    #[default]
    Refuse,
    /// The next policy decides.
    Pass,
}

/// Whether a policy decides, or is only watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// What it says is counted and traced, and changes nothing.
    Shadow,
}

/// Who is asked when the policy says `hold`, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldSettings {
    /// Who answers.
    pub approver: Approver,
    /// Without an answer after this long, the message is refused. Milliseconds.
    pub wait_ms: u64,
}

impl Default for HoldSettings {
    fn default() -> Self {
        Self {
            approver: Approver::Administrator,
            wait_ms: 60_000,
        }
    }
}

/// How the chain treats a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What a failure means.
    pub on_error: OnError,
    /// Whether it decides.
    pub mode: Mode,
    /// Whether it is asked on a worker, not on the thread that reads messages.
    pub is_slow: bool,
    /// What its holds are.
    pub hold: HoldSettings,
    /// The types whose param it may change.
    pub may_rewrite: Vec<Mtype>,
}

/// See the module's head.
pub struct Link {
    /// Its name in the rule file.
    pub name: String,
    /// Hash of what it was made of: an approval counts as long as this is the same.
    pub digest: Hash,
    /// How the chain treats it.
    pub settings: Settings,
    pub(super) when: Option<Conditions>,
    /// Whether it asks for groups or control group of programs.
    reads_membership: bool,
    /// The conditions as they were written.
    asked_about: String,
    pub(super) policy: Box<dyn Policy>,
    pub(super) counters: Counters,
    strikes: Mutex<Strikes>,
}

impl Link {
    /// A policy that is asked about what meets `when`, or about everything.
    pub fn new(
        name: String,
        digest: Hash,
        when: Option<Conditions>,
        settings: Settings,
        policy: Box<dyn Policy>,
    ) -> Self {
        let in_conditions = when.as_ref().is_some_and(Conditions::read_membership);
        Self {
            reads_membership: in_conditions || policy.reads_membership(),
            name,
            digest,
            settings,
            when,
            asked_about: "every message".into(),
            policy,
            counters: Counters::default(),
            strikes: Mutex::default(),
        }
    }

    /// The most fuel that asking it about one message takes.
    pub fn fuel_max(&self) -> u64 {
        self.policy.fuel_max()
    }

    /// Says its conditions, for people.
    #[must_use]
    pub fn asked_about(self, conditions: impl Into<String>) -> Self {
        Self {
            asked_about: conditions.into(),
            ..self
        }
    }

    /// How often it said what.
    pub fn counts(&self) -> Counts {
        self.counters.counts()
    }

    /// What it is asked, what it consists of and what it may do, one line each.
    pub fn explain(&self) -> Vec<String> {
        let Settings { mode, hold, .. } = &self.settings;
        let mut lines = vec![format!("is asked about: {}", self.asked_about)];
        lines.extend((*mode == Mode::Shadow).then(|| "only watches (mode shadow)".into()));
        lines.extend(
            self.settings
                .is_slow
                .then(|| "is asked on a worker (slow)".into()),
        );
        lines.push(match self.settings.on_error {
            OnError::Refuse => "refuses what it fails at".into(),
            OnError::Pass => "leaves what it fails at to the next policy (on_error pass)".into(),
        });
        lines.push(format!("a hold of it {hold}"));
        lines.push(match &self.settings.may_rewrite[..] {
            [] => "may change no message".into(),
            all => format!("may change messages of {}", names(all)),
        });
        lines.extend(self.policy.explain());
        lines
    }

    /// Whether it was in quarantine as a whole when it was to be asked last.
    pub fn is_in_quarantine(&self) -> bool {
        self.strikes().is_quarantined()
    }

    pub(super) fn applies(&self, facts: &Facts<'_>) -> bool {
        self.when.as_ref().is_none_or(|when| when.matches(facts))
    }

    /// Whether it would have to know what the kernel did not tell of the program.
    pub(super) fn is_blind_to(&self, facts: &Facts<'_>) -> bool {
        let concerns = || {
            self.when
                .as_ref()
                .is_none_or(|when| when.could_be_met(facts))
        };
        self.reads_membership && facts.lacks_membership() && concerns()
    }

    pub(super) fn strikes(&self) -> MutexGuard<'_, Strikes> {
        // A count that was half changed is still a count.
        self.strikes
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn names(mtypes: &[Mtype]) -> String {
    let names: Vec<_> = mtypes.iter().map(Mtype::to_string).collect();
    names.join(", ")
}

impl fmt::Display for HoldSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.wait_ms / 1_000;
        match self.approver {
            Approver::Administrator => write!(f, "asks an administrator for {seconds} s"),
            Approver::Entity(id) => write!(f, "asks {id} for {seconds} s"),
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
