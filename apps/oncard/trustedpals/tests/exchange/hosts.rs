//! Hosts that look at the result before they forward anything.

use oncard_trustedpals::exchange::{Exchange, Release, Turn};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::cards::{SETUP_ROUNDS, Setting, has_items, is_unfair, round};

const SLOTS: u32 = 6;

/// Two members, the first one's host corrupt. It gives its card each of the other's packets, and cuts the
/// other off before it forwards its own of that round: once its card has released, or in round
/// `latest`. Whether that was unfair.
fn rush(release: Release, slot: u32, latest: u32) -> bool {
    let setting = Setting {
        release,
        ..Setting::new(2, SLOTS)
    };
    let mut cards = setting.cards(slot);
    let mut is_cut = false;
    while !cards[0].is_over() {
        let [ours, theirs] = [0, 1].map(|at| Exchange::turn(&cards[at]));
        cards[0].step(&[None, Some(theirs)]);
        is_cut |= has_items(&cards[0]) || cards[0].round() == latest;
        cards[1].step(&[Some(ours).filter(|_| !is_cut), None]);
    }
    is_unfair(&cards, 1)
}

fn slots_lost(release: Release, latest: u32) -> usize {
    (0..SLOTS)
        .filter(|slot| rush(release, *slot, latest))
        .count()
}

#[test]
fn a_host_that_looks_ahead_gains_nothing() {
    for latest in 1..=SETUP_ROUNDS + SLOTS + 2 {
        assert!(
            slots_lost(Release::NextRound, latest) <= 1,
            "in round {latest}"
        );
    }
    assert_eq!(slots_lost(Release::NextRound, SETUP_ROUNDS + 3), 1);
}

#[test]
fn releasing_at_the_decision_would_give_it_everything() {
    assert_eq!(slots_lost(Release::AtDecision, u32::MAX), SLOTS as usize);
}

/// All hosts but the last one's play together at random: from some round on they end their cards' rounds in any order,
/// with any of the packets that there are. Once one of their cards has released, the last one hears nothing more.
struct Play {
    cards: Vec<Exchange>,
    /// For each card, what it said in each round from the first.
    said: Vec<Vec<Turn>>,
    dice: ChaCha8Rng,
}

impl Play {
    fn new(setting: &Setting, slot: u32, seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut cards = setting.cards(slot);
        let mut said: Vec<Vec<Turn>> = vec![Vec::new(); cards.len()];
        let begins = SETUP_ROUNDS + dice.next_u32() % setting.slots;
        for _ in 1..begins {
            let turns = cards.iter().map(Exchange::turn);
            said.iter_mut()
                .zip(turns)
                .for_each(|(all, turn)| all.push(turn));
            round(&mut cards, |_, _| false);
        }
        let turns = cards.iter().map(Exchange::turn);
        said.iter_mut()
            .zip(turns)
            .for_each(|(all, turn)| all.push(turn));
        Self { cards, said, dice }
    }

    /// Ends a round of a card.
    fn end(&mut self, to: usize, is_heard: impl Fn(u32) -> bool) {
        let round = self.cards[to].round() as usize;
        let mut heard = Vec::new();
        for (from, said) in self.said.iter().enumerate() {
            let is_heard = is_heard(self.dice.next_u32()) && from != to;
            heard.push(said.get(round).filter(|_| is_heard).cloned());
        }
        self.cards[to].step(&heard);
        self.said[to].push(self.cards[to].turn());
    }

    /// Whether it was unfair.
    fn ends_unfairly(mut self) -> bool {
        let victim = self.cards.len() - 1;
        let lost_one_in = 2 + self.dice.next_u32() % 30;
        while !self.cards.iter().all(Exchange::is_over) {
            let at = self.dice.next_u32() as usize % self.cards.len();
            let is_cut = at == victim && self.cards[..victim].iter().any(has_items);
            self.end(at, |dice| !is_cut && dice % lost_one_in != 0);
        }
        is_unfair(&self.cards, victim)
    }
}

#[test]
fn no_play_of_many_is_unfair_in_more_slots_than_the_odds_say() {
    const PLAYS: u64 = 4_000;
    const SLOTS: u32 = 6;
    for n in [2, 3, 4] {
        let setting = Setting::new(n, SLOTS);
        let lost = |seed: u64| {
            let is_unfair = |slot: &u32| Play::new(&setting, *slot, seed).ends_unfairly();
            (0..SLOTS).filter(is_unfair).count()
        };
        let most = (0..PLAYS).map(|seed| (lost(seed), seed)).max().unwrap();
        let window = setting.plan(0).odds().window as usize;
        println!(
            "{n} members: {} slots of {SLOTS} with seed {}",
            most.0, most.1
        );
        assert!(most.0 <= window, "{n} members: {most:?}");
        assert!(most.0 > 0, "{n} members: the hosts never win");
    }
}
