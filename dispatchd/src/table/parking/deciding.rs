//! Putting messages aside, and deciding them in their order.

use std::cell::OnceCell;
use std::collections::VecDeque;

use guard_policies::chain::{Judgement, Stage};
use guard_policies::{Disturbance, Entry, Verdict as Judged};
use libetp::digest::Hash;
use libetp::{Verdict, VerdictCode};

use super::{Budget, Flow, HoldTicket, Parked, Wait};
use crate::table::effect::Effect;
use crate::table::ending::DAEMON_ENDS;
use crate::table::ledger::Load;
use crate::table::limits::charge;
use crate::table::returns::serial_id;
use crate::table::send::{Arriving, Routed};
use crate::table::shard::Shard;

impl Shard {
    /// Puts a message behind those of its flow that wait.
    pub(in crate::table) fn park_behind(&mut self, arriving: &Arriving<'_>) -> Routed {
        self.built_in(arriving)?;
        self.park(arriving, Wait::Turn, &[])
    }

    /// Puts a message aside, where later ones of its flow come behind it.
    pub(in crate::table) fn park(
        &mut self,
        arriving: &Arriving<'_>,
        wait: Wait,
        approved: &[Hash],
    ) -> Routed {
        let is_first = !matches!(wait, Wait::Turn);
        let parked = self.put_aside(arriving, wait, approved)?;
        let flow = parked.flow();
        self.parking.push(parked);
        if is_first {
            self.ask(flow);
        }
        Ok("held")
    }

    /// A message that waits, charged to its sender.
    pub(super) fn put_aside(
        &mut self,
        arriving: &Arriving<'_>,
        wait: Wait,
        approved: &[Hash],
    ) -> Result<Parked, Verdict> {
        let load = Load::one(charge(arriving.wire_len()));
        let limit = self.sender_limit();
        if !self.accounts.may_pin(arriving.account, load, limit) {
            return Err(self.over_quota());
        }
        let budget = self.budget(arriving);
        if !self.parking.charge(budget, arriving.account, load) {
            let detail = "guard-hold-budget: too much of this sender waits for Guard";
            return Err(self.refusal("guard-hold-budget", VerdictCode::QuotaExceeded, detail));
        }
        self.accounts.pin(arriving.account, load);
        Ok(Parked {
            ticket: self.fresh_hold(),
            wait,
            since_ms: self.now_ms,
            entry: arriving.entry,
            membership: arriving.membership.cloned(),
            account: arriving.account,
            back: arriving.back,
            message: arriving.to_message(),
            digest: OnceCell::new(),
            approved: approved.to_vec(),
        })
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
            Wait::Late(late) => {
                let wake = Effect::Wake(late.due_ms);
                self.effects.push(wake);
            }
            Wait::Worker { at, param } => {
                let job = self.slow_job(first, *at, param.clone());
                self.effects.push(Effect::AskWorker(Box::new(job)));
            }
            Wait::Answer(hold) => {
                let ask = super::asking::question(first, hold, self.unix_s);
                let approver = hold.approver;
                let (header, reason) = (first.message.header, hold.reason.clone());
                self.ask_approver(approver, ask, header, &reason);
            }
        }
    }

    /// Decides the first message of a flow, by `known` or by judging it, and those behind it until
    /// one has to wait.
    pub(super) fn advance(&mut self, flow: Flow, mut known: Option<Judgement>) {
        while let Some(mut parked) = self.parking.take_first(flow) {
            let judgement = match known.take() {
                Some(judgement) => judgement,
                None => self.judged_again(&mut parked),
            };
            match self.waits(&judgement) {
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

    /// What the judgement says that the message waits for, if it does.
    fn waits(&self, judgement: &Judgement) -> Option<Wait> {
        let param = || judgement.param.clone();
        match &judgement.verdict {
            Judged::Hold(hold) => Some(Wait::Answer(hold.clone())),
            Judged::Slow(at) => Some(Wait::Worker {
                at: *at,
                param: param(),
            }),
            Judged::Disturb(at, Disturbance::Delay(ms)) => {
                Some(Wait::Late(self.late(*at, *ms, param())))
            }
            _ => None,
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
    pub(super) fn let_go(&mut self, parked: Parked, judgement: Judgement) {
        let budget = self.budget(&parked.arriving());
        self.parking.release(budget, &parked);
        self.accounts.hold(parked.account);
        self.accounts.unpin(parked.account, parked.load());
        let routed = match self.may_still_send(&parked) {
            Ok(()) => self.follow(&parked.arriving(), judgement, &parked.approved),
            Err(verdict) => Err(verdict),
        };
        self.trace(&parked.arriving(), &routed);
        if let Err(verdict) = routed {
            let sender = self.accounts.sender(parked.account);
            self.give_back(parked.back, sender, &parked.message, &verdict);
        }
        self.accounts.close(parked.account);
    }

    /// The source's domain may have been suspended while its program's message waited.
    fn may_still_send(&mut self, parked: &Parked) -> Result<(), Verdict> {
        let domain = parked.message.header.src.domain;
        match (parked.entry, self.directory.may_talk(domain)) {
            (Entry::App { .. }, Err(code)) => {
                let detail = "the source's domain sends nothing any more";
                Err(self.refusal(code.name(), code, detail))
            }
            _ => Ok(()),
        }
    }

    /// Gives everything back: the daemon ends.
    pub(in crate::table) fn return_held(&mut self) {
        let flows: Vec<_> = self.parking.flows.keys().copied().collect();
        for flow in flows {
            while let Some(parked) = self.parking.take_first(flow) {
                self.send_back(&parked);
            }
        }
        for parked in std::mem::take(&mut self.parking.overtaken) {
            self.send_back(&parked);
        }
    }

    fn send_back(&mut self, parked: &Parked) {
        let budget = self.budget(&parked.arriving());
        let sender = self.accounts.sender(parked.account);
        self.parking.release(budget, parked);
        let code = VerdictCode::ShuttingDown;
        let verdict = self.refusal(code.name(), code, DAEMON_ENDS);
        self.give_back(parked.back, sender, &parked.message, &verdict);
        self.accounts.unpin(parked.account, parked.load());
    }
}
