//! What became of a message, in words that are kept and compared.

use std::fmt;

use crate::chain::{Chain, Judgement, Stage};
use crate::{Facts, Reason, Verdict};

/// A verdict without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It goes on as it is.
    Pass,
    /// It ends, and its sender is not told.
    Drop,
    /// It ends, and its sender is told.
    Refuse,
    /// Somebody is asked.
    Hold,
    /// It goes on with another param.
    Rewrite,
}

impl Decision {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Pass,
        Self::Drop,
        Self::Refuse,
        Self::Hold,
        Self::Rewrite,
    ];

    /// Its name in files and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Drop => "drop",
            Self::Refuse => "refuse",
            Self::Hold => "hold",
            Self::Rewrite => "rewrite",
        }
    }

    /// The decision of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// What became of a message, and who decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What.
    pub decision: Decision,
    /// The policy or built-in rule that decided; `default` for the default of the entry.
    pub policy: String,
    /// What it said.
    pub reason: Option<String>,
}

impl Outcome {
    /// Has a chain judge a message to the end, slow policies included.
    pub fn of(chain: &Chain, facts: &Facts<'_>) -> Self {
        let stage = Stage {
            is_worker: true,
            ..Stage::default()
        };
        let judgement = chain.judge_stage(facts, stage, &mut |_| {});
        Self::settled(chain, &judgement)
    }

    /// What a judgement of that chain amounts to.
    pub fn settled(chain: &Chain, judgement: &Judgement) -> Self {
        let link = judgement.decided_by.and_then(|at| chain.links().get(at));
        let policy = link.map_or("default", |link| link.name.as_str()).to_owned();
        let ended = |decision, reason: &Reason| Self {
            decision,
            policy: reason.rule.to_string(),
            reason: Some(reason.detail.to_string()),
        };
        match &judgement.verdict {
            Verdict::Drop(reason) => ended(Decision::Drop, reason),
            Verdict::Refuse(reason) => ended(Decision::Refuse, reason),
            Verdict::Hold(hold) => ended(Decision::Hold, &hold.reason),
            Verdict::Pass => Self {
                decision: match judgement.param {
                    Some(_) => Decision::Rewrite,
                    None => Decision::Pass,
                },
                policy,
                reason: None,
            },
            Verdict::Disturb(_, how) => Self {
                decision: Decision::Pass,
                policy,
                reason: Some(format!("disturbed by an experiment: {how:?}").to_lowercase()),
            },
            Verdict::Slow(_) => Self {
                decision: Decision::Hold,
                policy,
                reason: Some("a slow policy is asked".into()),
            },
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// With control characters escaped: policies and plugins repeat what messages say.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.decision, self.policy.escape_debug())?;
        match &self.reason {
            Some(reason) => write!(f, ": {}", reason.escape_debug()),
            None => Ok(()),
        }
    }
}
