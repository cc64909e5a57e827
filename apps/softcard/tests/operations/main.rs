//! Everything that a card can be told to do, with power cut at every write of it. The state that
//! survives is the one before or the one after, a response that left tells of what is durable, and a
//! host and an owner who go on reach the state after, once.

#[path = "../support/mod.rs"]
mod support;

mod cut;
mod dialogue;
mod facts;
mod reader;
mod seat;
mod stage;
mod table;

use libetp::Message;
use libetp::mtype::{Mtype, TABLE};

use cut::{every_cut, every_loss_in_a_reader};
use stage::Stage;
use table::{ANSWERS, Operation, keys, pals, runtime, third_party, voucher};

/// Families that a card handles: runtime, vouchers, secure computation, third party, keys.
const FAMILIES: [u8; 5] = [0x01, 0x02, 0x03, 0x04, 0x05];

fn every_operation(operations: &[Operation]) {
    for operation in operations {
        let cuts = every_cut(operation);
        println!("{}: {cuts} cuts", operation.name);
    }
}

#[test]
fn power_cuts_in_what_the_runtime_does() {
    every_operation(runtime::OPERATIONS);
}

#[test]
fn power_cuts_in_what_owners_order() {
    every_operation(voucher::ORDERS);
}

#[test]
fn power_cuts_in_what_cards_say_to_each_other() {
    every_operation(voucher::EXCHANGE);
}

#[test]
fn power_cuts_in_disputes() {
    every_operation(voucher::DISPUTE);
    every_operation(third_party::OPERATIONS);
}

#[test]
fn power_cuts_in_what_the_key_service_does() {
    every_operation(keys::OPERATIONS);
}

#[test]
fn power_cuts_in_what_a_card_keeps_of_functions() {
    every_operation(pals::OPERATIONS);
}

/// Before the command, at every write inside of it, and before its response, through the frames of a virtual reader.
/// `TENET_POWER_SEED` sets the seed of what becomes of writes that were not synced.
fn every_loss(operations: &[Operation]) {
    let seed = std::env::var("TENET_POWER_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    println!("TENET_POWER_SEED={seed}");
    for operation in operations {
        let losses = every_loss_in_a_reader(operation, seed);
        println!("{}: {losses} losses of power", operation.name);
    }
}

#[test]
fn a_card_in_a_reader_loses_power_in_an_exchange() {
    every_loss(voucher::EXCHANGE);
}

#[test]
fn a_card_in_a_reader_loses_power_in_what_its_owner_orders() {
    every_loss(voucher::ORDERS);
}

#[test]
fn a_card_in_a_reader_loses_power_in_a_dispute() {
    every_loss(voucher::DISPUTE);
    every_loss(third_party::OPERATIONS);
}

#[test]
fn a_card_in_a_reader_loses_power_while_it_is_given_functions() {
    every_loss(pals::OPERATIONS);
}

#[test]
fn every_message_type_that_a_card_takes_is_in_the_table() {
    let tables = [
        runtime::OPERATIONS,
        voucher::ORDERS,
        voucher::EXCHANGE,
        voucher::DISPUTE,
        third_party::OPERATIONS,
        keys::OPERATIONS,
        pals::OPERATIONS,
    ];
    let taken: Vec<Mtype> = tables
        .into_iter()
        .flatten()
        .map(|operation| operation.mtype)
        .chain(pals::OF_SESSIONS.iter().copied())
        .collect();
    for entry in TABLE {
        let mtype = entry.mtype;
        if FAMILIES.contains(&mtype.family()) {
            let places = (taken.contains(&mtype), ANSWERS.contains(&mtype));
            assert!(
                matches!(places, (true, false) | (false, true)),
                "{mtype}: a card takes it, or it is one of ANSWERS"
            );
        }
    }
}

#[test]
fn what_is_not_for_cards_is_refused() {
    for mtype in ANSWERS {
        let mut stage = Stage::new();
        let card = &mut stage.t;
        let (before, owner) = (card.dump(), card.owner.id);
        card.deliver(Message::new(owner, card.id(), *mtype, Vec::new()));
        let refusals: Vec<_> = card.way.card.counters().collect();
        assert_eq!(refusals, [("unknown-type", 1)], "{mtype}");
        assert_eq!(
            facts::facts(&card.dump(), &before),
            facts::facts(&before, &before)
        );
    }
}

#[test]
fn select_writes_nothing() {
    let mut stage = Stage::new();
    let before = stage.a.dump();
    let select = libetp::exchange::SelectCommand { session: [9; 8] };
    assert!(stage.a.writes_of(&select.to_bytes()).is_empty());
    assert_eq!(stage.a.dump(), before);
}
