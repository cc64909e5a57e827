//! The embedded card behind its card proxy.

mod support;

use std::sync::mpsc::{Receiver, channel};

use card_proxy::{
    Action, ApduKind, Binding, BindingSettings, CardEvent, CardSettings, CardThread, Link,
    LinkError,
};
use libetp::mtype::Mtype;
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::params::runtime::HelloChallenge;
use libetp::{Domain, Message, Port};
use proptest::prelude::*;
use softcard::SoftCard;
use support::{Scheme, ports, reserve_ports};
use tempfile::TempDir;

fn new_card() -> (TempDir, SoftCard) {
    let place = tempfile::tempdir().expect("a directory");
    let card = SoftCard::create(&place.path().join("card"), Scheme::new().new_card());
    (place, card.expect("created"))
}

fn spawn(card: SoftCard, highest_seen: u64) -> (CardThread, Receiver<CardEvent>) {
    let (tell, events) = channel();
    let settings = CardSettings {
        highest_seen,
        ..CardSettings::default()
    };
    let thread = CardThread::spawn("card", card, settings, move |event| {
        let _ = tell.send(event);
    });
    (thread.expect("a thread"), events)
}

fn hello(domain: Domain) -> Message {
    HelloChallenge { nonce: [3; 32] }.into_message(domain.entity(Port::DAEMON), domain.card())
}

/// Waits for the next message from the card; what came before it is dropped.
fn message(events: &Receiver<CardEvent>) -> (u64, Message) {
    loop {
        let event = events.recv().expect("the thread lives");
        if let CardEvent::Message { number, message } = event {
            return (number, message);
        }
    }
}

#[test]
fn request_and_response_are_one_apdu() {
    let (_place, card) = new_card();
    let domain = card.identity().domain;
    let (thread, events) = spawn(card, 0);
    let sender = thread.sender();
    let ping = Ping {
        nonce: b"12".to_vec(),
    };
    let program = domain.entity(Port(9));
    let requests = [
        (hello(domain), Mtype::HELLO),
        (reserve_ports(domain), Mtype::PORTS_RESERVED),
        (ping.into_message(program, domain.card()), Mtype::PONG),
    ];
    let mut apdus = Vec::new();
    for (number, (request, answer)) in (1..).zip(requests.clone()) {
        sender.try_send(number, request).unwrap();
        loop {
            match events.recv().unwrap() {
                CardEvent::Apdu(record) => apdus.push(record),
                CardEvent::Message { message, .. } => {
                    assert_eq!(message.header.mtype, answer);
                    break;
                }
                _ => {}
            }
        }
    }
    thread.shutdown().unwrap();
    apdus.extend(events.into_iter().filter_map(|event| match event {
        CardEvent::Apdu(record) => Some(record),
        _ => None,
    }));
    assert_eq!(apdus[0].kind, ApduKind::Select);
    assert_eq!(apdus.len(), 1 + requests.len(), "{apdus:?}");
    for (record, (request, answer)) in apdus[1..].iter().zip(&requests) {
        assert_eq!(record.mtypes_in, [request.header.mtype]);
        assert_eq!(record.mtypes_out, [*answer]);
    }
}

/// Opens the card, asks for ports and ends; gives the first message that came.
fn host_life(place: &TempDir, highest_seen: u64) -> (u64, Message) {
    let card = SoftCard::open(&place.path().join("card"), None).expect("opens");
    let domain = card.identity().domain;
    let (thread, events) = spawn(card, highest_seen);
    let sent = thread.sender().try_send(1, reserve_ports(domain));
    sent.expect("the thread lives");
    let first = message(&events);
    thread.shutdown().expect("no panic");
    first
}

#[test]
fn a_card_goes_on_where_it_was_in_another_life_of_its_host() {
    let (place, card) = new_card();
    drop(card);
    let (mut seen, mut firsts) = (0, Vec::new());
    for _ in 0..3 {
        let (number, message) = host_life(&place, seen);
        assert!(number > seen);
        seen = number;
        firsts.push(ports(&message).first);
    }
    assert_eq!(firsts, [1, 257, 513]);
    // No life had a second command to confirm the first one's answer: a host that forgot what it
    // has seen gets them all again.
    let (number, again) = host_life(&place, 0);
    assert!(number < seen);
    assert_eq!(ports(&again).first, 1);
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    LoseCommand,
    LoseResponse,
    ResetBefore,
    ResetAfter,
    SilentReset,
}

struct FaultyLink {
    card: SoftCard,
    faults: std::vec::IntoIter<Fault>,
}

impl Link for FaultyLink {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let fault = self.faults.next().unwrap_or(Fault::None);
        let lost = LinkError::Lost("test".to_owned());
        match fault {
            Fault::LoseCommand => return Err(lost),
            Fault::ResetBefore => {
                self.card.reset()?;
                return Err(LinkError::Reset);
            }
            Fault::SilentReset => self.card.reset()?,
            _ => {}
        }
        let response = self.card.transmit(command)?;
        match fault {
            Fault::LoseResponse => Err(lost),
            Fault::ResetAfter => {
                self.card.reset()?;
                Err(LinkError::Reset)
            }
            _ => Ok(response),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.card.reset()
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::LoseCommand),
        1 => Just(Fault::LoseResponse),
        1 => Just(Fault::ResetBefore),
        1 => Just(Fault::ResetAfter),
        1 => Just(Fault::SilentReset),
    ]
}

/// Lets the binding work until it wants nothing; gives the messages that came.
fn work(binding: &mut Binding, link: &mut impl Link, now_ms: &mut u64) -> Vec<Message> {
    loop {
        let result = match binding.next(*now_ms) {
            Action::Transmit { command, .. } => link.transmit(command),
            Action::Reset => link.reset().map(|()| Vec::new()),
            Action::WaitUntil(at_ms) => {
                *now_ms = at_ms;
                continue;
            }
            Action::Idle | Action::AwaitCard(_) | Action::Gone => break,
        };
        match result {
            Ok(response) => binding.completed(*now_ms, Ok(&response)),
            Err(error) => binding.completed(*now_ms, Err(error)),
        }
    }
    let message = |event| match event {
        CardEvent::Message { message, .. } => Some(message),
        _ => None,
    };
    binding
        .take_events()
        .into_iter()
        .filter_map(message)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A block of ports is the answer that shows a second execution: it would be another block.
    #[test]
    fn no_order_is_carried_out_twice_or_lost(
        faults in proptest::collection::vec(fault(), 0..60),
        batches in proptest::collection::vec(1_usize..4, 1..12),
    ) {
        let (_place, card) = new_card();
        let domain = card.identity().domain;
        let mut link = FaultyLink { card, faults: faults.into_iter() };
        let settings = BindingSettings { session: [1; 8], highest_seen: 0, faults_max: u32::MAX };
        let mut binding = Binding::new(settings);
        let (mut now_ms, mut number, mut firsts) = (0, 0, Vec::new());
        for batch in batches {
            for _ in 0..batch {
                number += 1;
                binding.queue(number, reserve_ports(domain));
            }
            let said = work(&mut binding, &mut link, &mut now_ms);
            firsts.extend(said.iter().map(|message| ports(message).first));
        }
        let expected: Vec<u32> = (0..number as u32).map(|block| 1 + 256 * block).collect();
        prop_assert_eq!(firsts, expected);
    }
}
