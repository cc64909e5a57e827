//! `softcard vpcd`: a real process behind a reader that this test plays.

mod support;

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::thread;

use card_proxy::{Link, LinkError};
use libetp::exchange::apdu::Apdu;
use libetp::exchange::{SelectCommand, SelectReply};
use nix::sys::signal::Signal;
use nix::sys::socket::{Backlog, listen};
use softcard::vpcd::wire::BODY_BYTES_MAX;
use softcard::vpcd::{Protocol, Pulled, VirtualCard, atr};
use support::home::{Home, first_port, reserve};
use support::reader::{POWER_OFF, POWER_ON, RESET, Reader};

const NOT_SELECTED: [u8; 2] = [0x69, 0x85];
const WRONG_LENGTH: [u8; 2] = [0x67, 0x00];
const UNKNOWN_INSTRUCTION: [u8; 2] = [0x6D, 0x00];

/// A card in a directory, and the reader that it is put into.
struct Slot {
    home: Home,
    reader: Reader,
}

impl Slot {
    fn new() -> Self {
        Self {
            home: Home::new(),
            reader: Reader::new(),
        }
    }

    /// Puts the card into the reader.
    fn insert(&mut self, more: &[&str]) {
        let mut command = self.home.command("vpcd");
        command.arg(self.reader.address().to_string()).args(more);
        let process = command.stderr(Stdio::null()).spawn();
        self.home.process = Some(process.expect("starts"));
        self.reader.next_card();
    }

    /// Has it put into a reader somewhere; what it says.
    fn insert_and_listen(&mut self, address: &str) -> impl Iterator<Item = String> + use<> {
        let mut command = self.home.command("vpcd");
        let command = command.arg(address).stderr(Stdio::piped());
        let process = self.home.process.insert(command.spawn().expect("starts"));
        let said = process.stderr.take().expect("a pipe");
        BufReader::new(said).lines().map_while(Result::ok)
    }

    fn select(&mut self) -> SelectReply {
        let session = *b"a daemon";
        let response = self.reader.transmit(&SelectCommand { session }.to_bytes());
        SelectReply::parse(&response).expect("a reply")
    }
}

#[test]
fn a_reader_gets_answers_and_power_takes_the_session_away() {
    let mut slot = Slot::new();
    slot.insert(&[]);
    assert_eq!(slot.reader.atr(), atr(Protocol::T1));
    let mut boots = vec![slot.select().boot_id];
    for order in [POWER_OFF, POWER_ON, RESET] {
        slot.reader.say(&[order]);
        let response = slot.reader.transmit(&[0x80, 0xC2, 0, 0, 0, 0, 0]);
        assert_eq!(response, NOT_SELECTED, "after {order}");
        boots.push(slot.select().boot_id);
    }
    boots.sort_unstable();
    boots.dedup();
    assert_eq!(boots.len(), 4, "each power-up has its own");
    let reply = slot.select();
    let first = slot.reader.transmit(&reserve(&reply, 0));
    assert_eq!(first_port(&first), 1);
    assert_eq!(slot.reader.atr(), atr(Protocol::T1), "asked in between");
    assert_eq!(slot.reader.transmit(&reserve(&reply, 0)), first, "repeated");
    assert_eq!(first_port(&slot.reader.transmit(&reserve(&reply, 1))), 257);
}

#[test]
fn what_is_no_command_is_answered_too() {
    let mut slot = Slot::new();
    slot.insert(&[]);
    for odd in [&[][..], &[3], &[0, 0xA4], &[0, 0xA4, 4]] {
        assert_eq!(slot.reader.transmit(odd), WRONG_LENGTH, "{odd:02x?}");
    }
    // 65,526 bytes of data.
    let longest = [&[0x80, 0xEE, 0, 0, 0, 0xFF, 0xF6][..], &[0; 65_526 + 2]].concat();
    assert_eq!(longest.len(), BODY_BYTES_MAX);
    assert_eq!(slot.reader.transmit(&longest), UNKNOWN_INSTRUCTION);
}

/// A link that answers every command with as much data as it asks for, and with the bytes of its Le.
struct Talkative;

impl Link for Talkative {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let expected = Apdu::parse(command).expect("an APDU").expected;
        let mut response = vec![0; expected.unwrap_or_default()];
        response.extend([0x90, 0]);
        Ok(response)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

#[test]
fn a_card_is_asked_for_no_more_than_a_reader_can_be_told() {
    let mut reader = Reader::new();
    let stream = TcpStream::connect(reader.address()).expect("connected");
    let (stop, stopped) = UnixStream::pair().expect("a pair");
    let card =
        thread::spawn(move || VirtualCard::new(Talkative, Protocol::T1).insert(&stream, &stopped));
    reader.next_card();
    for (asked, told) in [
        (0xFFFC, 0xFFFC),
        (0xFFFD, 0xFFFD),
        (0xFFFE, 0xFFFD),
        (0, 0xFFFD),
    ] {
        let [high, low] = u16::to_be_bytes(asked);
        for command in [
            vec![0x80, 0xC2, 0, 0, 0, high, low],
            vec![0x80, 0xC2, 0, 0, 0, 0, 1, 7, high, low],
        ] {
            assert_eq!(reader.transmit(&command).len(), told + 2, "{asked:04x}");
        }
    }
    drop(stop);
    assert!(matches!(card.join(), Ok(Pulled::Asked)));
}

#[test]
fn a_card_of_short_commands_says_so_and_refuses_others() {
    for (option, protocol) in [
        ("--short", Protocol::ShortT1),
        ("--protocol=t0", Protocol::T0),
    ] {
        let mut slot = Slot::new();
        slot.insert(&[option]);
        assert_eq!(slot.reader.atr(), atr(protocol));
        let reply = slot.select();
        assert_eq!(slot.reader.transmit(&reserve(&reply, 0)), WRONG_LENGTH);
        let longest_short = [&[0x80, 0xEE, 0, 0, 255][..], &[0; 256]].concat();
        assert_eq!(slot.reader.transmit(&longest_short), UNKNOWN_INSTRUCTION);
    }
}

#[test]
fn a_card_that_was_pulled_comes_back_without_what_it_had_in_memory() {
    let mut slot = Slot::new();
    slot.insert(&[]);
    let before = slot.select();
    assert_eq!(first_port(&slot.reader.transmit(&reserve(&before, 0))), 1);
    for _ in 0..3 {
        slot.reader.pull();
        slot.reader.next_card();
        // As after a swap that the reader did not see: it sends commands at once.
        assert_eq!(slot.reader.transmit(&reserve(&before, 1)), NOT_SELECTED);
    }
    let after = slot.select();
    assert_eq!(after.domain, before.domain);
    assert!(after.executed(0, before.generation), "{after:?}");
}

#[test]
fn it_waits_for_a_reader_and_ends_when_it_is_asked_to() {
    let mut slot = Slot::new();
    let address = slot.reader.address();
    slot.insert(&[]);
    assert_eq!(slot.home.end(Signal::SIGTERM).code(), Some(0));
    assert_eq!(slot.reader.hear(), None);
    drop(std::mem::replace(&mut slot.reader, Reader::new()));
    let mut lines = slot.insert_and_listen(&address.to_string());
    let said = lines.find(|line| line.contains("is pcscd running"));
    let said = said.expect("it ended");
    assert!(said.contains(&format!("no reader at {address}")), "{said}");
    assert_eq!(slot.home.end(Signal::SIGINT).code(), Some(0));
}

/// A reader with a card, before which another one waits already, answers a third one nothing at all.
#[test]
fn it_does_not_wait_long_at_a_reader_that_keeps_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listen(&listener, Backlog::new(0).expect("none waits")).expect("it listens");
    let address = listener.local_addr().expect("an address");
    let _waits = TcpStream::connect(address).expect("the first gets in");
    let mut slot = Slot::new();
    let said = slot
        .insert_and_listen(&address.to_string())
        .find(|line| line.contains("no reader at"));
    let said = said.expect("it ended");
    assert!(
        !said.contains("os error"),
        "the system lost patience: {said}"
    );
    assert_eq!(slot.home.end(Signal::SIGTERM).code(), Some(0));
}

/// As of a reader that has no room: whoever comes is dropped.
#[test]
fn a_reader_that_drops_the_card_over_and_over_is_said_once() {
    let mut slot = Slot::new();
    let address = slot.reader.address().to_string();
    let lines = slot.insert_and_listen(&address);
    for _ in 0..5 {
        slot.reader.next_card();
        slot.reader.pull();
    }
    slot.reader.next_card();
    slot.select();
    assert_eq!(slot.home.end(Signal::SIGTERM).code(), Some(0));
    let lines: Vec<String> = lines.collect();
    let said = |words| lines.iter().filter(|line| line.contains(words)).count();
    assert_eq!(said("waits at"), 1, "{lines:?}");
    assert!(
        (1..=2).contains(&said("no reader at")),
        "once for each error: {lines:?}"
    );
    assert!(
        lines
            .last()
            .is_some_and(|it| it.ends_with("is in its reader")),
        "{lines:?}"
    );
}
