//! What corrupt hosts lose, and what they cannot.

use omissions::{Attack, Cut, Hosts, MEMBERS_MAX, first};

const N: usize = 6;
const MOST: usize = 3;
const ROUNDS: u32 = 8;
const ATTACKS: [Attack; 6] = [
    Attack::None,
    Attack::Random,
    Attack::Chain,
    Attack::OneWay,
    Attack::Loses(5),
    Attack::Cut(Cut {
        round: 4,
        from: 0b00_0101,
        to: 0b11_1111,
    }),
];

/// What of a session is lost, asked in order of rounds or against it.
fn lost(hosts: &mut Hosts, backwards: bool) -> Vec<(u32, usize, usize)> {
    let pairs = (0..N).flat_map(|from| (0..N).map(move |to| (from, to)));
    let mut all: Vec<_> = (0..=ROUNDS)
        .flat_map(|round| pairs.clone().map(move |(from, to)| (round, from, to)))
        .collect();
    if backwards {
        all.reverse();
    }
    all.retain(|(round, from, to)| hosts.loses(*round, *from, *to));
    all.sort_unstable();
    all
}

#[test]
fn a_seed_says_everything_whatever_was_asked_before() {
    for attack in ATTACKS {
        let hosts = |seed| Hosts::new(attack, N, MOST, ROUNDS, seed);
        for seed in 0..50 {
            assert_eq!(lost(&mut hosts(seed), false), lost(&mut hosts(seed), true));
        }
    }
    let random = |seed| {
        lost(
            &mut Hosts::new(Attack::Loses(2), N, MOST, ROUNDS, seed),
            false,
        )
    };
    assert_ne!(random(1), random(2));
}

#[test]
fn what_passes_honest_hosts_alone_is_never_lost() {
    for attack in ATTACKS {
        for seed in 0..200 {
            let mut hosts = Hosts::new(attack, N, MOST, ROUNDS, seed);
            let corrupt = hosts.corrupt();
            assert!(corrupt.count_ones() as usize <= MOST);
            for (_, from, to) in lost(&mut hosts, false) {
                assert!(from != to && (corrupt >> from | corrupt >> to) & 1 == 1);
            }
        }
    }
}

#[test]
fn one_way_is_one_direction_of_one_pair_from_a_round_on() {
    let mut directions = [false; 2];
    for seed in 0..100 {
        let mut hosts = Hosts::new(Attack::OneWay, N, MOST, ROUNDS, seed);
        let lost = lost(&mut hosts, false);
        let (first, from, to) = lost[0];
        let expected: Vec<_> = (first..=ROUNDS).map(|round| (round, from, to)).collect();
        assert_eq!(lost, expected);
        directions[usize::from(hosts.corrupt() >> from & 1 == 1)] = true;
    }
    assert_eq!(directions, [true; 2]);
}

#[test]
fn a_cut_begins_in_its_round_or_when_there_is_a_reason() {
    let cut = Cut {
        round: 5,
        from: 0b1,
        to: 0b10,
    };
    let mut hosts = Hosts::new(Attack::Cut(cut), N, 1, ROUNDS, 0);
    assert!(!hosts.loses(4, 0, 1) && hosts.loses(5, 0, 1) && !hosts.loses(5, 1, 0));
    hosts.cut_now(6);
    assert!(!hosts.loses(4, 0, 1), "it had begun before");
    hosts.cut_now(3);
    assert!(!hosts.loses(2, 0, 1) && hosts.loses(3, 0, 1));
}

#[test]
fn a_chain_hands_on_among_the_corrupt_whoever_they_are() {
    let corrupt = 0b10_1010;
    for seed in 0..50 {
        let mut hosts = Hosts::corrupt_are(corrupt, Attack::Chain, N, ROUNDS, seed);
        assert!(!hosts.loses(1, 1, 3) && !hosts.loses(2, 3, 5));
        let mut later = hosts.clone().after(2);
        let is_lost = |hosts: &mut Hosts, round| {
            let pairs = (0..N).flat_map(|from| (0..N).map(move |to| (from, to)));
            let lost = pairs.filter(|(from, to)| hosts.loses(round, *from, *to));
            lost.collect::<Vec<_>>()
        };
        assert!((0..=2).all(|round| is_lost(&mut later, round).is_empty()));
        assert_eq!(is_lost(&mut later, 3), is_lost(&mut hosts, 1));
    }
}

#[test]
fn everything_is_lost_about_as_often_as_it_was_said() {
    let count = (0..200).map(|seed| {
        let mut hosts = Hosts::new(Attack::Loses(5), N, N, ROUNDS, seed);
        lost(&mut hosts, false).len()
    });
    let (seen, of) = (
        count.sum::<usize>(),
        200 * (1 + ROUNDS as usize) * N * (N - 1),
    );
    assert!(seen.abs_diff(of / 5) < of / 50, "{seen} of {of}");
}

#[test]
fn sessions_have_members_up_to_the_last_bit() {
    assert_eq!((first(0), first(1), first(MEMBERS_MAX)), (0, 1, u32::MAX));
    assert_eq!(first(MEMBERS_MAX + 1), u32::MAX);
    let mut hosts = Hosts::corrupt_are(1 << 31, Attack::Loses(1), MEMBERS_MAX, 1, 0);
    assert!(hosts.loses(1, 31, 0) && hosts.loses(1, 0, 31) && !hosts.loses(1, 0, 1));
    assert!(!hosts.loses(1, MEMBERS_MAX, 0), "there is nobody");
}
