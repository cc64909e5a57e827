//! What may happen next in a state.

use std::collections::BTreeSet;

use libetp::params::voucher::Xid;

use super::{Backup, Local, Move, Space, State};
use crate::explore::cast::{ACTORS, CARDS};
use crate::explore::history::Spent;
use crate::explore::machine::Transition;

impl Space<'_> {
    /// Everything that may happen next.
    pub(super) fn follow(&mut self, at: usize, state: &State) {
        let from = u32::try_from(at).expect("fewer than STATES_MAX");
        let sent = self.sent(state.sent);
        for input in &sent.inputs {
            if input.only_in.is_none_or(|xid| self.is_in(state, &xid)) {
                self.take(from, state, input.actor, input.letter);
            }
        }
        for actor in 0..CARDS {
            for letter in self.orders(actor, state).iter() {
                self.take(from, state, actor, *letter);
            }
        }
        for actor in 0..ACTORS {
            self.befall(from, state, actor);
        }
        if self.variant.restores() {
            self.restore(from, state);
        }
    }

    pub(crate) fn local(&self, state: &State, actor: usize) -> Local {
        **self.locals.thing(state.locals[actor])
    }

    fn is_in(&self, state: &State, xid: &Xid) -> bool {
        (0..CARDS).any(|card| {
            let memory = self.local(state, card).memory;
            self.machine.view(card, memory).find(xid).is_some()
        })
    }

    fn take(&mut self, from: u32, state: &State, actor: usize, letter: u32) {
        let local = self.local(state, actor);
        let ways = self.machine.step(actor, local.memory, letter);
        for (way, transition) in ways.iter().enumerate() {
            let Some(changed) = self.changed(local, actor, transition) else {
                continue;
            };
            let mut next = *state;
            next.locals[actor] = changed;
            if changed != state.locals[actor] {
                self.taken.insert(letter);
            }
            let step = |lost| Move::Take {
                actor,
                letter,
                lost,
                way,
            };
            if self.config.torn && !transition.sends.is_empty() {
                self.reach(next, (from, Some(step(true))));
            }
            next.sent = self.with(state.sent, &transition.sends);
            self.reach(next, (from, Some(step(false))));
        }
    }

    /// The local state after a transition, if that is within the bounds.
    fn changed(&mut self, local: Local, actor: usize, transition: &Transition) -> Option<u32> {
        let memory = transition.memory;
        if transition.spent == Spent::default() && transition.events.is_empty() {
            let past = local.past;
            return Some(self.locals.number(Local { memory, past }));
        }
        let past = self.pasts.thing(local.past);
        let past = past.after(&transition.events, transition.spent);
        if !self.within(actor, past.spent) {
            return None;
        }
        let past = self.pasts.number(past);
        Some(self.locals.number(Local { memory, past }))
    }

    fn within(&self, card: usize, spent: Spent) -> bool {
        let config = self.config;
        spent.starts <= config.starts[card]
            && spent.accepts <= config.accepts[card]
            && spent.issues <= config.issues[card]
    }

    fn with(&mut self, sent: u32, more: &[u32]) -> u32 {
        let set = self.sets.thing(sent);
        if more.iter().all(|letter| set.contains(letter)) {
            return sent;
        }
        let mut set = BTreeSet::clone(set);
        set.extend(more);
        self.sets.number(set)
    }

    /// What may befall a memory without a message.
    fn befall(&mut self, from: u32, state: &State, actor: usize) {
        let local = self.local(state, actor);
        for (name, memory) in self.mishaps(actor, local.memory).iter() {
            let mut next = *state;
            let past = local.past;
            next.locals[actor] = self.locals.number(Local {
                memory: *memory,
                past,
            });
            self.reach(next, (from, Some(Move::Mishap { actor, name })));
        }
    }

    /// Card B is backed up once, and comes back once as it was.
    fn restore(&mut self, from: u32, state: &State) {
        let actor = CARDS - 1;
        let local = self.local(state, actor);
        let mut next = *state;
        let name = match state.backup {
            Backup::Used => return,
            Backup::None => {
                next.backup = Backup::Of(local.memory);
                "is backed up"
            }
            Backup::Of(memory) => {
                let past = local.past;
                next.locals[actor] = self.locals.number(Local { memory, past });
                next.backup = Backup::Used;
                "is restored from its backup"
            }
        };
        self.reach(next, (from, Some(Move::Mishap { actor, name })));
    }
}
