//! Hosts that look at the result before they forward anything.

use oncard_trustedpals::exchange::{Exchange, Release};

use crate::cards::{SETUP_ROUNDS, Setting, has_items, is_unfair};

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
