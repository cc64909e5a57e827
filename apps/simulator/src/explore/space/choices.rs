//! What can be chosen from: everything that can be delivered, ordered, or befall, made once for each
//! set of messages and each memory.

use std::rc::Rc;

use super::{Mishaps, Sent, Space, State};
use crate::explore::cast::CARDS;
use crate::explore::letter::Letter;
use crate::explore::orders::orders;
use crate::explore::{recover, rules};

impl Space<'_> {
    pub(super) fn sent(&mut self, number: u32) -> Rc<Sent> {
        if let Some(known) = self.sent.get(&number) {
            return Rc::clone(known);
        }
        let set = Rc::clone(self.sets.thing(number));
        let letters = &mut self.machine.letters;
        let inputs = self.deriver.inputs(&set, letters);
        let read: Vec<&Letter> = set.iter().map(|letter| &**letters.thing(*letter)).collect();
        let sent = Rc::new(Sent {
            finding: rules::one_outcome(&read),
            inputs,
        });
        self.sent.insert(number, Rc::clone(&sent));
        sent
    }

    pub(super) fn orders(&mut self, actor: usize, state: &State) -> Rc<[u32]> {
        let memory = self.local(state, actor).memory;
        if let Some(known) = self.orders.get(&(actor, memory)) {
            return Rc::clone(known);
        }
        let machine = &mut self.machine;
        let (store, view) = (
            Rc::clone(machine.store(actor, memory)),
            Rc::clone(machine.view(actor, memory)),
        );
        let made = orders(machine.cast, self.config, actor, (&store, &view));
        let made: Rc<[u32]> = made
            .into_iter()
            .map(|letter| machine.letters.number(letter))
            .collect();
        self.orders.insert((actor, memory), Rc::clone(&made));
        made
    }

    pub(super) fn mishaps(&mut self, actor: usize, memory: u32) -> Mishaps {
        if let Some(known) = self.mishaps.get(&(actor, memory)) {
            return Rc::clone(known);
        }
        let store = Rc::clone(self.machine.store(actor, memory));
        let mut made = self.variant.mishaps(actor, &store);
        if self.config.forgets_done && actor < CARDS {
            made.extend(recover::forgotten(&store));
        }
        let number = |(name, store)| (name, self.machine.memory(actor, store));
        let made: Rc<[_]> = made.into_iter().map(number).collect();
        self.mishaps.insert((actor, memory), Rc::clone(&made));
        made
    }
}
