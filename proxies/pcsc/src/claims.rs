//! Which reader serves which socket of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Readers that are taken, and by which card of this process.
#[derive(Clone, Debug, Default)]
pub struct Claims(Arc<Mutex<BTreeMap<String, usize>>>);

/// What one card has of them: at most one reader.
#[derive(Debug)]
pub struct Claim {
    claims: Claims,
    card: usize,
}

impl Claims {
    /// For a card with that number.
    pub fn of(&self, card: usize) -> Claim {
        Claim {
            claims: self.clone(),
            card,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// Readers of the other cards.
    pub fn of_others(&self) -> Vec<String> {
        let claims = self.claims.lock();
        let others = claims.iter().filter(|(_, card)| **card != self.card);
        others.map(|(reader, _)| reader.clone()).collect()
    }

    /// Takes a reader, unless another card has it. Any other is given back.
    pub fn take(&self, reader: &str) -> bool {
        let mut claims = self.claims.lock();
        claims.retain(|_, card| *card != self.card);
        match claims.contains_key(reader) {
            true => false,
            false => claims.insert(reader.into(), self.card).is_none(),
        }
    }

    /// Gives its reader back.
    pub fn give_back(&self) {
        self.claims.lock().retain(|_, card| *card != self.card);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_one_cards_and_a_card_has_one_reader() {
        let claims = Claims::default();
        let (first, second) = (claims.of(0), claims.of(1));
        assert!(first.take("a"));
        assert!(!second.take("a"));
        assert_eq!(second.of_others(), ["a"]);
        assert!(first.of_others().is_empty());
        assert!(first.take("b"), "and gives the first one back");
        assert!(second.take("a"));
        drop(first);
        assert!(second.take("b"));
    }
}
