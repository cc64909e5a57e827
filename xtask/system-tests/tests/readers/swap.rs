//! Cards that change places while the reader is not told: to it, one card stays where it is.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use card_proxy::{Link, LinkError};
use softcard::SoftCard;
use system_tests::reader::InsertedCard;

use crate::station::Station;

/// Two cards, of which one answers.
#[derive(Clone)]
struct Pair(Arc<Mutex<(SoftCard, SoftCard)>>);

impl Pair {
    fn of(answers: &Path, other: &Path) -> Self {
        let open = |directory| SoftCard::open(directory, None).unwrap();
        Self(Arc::new(Mutex::new((open(answers), open(other)))))
    }

    /// The other one answers from now on, just powered up.
    fn swap(&self) {
        let (answers, other) = &mut *self.lock();
        std::mem::swap(answers, other);
        answers.reset().unwrap();
    }

    fn lock(&self) -> MutexGuard<'_, (SoftCard, SoftCard)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link for Pair {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.lock().0.transmit(command)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.lock().0.reset()
    }
}

#[test]
fn a_card_that_comes_back_as_unseen_as_it_went_is_found_again() {
    let mut station = Station::set(&[]);
    station.pull();
    let pair = Pair::of(&station.card_directory(), &station.other_card());
    let _inserted = InsertedCard::insert(pair.clone(), &station.slot).unwrap();
    station.host.wait_until("live").unwrap();
    pair.swap();
    station.pings.send();
    station.wait_for_words("absent", "is in the place of");
    pair.swap();
    station.pings.are_answered_once();
}
