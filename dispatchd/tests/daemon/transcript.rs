//! Everything that a wallet ever said to its card, said again under its own id through the real
//! daemon: as it was, altered, in other orders, after a resume and after a restart. The card carries
//! nothing of it out. This is what a host can do that puts messages into the table as it likes.
//!
//! `TENET_SEED` sets the seed of the alterations; a failure prints it.

use std::collections::BTreeSet;

use libetp::client::blocking::Capability;
use libetp::client::{CardPin, Handshake, OrderChannel, SavedCapability};
use libetp::codec;
use libetp::params::keys::{Sign, Signature};
use libetp::params::runtime::{AuthBegin, AuthChallenge, AuthOk, CardInfo, CardInfoRequest};
use libetp::params::{Param, Privileged};
use libetp::{EntityId, Mtype};
use nix::sys::signal::Signal;

use crate::authentication::{TIMEOUT, connect, pinned};
use crate::host::{Host, PIN, Scheme};

/// Messages of the adversary in each of its three places.
const MESSAGES: usize = 150;
/// After how many messages the answers are looked at: fewer than a card's queue takes.
const AT_ONCE: usize = 10;
/// The order that the host holds back.
const HELD_BACK: usize = 2;

/// SplitMix64: the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn seeded() -> Self {
        let seed = std::env::var("TENET_SEED").ok();
        let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(1);
        println!("TENET_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}

/// What the host recorded.
struct Transcript {
    messages: Vec<(Mtype, Vec<u8>)>,
    /// The card's answers to the orders that it carried out.
    signatures: BTreeSet<[u8; 64]>,
}

impl Transcript {
    /// A wallet at work.
    fn record(me: &mut Capability) -> Self {
        let card = pinned(me);
        let mut transcript = Self {
            messages: Vec::new(),
            signatures: BTreeSet::new(),
        };
        let mut channel = transcript.authenticate(me, &card);
        for number in 0..6 {
            let data = vec![number as u8];
            let order = channel.seal(card.card(), Sign::MTYPE, codec::to_vec(&Sign { data }));
            if number != HELD_BACK {
                let answer: Signature = ask(me, card.card(), Sign::MTYPE, &order);
                transcript.signatures.insert(answer.signature);
            }
            transcript.messages.push((Sign::MTYPE, order));
        }
        transcript
    }

    fn authenticate(&mut self, me: &mut Capability, card: &CardPin) -> OrderChannel {
        let AuthChallenge { challenge } = me.call(card.card(), &AuthBegin {}, TIMEOUT).unwrap();
        let handshake = Handshake::start(card, me.id(), challenge, PIN).unwrap();
        let auth = codec::to_vec(&handshake.message());
        let answer: AuthOk = ask(me, card.card(), Mtype::AUTH, &auth);
        self.messages.push((Mtype::AUTH_BEGIN, vec![0x80]));
        self.messages.push((Mtype::AUTH, auth));
        handshake.finish(&answer, me.id()).unwrap()
    }

    fn orders(&self) -> impl Iterator<Item = Privileged> + '_ {
        let orders = self.messages.iter().filter(|(m, _)| m.is_privileged());
        orders.map(|(_, param)| codec::from_slice(param).unwrap())
    }

    /// Something like what was said before.
    fn said(&self, dice: &mut Dice) -> (Mtype, Vec<u8>) {
        let (mtype, mut param) = self.messages[dice.below(self.messages.len())].clone();
        let orders: Vec<_> = self.orders().collect();
        let mut order = orders[dice.below(orders.len())].clone();
        match dice.below(4) {
            0 => return (mtype, param),
            1 => {
                let bit = dice.below(param.len() * 8);
                param[bit / 8] ^= 1 << (bit % 8);
                return (mtype, param);
            }
            2 => order.counter += 1 + dice.below(1_000) as u64,
            _ => {
                order.counter += 100;
                order.body = codec::to_vec(&Sign { data: vec![0xFF] });
                order.tag[dice.below(16)] ^= 1 + dice.below(255) as u8;
            }
        }
        (Sign::MTYPE, codec::to_vec(&order))
    }

    /// Puts messages into the table under the wallet's id; the card answers none as it answers its
    /// owner.
    fn play(&self, me: &mut Capability, dice: &mut Dice) {
        let card = me.id().domain.card();
        for _ in 0..MESSAGES / AT_ONCE {
            for _ in 0..AT_ONCE {
                let (mtype, param) = self.said(dice);
                me.send(card, mtype, &param).unwrap();
            }
            me.send_param(card, &CardInfoRequest {}).unwrap();
            self.look(me);
        }
    }

    /// All answers up to the card's description of itself.
    fn look(&self, me: &mut Capability) {
        loop {
            let message = me.receive().unwrap().message;
            match message.header.mtype {
                Mtype::AUTH_OK => panic!("the recorded authentication was accepted"),
                // The answers of before may come again.
                Signature::MTYPE => {
                    let answer = Signature::from_param(&message.param).unwrap();
                    let is_known = self.signatures.contains(&answer.signature);
                    assert!(is_known, "an order was carried out");
                }
                CardInfo::MTYPE => {
                    let info = CardInfo::from_param(&message.param).unwrap();
                    assert_eq!(info.retries_left, 3, "no try of the PIN was spent");
                    return me.take_received();
                }
                _ => {}
            }
        }
    }
}

/// Sends a message and waits for its answer.
fn ask<A: Param>(me: &mut Capability, card: EntityId, mtype: Mtype, param: &[u8]) -> A {
    me.send(card, mtype, param).unwrap();
    loop {
        let message = me.receive().unwrap().message;
        if message.header.mtype == A::MTYPE {
            return A::from_param(&message.param).unwrap();
        }
    }
}

fn resume(host: &Host, saved: &mut SavedCapability) -> Capability {
    let me = connect(host).resume(saved).unwrap();
    *saved = me.saved().unwrap().clone();
    me
}

#[test]
fn a_recorded_wallet_gives_no_order_through_the_daemon() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let mut dice = Dice::seeded();
    let mut me = connect(&host).acquire(None, true).unwrap();
    let mut saved = me.saved().unwrap().clone();
    let transcript = Transcript::record(&mut me);
    transcript.play(&mut me, &mut dice);

    let mut again = resume(&host, &mut saved);
    transcript.play(&mut again, &mut dice);

    daemon.signal(Signal::SIGKILL);
    daemon.wait();
    let _daemon = host.start();
    let mut again = resume(&host, &mut saved);
    transcript.play(&mut again, &mut dice);
}
