//! One member's card.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use oncard_function::{Function, Trap, Work};
use zeroize::Zeroizing;

use super::plan::Plan;
use super::turn::{Turn, Value};
use crate::members::Members;
use crate::party::{Content, Machine, Output};
use crate::trust::Trust;
use crate::uic::{Decision, Uic};

/// A card in a session.
///
/// In each round send [`turn`](Self::turn) to all others, then give what came to [`step`](Self::step), until
/// [`output`](Self::output) says something. [`work`](Self::work) belongs between, when the next turn has
/// left: nobody is to see from a packet how long anything took.
pub struct Smc {
    plan: Plan,
    function: Box<dyn Function>,
    input: Value,
    /// Rounds that are complete.
    round: u32,
    trust: Trust,
    agreement: Option<Uic<Value>>,
    work: Option<Box<dyn Work>>,
    output: Option<Output>,
}

impl core::fmt::Debug for Smc {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("Smc");
        shown.field("plan", &self.plan).field("round", &self.round);
        shown.finish_non_exhaustive()
    }
}

impl Smc {
    /// A card before the first round. `None` if the input has not the length of the session.
    pub fn new(plan: Plan, function: Box<dyn Function>, input: Zeroizing<Vec<u8>>) -> Option<Self> {
        let is_right = input.len() == plan.value_bytes;
        let mut card = Self {
            plan,
            function,
            input: Value(input),
            round: 0,
            trust: Trust::new(plan.config),
            agreement: None,
            work: None,
            output: None,
        };
        card.begin_agreement();
        is_right.then_some(card)
    }

    /// The numbers of the session.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Rounds that are complete.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// What the host may know, after the last round.
    pub fn output(&self) -> Option<&Output> {
        self.output.as_ref()
    }

    /// What to send to every other member in the next round. There is one in every round.
    pub fn turn(&self) -> Turn {
        match &self.agreement {
            None => self.trust.trusted().map_or(Turn::Empty, Turn::Cover),
            Some(agreement) => agreement.report().map_or(Turn::Empty, Turn::Report),
        }
    }

    /// The round of the agreement that a round of the session is.
    fn agreement_round(&self, round: u32) -> u32 {
        round.saturating_sub(self.plan.cover_rounds)
    }

    /// Ends a round with what came in it, by sender.
    pub fn step(&mut self, received: Vec<Option<Turn>>) {
        if self.is_over() {
            return;
        }
        self.round += 1;
        match &mut self.agreement {
            Some(agreement) => agreement.step(&reports(received)),
            None => self.trust.step(&trusted(&received)),
        }
        self.begin_agreement();
        self.begin_work();
        if self.round == self.plan.last_round() {
            self.end();
        }
    }

    fn begin_agreement(&mut self) {
        if self.round == self.plan.cover_rounds {
            let trusted = self.trust.trusted().unwrap_or_default();
            let input = self.input.clone();
            self.agreement = Some(Uic::trusting(self.plan.config, input, trusted));
        }
    }

    /// The inputs that were agreed on; `None` before that, and if the card halted.
    fn decision(&self) -> Option<&Decision<Value>> {
        self.agreement.as_ref().and_then(Uic::decision)
    }

    /// A card that halted works on nothing: that it did is not to be seen from how long it takes.
    fn begin_work(&mut self) {
        if self.round != self.plan.agreement_ends() {
            return;
        }
        let inputs: Vec<_> = match self.decision() {
            Some(decision) => {
                let inputs = decision.values.iter().map(|it| it.clone().map(|it| it.0));
                inputs.collect()
            }
            None => vec![None; self.plan.n()],
        };
        self.work = Some(self.function.begin(&inputs, self.plan.me()));
    }

    /// Computes one slice, if there is anything to compute.
    pub fn work(&mut self) {
        if let Some(work) = &mut self.work {
            work.slice();
        }
    }

    fn end(&mut self) {
        let has_decided = self.decision().is_some();
        let work = self.work.take().filter(|_| has_decided);
        self.output = Some(match work.map(Work::finish) {
            Some(Ok(result)) => Output::Result(result),
            Some(Err(Trap)) => Output::Trapped,
            None => Output::Halted,
        });
        self.agreement = None;
        self.input = Value(Zeroizing::default());
    }
}

impl Machine for Smc {
    fn n(&self) -> usize {
        self.plan.n()
    }

    fn me(&self) -> usize {
        self.plan.me()
    }

    fn content_bytes(&self) -> usize {
        self.plan.content_bytes()
    }

    fn content(&self) -> Content {
        self.turn().to_bytes(self.plan.n(), self.plan.value_bytes)
    }

    fn end_round(&mut self, received: &[Option<Content>]) {
        let agreement = self.agreement_round(self.round + 1);
        let (n, bytes) = (self.plan.n(), self.plan.value_bytes);
        let turn = |content: &Content| Turn::from_bytes(content, n, bytes, agreement);
        let turns = received.iter().map(|it| it.as_ref().and_then(turn));
        self.step(turns.collect());
    }

    fn work(&mut self) {
        Self::work(self);
    }

    fn is_over(&self) -> bool {
        self.round >= self.plan.last_round()
    }

    fn take_output(&mut self) -> Option<Output> {
        self.output.take()
    }
}

fn reports(received: Vec<Option<Turn>>) -> Vec<Option<crate::uic::Report<Value>>> {
    let report = |turn| match turn {
        Some(Turn::Report(report)) => Some(report),
        _ => None,
    };
    received.into_iter().map(report).collect()
}

fn trusted(received: &[Option<Turn>]) -> Vec<Option<Members>> {
    let trusted = |turn: &Option<Turn>| match turn {
        Some(Turn::Cover(trusted)) => Some(*trusted),
        _ => None,
    };
    received.iter().map(trusted).collect()
}
