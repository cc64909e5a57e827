//! All states that can be reached, breadth first, so that the first broken rule has the shortest
//! way to it.

mod check;
mod choices;
mod moves;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::cast::{ACTORS, CARDS, Cast};
use super::config::Config;
use super::derive::{Deriver, Input};
use super::history::History;
use super::intern::Interner;
use super::machine::Machine;
use super::rules::{Finding, Rule};
use super::variant::Variant;

/// Most states of one exploration; one more and it is given up.
const STATES_MAX: usize = 20_000_000;

/// Everybody's memory and past, what was ever sent, and whether there is a backup of card B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Numbers of (memory, past).
    pub(crate) locals: [u32; ACTORS],
    sent: u32,
    backup: Backup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Backup {
    None,
    Of(u32),
    Used,
}

/// A memory and what it may have forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Local {
    pub(crate) memory: u32,
    pub(crate) past: u32,
}

/// What may befall a memory: names, and the memories after it.
type Mishaps = Rc<[(&'static str, u32)]>;

/// How a state was reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    /// An actor took a letter; whether what it sent is lost; which way it went.
    Take {
        actor: usize,
        letter: u32,
        lost: bool,
        way: usize,
    },
    /// Something befell an actor.
    Mishap { actor: usize, name: &'static str },
}

/// What can be delivered when certain messages were sent.
struct Sent {
    inputs: Vec<Input>,
    finding: Option<Finding>,
}

/// An exploration.
pub(crate) struct Space<'c> {
    pub(crate) config: &'c Config,
    pub(crate) machine: Machine<'c>,
    variant: &'c dyn Variant,
    deriver: Deriver<'c>,
    pub(crate) pasts: Interner<History>,
    pub(crate) locals: Interner<Local>,
    sets: Interner<BTreeSet<u32>>,
    sent: HashMap<u32, Rc<Sent>>,
    orders: HashMap<(usize, u32), Rc<[u32]>>,
    mishaps: HashMap<(usize, u32), Mishaps>,
    findings: HashMap<[u32; ACTORS], Option<Finding>>,
    /// Look for this rule only.
    only: Option<Rule>,
    pub(crate) first: [u32; CARDS],
    /// Letters that changed something.
    taken: BTreeSet<u32>,
    numbers: HashMap<State, u32>,
    states: Vec<State>,
    from: Vec<(u32, Option<Move>)>,
}

/// How it went.
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) computed: u64,
    pub(crate) time: Duration,
    /// Kinds of steps that changed something.
    pub(crate) kinds: BTreeSet<&'static str>,
    /// A broken rule, and how it came about.
    pub(crate) broken: Option<(Finding, Vec<Move>)>,
}

impl<'c> Space<'c> {
    pub(crate) fn new(config: &'c Config, cast: &'c Cast, variant: &'c dyn Variant) -> Self {
        Self {
            config,
            machine: Machine::new(cast, variant, config.acknowledged_late),
            variant,
            deriver: Deriver::new(cast, config),
            pasts: Interner::default(),
            locals: Interner::default(),
            sets: Interner::default(),
            sent: HashMap::new(),
            orders: HashMap::new(),
            mishaps: HashMap::new(),
            findings: HashMap::new(),
            only: None,
            first: [0; CARDS],
            taken: BTreeSet::new(),
            numbers: HashMap::new(),
            states: Vec::new(),
            from: Vec::new(),
        }
    }

    /// Overlooks every other rule.
    pub(crate) fn only(self, rule: Option<Rule>) -> Self {
        Self { only: rule, ..self }
    }

    /// Visits every state, until a rule is broken.
    pub(crate) fn explore(&mut self) -> Explored {
        let start = Instant::now();
        let first = self.initial();
        self.reach(first, (0, None));
        let mut at = 0;
        let mut broken = None;
        while let Some(state) = self.states.get(at).copied() {
            if let Some(finding) = self.check(&state) {
                broken = Some((finding, self.way_to(at)));
                break;
            }
            self.follow(at, &state);
            assert!(
                self.states.len() <= STATES_MAX,
                "more than {STATES_MAX} states"
            );
            at += 1;
        }
        Explored {
            states: self.states.len(),
            computed: self.machine.computed(),
            time: start.elapsed(),
            kinds: self.kinds(),
            broken,
        }
    }

    fn kinds(&self) -> BTreeSet<&'static str> {
        let name = |letter: &u32| {
            let entry = self.machine.letters.thing(*letter).mtype.entry();
            entry.map_or("?", |entry| entry.name)
        };
        let mishaps = self.mishaps.values().flat_map(|mishaps| mishaps.iter());
        let mishaps = mishaps.map(|(name, _)| *name);
        self.taken.iter().map(name).chain(mishaps).collect()
    }

    fn initial(&mut self) -> State {
        let past = self.pasts.number(History::default());
        let locals = std::array::from_fn(|actor| {
            let memory = self.machine.cast.actors[actor].memory.clone();
            let memory = self.machine.memory(actor, memory);
            self.locals.number(Local { memory, past })
        });
        for (card, held) in self.first.iter_mut().enumerate() {
            let memory = self.locals.thing(locals[card]).memory;
            *held = self.machine.view(card, memory).held;
        }
        State {
            locals,
            sent: self.sets.number(BTreeSet::new()),
            backup: Backup::None,
        }
    }

    fn reach(&mut self, state: State, from: (u32, Option<Move>)) {
        let next = u32::try_from(self.states.len()).expect("fewer than STATES_MAX");
        if let std::collections::hash_map::Entry::Vacant(new) = self.numbers.entry(state) {
            new.insert(next);
            self.states.push(state);
            self.from.push(from);
        }
    }

    fn way_to(&self, mut at: usize) -> Vec<Move> {
        let mut way = Vec::new();
        while let (from, Some(step)) = self.from[at] {
            way.push(step);
            at = from as usize;
        }
        way.reverse();
        way
    }
}
