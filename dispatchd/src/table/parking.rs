//! Messages that wait for a judgement: because somebody is asked, or because a slow policy is at
//! work.
//!
//! A message that waits makes the later ones of its flow, from the same source to the same
//! destination, wait behind it, so that order is kept. Only the first of a flow is being decided.
//! An approved message is judged again, the same bytes under the chain of that moment; the
//! approval answers only the question of the policy that asked. What waits is charged to its
//! sender, and each sender has a budget for each source domain, so a flood of messages to be held
//! takes no other's room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use guard_policies::chain::{Judgement, Stage};
use guard_policies::{Approver, Entry, Hold, Membership, Reason, Record};
use libetp::digest::{Hash, sha256};
use libetp::params::Param;
use libetp::params::host::{GuardAnswer, GuardAsk};
use libetp::{Domain, EntityId, Header, Message, Port, VerdictCode};

use super::effect::{Crossing, Effect};
use super::guard::{Guard, GuardRecord};
use super::ledger::{Account, Load, Sender};
use super::limits::{PARKED_MESSAGES_MAX, PARKED_PER_SENDER_MAX, charge};
use super::returns::{Back, serial_id, shard_of};
use super::send::{Arriving, Routed};
use super::shard::Shard;

/// Names a message that waits: the shard in the upper 16 bits, then a serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldTicket(pub u64);

impl HoldTicket {
    /// The shard that the message waits in.
    pub fn shard(self) -> u16 {
        shard_of(self.0)
    }
}

type Flow = (EntityId, EntityId);

/// What a message waits for.
#[derive(Clone, Debug)]
pub(super) enum Wait {
    /// For its turn in the flow.
    Turn,
    /// For the worker that asks the slow policy at this place of the chain, with the param that
    /// earlier policies gave the message.
    Worker { at: usize, param: Option<Vec<u8>> },
    /// For an answer.
    Answer(Hold),
}

#[derive(Debug)]
struct Parked {
    ticket: HoldTicket,
    wait: Wait,
    since_ms: u64,
    entry: Entry,
    membership: Option<Arc<Membership>>,
    account: Account,
    back: Back,
    message: Message,
    /// Policies whose question was answered with yes.
    approved: Vec<Hash>,
}

impl Parked {
    fn arriving(&self) -> Arriving<'_> {
        Arriving {
            entry: self.entry,
            membership: self.membership.as_ref(),
            account: self.account,
            back: self.back,
            header: self.message.header,
            param: &self.message.param,
        }
    }

    fn flow(&self) -> Flow {
        (self.message.header.src, self.message.header.dst)
    }

    fn load(&self) -> Load {
        Load::one(charge(self.message.wire_len()))
    }
}

/// Everything of a shard that waits for a judgement.
#[derive(Debug, Default)]
pub(super) struct Parking {
    flows: BTreeMap<Flow, VecDeque<Parked>>,
    /// Where the messages are that are being decided.
    deciding: BTreeMap<HoldTicket, Flow>,
    budgets: BTreeMap<Budget, usize>,
    messages: usize,
    next_serial: u64,
}

/// A sender and the domain that it sends from.
type Budget = (Sender, Domain);

impl Parking {
    /// Whether messages of the flow wait.
    pub(super) fn has_flow(&self, header: &Header) -> bool {
        !self.flows.is_empty() && self.flows.contains_key(&(header.src, header.dst))
    }

    fn has_room(&self, budget: Budget) -> bool {
        let used = self.budgets.get(&budget).copied().unwrap_or_default();
        used < PARKED_PER_SENDER_MAX && self.messages < PARKED_MESSAGES_MAX
    }

    fn push(&mut self, budget: Budget, parked: Parked) {
        self.messages += 1;
        *self.budgets.entry(budget).or_default() += 1;
        self.flows
            .entry(parked.flow())
            .or_default()
            .push_back(parked);
    }

    fn forget(&mut self, budget: Budget) {
        self.messages -= 1;
        if let Some(used) = self.budgets.get_mut(&budget) {
            *used -= 1;
            if *used == 0 {
                self.budgets.remove(&budget);
            }
        }
    }

    /// Takes the first message of a flow out; the flow goes on being known while it has others.
    fn take_first(&mut self, flow: Flow) -> Option<Parked> {
        let queue = self.flows.get_mut(&flow)?;
        let first = queue.pop_front();
        match &first {
            Some(parked) => drop(self.deciding.remove(&parked.ticket)),
            None => drop(self.flows.remove(&flow)),
        }
        first
    }

    fn deciding(&self, ticket: HoldTicket) -> Option<&Parked> {
        self.flows.get(self.deciding.get(&ticket)?)?.front()
    }
}

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
    /// Judges the message; the answer is an [`Input`](super::Input) for the shard of the ticket.
    pub fn run(&self) -> super::Input {
        let stage = Stage {
            from: self.from,
            is_worker: true,
            approved: &self.approved,
        };
        let (facts, param) = (self.record.facts(), self.param.as_deref());
        let (judgement, record) = self.guard.judge(&facts, param, stage);
        super::Input::Judged {
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
    /// Puts a message behind those of its flow that wait.
    pub(super) fn park_behind(&mut self, arriving: &Arriving<'_>) -> Routed {
        self.built_in(arriving)?;
        self.park(arriving, Wait::Turn, &[])
    }

    /// Puts a message aside.
    pub(super) fn park(
        &mut self,
        arriving: &Arriving<'_>,
        wait: Wait,
        approved: &[Hash],
    ) -> Routed {
        let load = Load::one(charge(arriving.wire_len()));
        let budget = self.budget(arriving);
        if !self.parking.has_room(budget) {
            let detail = "guard-hold-budget: too much of this sender waits for Guard";
            return Err(self.refusal("guard-hold-budget", VerdictCode::QuotaExceeded, detail));
        }
        if !self
            .accounts
            .may_pin(arriving.account, load, self.sender_limit())
        {
            return Err(self.over_quota());
        }
        self.accounts.pin(arriving.account, load);
        let is_first = !matches!(wait, Wait::Turn);
        let parked = Parked {
            ticket: self.fresh_hold(),
            wait,
            since_ms: self.now_ms,
            entry: arriving.entry,
            membership: arriving.membership.cloned(),
            account: arriving.account,
            back: arriving.back,
            message: arriving.to_message(),
            approved: approved.to_vec(),
        };
        let flow = parked.flow();
        self.parking.push(budget, parked);
        if is_first {
            self.ask(flow);
        }
        Ok("held")
    }

    fn budget(&self, arriving: &Arriving<'_>) -> Budget {
        let sender = self.accounts.sender(arriving.account);
        (sender, arriving.header.src.domain)
    }

    fn fresh_hold(&mut self) -> HoldTicket {
        self.parking.next_serial += 1;
        HoldTicket(serial_id(self.index, self.parking.next_serial))
    }

    /// Asks whom the first message of a flow waits for.
    fn ask(&mut self, flow: Flow) {
        let Some(first) = self.parking.flows.get(&flow).and_then(VecDeque::front) else {
            return;
        };
        self.parking.deciding.insert(first.ticket, flow);
        match &first.wait {
            Wait::Turn => {}
            Wait::Worker { at, param } => {
                let job = self.slow_job(first, *at, param.clone());
                self.effects.push(Effect::AskWorker(Box::new(job)));
            }
            Wait::Answer(hold) => {
                let (ask, approver) = (question(first, hold), hold.approver);
                let (header, reason) = (first.message.header, hold.reason.clone());
                self.ask_approver(approver, ask, header, &reason);
            }
        }
    }

    fn slow_job(&self, first: &Parked, from: usize, param: Option<Vec<u8>>) -> SlowJob {
        SlowJob {
            ticket: first.ticket,
            record: self.record(&first.arriving()),
            param,
            guard: Arc::clone(&self.guard),
            from,
            approved: first.approved.clone(),
        }
    }

    fn ask_approver(&mut self, approver: Approver, ask: GuardAsk, header: Header, reason: &Reason) {
        let Header { src, dst, mtype } = header;
        let detail = format!("{}: {mtype} from {src} to {dst}: {reason}", ask.ticket);
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

    /// A slow policy was asked.
    pub(super) fn worker_judged(
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
        self.advance(flow, Some(judgement));
    }

    /// An approver's message.
    pub(super) fn guard_answer(&mut self, arriving: &Arriving<'_>) -> Routed {
        let answer = match GuardAnswer::from_param(arriving.param) {
            Ok(answer) => answer,
            Err(error) => {
                let detail = error.to_string();
                return Err(self.refusal("malformed", VerdictCode::Malformed, detail));
            }
        };
        let (ticket, by) = (HoldTicket(answer.ticket), arriving.header.src);
        if ticket.shard() != self.index && ticket.shard() < self.shared.shards {
            let crossing = Crossing::Answered(ticket, answer.approve, by);
            self.effects.push(Effect::Cross(ticket.shard(), crossing));
            return Ok("host");
        }
        match self.answered(ticket, answer.approve, Some(by)) {
            true => Ok("host"),
            false => {
                let detail = "no message waits for this answer of yours";
                Err(self.refusal("guard-answer-unasked", VerdictCode::Refused, detail))
            }
        }
    }

    /// An approver, or an administrator, answered; whether a message waited for it.
    pub(super) fn answered(
        &mut self,
        ticket: HoldTicket,
        is_approved: bool,
        by: Option<EntityId>,
    ) -> bool {
        let Some(parked) = self.parking.deciding(ticket) else {
            return false;
        };
        let Wait::Answer(hold) = &parked.wait else {
            return false;
        };
        if by.is_some_and(|id| hold.approver != Approver::Entity(id)) {
            return false;
        }
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
        };
        self.advance(flow, Some(refused));
    }

    /// Refuses what nobody answered about in time.
    pub(super) fn expire_held(&mut self) {
        let now_ms = self.now_ms;
        let is_late = |parked: &Parked| match &parked.wait {
            Wait::Answer(hold) => parked.since_ms + hold.wait_ms <= now_ms,
            Wait::Turn | Wait::Worker { .. } => false,
        };
        let firsts = self.parking.flows.iter();
        let late = firsts.filter(|(_, queue)| queue.front().is_some_and(is_late));
        let late: Vec<_> = late.map(|(flow, _)| *flow).collect();
        for flow in late {
            self.deny(flow, "nobody answered in time");
        }
    }

    /// Decides the first message of a flow, by `known` or by judging it, and those behind it until
    /// one has to wait.
    fn advance(&mut self, flow: Flow, mut known: Option<Judgement>) {
        while let Some(mut parked) = self.parking.take_first(flow) {
            let judgement = match known.take() {
                Some(judgement) => judgement,
                None => self.judged_again(&mut parked),
            };
            match waits(&judgement) {
                Some(wait) => {
                    (parked.wait, parked.ticket) = (wait, self.fresh_hold());
                    parked.since_ms = self.now_ms;
                    self.parking
                        .flows
                        .entry(flow)
                        .or_default()
                        .push_front(parked);
                    return self.ask(flow);
                }
                None => self.let_go(parked, judgement),
            }
        }
    }

    /// Judges it as it came: what policies of an earlier judgement made of it is forgotten.
    fn judged_again(&mut self, parked: &mut Parked) -> Judgement {
        parked.wait = Wait::Turn;
        let stage = Stage {
            approved: &parked.approved,
            ..Stage::default()
        };
        self.judgement(&parked.arriving(), stage)
    }

    /// A message that waited goes where it is to go.
    fn let_go(&mut self, parked: Parked, judgement: Judgement) {
        let budget = self.budget(&parked.arriving());
        self.parking.forget(budget);
        let earlier = match &parked.wait {
            Wait::Worker { param, .. } => param.clone(),
            Wait::Turn | Wait::Answer(_) => None,
        };
        let judgement = Judgement {
            param: judgement.param.or(earlier),
            ..judgement
        };
        self.accounts.hold(parked.account);
        self.accounts.unpin(parked.account, parked.load());
        let routed = self.follow(&parked.arriving(), judgement, &parked.approved);
        self.trace(&parked.arriving(), &routed);
        if let Err(verdict) = routed {
            let sender = self.accounts.sender(parked.account);
            self.give_back(parked.back, sender, &parked.message, &verdict);
        }
        self.accounts.close(parked.account);
    }

    /// Gives everything back: the daemon ends.
    pub(super) fn return_held(&mut self) {
        let flows: Vec<_> = self.parking.flows.keys().copied().collect();
        for flow in flows {
            while let Some(parked) = self.parking.take_first(flow) {
                let arriving = parked.arriving();
                let (budget, sender) =
                    (self.budget(&arriving), self.accounts.sender(parked.account));
                self.parking.forget(budget);
                let code = VerdictCode::ShuttingDown;
                let verdict = self.refusal(code.name(), code, super::ending::DAEMON_ENDS);
                self.give_back(parked.back, sender, &parked.message, &verdict);
                self.accounts.unpin(parked.account, parked.load());
            }
        }
    }

    /// What somebody is asked about.
    pub(super) fn held(&self) -> Vec<HeldSnapshot> {
        let queues = self.parking.flows.values();
        queues.filter_map(|queue| self.held_first(queue)).collect()
    }

    fn held_first(&self, queue: &VecDeque<Parked>) -> Option<HeldSnapshot> {
        let first = queue.front()?;
        let Wait::Answer(hold) = &first.wait else {
            return None;
        };
        let ask = question(first, hold);
        Some(HeldSnapshot {
            ticket: first.ticket,
            entry: first.entry,
            header: first.message.header,
            size: first.message.wire_len(),
            digest: ask.digest,
            reason: hold.reason.clone(),
            approver: hold.approver,
            left_ms: (first.since_ms + hold.wait_ms).saturating_sub(self.now_ms),
            behind: queue.len() - 1,
        })
    }
}

fn waits(judgement: &Judgement) -> Option<Wait> {
    match &judgement.verdict {
        guard_policies::Verdict::Hold(hold) => Some(Wait::Answer(hold.clone())),
        guard_policies::Verdict::Slow(at) => Some(Wait::Worker {
            at: *at,
            param: judgement.param.clone(),
        }),
        _ => None,
    }
}

fn question(parked: &Parked, hold: &Hold) -> GuardAsk {
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
        digest: sha256(&parked.message.to_bytes()),
        wait_ms: hold.wait_ms,
    }
}
