//! Commands of the daemon through readers and cards that carry less, to the real on-card runtime.

use etp_card_proxy::transport::{
    EXPECTED_BYTES_MAX, Lengths, Limits, Protocol, Transport, TransportError,
};
use libetp::exchange::apdu::Apdu;
use libetp::exchange::{CommandBuilder, SelectCommand, SelectReply};
use oncard_runtime::{Card, MemoryStore};
use proptest::prelude::*;

use crate::card::{boot, pings};

const SESSION: [u8; 8] = *b"session1";

/// What a reader and the chip's own layer do to APDUs, and complain about.
#[derive(Clone, Copy, Debug)]
struct Reader {
    /// Answers extended APDUs with 6700, or has not to expect any.
    takes_extended: bool,
    is_t0: bool,
    command_bytes_max: usize,
    response_bytes_max: usize,
    /// Wants Le to be what there is, and says so with 6Cxx.
    is_strict: bool,
}

const WHOLE: Reader = Reader {
    takes_extended: true,
    is_t0: false,
    command_bytes_max: 65_535,
    response_bytes_max: 65_535,
    is_strict: false,
};
const SHORT: Reader = Reader {
    takes_extended: false,
    command_bytes_max: 261,
    response_bytes_max: 258,
    ..WHOLE
};
const T0: Reader = Reader {
    is_t0: true,
    ..SHORT
};
const STRICT_T0: Reader = Reader {
    is_strict: true,
    ..T0
};

impl Reader {
    fn carry(self, card: &mut Card<MemoryStore>, apdu: &[u8]) -> Vec<u8> {
        let parsed = Apdu::parse(apdu).unwrap();
        let is_extended = apdu.len() > 6 && apdu[4] == 0;
        if is_extended && !self.takes_extended {
            return vec![0x67, 0x00];
        }
        assert!(apdu.len() <= self.command_bytes_max, "{} bytes", apdu.len());
        assert!(!(self.is_t0 && !parsed.data.is_empty() && parsed.expected.is_some()));
        let mut copy = None;
        if self.is_strict && parsed.expected.is_some() && parsed.instruction != 0xC0 {
            // A chip of T=0 knows how much there is, and gives all of it or nothing.
            let mut longest = vec![];
            Apdu {
                expected: Some(65_536),
                ..parsed
            }
            .write_extended(&mut longest);
            copy = Some(card.transmit(&longest));
        }
        if let Some(response) = copy {
            let there = response.len() - 2;
            return match parsed.expected {
                Some(expected) if there == expected || there > 256 => response,
                _ if there == 0 => response,
                _ => vec![0x6C, there as u8],
            };
        }
        let response = card.transmit(apdu);
        assert!(
            response.len() <= self.response_bytes_max,
            "{} bytes",
            response.len()
        );
        response
    }
}

/// A command through a reader; the response, and how many APDUs it took.
fn through(
    reader: Reader,
    transport: &mut Transport,
    card: &mut Card<MemoryStore>,
    command: &[u8],
) -> (Vec<u8>, usize) {
    transport.begin(command).unwrap();
    for count in 1.. {
        let response = reader.carry(card, transport.outgoing());
        if let Some(whole) = transport.received(&response).unwrap() {
            return (whole, count);
        }
    }
    unreachable!("it ends")
}

fn limits(reader: Reader) -> Limits {
    match reader.is_t0 {
        true => Limits::short(Protocol::T0),
        false => Limits::of(Protocol::T1, None, &[], Lengths::Auto),
    }
}

fn exchange(sequence: u8, sizes: &[usize]) -> Vec<u8> {
    let mut command = CommandBuilder::new(65_535, 65_524);
    pings(sizes)
        .iter()
        .for_each(|ping| command.push(ping).unwrap());
    command.finish(sequence)
}

#[test]
fn what_fits_goes_as_it_is_but_for_the_most_that_a_reader_gives_back() {
    let mut transport = Transport::new(limits(WHOLE));
    transport.begin(&exchange(0, &[64])).unwrap();
    let sent = Apdu::parse(transport.outgoing()).unwrap();
    assert_eq!(sent.expected, Some(EXPECTED_BYTES_MAX));
    let whole = exchange(0, &[64]);
    assert_eq!(
        Apdu {
            expected: Some(65_536),
            ..sent
        },
        Apdu::parse(&whole).unwrap()
    );
    assert_eq!(transport.outgoing().len(), whole.len());
}

/// The largest command and the largest response there are, through every kind of reader.
#[test]
fn the_largest_messages_pass_through_every_reader() {
    for (reader, apdus) in [(WHOLE, 1), (SHORT, 258), (T0, 258), (STRICT_T0, 258)] {
        let (mut direct, mut behind) = (boot(), boot());
        let mut transport = Transport::new(limits(reader));
        let select = SelectCommand { session: SESSION }.to_bytes();
        direct.transmit(&select);
        let (reply, _) = through(reader, &mut transport, &mut behind, &select);
        SelectReply::parse(&reply).unwrap();
        let largest = crate::card::largest();
        let (response, count) = through(reader, &mut transport, &mut behind, &largest);
        assert_eq!(response, direct.transmit(&largest), "{reader:?}");
        assert!(count >= apdus, "{reader:?}: {count}");
        assert_eq!(behind.store(), direct.store());
    }
}

#[test]
fn a_response_of_more_than_a_reader_gives_back_comes_in_two() {
    let (mut direct, mut behind) = (boot(), boot());
    let mut transport = Transport::new(limits(WHOLE));
    let select = SelectCommand { session: SESSION }.to_bytes();
    for card in [&mut direct, &mut behind] {
        card.transmit(&select);
        crate::card::fill(card);
    }
    let empty = exchange(0, &[]);
    let response = direct.transmit(&empty);
    assert!(response.len() > 65_535 - 130, "{} bytes", response.len());
    assert_eq!(
        through(WHOLE, &mut transport, &mut behind, &empty).0,
        response
    );
}

/// A reader that does not say that it is short is found out by the first extended command, which is not carried out.
#[test]
fn a_card_that_refuses_extended_commands_gets_short_ones_from_then_on() {
    let mut card = boot();
    card.transmit(&SelectCommand { session: SESSION }.to_bytes());
    let mut transport = Transport::new(limits(SHORT));
    assert!(transport.limits().is_extended);
    let (response, count) = through(SHORT, &mut transport, &mut card, &exchange(0, &[64]));
    assert_eq!(response[response.len() - 2..], [0x90, 0x00]);
    assert_eq!(count, 2, "refused once");
    assert!(!transport.limits().is_extended);
    let (_, count) = through(SHORT, &mut transport, &mut card, &exchange(1, &[64]));
    assert_eq!(count, 1);
    // One that took some says what it means.
    let mut card = boot();
    let mut transport = Transport::new(limits(WHOLE));
    card.transmit(&SelectCommand { session: SESSION }.to_bytes());
    through(WHOLE, &mut transport, &mut card, &exchange(0, &[]));
    transport.begin(&exchange(1, &[])).unwrap();
    assert_eq!(transport.received(&[0x67, 0]), Ok(Some(vec![0x67, 0])));
    assert!(transport.limits().is_extended);
}

/// The answer to a link is lost, and the daemon sends the command again: were the chain not ended before, the card
/// would carry out the first messages twice.
#[test]
fn a_chain_that_broke_is_ended_before_the_next_command() {
    let (mut direct, mut card) = (boot(), boot());
    let mut transport = Transport::new(Limits::short(Protocol::T1));
    let select = SelectCommand { session: SESSION }.to_bytes();
    direct.transmit(&select);
    card.transmit(&select);
    // The first link is a whole frame: 2 + 34 + 4 + 213 bytes, then two of padding in the next frame's head.
    let command = exchange(0, &[64, 64, 64, 64, 64]);
    for lost_at in 0..3 {
        transport.begin(&command).unwrap();
        for _ in 0..lost_at {
            let response = card.transmit(transport.outgoing());
            assert_eq!(transport.received(&response), Ok(None));
        }
        card.transmit(transport.outgoing());
    }
    transport.begin(&command).unwrap();
    assert_eq!(transport.outgoing(), [0x80, 0xC2, 1, 0]);
    let (response, _) = through(SHORT, &mut transport, &mut card, &command);
    assert_eq!(response, direct.transmit(&command));
    assert_eq!(card.store(), direct.store());
    transport.begin(&command).unwrap();
    assert_ne!(
        transport.outgoing(),
        [0x80, 0xC2, 1, 0],
        "nothing is open now"
    );
}

#[test]
fn a_chain_ends_with_power() {
    let mut transport = Transport::new(Limits::short(Protocol::T1));
    transport.begin(&exchange(0, &[64; 9])).unwrap();
    transport.powered_up();
    transport.begin(&exchange(0, &[64; 9])).unwrap();
    assert_eq!(transport.outgoing()[0], 0x90, "the first link");
}

#[test]
fn a_link_that_is_refused_is_the_answer_to_the_command() {
    for status in [[0x68, 0x84], [0x67, 0x00], [0x69, 0x82]] {
        let mut transport = Transport::new(Limits::short(Protocol::T1));
        transport.begin(&exchange(0, &[64; 9])).unwrap();
        assert_eq!(transport.received(&[0x90, 0]), Ok(None));
        assert_eq!(transport.received(&status), Ok(Some(status.to_vec())));
    }
}

#[test]
fn the_right_le_is_taken_once() {
    let mut transport = Transport::new(Limits::short(Protocol::T0));
    transport.begin(&exchange(0, &[])).unwrap();
    assert_eq!(transport.outgoing(), [0x80, 0xC2, 0, 0, 0]);
    assert_eq!(transport.received(&[0x6C, 0x02]), Ok(None));
    assert_eq!(transport.outgoing(), [0x80, 0xC2, 0, 0, 2]);
    let again = transport.received(&[0x6C, 0x03]);
    assert!(matches!(again, Err(TransportError::Stuck(_))), "{again:?}");
}

#[test]
fn cards_that_never_end_are_given_up() {
    let begun = || {
        let mut transport = Transport::new(Limits::short(Protocol::T1));
        transport.begin(&exchange(0, &[])).unwrap();
        transport
    };
    let mut transport = begun();
    assert_eq!(transport.received(&[0x61, 0]), Ok(None));
    let stuck = transport.received(&[0x61, 0]);
    assert!(matches!(stuck, Err(TransportError::Stuck(_))), "{stuck:?}");
    let mut transport = begun();
    let piece = [vec![7; 256], vec![0x61, 0]].concat();
    let mut taken = Ok(None);
    for _ in 0..256 {
        assert_eq!(taken, Ok(None));
        taken = transport.received(&piece);
    }
    assert_eq!(taken, Ok(None), "as much as a response has");
    assert_eq!(
        transport.received(&[7, 0x90, 0]),
        Err(TransportError::TooLong)
    );
    for cut in [&[][..], &[0x90]] {
        let cut_off = Err(TransportError::NoStatus(cut.len()));
        assert_eq!(begun().received(cut), cut_off);
    }
    assert_eq!(
        Transport::new(Limits::short(Protocol::T1)).begin(&[1, 2]),
        Err(TransportError::Command)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is in between, the card does and says the same.
    #[test]
    fn readers_change_nothing(
        commands in prop::collection::vec(prop::collection::vec(0usize..=64, 0..20), 1..5),
        kind in 0usize..4,
    ) {
        let reader = [WHOLE, SHORT, T0, STRICT_T0][kind];
        let (mut direct, mut behind) = (boot(), boot());
        let mut transport = Transport::new(limits(reader));
        let select = SelectCommand { session: SESSION }.to_bytes();
        let selected = through(reader, &mut transport, &mut behind, &select).0;
        prop_assert_eq!(selected, direct.transmit(&select));
        for (sequence, sizes) in (0..).zip(&commands) {
            let command = exchange(sequence, sizes);
            let response = through(reader, &mut transport, &mut behind, &command).0;
            prop_assert_eq!(response, direct.transmit(&command));
            prop_assert_eq!(behind.store(), direct.store());
        }
    }

    #[test]
    fn whatever_a_card_answers_it_ends(
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..400),
    ) {
        let mut transport = Transport::new(Limits::short(Protocol::T1));
        transport.begin(&exchange(0, &[64; 30])).unwrap();
        for answer in answers {
            if !matches!(transport.received(&answer), Ok(None)) {
                transport.begin(&exchange(0, &[64; 30])).unwrap();
            }
            prop_assert!(transport.outgoing().len() <= 261);
        }
    }
}
