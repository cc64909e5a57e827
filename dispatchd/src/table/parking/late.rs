//! Experiments: messages that come late, out of order, or twice.

use guard_policies::Disturbance;
use guard_policies::chain::{Judgement, Stage};
use libetp::digest::Hash;

use super::{Flow, Parked, Wait};
use crate::table::effect::Effect;
use crate::table::returns::Back;
use crate::table::send::{Arriving, Routed};
use crate::table::shard::Shard;

/// What a delayed message waits for.
#[derive(Clone, Debug)]
pub(in crate::table) struct Late {
    /// Place of the experiment; the policies after it are asked when the time has come.
    at: usize,
    /// Of the chain that said so.
    generation: u64,
    pub(super) due_ms: u64,
    /// The param that earlier policies gave the message.
    pub(super) param: Option<Vec<u8>>,
}

impl Shard {
    pub(super) fn late(&self, at: usize, ms: u64, param: Option<Vec<u8>>) -> Late {
        Late {
            at,
            generation: self.guard.chain.generation,
            due_ms: self.now_ms + ms,
            param,
        }
    }

    /// Does to a message what an experiment says.
    pub(in crate::table) fn disturb(
        &mut self,
        arriving: &Arriving<'_>,
        (at, how): (usize, Disturbance),
        param: Option<Vec<u8>>,
        approved: &[Hash],
    ) -> Routed {
        self.counters.add("guard-disturbed");
        match how {
            Disturbance::Delay(ms) => {
                let late = self.late(at, ms, param);
                self.park(arriving, Wait::Late(late), approved)
            }
            Disturbance::Reorder(ms) => {
                let late = self.late(at, ms, param);
                self.effects.push(Effect::Wake(late.due_ms));
                let parked = self.put_aside(arriving, Wait::Late(late), approved)?;
                self.parking.overtaken.push(parked);
                Ok("held")
            }
            Disturbance::Duplicate => self.duplicate(arriving, at, param.as_deref(), approved),
        }
    }

    fn duplicate(
        &mut self,
        arriving: &Arriving<'_>,
        at: usize,
        param: Option<&[u8]>,
        approved: &[Hash],
    ) -> Routed {
        let param = param.unwrap_or(arriving.param);
        let arriving = Arriving { param, ..*arriving };
        let stage = Stage {
            from: at + 1,
            approved,
            ..Stage::default()
        };
        let routed = self.judge(&arriving, stage);
        let second = Arriving {
            back: Back::None,
            ..arriving
        };
        // Nobody sent the second, so nobody is told of its fate.
        let _ = self.judge(&second, stage);
        routed
    }

    /// Lets go what was delayed until now.
    pub(in crate::table) fn release_late(&mut self) {
        let now_ms = self.now_ms;
        let is_due = |parked: &Parked| match &parked.wait {
            Wait::Late(late) => late.due_ms <= now_ms,
            Wait::Turn | Wait::Worker { .. } | Wait::Answer(_) => false,
        };
        let firsts = self.parking.flows.iter();
        let due = firsts.filter(|(_, queue)| queue.front().is_some_and(is_due));
        let due: Vec<Flow> = due.map(|(flow, _)| *flow).collect();
        for flow in due {
            let judgement = self.judged_late(flow);
            self.advance(flow, judgement);
        }
        let overtaken = std::mem::take(&mut self.parking.overtaken);
        let (due, later): (Vec<_>, Vec<_>) = overtaken.into_iter().partition(is_due);
        self.parking.overtaken = later;
        for parked in due {
            let judgement = self.judged_on(&parked);
            self.let_go(parked, judgement);
        }
    }

    fn judged_late(&mut self, flow: Flow) -> Option<Judgement> {
        let parked = self.parking.take_first(flow)?;
        let judgement = self.judged_on(&parked);
        let queue = self.parking.flows.entry(flow).or_default();
        queue.push_front(parked);
        Some(judgement)
    }

    /// Asks the policies after the experiment; all of them, if the chain is another one now.
    fn judged_on(&mut self, parked: &Parked) -> Judgement {
        let Wait::Late(late) = &parked.wait else {
            return self.judgement(&parked.arriving(), Stage::default());
        };
        // What an older chain made of it is forgotten with that chain.
        let is_same = late.generation == self.guard.chain.generation;
        let earlier = late.param.as_deref().filter(|_| is_same);
        let stage = Stage {
            from: if is_same { late.at + 1 } else { 0 },
            approved: &parked.approved,
            ..Stage::default()
        };
        let arriving = parked.arriving();
        let param = earlier.unwrap_or(arriving.param);
        let judgement = self.judgement(&Arriving { param, ..arriving }, stage);
        judgement.after(earlier)
    }
}
