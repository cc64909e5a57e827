//! Commands that are carried out in memory only, and a host that still knows what was carried out when power fails.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{Made, boot, made};
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::params::keys::Verify;
use libetp::params::runtime::ReservePorts;
use libetp::{Domain, Message, Port};
use oncard_runtime::harness::{CutStore, Host};
use oncard_runtime::limits::{OUTBOX_MESSAGES_MAX, UNWRITTEN_COMMANDS_MAX};
use oncard_runtime::{Card, Context, Incoming, Program, Rejection};
use proptest::prelude::*;

/// Each byte of a verify's data is one thing to do.
struct Noting;

const VOLATILE: u8 = b'v';
const STORED: u8 = b's';
/// One more in the store.
const WRITE: u8 = b'w';
const KEY: &[u8] = b"count";

impl Program for Noting {
    fn name(&self) -> &'static str {
        "noting"
    }

    fn family(&self) -> u8 {
        5
    }

    fn tags(&self) -> &'static [&'static str] {
        &[]
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        for what in Verify::from_param(&message.param).unwrap().data {
            match what {
                VOLATILE => context.send_volatile(message.src, Ping { nonce: vec![] }),
                STORED => context.send(message.src, Ping { nonce: vec![] }),
                _ => {
                    let count = stored(context.get(KEY)?) + 1;
                    context.put(KEY, count.to_be_bytes().into());
                }
            }
        }
        Ok(())
    }
}

fn stored(value: Option<Vec<u8>>) -> u32 {
    value.map_or(0, |it| u32::from_be_bytes(it.try_into().unwrap()))
}

fn tell(made: &Made, what: &[u8]) -> Message {
    let verify = Verify {
        data: what.to_vec(),
        signature: [0; 64],
        certificate: vec![],
    };
    made.from(3, verify)
}

/// A card, and a host that recovers as `docs/protocol/exchange.md` says.
struct Run {
    made: Made,
    card: Card<CutStore>,
    host: Host,
    /// What SELECT stated when the present run of numbers began.
    generation: u64,
}

impl Run {
    fn new() -> Self {
        let made = made();
        let card = boot(CutStore::new(made.store.clone()), vec![Box::new(Noting)]);
        let mut run = Self {
            made,
            card,
            host: Host::new([1; 8]),
            generation: 0,
        };
        run.select();
        run
    }

    fn select(&mut self) {
        self.generation = self.host.select(&mut self.card).unwrap().generation;
    }

    /// Carries out a command, and tells whether it was committed.
    fn is_written(&mut self, what: &[u8]) -> bool {
        self.card.store_mut().cut(None);
        let message = tell(&self.made, what);
        self.host.exchange(&mut self.card, &[message]).unwrap();
        self.card.store().commits() > 0
    }

    /// The card loses power, or the host its session; whether the last command was carried out.
    fn recover(&mut self, is_power_lost: bool) -> bool {
        if is_power_lost {
            let store = CutStore::new(self.card.store().survivor());
            self.card = boot(store, vec![Box::new(Noting)]);
        }
        let (sequence, before) = (self.host.sequence, self.generation);
        let reply = self.host.select(&mut self.card).unwrap();
        self.generation = reply.generation;
        reply.executed(sequence, before)
    }

    /// The command, whose response is lost.
    fn unanswered(&mut self, what: &[u8]) {
        let message = tell(&self.made, what);
        self.card.transmit(&self.host.command(&[message]));
    }
}

#[test]
fn what_is_for_memory_alone_is_not_written_but_for_the_first_command_since_select() {
    let mut run = Run::new();
    assert!(run.is_written(&[VOLATILE]));
    assert!(!run.is_written(&[VOLATILE, VOLATILE]));
    assert!(!run.is_written(&[]));
    run.select();
    assert!(run.is_written(&[]));
    assert!(!run.is_written(&[]));
}

/// Nobody outside can wear the store out.
#[test]
fn what_strangers_ask_and_are_refused_is_not_written() {
    let mut run = Run::new();
    run.is_written(&[]);
    run.card.store_mut().cut(None);
    let stranger = Domain([9; 12]).entity(Port(5));
    let card = run.made.domain().card();
    let ping = Ping { nonce: vec![7] }.into_message(stranger, card);
    let order = ReservePorts {}.into_message(stranger, card);
    let reply = run.host.exchange(&mut run.card, &[ping, order]).unwrap();
    assert_eq!(reply.messages.len(), 1, "the pong");
    run.host.exchange(&mut run.card, &[]).unwrap();
    assert_eq!(run.card.store().commits(), 0);
}

#[test]
fn what_the_store_keeps_or_forgets_is_written() {
    let mut run = Run::new();
    run.is_written(&[]);
    assert!(run.is_written(&[WRITE]));
    assert!(!run.is_written(&[VOLATILE]));
    assert!(run.is_written(&[STORED]), "a message waits in the store");
    assert!(run.is_written(&[]), "and is confirmed");
    assert!(!run.is_written(&[]));
}

#[test]
fn one_of_so_many_commands_in_a_row_is_written() {
    let mut run = Run::new();
    run.is_written(&[]);
    for _ in 0..3 {
        for _ in 0..UNWRITTEN_COMMANDS_MAX {
            assert!(!run.is_written(&[VOLATILE]));
        }
        assert!(run.is_written(&[VOLATILE]));
    }
}

#[test]
fn numbers_of_messages_grow_however_many_are_sent_from_memory_and_when_power_fails() {
    let mut run = Run::new();
    let most = tell(&run.made, &[VOLATILE; OUTBOX_MESSAGES_MAX]);
    let mut seen = 0;
    for at in 0..3 * u32::from(UNWRITTEN_COMMANDS_MAX) {
        let reply = run
            .host
            .exchange(&mut run.card, std::slice::from_ref(&most));
        let numbers: Vec<u64> = reply.unwrap().messages.iter().map(|it| it.number).collect();
        assert_eq!(numbers.len(), OUTBOX_MESSAGES_MAX);
        for number in numbers {
            assert!(number > seen, "{number} after {seen}");
            seen = number;
        }
        if at % 20 == 19 {
            run.recover(true);
        }
    }
}

/// How many commands were carried out in memory before power fails never makes the host think that a lost
/// command was carried out, nor that one on record was not.
#[test]
fn after_a_loss_of_power_the_host_knows_whether_a_command_was_carried_out() {
    for ahead in 0..=2 * UNWRITTEN_COMMANDS_MAX {
        for (what, is_kept) in [(WRITE, true), (VOLATILE, false)] {
            let mut run = Run::new();
            run.is_written(&[]);
            for _ in 0..ahead {
                run.is_written(&[VOLATILE]);
            }
            run.unanswered(&[what]);
            let is_kept = is_kept || ahead % (UNWRITTEN_COMMANDS_MAX + 1) == UNWRITTEN_COMMANDS_MAX;
            assert_eq!(run.recover(true), is_kept, "{ahead} {what}");
        }
    }
}

/// A whole turn of sequence numbers after a command on record, none is taken for it.
#[test]
fn a_command_that_never_arrived_is_not_taken_for_one_with_its_number() {
    let mut run = Run::new();
    run.is_written(&[WRITE]);
    for _ in 0..3 * 256 {
        run.is_written(&[VOLATILE]);
        let mut lost = Run {
            made: made(),
            card: boot(
                CutStore::new(run.card.store().survivor()),
                vec![Box::new(Noting)],
            ),
            host: run.host.clone(),
            generation: run.generation,
        };
        assert!(!lost.recover(false), "number {}", run.host.sequence);
    }
}

#[test]
fn with_power_the_host_knows_it_of_commands_in_memory_too() {
    let mut run = Run::new();
    run.is_written(&[]);
    run.is_written(&[VOLATILE]);
    run.unanswered(&[VOLATILE]);
    assert!(run.recover(false));
    let reply = run.host.exchange(&mut run.card, &[]).unwrap();
    assert_eq!(reply.messages.len(), 1, "and its answer comes again");
}

#[derive(Clone, Debug)]
enum Move {
    Send { writes: bool, is_answered: bool },
    LosePower,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let send = (any::<bool>(), prop::bool::weighted(0.8));
    let send = send.prop_map(|(writes, is_answered)| Move::Send {
        writes,
        is_answered,
    });
    prop::collection::vec(prop_oneof![12 => send, 1 => Just(Move::LosePower)], 0..120)
}

proptest! {
    /// Whatever is lost, each write happens once.
    #[test]
    fn writes_happen_once_however_many_commands_in_memory_are_between(moves in moves()) {
        let mut run = Run::new();
        let mut expected = 0;
        for step in moves {
            let Move::Send { writes, is_answered } = step else {
                run.recover(true);
                continue;
            };
            let what = if writes { WRITE } else { VOLATILE };
            expected += u32::from(writes);
            if is_answered {
                run.is_written(&[what]);
                continue;
            }
            run.unanswered(&[what]);
            if !run.recover(true) {
                // As the first of a run it is committed.
                run.unanswered(&[what]);
                prop_assert!(run.recover(true));
            }
        }
        let kept = common::dump(&run.card.store().survivor());
        let count = kept.iter().find(|(key, _)| key.ends_with(KEY));
        let count = count.and_then(|(_, value)| value.clone());
        prop_assert_eq!(stored(count), expected);
    }
}
