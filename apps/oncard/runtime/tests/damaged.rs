//! A store whose records are not what the card wrote: refused by name, in bounded memory.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{HOST_KEY, Made, PIN, made, selected};
use libetp::codec::{Encode, to_vec};
use libetp::params::Param;
use libetp::params::runtime::{
    AuthBegin, Hello, HelloChallenge, OrderRefused, PortsReserved, RefusalCode, ReservePorts,
    Serve, Statement,
};
use libetp::{Message, Port};
use oncard_runtime::limits::{GENERATION_MAX, PIN_MEMORY_KIB_MAX, PIN_PASSES_MAX};
use oncard_runtime::{Card, CardError, MemoryStore, PinCost, Store, Writes, personalise};

const HEAD: u8 = 5;
const PORTS: u8 = 6;
const STATEMENTS: u8 = 7;
const FRESH: u8 = 8;

libetp::structure! {
    /// The head, of a card that carried out no command.
    struct Head {
        generation: u64,
        command: Option<u8>,
    }
}

fn with(made: &Made, key: &[u8], value: Vec<u8>) -> MemoryStore {
    let mut store = made.store.clone();
    let key = [&[1], key].concat();
    store.commit(&Writes::from([(key, Some(value))])).unwrap();
    store
}

/// What a card with that record says to a message.
fn said(made: &Made, record: u8, value: &impl Encode, message: Message) -> Vec<Message> {
    let store = with(made, &[record], to_vec(value));
    let mut card = Card::new(store, vec![], [1; 32]).unwrap();
    let mut host = selected(&mut card);
    host.talk(&mut card, &[message]).unwrap()
}

fn refusal(said: &[Message]) -> u16 {
    OrderRefused::from_param(&said[0].param).unwrap().code
}

#[test]
fn a_pin_costs_no_more_than_a_limit() {
    let made = made();
    let cost = |memory_kib, passes| {
        let mut card = made.card.clone();
        card.pin_cost = PinCost { memory_kib, passes };
        personalise(&card, PIN, [9; 32]).map(drop)
    };
    assert_eq!(cost(PIN_MEMORY_KIB_MAX, 1), Ok(()));
    assert_eq!(cost(PIN_MEMORY_KIB_MAX + 1, 1), Err(CardError::PinCost));
    assert_eq!(cost(8, PIN_PASSES_MAX), Ok(()));
    assert_eq!(cost(8, PIN_PASSES_MAX + 1), Err(CardError::PinCost));
}

#[test]
fn a_counter_at_its_end_is_a_refusal() {
    let made = made();
    let serve = || {
        made.order(Serve {
            host_key: HOST_KEY,
            nonce: [1; 32],
        })
    };
    let last = said(&made, STATEMENTS, &(u64::MAX - 1), serve());
    assert_eq!(
        Statement::from_param(&last[0].param).unwrap().number,
        u64::MAX
    );
    let storage = RefusalCode::Storage as u16;
    assert_eq!(
        refusal(&said(&made, STATEMENTS, &u64::MAX, serve())),
        storage
    );
    let begin = made.from(300, AuthBegin {});
    assert_eq!(refusal(&said(&made, FRESH, &u64::MAX, begin)), storage);
}

/// No transaction number is left: the card is mute, whatever it is asked.
#[test]
fn a_card_that_is_worn_out_says_nothing() {
    let made = made();
    for (generation, says) in [
        (GENERATION_MAX - 1, true),
        (GENERATION_MAX, false),
        (u64::MAX, false),
    ] {
        let head = Head {
            generation,
            command: None,
        };
        for message in [
            made.order(HelloChallenge { nonce: [1; 32] }),
            made.order(ReservePorts {}),
        ] {
            let store = with(&made, &[HEAD], to_vec(&head));
            let mut card = Card::new(store, vec![], [1; 32]).unwrap();
            let mut host = selected(&mut card);
            let said = host.talk(&mut card, &[message]);
            assert_eq!(said.is_ok(), says, "{generation}: {said:?}");
            let worn_out = (!says).then_some(CardError::WornOut);
            assert_eq!(card.fault(), worn_out.as_ref());
        }
    }
}

#[test]
fn ports_are_those_of_programs() {
    let made = made();
    let reserve = || made.order(ReservePorts {});
    let hello = || made.order(HelloChallenge { nonce: [1; 32] });
    let end = Port::HOST_FIRST.0;
    let last = said(&made, PORTS, &(end - 256), reserve());
    assert_eq!(
        PortsReserved::from_param(&last[0].param).unwrap().first,
        end - 256
    );
    let full = refusal(&said(&made, PORTS, &end, reserve()));
    assert_eq!(full, RefusalCode::Limit as u16);
    let highest = said(&made, PORTS, &end, hello());
    assert_eq!(
        Hello::from_param(&highest[0].param).unwrap().highest_port,
        end - 1
    );
    for damaged in [0, end + 1, u32::MAX] {
        for message in [reserve(), hello()] {
            let code = refusal(&said(&made, PORTS, &damaged, message));
            assert_eq!(code, RefusalCode::Storage as u16, "{damaged}");
        }
    }
}

#[test]
fn what_waits_for_the_host_is_messages() {
    let made = made();
    let key = [&[0x20], (1_u64 << 16).to_be_bytes().as_slice()].concat();
    let message = made.order(ReservePorts {}).to_bytes();
    let boot =
        |key: &[u8], value: Vec<u8>| Card::new(with(&made, key, value), vec![], [1; 32]).map(drop);
    assert_eq!(boot(&key, message.clone()), Ok(()));
    let damaged = Err(CardError::Damaged("outbox"));
    assert_eq!(boot(&key, message[..33].into()), damaged);
    assert_eq!(boot(&key, vec![0; 70_000]), damaged);
    assert_eq!(boot(&key[..5], message), damaged);
}
