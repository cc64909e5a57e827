//! Asking somebody, and what the answer does.

use std::collections::VecDeque;

use guard_policies::chain::Judgement;
use guard_policies::{Approver, Entry, Hold, Reason};
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::host::{GuardAnswer, GuardAsk};
use libetp::{EntityId, Header, Port, VerdictCode};

use super::{Flow, HoldTicket, Parked, Wait};
use crate::table::send::{Arriving, Routed};
use crate::table::shard::Shard;

/// A message that somebody is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSnapshot {
    /// Names it in the answer.
    pub ticket: HoldTicket,
    /// Where it came in.
    pub entry: Entry,
    /// Source, destination and type.
    pub header: Header,
    /// Its length with the header.
    pub size: usize,
    /// SHA-256 of the whole message.
    pub digest: Hash,
    /// The policy, and why.
    pub reason: Reason,
    /// Who answers.
    pub approver: Approver,
    /// It is refused after so many milliseconds more.
    pub left_ms: u64,
    /// Messages of the same flow that wait behind it.
    pub behind: usize,
}

impl Shard {
    pub(super) fn ask_approver(
        &mut self,
        approver: Approver,
        ask: GuardAsk,
        header: Header,
        reason: &Reason,
    ) {
        let Header { src, dst, mtype } = header;
        let detail = format!(
            "number {}: {mtype} from {src} to {dst}: {reason}",
            ask.ticket
        );
        self.event("guard-held", Some(src), None, detail);
        let Approver::Entity(id) = approver else {
            return;
        };
        match self.directory.state(id.domain) {
            Some(_) => {
                let daemon = id.domain.entity(Port::DIAGNOSTICS);
                self.submit(Entry::Host, 0, &ask.into_message(daemon, id));
            }
            None => self.counters.add("guard-approver-foreign"),
        }
    }

    /// An approver's message.
    pub(in crate::table) fn guard_answer(&mut self, arriving: &Arriving<'_>) -> Routed {
        let answer = match GuardAnswer::from_param(arriving.param) {
            Ok(answer) => answer,
            Err(error) => {
                let detail = error.to_string();
                return Err(self.refusal("malformed", VerdictCode::Malformed, detail));
            }
        };
        let ticket = HoldTicket(answer.ticket);
        if ticket.shard() != self.index && ticket.shard() < self.shared.shards {
            return Ok(self.cross(ticket.shard(), arriving));
        }
        let is_asked = self.is_asked(&answer, arriving.header.src);
        match is_asked && self.answered(ticket, answer.approve) {
            true => Ok("host"),
            false => {
                let detail = "guard-answer-unasked: no message waits for this answer of yours";
                Err(self.refusal("guard-answer-unasked", VerdictCode::Refused, detail))
            }
        }
    }

    /// Whether that id was asked about the message that the answer names.
    fn is_asked(&self, answer: &GuardAnswer, by: EntityId) -> bool {
        let parked = self.parking.deciding(HoldTicket(answer.ticket));
        parked.is_some_and(|parked| match &parked.wait {
            Wait::Answer(hold) => {
                hold.approver == Approver::Entity(by) && parked.digest() == answer.digest
            }
            _ => false,
        })
    }

    /// An approver, or an administrator, answered; whether a message waited for it.
    pub(in crate::table) fn answered(&mut self, ticket: HoldTicket, is_approved: bool) -> bool {
        let Some(parked) = self.parking.deciding(ticket) else {
            return false;
        };
        let Wait::Answer(hold) = &parked.wait else {
            return false;
        };
        let (flow, policy) = (parked.flow(), hold.policy);
        match is_approved {
            true => self.approve(flow, policy),
            false => self.deny(flow, "the approver said no"),
        }
        true
    }

    fn approve(&mut self, flow: Flow, policy: Hash) {
        let queue = self.parking.flows.get_mut(&flow);
        if let Some(first) = queue.and_then(VecDeque::front_mut) {
            first.approved.push(policy);
        }
        self.counters.add("guard-approved");
        self.advance(flow, None);
    }

    fn deny(&mut self, flow: Flow, why: &'static str) {
        let first = self.parking.flows.get(&flow).and_then(VecDeque::front);
        let Some(Wait::Answer(hold)) = first.map(|it| &it.wait) else {
            return;
        };
        let detail = format!("{}: {why}", hold.reason.detail).into();
        let rule = hold.reason.rule.clone();
        self.counters.add("guard-denied");
        let refused = Judgement {
            verdict: guard_policies::Verdict::Refuse(Reason { rule, detail }),
            param: None,
            decided_by: None,
            fuel: 0,
        };
        self.advance(flow, Some(refused));
    }

    /// Refuses what nobody answered about in time.
    pub(in crate::table) fn expire_held(&mut self) {
        let now_ms = self.now_ms;
        let is_late = |parked: &Parked| match &parked.wait {
            Wait::Answer(hold) => parked.since_ms + hold.wait_ms <= now_ms,
            Wait::Turn | Wait::Worker { .. } | Wait::Late(_) => false,
        };
        let firsts = self.parking.flows.iter();
        let late = firsts.filter(|(_, queue)| queue.front().is_some_and(is_late));
        let late: Vec<_> = late.map(|(flow, _)| *flow).collect();
        for flow in late {
            self.deny(flow, "nobody answered in time");
        }
    }

    /// What somebody is asked about.
    pub(in crate::table) fn held(&self) -> Vec<HeldSnapshot> {
        let queues = self.parking.flows.values();
        queues.filter_map(|queue| self.held_first(queue)).collect()
    }

    fn held_first(&self, queue: &VecDeque<Parked>) -> Option<HeldSnapshot> {
        let first = queue.front()?;
        let Wait::Answer(hold) = &first.wait else {
            return None;
        };
        Some(HeldSnapshot {
            ticket: first.ticket,
            entry: first.entry,
            header: first.message.header,
            size: first.message.wire_len(),
            digest: first.digest(),
            reason: hold.reason.clone(),
            approver: hold.approver,
            left_ms: (first.since_ms + hold.wait_ms).saturating_sub(self.now_ms),
            behind: queue.len() - 1,
        })
    }
}

pub(super) fn question(parked: &Parked, hold: &Hold, asked_unix_s: u64) -> GuardAsk {
    let Header { src, dst, mtype } = parked.message.header;
    GuardAsk {
        ticket: parked.ticket.0,
        policy: hold.reason.rule.to_string(),
        reason: hold.reason.detail.to_string(),
        entry: parked.entry.name().into(),
        src,
        dst,
        mtype,
        size: u32::try_from(parked.message.wire_len()).unwrap_or(u32::MAX),
        digest: parked.digest(),
        wait_ms: hold.wait_ms,
        asked_unix_s,
    }
}
