//! One process.

use alloc::vec;
use alloc::vec::Vec;

use super::config::{Config, Mode};
use super::report::{Report, known};
use crate::members::Members;

/// A process of uniform interactive consistency. `V` is an input.
///
/// In each round send [`report`](Self::report) to all others, then give what came to
/// [`step`](Self::step), until [`is_over`](Self::is_over).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uic<V> {
    config: Config,
    /// Rounds that are complete.
    round: u32,
    values: Vec<Option<V>>,
    trusted: Members,
    /// What retired members said last.
    retired: Vec<Option<Said>>,
    status: Status,
    decision: Option<Decision<V>>,
}

/// What was decided and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decision<V> {
    /// The inputs by member; `None` for those of which nobody has one.
    pub values: Vec<Option<V>>,
    /// The round.
    pub round: u32,
}

impl<V> Decision<V> {
    /// The value that *uniform consensus* among the same processes comes to: the first input that is there (Fort et al.
    /// 2006, before their corollary 1). All that decide have the same, and with a correct process there is one.
    pub fn consensus(&self) -> Option<&V> {
        self.values.iter().flatten().next()
    }
}

/// How a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It takes part.
    Running,
    /// It took part to the end.
    Finished,
    /// It stopped. If it had decided before, the decision stands.
    Halted(Halt),
}

/// Why a process stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Halt {
    /// Too few trust it, or it trusts too few: its own host omits messages.
    SelfCheck,
    /// Two different inputs of this member are about, which no omission explains.
    Conflict(usize),
}

/// What a process said, as far as it is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Said {
    known: Members,
    trusted: Members,
}

#[cfg(feature = "exploration")]
impl<V: Clone> Uic<V> {
    /// The same process where each member has another name: member `i` that of `names[i]`. `value` gives an
    /// input its new form.
    #[must_use]
    pub fn renamed(&self, names: &[usize], value: impl Fn(&V) -> V) -> Self {
        let set = |members: Members| members.iter().map(|it| names[it]).collect::<Members>();
        let said = |it: &Option<Said>| {
            it.map(|Said { known, trusted }| Said {
                known: set(known),
                trusted: set(trusted),
            })
        };
        let values = |all: &[Option<V>]| permuted(all, names, |it| it.as_ref().map(&value));
        let decision = self.decision.as_ref().map(|it| Decision {
            values: values(&it.values),
            round: it.round,
        });
        Self {
            config: self.config.renamed(names),
            round: self.round,
            values: values(&self.values),
            trusted: set(self.trusted),
            retired: permuted(&self.retired, names, said),
            status: self.status,
            decision,
        }
    }
}

/// Each element, changed, at its new place.
#[cfg(feature = "exploration")]
fn permuted<T, U: Clone>(
    all: &[Option<T>],
    names: &[usize],
    change: impl Fn(&Option<T>) -> Option<U>,
) -> Vec<Option<U>> {
    let mut moved = vec![None; all.len()];
    for (at, it) in all.iter().enumerate() {
        moved[names[at]] = change(it);
    }
    moved
}

impl<V: Clone + PartialEq> Uic<V> {
    /// A process before its first round.
    pub fn new(config: Config, input: V) -> Self {
        Self::trusting(config, input, Members::first(config.n()))
    }

    /// As [`new`](Self::new), with some distrusted from the start: not heard in an earlier round of the
    /// same session. Correct processes have to trust each other.
    pub fn trusting(config: Config, input: V, trusted: Members) -> Self {
        let mut values = vec![None; config.n()];
        values[config.me()] = Some(input);
        let mut trusted = trusted & Members::first(config.n());
        trusted.insert(config.me());
        Self {
            config,
            round: 0,
            values,
            trusted,
            retired: vec![None; config.n()],
            status: Status::Running,
            decision: None,
        }
    }

    /// How the process is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What it decided, if it has.
    pub fn decision(&self) -> Option<&Decision<V>> {
        self.decision.as_ref()
    }

    /// Rounds that are complete.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Whom it trusts.
    pub fn trusted(&self) -> Members {
        self.trusted
    }

    /// Whether it sends and steps no more.
    pub fn is_over(&self) -> bool {
        self.status != Status::Running
    }

    /// What to send to every other process in the next round; `None` when it is over.
    pub fn report(&self) -> Option<Report<V>> {
        (!self.is_over()).then(|| Report {
            round: self.round + 1,
            trusted: self.trusted,
            values: self.values.clone(),
        })
    }

    /// Ends a round with what came in it, by sender. What is of another round, or not of this session's
    /// size, was not received.
    pub fn step(&mut self, received: &[Option<Report<V>>]) {
        if self.is_over() {
            return;
        }
        let before = self.trusted;
        self.round += 1;
        let said = self.hear(received);
        if self.is_over() {
            return;
        }
        self.trusted = self.still_trusted(&said);
        if !self.passes_self_check(&said) {
            self.halt(Halt::SelfCheck);
        } else if self.round == self.config.last_round() || self.may_decide(before, &said) {
            self.decide();
        }
    }

    /// Takes in what trusted processes say. What each said, itself included.
    fn hear(&mut self, received: &[Option<Report<V>>]) -> Vec<Option<Said>> {
        let mut said = vec![None; self.config.n()];
        said[self.config.me()] = Some(Said {
            known: known(&self.values),
            trusted: self.trusted,
        });
        let mut others = self.trusted;
        others.remove(self.config.me());
        for member in others.iter() {
            let report = received.get(member).and_then(Option::as_ref);
            let Some(report) = report.filter(|it| self.is_valid(it)) else {
                continue;
            };
            said[member] = Some(Said {
                known: report.known(),
                trusted: report.trusted,
            });
            self.learn(report);
        }
        said
    }

    fn is_valid(&self, report: &Report<V>) -> bool {
        let n = self.config.n();
        let is_sized = report.values.len() == n && report.trusted.is_subset(Members::first(n));
        is_sized && report.round == self.round
    }

    fn learn(&mut self, report: &Report<V>) {
        for (member, value) in report.values.iter().enumerate() {
            match (&self.values[member], value) {
                (None, Some(value)) => self.values[member] = Some(value.clone()),
                (Some(ours), Some(theirs)) if ours != theirs => {
                    return self.halt(Halt::Conflict(member));
                }
                _ => {}
            }
        }
    }

    /// Whom it heard, and in mode STOP who may have stopped because it was done.
    fn still_trusted(&mut self, said: &[Option<Said>]) -> Members {
        let mut trusted = Members::NONE;
        for member in self.trusted.iter() {
            let heard = said[member];
            if heard.is_some_and(|it| self.retires(member, it)) {
                self.retired[member] = heard;
            }
            if heard.is_some() || self.retired[member].is_some() {
                trusted.insert(member);
            }
        }
        trusted
    }

    fn retires(&self, member: usize, said: Said) -> bool {
        let is_stopping = self.config.mode() == Mode::Stop && self.config.rules().retire;
        let is_known_to = self.retired[member].is_some();
        let is_other = member != self.config.me();
        is_stopping && is_other && (is_known_to || self.is_stable(said.trusted))
    }

    /// Whether who trusted these at the end of the round before misses no value any more.
    fn is_stable(&self, trusted: Members) -> bool {
        self.config.n() - trusted.len() + 2 <= self.round as usize
    }

    fn passes_self_check(&self, said: &[Option<Said>]) -> bool {
        let quorum = self.config.quorum();
        let vouches = |it: Said| it.trusted.contains(self.config.me());
        let is_vouched_for = self.trusting_that(said, vouches) >= quorum;
        self.trusted.len() >= quorum && (is_vouched_for || !self.config.rules().self_check)
    }

    fn may_decide(&self, before: Members, said: &[Option<Said>]) -> bool {
        let rules = self.config.rules();
        let ours = known(&self.values);
        let confirms = |it: Said| ours.is_subset(it.known);
        // Nothing was heard before the first round.
        self.round >= 2
            && (!rules.stable || self.is_stable(before))
            && (!rules.confirm || self.trusting_that(said, confirms) >= self.config.quorum())
    }

    /// How many trusted processes said something, now or when they retired.
    fn trusting_that(&self, said: &[Option<Said>], what: impl Fn(Said) -> bool) -> usize {
        let last = |member: usize| said[member].or(self.retired[member]);
        let trusted = self.trusted.iter().filter_map(last);
        trusted.filter(|it| what(*it)).count()
    }

    fn decide(&mut self) {
        let decision = Decision {
            values: self.values.clone(),
            round: self.round,
        };
        self.decision.get_or_insert(decision);
        if self.config.mode() == Mode::Stop || self.round == self.config.last_round() {
            self.status = Status::Finished;
            self.forget();
        }
    }

    fn halt(&mut self, why: Halt) {
        self.status = Status::Halted(why);
        self.forget();
    }

    /// Inputs of others are kept no longer than they are of use.
    fn forget(&mut self) {
        self.values.fill(None);
        self.retired.fill(None);
    }
}
