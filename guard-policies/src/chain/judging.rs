//! Asking the policies.

use libetp::Port;
use libetp::digest::Hash;
use libetp::limits::PARAM_BYTES_MAX;

use super::counters::add;
use super::link::{Link, Mode, OnError};
use super::{Chain, Fallback};
use crate::{
    Answer, Entry, Facts, Failure, Hold, Opinion, Reason, Source, Text, Verdict, objection,
};

/// Where the judging of a message starts, and what was settled before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stage<'s> {
    /// Place of the first policy to ask.
    pub from: usize,
    /// Whether slow policies are asked here: this is a worker.
    pub is_worker: bool,
    /// Digests of the policies whose question was answered with yes.
    pub approved: &'s [Hash],
}

/// What a chain says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of it.
    pub verdict: Verdict,
    /// The param that it has now, if a policy changed it.
    pub param: Option<Vec<u8>>,
    /// Place of the policy that decided; `None` for built-in rules and defaults.
    pub decided_by: Option<usize>,
    /// What all policies together cost.
    pub fuel: u64,
}

impl Judgement {
    /// With the param that earlier policies made, unless later ones made another.
    #[must_use]
    pub fn after(self, earlier: Option<&[u8]>) -> Self {
        Self {
            param: self.param.or_else(|| earlier.map(<[u8]>::to_vec)),
            ..self
        }
    }
}

/// What a policy was asked and said, for people who want to know why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The policy.
    pub policy: String,
    /// Its opinion; `None` if the message did not meet its conditions.
    pub opinion: Option<Result<Opinion, Failure>>,
    /// What it cost.
    pub fuel: u64,
    /// Whether it only watches.
    pub is_shadow: bool,
    /// Whether it asks what was answered with yes.
    pub is_approved: bool,
}

/// Who wants to know each step, if anybody.
type Watch<'w> = Option<&'w mut dyn FnMut(Step)>;

/// What came of asking one policy.
enum Next {
    Go,
    Rewritten(Vec<u8>),
    Decided(Verdict),
}

impl Chain {
    /// Judges a message from its entry on.
    pub fn judge(&self, facts: &Facts<'_>) -> Judgement {
        self.judge_unwatched(facts, Stage::default())
    }

    /// Judges a message from a stage on. `watch` is told each step.
    pub fn judge_stage(
        &self,
        facts: &Facts<'_>,
        stage: Stage<'_>,
        watch: &mut dyn FnMut(Step),
    ) -> Judgement {
        self.judge_watched(facts, stage, Some(watch))
    }

    /// As [`Chain::judge_stage`], with nobody watching.
    pub fn judge_unwatched(&self, facts: &Facts<'_>, stage: Stage<'_>) -> Judgement {
        self.judge_watched(facts, stage, None)
    }

    fn judge_watched(
        &self,
        facts: &Facts<'_>,
        stage: Stage<'_>,
        mut watch: Watch<'_>,
    ) -> Judgement {
        if let Some(rule) = objection(facts) {
            return Judgement {
                verdict: Verdict::Refuse(rule.reason()),
                param: None,
                decided_by: None,
                fuel: 0,
            };
        }
        if is_between_card_and_daemon(facts) {
            return passed(None);
        }
        let mut param: Option<Vec<u8>> = None;
        let mut spent = 0;
        for (at, link) in self.links.iter().enumerate().skip(stage.from) {
            let current = match &param {
                Some(param) => facts.with_param(param),
                None => *facts,
            };
            let (next, fuel) = self.ask(at, link, &current, stage, &mut watch);
            spent += fuel;
            match next {
                Next::Go => {}
                Next::Rewritten(new) => param = Some(new),
                Next::Decided(verdict) => {
                    return Judgement {
                        verdict,
                        param,
                        decided_by: Some(at),
                        fuel: spent,
                    };
                }
            }
        }
        Judgement {
            verdict: self.fallback(facts.entry),
            fuel: spent,
            ..passed(param)
        }
    }

    fn fallback(&self, entry: Entry) -> Verdict {
        let reason = Reason {
            rule: "default".into(),
            detail: "no policy lets such a message in".into(),
        };
        match self.defaults.of(entry) {
            Fallback::Pass => Verdict::Pass,
            Fallback::Refuse => Verdict::Refuse(reason),
            Fallback::Drop => Verdict::Drop(reason),
        }
    }

    /// What follows from a policy, and what asking it cost.
    fn ask(
        &self,
        at: usize,
        link: &Link,
        facts: &Facts<'_>,
        stage: Stage<'_>,
        watch: &mut Watch<'_>,
    ) -> (Next, u64) {
        let is_shadow = link.settings.mode == Mode::Shadow;
        let mut tell = |opinion: Option<&Result<Opinion, Failure>>, fuel| {
            if let Some(watch) = watch {
                watch(Step {
                    policy: link.name.clone(),
                    opinion: opinion.cloned(),
                    fuel,
                    is_shadow,
                    is_approved: matches!(opinion, Some(Ok(Opinion::Hold(_))))
                        && stage.approved.contains(&link.digest),
                });
            }
        };
        let is_blind = link.is_blind_to(facts);
        if !is_blind && !link.applies(facts) {
            tell(None, 0);
            return (Next::Go, 0);
        }
        if link.settings.is_slow && !stage.is_worker && !is_shadow && !is_blind {
            return (Next::Decided(Verdict::Slow(at)), 0);
        }
        let Answer { opinion, fuel } = match is_blind {
            true => blind(link),
            false => self.opinion(link, facts),
        };
        tell(Some(&opinion), fuel);
        let next = match is_shadow {
            true => Next::Go,
            false => follow((at, link), opinion, facts, stage.approved),
        };
        (next, fuel)
    }

    /// Asks a policy that is not in quarantine and whose source can pay, and keeps the books.
    fn opinion(&self, link: &Link, facts: &Facts<'_>) -> Answer {
        let (source, now_ms) = (facts.source(), facts.now.tick_ms);
        if let Some(failure) = self.unasked(link, source, now_ms) {
            return Answer {
                opinion: Err(failure),
                fuel: 0,
            };
        }
        let answer = link.policy.judge(facts);
        let answer = Answer {
            opinion: answer.opinion.and_then(|it| allowed(link, facts, it)),
            ..answer
        };
        link.counters.count(&answer.opinion, answer.fuel);
        if answer.fuel > 0 {
            self.fuel.take(source, answer.fuel, now_ms);
        }
        if link.policy.can_fail() {
            match &answer.opinion {
                Ok(_) => link.strikes().answered(source),
                Err(_) => drop(link.strikes().failed(source, now_ms)),
            }
        }
        answer
    }

    fn unasked(&self, link: &Link, source: Source, now_ms: u64) -> Option<Failure> {
        if link.policy.can_fail() && link.strikes().forbid(source, now_ms) {
            add(&link.counters.quarantined, 1);
            return Some(Failure("in quarantine after repeated failures".into()));
        }
        let fuel = link.fuel_max();
        if fuel > 0 && !self.fuel.has(source, fuel, now_ms) {
            add(&link.counters.unpaid, 1);
            return Some(Failure("the sender has used up its fuel, wait".into()));
        }
        None
    }
}

/// A program is not taken for one without groups because its own are not known.
fn blind(link: &Link) -> Answer {
    add(&link.counters.failed, 1);
    let why = "the kernel did not tell groups and control group of the program";
    Answer {
        opinion: Err(Failure(why.into())),
        fuel: 0,
    }
}

fn passed(param: Option<Vec<u8>>) -> Judgement {
    Judgement {
        verdict: Verdict::Pass,
        param,
        decided_by: None,
        fuel: 0,
    }
}

/// The built-in rules let nothing but a card's answers to its daemon's port.
fn is_between_card_and_daemon(facts: &Facts<'_>) -> bool {
    let is_answer = matches!(facts.entry, Entry::Card(_)) && facts.header.dst.port == Port::DAEMON;
    is_answer || facts.entry == Entry::Host
}

/// A policy changes only what it was granted, and only within the limits of a message.
fn allowed(link: &Link, facts: &Facts<'_>, opinion: Opinion) -> Result<Opinion, Failure> {
    let Opinion::Rewrite(param) = &opinion else {
        return Ok(opinion);
    };
    if !link.settings.may_rewrite.contains(&facts.header.mtype) {
        return Err(Failure("it may not change messages of this type".into()));
    }
    if param.len() > PARAM_BYTES_MAX {
        return Err(Failure("it made the message too large".into()));
    }
    Ok(opinion)
}

fn follow(
    (at, link): (usize, &Link),
    opinion: Result<Opinion, Failure>,
    facts: &Facts<'_>,
    approved: &[Hash],
) -> Next {
    let reason = |detail: Text| Reason {
        rule: Text::Owned(link.name.clone()),
        detail,
    };
    Next::Decided(match opinion {
        Ok(Opinion::Indifferent) => return Next::Go,
        Ok(Opinion::Rewrite(param)) => return Next::Rewritten(param),
        Ok(Opinion::Disturb(how)) => Verdict::Disturb(at, how),
        Ok(Opinion::Pass) => Verdict::Pass,
        Ok(Opinion::Drop(detail)) => Verdict::Drop(reason(detail)),
        Ok(Opinion::Refuse(detail)) => Verdict::Refuse(reason(detail)),
        Ok(Opinion::Hold(_)) if approved.contains(&link.digest) => return Next::Go,
        Ok(Opinion::Hold(detail)) => hold(link, reason(detail), facts),
        Err(_) if link.settings.on_error == OnError::Pass => return Next::Go,
        Err(Failure(detail)) => Verdict::Refuse(reason(format!("guard-failed: {detail}").into())),
    })
}

/// Nobody is asked about what nobody may see.
fn hold(link: &Link, reason: Reason, facts: &Facts<'_>) -> Verdict {
    if facts.header.mtype.is_secret() {
        let detail = "guard-failed: a secret message cannot be held".into();
        return Verdict::Refuse(Reason { detail, ..reason });
    }
    let settings = link.settings.hold;
    Verdict::Hold(Hold {
        reason,
        approver: settings.approver,
        wait_ms: settings.wait_ms,
        policy: link.digest,
    })
}
