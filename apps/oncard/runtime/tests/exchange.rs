//! SELECT and EXCHANGE, as a host that loses responses, repeats, garbles and cuts power.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{boot, made, only, selected};
use libetp::exchange::{ExchangeReply, ReplyError, SelectCommand, StatusWord, next_sequence};
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::params::host::{Ping, Pong};
use libetp::params::runtime::{PortsReserved, ReservePorts};
use libetp::{Message, Mtype};
use oncard_runtime::MemoryStore;
use oncard_runtime::harness::{Cut, CutStore, Host};
use proptest::prelude::*;

fn status(response: &[u8]) -> StatusWord {
    let [high, low] = response[response.len() - 2..] else {
        panic!("no status word");
    };
    StatusWord(u16::from_be_bytes([high, low]))
}

#[test]
fn a_request_and_its_answer_are_one_command() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let nonce = vec![7; 64];
    let ping = made.from(
        5,
        Ping {
            nonce: nonce.clone(),
        },
    );
    let reply = host.exchange(&mut card, &[ping]).unwrap();
    assert!(!reply.more);
    assert_eq!(reply.messages.len(), 1);
    assert_eq!(reply.messages[0].message.header.dst, made.id(5));
    assert_eq!(
        only::<Pong>(&[reply.messages[0].message.clone()]).nonce,
        nonce
    );
}

#[test]
fn exchange_wants_select_first_and_again_after_power_loss() {
    let made = made();
    let mut card = made.boot();
    let mut host = Host::new([1; 8]);
    let refused = Err(ReplyError::Status(StatusWord::NOT_SELECTED));
    assert_eq!(host.exchange(&mut card, &[]), refused);
    host.select(&mut card).unwrap();
    host.exchange(&mut card, &[]).unwrap();
    card.power_up([2; 32]).unwrap();
    assert_eq!(host.exchange(&mut card, &[]), refused);
}

#[test]
fn a_repeated_command_is_answered_from_memory_and_carries_out_nothing() {
    let made = made();
    let mut card = made.boot();
    let host = selected(&mut card);
    let command = host.command(&[made.order(ReservePorts {})]);
    let first = card.transmit(&command);
    let kept = card.store().clone();
    assert_eq!(card.transmit(&command), first);
    assert_eq!(card.transmit(&command), first);
    assert_eq!(card.store(), &kept, "a repetition wrote");
    let reply = ExchangeReply::parse(&first).unwrap();
    assert_eq!(
        only::<PortsReserved>(&[reply.messages[0].message.clone()]).first,
        1
    );
}

#[test]
fn the_same_number_with_another_command_is_desynchronised() {
    let made = made();
    let mut card = made.boot();
    let host = selected(&mut card);
    card.transmit(&host.command(&[made.order(ReservePorts {})]));
    let kept = card.store().clone();
    let other = host.command(&[made.order(ReservePorts {}), made.order(ReservePorts {})]);
    assert_eq!(card.transmit(&other), [0x6A, 0x88]);
    assert_eq!(card.store(), &kept);
}

#[test]
fn only_the_next_number_is_carried_out() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    for _ in 0..300 {
        host.exchange(&mut card, &[]).unwrap();
    }
    let next = host.sequence;
    assert_eq!(next, 44, "the number wraps");
    for sequence in (0..=255).filter(|s| *s != next && next_sequence(*s) != next) {
        host.sequence = sequence;
        let refused = host.exchange(&mut card, &[made.order(ReservePorts {})]);
        assert_eq!(refused, Err(ReplyError::Status(StatusWord::DESYNCHRONISED)));
    }
    host.sequence = next;
    host.exchange(&mut card, &[]).unwrap();
}

/// The response is lost with the power: SELECT tells that the command was carried out, the answer
/// comes again under its number, and nothing happens twice.
#[test]
fn after_power_loss_the_host_learns_and_the_answer_is_not_lost() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    host.talk(&mut card, &[]).unwrap();
    let before = host
        .clone()
        .select(&mut boot(card.store().clone(), vec![]))
        .unwrap();
    let lost = card.transmit(&host.command(&[made.order(ReservePorts {})]));
    let lost = ExchangeReply::parse(&lost).unwrap();

    let mut card = boot(card.into_store(), vec![]);
    let sequence = host.sequence;
    let reply = host.select(&mut card).unwrap();
    assert!(reply.executed(sequence, before.generation));
    assert_eq!((reply.same_session, reply.last_sequence), (true, 1));
    assert_eq!(reply.generation, before.generation + 1);
    let again = host.exchange(&mut card, &[]).unwrap();
    assert_eq!(
        again.messages, lost.messages,
        "requeued under the same number"
    );
    let said = host
        .talk(&mut card, &[made.order(ReservePorts {})])
        .unwrap();
    assert_eq!(only::<PortsReserved>(&said).first, 257, "carried out once");
}

/// Power fails before the commit: SELECT tells that nothing happened, and the host sends again.
#[test]
fn a_command_that_was_not_carried_out_is_told_from_one_that_was() {
    let made = made();
    for (cut, executed, next) in [(Cut::Before(0), false, 257), (Cut::After(0), true, 513)] {
        let mut card = made.boot_cut();
        let mut host = selected(&mut card);
        host.talk(&mut card, &[made.order(ReservePorts {})])
            .unwrap();
        let run = host.select(&mut card).unwrap();
        card.store_mut().cut(Some(cut));
        let command = host.command(&[made.order(ReservePorts {})]);
        assert_eq!(
            card.transmit(&command),
            [0x6F, 0x00],
            "a failed commit makes it mute"
        );
        assert_eq!(card.transmit(&command), [0x6F, 0x00]);
        assert_eq!(status(&card.transmit(&[0; 5])), StatusWord::FAILED);

        let mut card = boot(CutStore::new(card.store().survivor()), vec![]);
        // Session and number alone would say "carried out" both times: 0 was there before.
        let reply = host.select(&mut card).unwrap();
        assert_eq!((reply.same_session, reply.last_sequence), (true, 0));
        assert_eq!(reply.executed(0, run.generation), executed, "{cut:?}");
        let said = host
            .talk(&mut card, &[made.order(ReservePorts {})])
            .unwrap();
        assert_eq!(
            common::read::<PortsReserved>(said.last().unwrap()).first,
            next
        );
    }
}

#[test]
fn answers_stay_until_the_next_number_and_come_again_after_select() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let ping = |byte| made.from(5, Ping { nonce: vec![byte] });
    let first = host.exchange(&mut card, &[ping(1), ping(2)]).unwrap();
    let mut other = Host::new([8; 8]);
    let reply = other.select(&mut card).unwrap();
    assert!(!reply.same_session);
    assert_eq!(reply.last_sequence, 0xFF);
    let again = other.exchange(&mut card, &[ping(3)]).unwrap();
    assert_eq!(again.messages[..2], first.messages[..]);
    assert_eq!(again.messages.len(), 3);
    let after = other.exchange(&mut card, &[]).unwrap();
    assert!(after.messages.is_empty(), "the next number confirms");
}

#[test]
fn numbers_grow_for_ever_and_name_the_generation() {
    let made = made();
    let mut card = made.boot();
    let mut last = 0;
    for boot in 0..4 {
        let mut host = selected(&mut card);
        for _ in 0..3 {
            let pings = [1, 2, 3].map(|n| made.from(n, Ping { nonce: vec![] }));
            let reply = host.exchange(&mut card, &pings).unwrap();
            let select = host
                .clone()
                .select(&mut common::boot(card.store().clone(), vec![]));
            for (index, numbered) in reply.messages.iter().enumerate() {
                assert!(numbered.number > last || boot > 0 && index < 3);
                last = last.max(numbered.number);
            }
            let newest = reply.messages.last().unwrap();
            assert_eq!(newest.generation(), select.unwrap().generation);
        }
        card.power_up([boot; 32]).unwrap();
    }
}

/// The largest message goes in, and the largest answers come out, one per response.
#[test]
fn the_largest_messages_fit_both_ways() {
    let made = made();
    let mut card = made.boot_with(vec![Box::new(common_echo::Echo)]);
    let mut host = selected(&mut card);
    let largest = common_echo::echo(&made, MESSAGE_BYTES_MAX);
    assert_eq!(largest.wire_len(), MESSAGE_BYTES_MAX);
    let command = host.command(std::slice::from_ref(&largest));
    assert_eq!(command.len(), 7 + 2 + MESSAGE_BYTES_MAX + 2);
    let reply = host.exchange(&mut card, &[largest]).unwrap();
    assert_eq!(reply.messages.len(), 1);
    assert_eq!(reply.messages[0].message.wire_len(), MESSAGE_BYTES_MAX);
    assert!(!reply.more);
}

#[test]
fn what_does_not_fit_follows_and_91xx_says_so() {
    let made = made();
    let mut card = made.boot_with(vec![Box::new(common_echo::Echo)]);
    let mut host = selected(&mut card);
    let half = common_echo::echo(&made, 33_000);
    host.exchange(&mut card, std::slice::from_ref(&half))
        .unwrap();
    host.select(&mut card).unwrap();
    let ping = made.from(3, Ping { nonce: vec![] });
    let response = card.transmit(&host.command(&[half, ping]));
    let reply = ExchangeReply::parse(&response).unwrap();
    assert_eq!((reply.messages.len(), reply.more), (1, true));
    assert_eq!(
        status(&response),
        StatusWord(0x9100),
        "the next has 256 bytes or more"
    );
    host.sequence += 1;
    let rest = host.exchange(&mut card, &[]).unwrap();
    assert_eq!((rest.messages.len(), rest.more), (2, false));
}

/// A host that never confirms can fill the outbox up to its limit and no further.
#[test]
fn the_outbox_is_bounded_against_a_host_that_never_confirms() {
    let made = made();
    let mut card = made.boot_with(vec![Box::new(common_echo::Echo)]);
    let mut host = selected(&mut card);
    let echo = common_echo::echo(&made, 30_000);
    for _ in 0..60 {
        host.select(&mut card).unwrap();
        host.exchange(&mut card, &[echo.clone(), echo.clone()])
            .unwrap();
    }
    assert!(common::count(&card, "storage") > 0, "none was refused");
    let small = made.from(3, Ping { nonce: vec![] });
    for _ in 0..60 {
        host.select(&mut card).unwrap();
        host.exchange(&mut card, &vec![small.clone(); 64]).unwrap();
    }
    assert!(common::count(&card, "refusal-dropped") > 0);
    let bytes: usize = common::dump(card.store())
        .values()
        .flatten()
        .map(Vec::len)
        .sum();
    assert!(bytes < 330 * 1024, "{bytes}");
    // Nothing of it is stuck: a host that confirms gets everything and is served again.
    host.select(&mut card).unwrap();
    let said = host.talk(&mut card, &[]).unwrap();
    assert!(said.len() > 8);
    assert_eq!(host.talk(&mut card, &[small]).unwrap().len(), 1);
}

#[test]
fn every_malformed_command_has_its_status_word_and_changes_nothing() {
    let made = made();
    let mut card = made.boot();
    let host = selected(&mut card);
    let select = SelectCommand { session: [1; 8] }.to_bytes();
    let good = host.command(&[made.order(ReservePorts {})]);
    let edit = |bytes: &[u8], at: usize, byte: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = byte;
        bytes
    };
    let with = |frames: &[u8]| {
        let length = (frames.len() as u16).to_be_bytes();
        [&[0x80, 0xC2, 0, 0, 0], &length[..], frames, &[0, 0]].concat()
    };
    let frame_65525 = [&[0xFF, 0xF5][..], &vec![0; 65_525]].concat();
    let sixty_five: Vec<u8> = [&[0u8, 34][..], &[0; 34]].concat().repeat(65);
    let cases: Vec<(Vec<u8>, u16)> = vec![
        (vec![], 0x6700),
        (vec![0x80, 0xC2, 0], 0x6700),
        (vec![0x80, 0xC2, 0, 0, 0, 0], 0x6700),
        (vec![0x80, 0xC2, 0, 0, 2, 0], 0x6700),
        (good[..good.len() - 1].to_vec(), 0x6700),
        (good[..good.len() - 3].to_vec(), 0x6700),
        ([&good[..], &[0]].concat(), 0x6700),
        (edit(&good, 2, 1), 0x6A86),
        (edit(&select, 0, 0x10), 0x6884),
        (edit(&good, 0, 0x81), 0x6881),
        (edit(&good, 0, 0xA0), 0x6E00),
        (edit(&good, 1, 0xB0), 0x6D00),
        (edit(&select, 2, 0), 0x6A86),
        (edit(&select, 7, 0), 0x6A82),
        (select[..select.len() - 2].to_vec(), 0x6700),
        (edit(&good, 8, good[8] + 1), 0x6A80),
        (with(&[0]), 0x6A80),
        (with(&[0, 33]), 0x6A80),
        (with(&frame_65525), 0x6A80),
        (with(&sixty_five), 0x6A80),
    ];
    let kept = card.store().clone();
    for (command, expected) in cases {
        let response = card.transmit(&command);
        assert_eq!(
            response,
            expected.to_be_bytes(),
            "{:02X?}",
            &command[..command.len().min(16)]
        );
    }
    assert_eq!(card.store(), &kept);
    assert!(
        status(&card.transmit(&good)).is_success(),
        "and the session goes on"
    );
}

#[test]
fn sixty_four_messages_go_into_one_command() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let pings = vec![made.from(3, Ping { nonce: vec![] }); 64];
    assert_eq!(host.talk(&mut card, &pings).unwrap().len(), 64);
}

mod common_echo {
    //! A program that sends back what it is sent.
    use super::{Message, Mtype, common::Made};
    use libetp::limits::HEADER_LEN;
    use libetp::params::Param;
    use libetp::params::keys::Verify;
    use oncard_runtime::{Context, Incoming, Program, Rejection};

    pub(crate) struct Echo;

    /// An echo whose whole message has so many bytes.
    pub(crate) fn echo(made: &Made, bytes: usize) -> Message {
        let mut param = Verify {
            data: vec![],
            signature: [0; 64],
            certificate: vec![0; 300],
        };
        let message = made.from(3, param.clone());
        let mut data = bytes - HEADER_LEN - message.param.len();
        data -= if data > 255 { 2 } else { 0 };
        param.data = vec![5; data];
        let message = made.from(3, param);
        assert_eq!(message.wire_len(), bytes);
        message
    }

    impl Program for Echo {
        fn name(&self) -> &'static str {
            "echo"
        }

        fn family(&self) -> u8 {
            Mtype::VERIFY.family()
        }

        fn tags(&self) -> &'static [&'static str] {
            &[]
        }

        fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
            let param = Verify::from_param(&message.param).expect("the test's own");
            context.send(message.src, param);
            Ok(())
        }
    }
}

proptest! {
    /// Whatever bytes come: no panic, a status word, and the card goes on.
    #[test]
    fn arbitrary_commands_never_break_a_card(
        commands in prop::collection::vec(command(), 0..12),
    ) {
        let made = made();
        let mut card: oncard_runtime::Card<MemoryStore> = made.boot();
        selected(&mut card);
        for bytes in &commands {
            let response = card.transmit(bytes);
            prop_assert!(response.len() >= 2);
            prop_assert!(card.fault().is_none());
        }
        let mut host = selected(&mut card);
        let said = host.talk(&mut card, &[made.from(9, Ping { nonce: vec![1] })]).unwrap();
        prop_assert_eq!(said.last().unwrap().header.mtype, Mtype::PONG);
    }

    /// Well-framed messages of any content: each is carried out, refused or counted.
    #[test]
    fn arbitrary_messages_never_break_a_card(
        messages in prop::collection::vec((0u8..6, mtype(), param()), 0..20),
    ) {
        let made = made();
        let mut card = made.boot();
        let mut host = selected(&mut card);
        let sources = [
            made.daemon(), made.id(1), made.domain().card(), made.id(0xFFFF_FF00),
            made.id(0xFFFF_FFFF), libetp::Domain([1; 12]).card(),
        ];
        let messages: Vec<Message> = messages.into_iter().map(|(src, mtype, param)| {
            Message::new(sources[usize::from(src)], made.domain().card(), Mtype(mtype), param)
        }).collect();
        let said = host.talk(&mut card, &messages).unwrap();
        prop_assert!(said.len() <= messages.len());
        prop_assert!(said.iter().all(|m| m.header.src == made.domain().card()));
        prop_assert!(said.iter().all(|m| m.header.dst.domain == made.domain()
            || m.header.mtype == Mtype::PONG));
    }
}

fn command() -> impl Strategy<Value = Vec<u8>> {
    let anything = prop::collection::vec(any::<u8>(), 0..80);
    let exchange = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(p2, d)| {
        let length = (d.len() as u16).to_be_bytes();
        [&[0x80, 0xC2, 0, p2 % 4, 0], &length[..], &d, &[0, 0]].concat()
    });
    prop_oneof![anything, exchange]
}

fn mtype() -> impl Strategy<Value = u16> {
    let known: Vec<u16> = libetp::mtype::TABLE
        .iter()
        .map(|entry| entry.mtype.0)
        .collect();
    prop_oneof![any::<u16>(), prop::sample::select(known)]
}

/// Raw bytes, or canonical arrays of the kinds of fields that messages have.
fn param() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        (0usize..70).prop_map(|n| libetp::codec::to_vec(&vec![7u8; n])),
        any::<u64>().prop_map(|n| libetp::codec::to_vec(&n)),
        Just(vec![0xF6]),
    ];
    let array = prop::collection::vec(field, 0..6).prop_map(|fields| {
        let mut bytes = vec![0x80 | fields.len() as u8];
        bytes.extend(fields.concat());
        bytes
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..60), array]
}
