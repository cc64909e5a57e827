//! Hosts that play for an advantage. Cards are as they were before each session, with other randomness, so that each
//! can be tried against every choice of its hosts.

use libetp::params::pals::{Outcome, RoundOver, SessionResult};
use libetp::{EntityId, Message, Mtype};
use oncard_runtime::MemoryStore;

use super::{Deal, outcomes};
use crate::table::{Table, honest};

const SLOTS: u32 = 4;
/// Sessions, each with its own slot.
const DRAWN: u8 = 60;

/// Cards that play the same session again and again.
struct Trials {
    deal: Deal,
    table: Table,
    stores: Vec<MemoryStore>,
}

impl Trials {
    fn new(deal: Deal) -> Self {
        let table = deal.table();
        let stores = table.seats.iter().map(|it| it.card.store().clone());
        Self {
            stores: stores.collect(),
            deal,
            table,
        }
    }

    /// Begins the session in which the cards draw what follows from that number.
    fn begin(&mut self, drawn: u8) {
        for (seat, store) in self.table.seats.iter_mut().zip(&self.stores) {
            seat.powers = drawn;
            seat.lose_power(Some(store.clone()));
            seat.inbox.clear();
        }
        self.deal.start(&mut self.table, &mut honest);
    }

    /// In which round all are told, if nobody cuts anything.
    fn told_in(&mut self, drawn: u8) -> u32 {
        self.begin(drawn);
        while self.table.seats[0].outcome().is_none() {
            self.table.round(&mut honest);
        }
        let round = match self.table.seats[0].is_over() {
            true => self.deal.rounds(),
            false => self.table.seats[0].state().round - 1,
        };
        self.table.play(&mut honest);
        round
    }

    /// Whether somebody has the items and the last member, whose host is right, has not.
    fn is_unfair(&self) -> bool {
        let outcomes = outcomes(&self.table);
        let (honest, others) = outcomes.split_last().unwrap();
        assert!(matches!(honest, Some(Outcome::Result | Outcome::Refused)));
        others.contains(&Some(Outcome::Result)) && *honest == Some(Outcome::Refused)
    }
}

/// The first host ends each round of its card before it forwards the card's packet of that round, and looks. Once the
/// card has told the items, or in that round, it forwards nothing more.
fn rush(trials: &mut Trials, drawn: u8, latest: u32) -> bool {
    trials.begin(drawn);
    let table = &mut trials.table;
    let mut packets = [0, 1].map(|at| ended(table, at));
    let mut is_cut = false;
    for round in 1..=trials.deal.rounds() {
        let [ours, theirs] = std::mem::take(&mut packets);
        table.deliver(theirs, &mut honest);
        packets[0] = ended(table, 0);
        is_cut |= table.seats[0].outcome().is_some() || round == latest;
        if !is_cut {
            table.deliver(ours, &mut honest);
        }
        packets[1] = ended(table, 1);
    }
    trials.is_unfair()
}

/// Ends a card's round; what it has for others.
fn ended(table: &mut Table, at: usize) -> Vec<Message> {
    let (session, round) = table.seats[at].clock();
    let said = table.seats[at].tell(RoundOver { session, round });
    let for_others = |it: &Message| it.header.mtype == Mtype::SESSION_PACKET;
    let (packets, told) = said.into_iter().partition(for_others);
    table.deliver(told, &mut honest);
    packets
}

/// Of two members, in exactly one of the rounds in which the host may stop, whichever slot was drawn; so a host that
/// does not know the slot is right in one session of `SLOTS`.
#[test]
fn a_host_that_looks_before_it_forwards_has_one_round_of_all_slots() {
    let mut trials = Trials::new(Deal::new(2, SLOTS));
    let mut unfair = vec![0; 1 + trials.deal.rounds() as usize];
    for drawn in 1..=DRAWN {
        let told_in = trials.told_in(drawn);
        for latest in 1..=trials.deal.rounds() {
            let is_unfair = rush(&mut trials, drawn, latest);
            assert_eq!(
                is_unfair,
                latest + 1 == told_in,
                "{drawn}: {latest} of {told_in}"
            );
            unfair[latest as usize] += u32::from(is_unfair);
        }
    }
    // Four standard deviations beside a quarter: the numbers follow from the seeds, and are the same each time.
    let mean = f64::from(DRAWN) / f64::from(SLOTS);
    let most = mean + 4.0 * (mean * (1.0 - 1.0 / f64::from(SLOTS))).sqrt();
    assert!(unfair.iter().all(|it| f64::from(*it) <= most), "{unfair:?}");
    assert_eq!(unfair.iter().sum::<u32>(), u32::from(DRAWN));
}

/// Two of three: from some round on the third hears nothing. In two rounds of all slots that is unfair.
#[test]
fn two_hosts_against_one_have_two_rounds_of_all_slots() {
    let mut trials = Trials::new(Deal::new(3, SLOTS));
    for drawn in 1..=8 {
        let told_in = trials.told_in(drawn);
        let mut unfair = Vec::new();
        for latest in 1..=trials.deal.rounds() {
            trials.begin(drawn);
            let victim = trials.table.seats[2].id();
            for round in 0..=trials.deal.rounds() {
                let mut carry = |message: &Message| {
                    let is_lost = message.header.dst == victim && round + 1 >= latest;
                    match is_lost && message.header.mtype == Mtype::SESSION_PACKET {
                        true => vec![],
                        false => vec![message.clone()],
                    }
                };
                trials.table.round(&mut carry);
            }
            if trials.is_unfair() {
                unfair.push(latest);
            }
        }
        assert_eq!(unfair, [told_in - 2, told_in - 1], "{drawn}");
    }
}

/// Two of three look into one of their cards, which hears the third no more from then on. If it tells nothing, the
/// agreement may begin in the next round still, for which that card has consented before it was looked into: the third
/// is given this round, and the other card looks. Whether that was unfair.
fn look_twice(trials: &mut Trials, drawn: u8, at: u32) -> bool {
    trials.begin(drawn);
    let table = &mut trials.table;
    let [mut first, mut second, mut third] = [0, 1, 2].map(|it| ended(table, it));
    for _ in 1..at {
        table.deliver([first, second, third].concat(), &mut honest);
        [first, second, third] = [0, 1, 2].map(|it| ended(table, it));
    }
    let [one, other, victim] = [0, 1, 2].map(|it| table.seats[it].id());
    let (held, seen) = split([first, second, third].concat(), victim);
    table.deliver(seen, &mut honest);
    let [first, second] = [0, 1].map(|it| ended(table, it));
    table.deliver(split(second, one).0, &mut honest);
    let after = ended(table, 0);
    ended(table, 0);
    if table.seats[0].outcome() != Some(Outcome::Result) {
        table.deliver(held, &mut honest);
        let third = ended(table, 2);
        table.deliver(split([first, third].concat(), other).0, &mut honest);
        ended(table, 1);
        table.deliver(split(after, other).0, &mut honest);
        (0..2).for_each(|_| drop(ended(table, 1)));
    }
    let mut cut = |message: &Message| match message.header.dst == victim {
        true => vec![],
        false => vec![message.clone()],
    };
    table.play(&mut cut);
    trials.is_unfair()
}

/// What is for that card, and the rest.
fn split(messages: Vec<Message>, card: EntityId) -> (Vec<Message>, Vec<Message>) {
    messages.into_iter().partition(|it| it.header.dst == card)
}

/// One more than without looking, which is all that looking gives: who has missed a packet before the agreement does
/// not consent.
#[test]
fn two_hosts_that_look_one_after_the_other_have_three_rounds_of_all_slots() {
    let mut trials = Trials::new(Deal::new(3, SLOTS));
    for drawn in 1..=8 {
        let told_in = trials.told_in(drawn);
        let all = 1..=trials.deal.rounds();
        let unfair: Vec<u32> = all
            .filter(|at| look_twice(&mut trials, drawn, *at))
            .collect();
        assert_eq!(unfair, [told_in - 3, told_in - 2, told_in - 1], "{drawn}");
    }
}

/// A card that its host looks into by taking it ahead is told what it would be told anyway, once.
#[test]
fn a_card_that_is_taken_ahead_alone_tells_nothing_of_the_items() {
    let mut trials = Trials::new(Deal::new(2, SLOTS));
    for drawn in 1..=4 {
        let told_in = trials.told_in(drawn);
        for alone_from in 1..told_in {
            trials.begin(drawn);
            let table = &mut trials.table;
            (0..alone_from).for_each(|_| table.round(&mut honest));
            while !table.seats[0].is_over() {
                ended(table, 0);
            }
            let endings: Vec<SessionResult> = table.seats[0].endings();
            let expected = match alone_from + 1 == told_in {
                true => Outcome::Result,
                false => Outcome::Refused,
            };
            assert_eq!(endings.len(), 1);
            assert_eq!(
                endings[0].outcome, expected as u8,
                "{alone_from} of {told_in}"
            );
        }
    }
}
