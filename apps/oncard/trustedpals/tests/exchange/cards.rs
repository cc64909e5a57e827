//! Cards in lockstep, and hosts that lose what they like.

use libetp::digest::sha256;
use libetp::params::pals::Description;
use oncard_trustedpals::exchange::{Exchange, Outcome, Plan, Release, SEED_BYTES, Turn, slot};
use zeroize::Zeroizing;

pub(crate) const SESSION: [u8; 32] = [7; 32];
pub(crate) const SETUP_ROUNDS: u32 = 2;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) n: usize,
    pub(crate) slots: u32,
    pub(crate) release: Release,
}

/// The item of a member: of three bytes in two rounds.
pub(crate) fn item(member: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![member as u8, 1, 2])
}

/// What is said of an item before.
pub(crate) fn description(item: &[u8]) -> Description {
    Description {
        bytes: item.len() as u32,
        hash: sha256(item),
        signer: None,
    }
}

impl Setting {
    pub(crate) fn new(n: usize, slots: u32) -> Self {
        let release = Release::NextRound;
        Self { n, slots, release }
    }

    /// All hosts but one may be corrupt; with few slots, none.
    pub(crate) fn plan(&self, me: usize) -> Plan {
        let items = (0..self.n).map(|member| description(&item(member)));
        let corrupt = if self.slots > 3 { self.n - 1 } else { 0 };
        let plan = Plan::new((corrupt, me), items.collect(), SETUP_ROUNDS, self.slots);
        plan.unwrap().releasing(self.release)
    }

    pub(crate) fn last_round(&self) -> u32 {
        self.plan(0).last_round()
    }

    /// Seeds that draw the slot, by trying.
    fn seeds(&self, wanted: u32) -> Vec<[u8; SEED_BYTES]> {
        let all = |number: u32| {
            let mut seeds = vec![[0; SEED_BYTES]; self.n];
            seeds[0][..4].copy_from_slice(&number.to_be_bytes());
            seeds
        };
        let mut tried = (0..).map(all);
        tried
            .find(|seeds| slot(seeds, &SESSION, self.slots) == wanted)
            .unwrap()
    }

    /// Cards whose agreement begins in the slot.
    pub(crate) fn cards(&self, slot: u32) -> Vec<Exchange> {
        let seeds = self.seeds(slot);
        let card = |me: usize| {
            let seed = Zeroizing::new(seeds[me]);
            Exchange::new(self.plan(me), SESSION, seed, item(me))
        };
        (0..self.n).map(card).collect()
    }
}

/// A round in which `loses(from, to)` is lost.
pub(crate) fn round(cards: &mut [Exchange], loses: impl Fn(usize, usize) -> bool) {
    let turns: Vec<Turn> = cards.iter().map(Exchange::turn).collect();
    for (to, card) in cards.iter_mut().enumerate() {
        let heard = turns.iter().enumerate();
        let heard = heard.map(|(from, turn)| (!loses(from, to)).then(|| turn.clone()));
        card.step(&heard.collect::<Vec<_>>());
    }
}

/// Runs a session in which `loses(round, from, to)` is lost, rounds from 1.
pub(crate) fn run(cards: &mut [Exchange], loses: impl Fn(u32, usize, usize) -> bool) {
    while !cards[0].is_over() {
        let number = cards[0].round() + 1;
        round(cards, |from, to| loses(number, from, to));
    }
}

pub(crate) fn has_items(card: &Exchange) -> bool {
    matches!(card.outcome(), Some(Outcome::Released(_)))
}

/// Whether somebody has the items and a member from `corrupt` on, all of whom are honest, has not.
pub(crate) fn is_unfair(cards: &[Exchange], corrupt: usize) -> bool {
    cards.iter().any(has_items) && !cards[corrupt..].iter().all(has_items)
}
