//! What hosts see of an exchange.

use libetp::Message;
use libetp::params::pals::Outcome;

use super::{Deal, all};
use crate::table::{Carry, honest};
use crate::traffic::{Seen, traffic};

fn seen(deal: &Deal, outcome: Outcome, carry: &mut Carry<'_>) -> Seen {
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    table.play(carry);
    assert!(all(outcome, &table));
    traffic(&table)
}

#[test]
fn the_traffic_is_the_same_whatever_the_items_are_and_whether_anybody_gets_them() {
    let deal = Deal::of(vec![vec![1; 8], vec![2; 3], vec![3; 5]], 2, 4);
    let other = Deal::of(vec![vec![4; 8], vec![5; 3], vec![6; 5]], 2, 4);
    let released = seen(&deal, Outcome::Result, &mut honest);
    assert_eq!(released, seen(&other, Outcome::Result, &mut honest));
    let mut is_lost = false;
    let mut first = |message: &Message| match std::mem::replace(&mut is_lost, true) {
        true => vec![message.clone()],
        false => vec![],
    };
    assert_eq!(released, seen(&deal, Outcome::Refused, &mut first));
}

#[test]
fn no_item_passes_in_the_clear_nor_is_it_stored_before_it_is_told() {
    let deal = Deal::of(
        vec![b"a secret key".to_vec(), b"another item".to_vec()],
        1,
        20,
    );
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    let is_in = |bytes: &[u8]| {
        deal.items
            .iter()
            .any(|item| bytes.windows(item.len()).any(|it| it == item))
    };
    while table.seats[0].items().is_none() {
        let stored = table.seats[0].stored();
        assert!(!stored.iter().any(|(_, value)| is_in(value)));
        table.round(&mut honest);
    }
    table.play(&mut honest);
    assert!(!table.sent.iter().any(|message| is_in(&message.param)));
}
