//! What ends with power: programs' memory, and messages that wait in memory only.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{Made, made, read, refusal, selected};
use libetp::limits::HEADER_LEN;
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::params::keys::Verify;
use libetp::params::runtime::RefusalCode;
use libetp::{Message, Mtype};
use oncard_runtime::harness::Host;
use oncard_runtime::limits::{OUTBOX_MESSAGES_MAX, OUTBOX_VOLATILE_BYTES_MAX};
use oncard_runtime::{Card, Context, Incoming, MemoryStore, Program, Rejection};

/// Counts what it is told in its memory. Each byte of a verify's data is one thing to do.
struct Counting(u8);

const COUNT: u8 = b'c';
const VOLATILE: u8 = b'v';
const STORED: u8 = b's';
const LONG: u8 = b'l';
const REFUSE: u8 = b'r';

/// Bytes of a message that [`LONG`] sends.
const LONG_BYTES: usize = 65_500;

impl Program for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn family(&self) -> u8 {
        self.0
    }

    fn tags(&self) -> &'static [&'static str] {
        &[]
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        for what in Verify::from_param(&message.param).unwrap().data {
            let count = *context.memory::<u8>();
            let answer = Ping { nonce: vec![count] };
            match what {
                COUNT => *context.memory::<u8>() += 1,
                VOLATILE => context.send_volatile(message.src, answer),
                STORED => context.send(message.src, answer),
                LONG => {
                    context.check_volatile_room(1, LONG_BYTES)?;
                    let nonce = vec![0; LONG_BYTES - HEADER_LEN - 4];
                    context.send_volatile(message.src, Ping { nonce });
                }
                _ => return Err(Rejection::refused(RefusalCode::State, "as told")),
            }
        }
        Ok(())
    }
}

fn started() -> (Made, Card<MemoryStore>, Host) {
    let made = made();
    let programs: Vec<Box<dyn Program>> = vec![Box::new(Counting(5)), Box::new(Counting(2))];
    let mut card = made.boot_with(programs);
    let host = selected(&mut card);
    (made, card, host)
}

fn tell(made: &Made, what: &[u8]) -> Message {
    let verify = Verify {
        data: what.to_vec(),
        signature: [0; 64],
        certificate: vec![],
    };
    made.from(3, verify)
}

fn to_the_other_program(message: &Message) -> Message {
    let mut other = message.clone();
    other.header.mtype = Mtype::ISSUE;
    other
}

fn counts(said: &[Message]) -> Vec<u8> {
    said.iter().map(|it| read::<Ping>(it).nonce[0]).collect()
}

#[test]
fn memory_is_one_programs_alone_and_ends_with_power() {
    let (made, mut card, mut host) = started();
    let ask = tell(&made, &[STORED]);
    let count = tell(&made, &[COUNT]);
    let messages = [
        count.clone(),
        count,
        ask.clone(),
        to_the_other_program(&ask),
    ];
    assert_eq!(counts(&host.talk(&mut card, &messages).unwrap()), [2, 0]);
    host.select(&mut card).unwrap();
    let said = host.talk(&mut card, std::slice::from_ref(&ask)).unwrap();
    assert_eq!(counts(&said), [2], "a session's end takes nothing");
    card.power_up([2; 32]).unwrap();
    host.select(&mut card).unwrap();
    assert_eq!(counts(&host.talk(&mut card, &[ask]).unwrap()), [0]);
}

#[test]
fn a_volatile_message_is_in_no_store_comes_again_in_order_and_ends_with_power() {
    let (made, mut card, mut host) = started();
    let told = tell(&made, &[VOLATILE, COUNT, STORED, COUNT, VOLATILE]);
    let command = host.command(&[told]);
    card.transmit(&command);
    let stored = common::dump(card.store());
    let waiting = stored.keys().filter(|key| key.starts_with(&[1, 0x20]));
    assert_eq!(waiting.count(), 1);
    // The response was lost.
    host.select(&mut card).unwrap();
    let reply = host.exchange(&mut card, &[]).unwrap();
    let said: Vec<Message> = reply.messages.into_iter().map(|it| it.message).collect();
    assert_eq!(counts(&said), [0, 1, 2]);
    card.power_up([2; 32]).unwrap();
    host.select(&mut card).unwrap();
    let reply = host.exchange(&mut card, &[]).unwrap();
    let said: Vec<Message> = reply.messages.into_iter().map(|it| it.message).collect();
    assert_eq!(counts(&said), [1], "the one in the store");
    // What was taken is gone.
    let reply = host.exchange(&mut card, &[]).unwrap();
    assert!(reply.messages.is_empty());
}

#[test]
fn a_message_that_has_no_effect_sends_nothing_from_memory_either() {
    let (made, mut card, mut host) = started();
    let said = host
        .talk(&mut card, &[tell(&made, &[VOLATILE, REFUSE])])
        .unwrap();
    assert_eq!(refusal(&said), RefusalCode::State as u16);
}

#[test]
fn what_waits_in_memory_is_bounded_in_bytes() {
    let (made, mut card, mut host) = started();
    let fitting = OUTBOX_VOLATILE_BYTES_MAX / LONG_BYTES;
    card.transmit(&host.command(&[tell(&made, &vec![LONG; fitting])]));
    host.select(&mut card).unwrap();
    let mut taken = host.talk(&mut card, &[]).unwrap();
    assert_eq!(taken.len(), fitting);
    assert!(taken.iter().all(|it| it.to_bytes().len() == LONG_BYTES));
    host.select(&mut card).unwrap();
    taken = host
        .talk(&mut card, &[tell(&made, &vec![LONG; fitting + 1])])
        .unwrap();
    assert_eq!(refusal(&taken), RefusalCode::Storage as u16);
}

#[test]
fn what_waits_in_memory_is_bounded_in_number() {
    let (made, mut card, mut host) = started();
    let said = host
        .talk(&mut card, &[tell(&made, &[VOLATILE; OUTBOX_MESSAGES_MAX])])
        .unwrap();
    assert_eq!(said.len(), OUTBOX_MESSAGES_MAX);
    let said = host
        .talk(
            &mut card,
            &[tell(&made, &[VOLATILE; OUTBOX_MESSAGES_MAX + 1])],
        )
        .unwrap();
    assert_eq!(refusal(&said), RefusalCode::Storage as u16);
}
