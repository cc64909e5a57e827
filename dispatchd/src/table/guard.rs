//! Guard at the entry of the table.

use std::collections::BTreeSet;
use std::sync::Arc;

use guard_policies::chain::{Chain, Judgement, Stage, Step};
use guard_policies::{Entry, Facts, Now, Outcome, Reason, Record, Rule, Verdict as Judged};
use libetp::{EntityId, Header, Verdict, VerdictCode};

use super::effect::Effect;
use super::parking::Wait;
use super::send::{Arriving, Routed};
use super::shard::Shard;

/// The chain and who watches it; a change is a new one.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// The chain that decides.
    pub chain: Arc<Chain>,
    /// A chain that only says what it would decide.
    pub shadow: Option<Arc<Chain>>,
    /// Messages from and to these ids are traced through the chain.
    pub watched: BTreeSet<EntityId>,
    /// Whether every message is recorded.
    pub is_captured: bool,
}

impl Guard {
    /// What the chain says of a message from a stage on, and what is kept of it for those who
    /// watch. `param` is what earlier policies made of the param.
    pub(super) fn judge(
        &self,
        facts: &Facts<'_>,
        param: Option<&[u8]>,
        stage: Stage<'_>,
    ) -> (Judgement, Option<GuardRecord>) {
        let current = param.map_or(*facts, |param| facts.with_param(param));
        if !self.is_watching(&facts.header) {
            let judgement = self.chain.judge_unwatched(&current, stage);
            return (judgement, None);
        }
        let mut steps = Vec::new();
        let is_watched = self.is_watched(&facts.header);
        let judgement = self.chain.judge_stage(&current, stage, &mut |step| {
            if is_watched {
                steps.push(step);
            }
        });
        let record = self.record(facts, stage, &judgement, steps);
        (judgement, record)
    }

    /// A message is compared and captured once: when its first judgement is complete.
    fn record(
        &self,
        facts: &Facts<'_>,
        stage: Stage<'_>,
        judgement: &Judgement,
        steps: Vec<Step>,
    ) -> Option<GuardRecord> {
        let is_first = stage.approved.is_empty() && !matches!(judgement.verdict, Judged::Slow(_));
        let shadow = self.shadow.as_ref().filter(|_| is_first);
        let outcome = Outcome::settled(&self.chain, judgement);
        let differing = shadow.and_then(|chain| differing(chain, facts, judgement, &outcome));
        let is_captured = self.is_captured && is_first;
        let is_wanted = is_captured || self.is_watched(&facts.header) || differing.is_some();
        is_wanted.then(|| GuardRecord {
            record: facts.to_record(),
            outcome,
            generation: self.chain.generation,
            steps,
            differing,
            is_captured,
        })
    }

    fn is_watching(&self, header: &Header) -> bool {
        self.is_captured || self.shadow.is_some() || self.is_watched(header)
    }

    fn is_watched(&self, header: &Header) -> bool {
        !self.watched.is_empty()
            && [header.src, header.dst]
                .iter()
                .any(|id| self.watched.contains(id))
    }
}

/// What the shadow chain says of a message, if that is something else.
fn differing(
    shadow: &Chain,
    facts: &Facts<'_>,
    judgement: &Judgement,
    enforced: &Outcome,
) -> Option<Outcome> {
    let stage = Stage {
        is_worker: true,
        ..Stage::default()
    };
    let said = shadow.judge_unwatched(facts, stage);
    let outcome = Outcome::settled(shadow, &said);
    let is_same = outcome == *enforced && said.param == judgement.param;
    (!is_same).then_some(outcome)
}

/// A message that was judged, for those who watch.
#[derive(Clone, Debug)]
pub struct GuardRecord {
    /// Everything that a policy could know of it.
    pub record: Record,
    /// What the chain said.
    pub outcome: Outcome,
    /// Which generation of the chain.
    pub generation: u64,
    /// What each policy said; only for watched ids.
    pub steps: Vec<Step>,
    /// What the shadow chain says, if that is something else.
    pub differing: Option<Outcome>,
    /// Whether it belongs into a capture. A message that is judged again after an approval is in
    /// there already.
    pub is_captured: bool,
}

impl Shard {
    /// The one way in: Guard, then the route.
    pub(super) fn enter(&mut self, arriving: &Arriving<'_>) -> Routed {
        if self.parking.has_flow(&arriving.header) && arriving.entry != Entry::Host {
            return self.park_behind(arriving);
        }
        self.judge(arriving, Stage::default())
    }

    /// Judges a message from a stage on, and does what follows.
    pub(super) fn judge(&mut self, arriving: &Arriving<'_>, stage: Stage<'_>) -> Routed {
        let judgement = self.judgement(arriving, stage);
        self.follow(arriving, judgement, stage.approved)
    }

    /// What the chain says of a message.
    pub(super) fn judgement(&mut self, arriving: &Arriving<'_>, stage: Stage<'_>) -> Judgement {
        let (judgement, record) = self.guard.judge(&self.facts(arriving), None, stage);
        self.slice.spend_fuel(judgement.fuel);
        self.tell_watchers(record.map(Box::new));
        judgement
    }

    pub(super) fn tell_watchers(&mut self, record: Option<Box<GuardRecord>>) {
        self.effects.extend(record.map(Effect::Judged));
    }

    fn facts<'f>(&'f self, arriving: &Arriving<'f>) -> Facts<'f> {
        let Arriving { entry, header, .. } = *arriving;
        let now = Now {
            tick_ms: self.now_ms,
            unix_s: self.unix_s,
        };
        let mut facts = Facts::new(entry, header, arriving.param, &*self.directory);
        facts.membership = arriving.membership.map(|it| &**it);
        facts.now = now;
        facts
    }

    /// What a policy may know of the message, to be judged elsewhere.
    pub(super) fn record(&self, arriving: &Arriving<'_>) -> Record {
        self.facts(arriving).to_record()
    }

    /// Does what a judgement says.
    pub(super) fn follow(
        &mut self,
        arriving: &Arriving<'_>,
        judgement: Judgement,
        approved: &[libetp::digest::Hash],
    ) -> Routed {
        match judgement.verdict {
            Judged::Pass => {
                let param = judgement.param.as_deref().unwrap_or(arriving.param);
                let arriving = Arriving { param, ..*arriving };
                self.watch_authentication(&arriving)?;
                self.route(&arriving)
            }
            Judged::Refuse(reason) => Err(self.guard_refused(arriving, &reason)),
            // Only the operator learns it.
            Judged::Drop(reason) => {
                self.guard_event("guard-dropped", arriving, &reason);
                Ok("dropped")
            }
            Judged::Hold(hold) => self.park(arriving, Wait::Answer(hold), approved),
            Judged::Slow(at) => {
                let param = judgement.param;
                self.park(arriving, Wait::Worker { at, param }, approved)
            }
            Judged::Disturb(at, how) => {
                self.disturb(arriving, (at, how), judgement.param, approved)
            }
        }
    }

    /// Whether a built-in rule refuses the message.
    pub(super) fn built_in(&mut self, arriving: &Arriving<'_>) -> Result<(), Verdict> {
        match guard_policies::objection(&self.facts(arriving)) {
            None => Ok(()),
            Some(rule) => Err(self.guard_refused(arriving, &rule.reason())),
        }
    }

    pub(super) fn guard_refused(&mut self, arriving: &Arriving<'_>, reason: &Reason) -> Verdict {
        let name = Rule::named(&reason.rule).map_or("guard-refused", |rule| rule.name);
        self.guard_event(name, arriving, reason);
        Verdict::new(VerdictCode::Refused, reason.to_string())
    }

    /// Tells the operator.
    pub(super) fn guard_event(
        &mut self,
        name: &'static str,
        arriving: &Arriving<'_>,
        reason: &Reason,
    ) {
        let principal = match arriving.entry {
            Entry::App { principal, .. } => Some(principal),
            _ => None,
        };
        let Header { src, dst, mtype } = arriving.header;
        let detail = format!("{mtype} from {src} to {dst}: {reason}");
        self.event(name, Some(src), principal, detail);
    }
}
