//! Slow policies are asked on a worker.

use std::sync::Arc;

use guard_policies::Record;
use guard_policies::chain::{Judgement, Stage};
use libetp::digest::Hash;

use super::{HoldTicket, Parked, Wait};
use crate::table::Input;
use crate::table::guard::{Guard, GuardRecord};
use crate::table::shard::Shard;

/// A message for the worker that asks slow policies.
#[derive(Debug)]
pub struct SlowJob {
    ticket: HoldTicket,
    record: Record,
    /// What earlier policies made of the param.
    param: Option<Vec<u8>>,
    guard: Arc<Guard>,
    from: usize,
    approved: Vec<Hash>,
}

impl SlowJob {
    /// Judges the message; the answer is an [`Input`] for the shard of the ticket.
    pub fn run(&self) -> Input {
        let stage = Stage {
            from: self.from,
            is_worker: true,
            approved: &self.approved,
        };
        let (facts, param) = (self.record.facts(), self.param.as_deref());
        let (judgement, record) = self.guard.judge(&facts, param, stage);
        Input::Judged {
            ticket: self.ticket,
            generation: self.guard.chain.generation,
            judgement,
            record: record.map(Box::new),
        }
    }

    /// The shard that waits for the answer.
    pub fn shard(&self) -> u16 {
        self.ticket.shard()
    }
}

impl Shard {
    pub(super) fn slow_job(&self, first: &Parked, from: usize, param: Option<Vec<u8>>) -> SlowJob {
        SlowJob {
            ticket: first.ticket,
            record: self.record(&first.arriving()),
            param,
            guard: Arc::clone(&self.guard),
            from,
            approved: first.approved.clone(),
        }
    }

    /// A slow policy was asked.
    pub(in crate::table) fn worker_judged(
        &mut self,
        ticket: HoldTicket,
        generation: u64,
        judgement: Judgement,
        record: Option<Box<GuardRecord>>,
    ) {
        let Some(&flow) = self.parking.deciding.get(&ticket) else {
            return;
        };
        if generation != self.guard.chain.generation {
            return self.advance(flow, None);
        }
        self.tell_watchers(record);
        let waits = self.parking.deciding(ticket).map(|parked| &parked.wait);
        let earlier = match waits {
            Some(Wait::Worker { param, .. }) => param.as_deref(),
            _ => None,
        };
        let judgement = judgement.after(earlier);
        self.advance(flow, Some(judgement));
    }
}
