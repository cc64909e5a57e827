//! Numbers in place of things, so that states are small and compare fast.

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// Gives equal things equal numbers, from 0.
pub(crate) struct Interner<T> {
    numbers: HashMap<Rc<T>, u32>,
    things: Vec<Rc<T>>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            things: Vec::new(),
        }
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// The number of a thing.
    pub(crate) fn number(&mut self, thing: T) -> u32 {
        if let Some(number) = self.numbers.get(&thing) {
            return *number;
        }
        let number =
            u32::try_from(self.things.len()).expect("fewer than 2^32 things fit into memory");
        let thing = Rc::new(thing);
        self.things.push(Rc::clone(&thing));
        self.numbers.insert(thing, number);
        number
    }

    /// The thing of a number.
    pub(crate) fn thing(&self, number: u32) -> &Rc<T> {
        &self.things[number as usize]
    }
}
