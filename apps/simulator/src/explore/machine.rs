//! Every actor's transitions, computed once by the real programs and remembered.

use std::collections::HashMap;
use std::rc::Rc;

use libetp::params::voucher::{ReceiptBody, RedeemReceipt};
use oncard_runtime::harness::Effects;
use oncard_runtime::store::Entry;
use oncard_runtime::{MemoryStore, Store};
use oncard_voucher::records::{Finished, Redemption};

use super::cast::{ACTORS, CARDS, Cast};
use super::history::{Event, Spent, meaning};
use super::intern::Interner;
use super::letter::{Letter, Reader};
use super::variant::{Call, Variant};
use super::view::{View, all};

/// What one message does to one memory.
#[derive(Clone, Debug)]
pub(crate) struct Transition {
    /// The memory after it.
    pub(crate) memory: u32,
    /// What others hear, unless it is lost.
    pub(crate) sends: Vec<u32>,
    pub(crate) events: Vec<Event>,
    pub(crate) spent: Spent,
}

/// The programs of all actors as tables from (memory, message) to transitions.
pub(crate) struct Machine<'c> {
    pub(crate) cast: &'c Cast,
    variant: &'c dyn Variant,
    acknowledged_late: bool,
    memories: [Memories; ACTORS],
    pub(crate) letters: Interner<Letter>,
    computed: u64,
}

/// The memories that an actor can have.
#[derive(Default)]
struct Memories {
    numbers: HashMap<Vec<Entry>, u32>,
    memories: Vec<Rc<MemoryStore>>,
    views: Vec<Rc<View>>,
    /// By memory, then by letter.
    transitions: Vec<Vec<Option<Rc<[Transition]>>>>,
}

impl<'c> Machine<'c> {
    /// Nothing computed yet.
    pub(crate) fn new(cast: &'c Cast, variant: &'c dyn Variant, acknowledged_late: bool) -> Self {
        Self {
            cast,
            variant,
            acknowledged_late,
            memories: Default::default(),
            letters: Interner::default(),
            computed: 0,
        }
    }

    /// How many different pairs of memory and message the programs handled.
    pub(crate) fn computed(&self) -> u64 {
        self.computed
    }

    /// The number of a memory.
    pub(crate) fn memory(&mut self, actor: usize, memory: MemoryStore) -> u32 {
        let entries = memory
            .scan(&[], None, usize::MAX)
            .expect("memory does not fail");
        let of = &mut self.memories[actor];
        if let Some(number) = of.numbers.get(&entries) {
            return *number;
        }
        let number = u32::try_from(of.memories.len()).expect("memories fit into memory");
        let view = match actor < CARDS {
            true => View::read(self.cast, &memory).expect("programs write what they read"),
            false => View::default(),
        };
        of.numbers.insert(entries, number);
        of.memories.push(Rc::new(memory));
        of.views.push(Rc::new(view));
        of.transitions.push(Vec::new());
        number
    }

    /// The records of a memory.
    pub(crate) fn view(&self, actor: usize, memory: u32) -> &Rc<View> {
        &self.memories[actor].views[memory as usize]
    }

    /// A memory itself.
    pub(crate) fn store(&self, actor: usize, memory: u32) -> &Rc<MemoryStore> {
        &self.memories[actor].memories[memory as usize]
    }

    /// What a message does: nothing, one thing, or, where something is broken, one of several.
    pub(crate) fn step(&mut self, actor: usize, memory: u32, letter: u32) -> Rc<[Transition]> {
        let (row, column) = (memory as usize, letter as usize);
        if let Some(Some(known)) = self.memories[actor].transitions[row].get(column) {
            return Rc::clone(known);
        }
        let made: Rc<[Transition]> = self.compute(actor, memory, letter).into();
        let known = &mut self.memories[actor].transitions[row];
        if known.len() <= column {
            known.resize(column + 1, None);
        }
        known[column] = Some(Rc::clone(&made));
        made
    }

    fn compute(&mut self, actor: usize, memory: u32, letter: u32) -> Vec<Transition> {
        self.computed += 1;
        let letter = Rc::clone(self.letters.thing(letter));
        let store = Rc::clone(self.store(actor, memory));
        let call = Call {
            cast: self.cast,
            actor,
            memory: &store,
            letter: &letter,
        };
        let ways = self.variant.handle(&call);
        let carry = |effects| self.carry_out(actor, &store, &letter, effects);
        ways.into_iter().map(carry).collect()
    }

    fn carry_out(
        &mut self,
        actor: usize,
        before: &MemoryStore,
        letter: &Letter,
        effects: Effects,
    ) -> Transition {
        let (events, spent) = match actor < CARDS {
            true => meaning(before, letter, &effects.writes),
            false => Default::default(),
        };
        let mut memory = before.clone();
        memory
            .commit(&effects.writes)
            .expect("memory does not fail");
        if actor < CARDS && !self.acknowledged_late {
            self.acknowledge(actor, &mut memory);
        }
        let sends = effects.sends.into_iter().map(Letter::from);
        let heard = sends.filter(|letter| letter.reader() != Reader::Nobody);
        Transition {
            sends: heard.map(|letter| self.letters.number(letter)).collect(),
            memory: self.memory(actor, memory),
            events,
            spent,
        }
    }

    /// The owner acknowledges every result, the redeemer every redemption.
    fn acknowledge(&self, actor: usize, memory: &mut MemoryStore) {
        let letters = acknowledgements(self.cast, actor, memory);
        for letter in letters {
            let effects = self.cast.actors[actor].handle(memory, &letter);
            let effects = effects.expect("what is there can be acknowledged");
            memory
                .commit(&effects.writes)
                .expect("memory does not fail");
        }
    }
}

/// What acknowledges the results and redemptions of a card.
pub(crate) fn acknowledgements(cast: &Cast, actor: usize, memory: &MemoryStore) -> Vec<Letter> {
    let owner = cast.actors[actor].wallet();
    let results = all::<Finished>(memory).unwrap_or_default().into_iter();
    let results = results.map(|(_, done)| Letter::new(owner, &done.result.acknowledgement()));
    let redeemed = all::<Redemption>(memory).unwrap_or_default().into_iter();
    let receipts = redeemed.map(|(vid, done)| {
        let challenge = done.body.challenge;
        let signature = cast
            .world
            .redeemer
            .sign("receipt", &ReceiptBody { vid, challenge });
        Letter::new(owner, &RedeemReceipt { vid, signature })
    });
    results.chain(receipts).collect()
}
