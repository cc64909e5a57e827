//! Power fails at every commit of a long story, before it and after it. What survives is always a
//! state between two commands, and a host that follows the recovery rules ends as without cuts.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::collections::BTreeSet;

use common::{Made, PIN, made, selected};
use libetp::exchange::{ExchangeReply, Numbered};
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::params::runtime::{
    AuthBegin, AuthChallenge, AuthOk, EnrolHost, HostEnrolled, PortsReserved, ReservePorts, Serve,
    Statement,
};
use libetp::{Message, Mtype};
use oncard_runtime::Card;
use oncard_runtime::harness::{Cut, CutStore, Host, Wallet};

/// A host that recovers as `docs/protocol/exchange.md` says.
struct Recovering<'a> {
    made: &'a Made,
    card: Card<CutStore>,
    host: Host,
    generation: u64,
    said: Vec<Numbered>,
    cuts: u32,
    cut: Cut,
}

impl Recovering<'_> {
    /// Sends messages until the card has carried them out exactly once; gives the answers.
    fn send(&mut self, messages: &[Message]) -> Vec<Message> {
        let from = self.said.len();
        loop {
            let response = self.card.transmit(&self.host.command(messages));
            let Ok(reply) = ExchangeReply::parse(&response) else {
                if self.recover() {
                    // Carried out; the answers come with the next command.
                    return self.take(&[], from);
                }
                continue;
            };
            self.host.sequence = self.host.sequence.wrapping_add(1);
            let more = reply.more;
            self.keep(reply);
            return match more {
                true => self.take(&[], from),
                false => self.answers(from),
            };
        }
    }

    fn take(&mut self, messages: &[Message], from: usize) -> Vec<Message> {
        self.send(messages);
        self.answers(from)
    }

    fn answers(&self, from: usize) -> Vec<Message> {
        self.said[from..]
            .iter()
            .map(|n| n.message.clone())
            .collect()
    }

    fn keep(&mut self, reply: ExchangeReply) {
        let seen = self.said.last().map_or(0, |last| last.number);
        self.said
            .extend(reply.messages.into_iter().filter(|n| n.number > seen));
    }

    /// Powers the card up again; tells whether the last command was carried out.
    fn recover(&mut self) -> bool {
        assert!(self.card.fault().is_some());
        self.cuts += 1;
        let store = CutStore::new(self.card.store().survivor());
        self.card = common::boot(store, vec![]);
        let sequence = self.host.sequence;
        let reply = self.host.select(&mut self.card).unwrap();
        let executed = reply.executed(sequence, self.generation);
        self.generation = reply.generation;
        executed
    }

    /// Authenticates, again if power failed on the way: the set is gone with it.
    fn authenticate(&mut self, wallet: &mut Wallet) {
        loop {
            let cuts = self.cuts;
            let begun = self.send(&[wallet.message(AuthBegin {})]);
            let challenge = find::<AuthChallenge>(&begun).challenge;
            let certificate = self.made.card.certificate.clone();
            let key = self.made.agree;
            let handshake = wallet.handshake(&certificate, &key, PIN, challenge, &[6; 32]);
            let said = self.send(std::slice::from_ref(&handshake.message));
            if self.cuts == cuts {
                assert!(handshake.finish(&find::<AuthOk>(&said), wallet));
                return;
            }
        }
    }
}

fn find<P: Param>(said: &[Message]) -> P {
    let found = said.iter().rev().find(|m| m.header.mtype == P::MTYPE);
    common::read(found.unwrap_or_else(|| panic!("{said:?}")))
}

/// What a host and its owner do in a card's life; everything that writes is in it.
fn story(made: &Made, cut: Option<Cut>) -> (Vec<(Mtype, String)>, u32) {
    let mut card = made.boot_cut();
    let host = selected(&mut card);
    card.store_mut().cut(cut);
    let mut run = Recovering {
        made,
        card,
        host,
        generation: 0,
        said: vec![],
        cuts: 0,
        cut: cut.unwrap_or(Cut::Before(u64::MAX)),
    };
    let mut facts = vec![];
    let mut blocks = BTreeSet::new();
    for round in 1..=2u8 {
        let said = run.send(&[made.order(ReservePorts {}), made.order(ReservePorts {})]);
        for message in said
            .iter()
            .filter(|m| m.header.mtype == Mtype::PORTS_RESERVED)
        {
            let block: PortsReserved = common::read(message);
            assert!(
                blocks.insert(block.first),
                "a port block twice, {:?}",
                run.cut
            );
            facts.push((Mtype::PORTS_RESERVED, block.first.to_string()));
        }
        let mut wallet = Wallet::new(made.id(u32::from(round)));
        run.authenticate(&mut wallet);
        loop {
            let order = wallet.order(EnrolHost {
                host_key: [round; 32],
            });
            let said = run.send(&[order]);
            if said.iter().any(|m| m.header.mtype == Mtype::HOST_ENROLLED) {
                facts.push((
                    Mtype::HOST_ENROLLED,
                    format!("{:?}", find::<HostEnrolled>(&said)),
                ));
                break;
            }
            run.authenticate(&mut wallet);
        }
        let said = run.send(&[made.order(Serve {
            host_key: [round; 32],
            nonce: [round; 32],
        })]);
        let statement: Statement = find(&said);
        facts.push((Mtype::STATEMENT, statement.number.to_string()));
    }
    assert_eq!(run.card.fault(), None);
    (facts, run.cuts)
}

#[test]
fn power_may_fail_at_any_commit() {
    let made = made();
    let (undisturbed, cuts) = story(&made, None);
    assert_eq!(cuts, 0);
    let blocks = undisturbed
        .iter()
        .filter(|(mtype, _)| *mtype == Mtype::PORTS_RESERVED);
    assert_eq!(blocks.count(), 4);
    let mut tried = 0;
    for at in 0.. {
        let mut hit = false;
        for cut in [Cut::Before(at), Cut::After(at)] {
            let (facts, cuts) = story(&made, Some(cut));
            assert_eq!(facts, undisturbed, "{cut:?}");
            hit |= cuts > 0;
        }
        if !hit {
            break;
        }
        tried += 1;
    }
    assert!(tried >= 12, "only {tried} commits were cut");
}

/// The store between two commands is the same whether power failed or not: nothing is half done.
#[test]
fn what_survives_is_a_state_between_two_commands() {
    let made = made();
    let messages = [
        made.order(ReservePorts {}),
        made.from(2, Ping { nonce: vec![1; 30] }),
    ];
    let mut whole = made.boot_cut();
    let before = whole.store().survivor();
    let host = selected(&mut whole);
    whole.transmit(&host.command(&messages));
    let after = whole.store().survivor();
    for (cut, expected) in [(Cut::Before(0), before), (Cut::After(0), after)] {
        let mut card = made.boot_cut();
        let host = selected(&mut card);
        card.store_mut().cut(Some(cut));
        assert_eq!(card.transmit(&host.command(&messages)), [0x6F, 0]);
        assert_eq!(card.store().survivor(), expected);
    }
}

#[test]
fn a_command_is_one_commit_and_a_tried_pin_one_more() {
    let made = made();
    let mut card = made.boot_cut();
    let mut host = selected(&mut card);
    let mut commits = |card: &mut Card<CutStore>, messages: &[Message]| {
        card.store_mut().cut(None);
        host.exchange(card, messages).unwrap();
        card.store().commits()
    };
    assert_eq!(commits(&mut card, &[]), 1);
    let many = vec![made.order(ReservePorts {}); 20];
    assert_eq!(commits(&mut card, &many), 1);
    let mut wallet = Wallet::new(made.id(1));
    let mut session = Host::new([7; 8]);
    session.select(&mut card).unwrap();
    card.store_mut().cut(None);
    wallet
        .authenticate(&mut session, &mut card, &made.agree, PIN)
        .unwrap();
    assert_eq!(card.store().commits(), 3, "begin, the spent try, the rest");
}
