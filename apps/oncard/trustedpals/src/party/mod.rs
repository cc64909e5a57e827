//! A card with its links: messages of other cards in, messages for them out. Which [`Machine`] is behind them is
//! all the same.

mod machine;

use alloc::boxed::Box;
use alloc::vec::Vec;

use libetp::EntityId;
use libetp::digest::Hash;
use oncard_runtime::AgreementKey;
use zeroize::Zeroizing;

use crate::intake::{Fate, Intake};
use crate::link::{Handshake, Keys, Link, Parties};
use crate::members::Members;

pub use machine::{Content, Machine, Output};

/// Another member, as its certificate names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its card.
    pub card: EntityId,
    /// Hash of its certificate.
    pub certificate: Hash,
    /// Its static X25519 key.
    pub public: [u8; 32],
}

/// What cards of a session say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The first message of a handshake.
    First(Vec<u8>),
    /// The second one.
    Second(Vec<u8>),
    /// The packet of a round.
    Packet {
        /// Which, from 1.
        round: u32,
        /// Its bytes; of all packets of the session as many.
        packet: Vec<u8>,
    },
}

/// A card in a session, with its links to the others.
///
/// [`start`](Self::start) gives what opens the links, [`heard`](Self::heard) takes what comes; the host says
/// when a round ends: [`close`](Self::close). All give messages for others, by member.
#[derive(Debug)]
pub struct Party<M: ?Sized> {
    links: Vec<Slot>,
    intake: Intake<Content>,
    /// Whether this round's slice was computed.
    has_worked: bool,
    machine: Box<M>,
}

/// The link to a member.
enum Slot {
    /// This member itself, or nothing came of it.
    None,
    /// It is for the other to begin.
    Awaiting(Parties, Keys, Zeroizing<[u8; 32]>),
    Begun(Handshake),
    Up(Link),
}

impl core::fmt::Debug for Slot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Awaiting(..) => "Awaiting",
            Self::Begun(_) => "Begun",
            Self::Up(_) => "Up",
        })
    }
}

/// Messages for others, by member.
pub type Outgoing = Vec<(usize, Said)>;

impl<M: Machine + ?Sized> Party<M> {
    /// A card of `peers`, itself among them at its place, and the messages that open its links. `private` is its
    /// static X25519 key; `seed` gives fresh randomness, once for each other.
    pub fn start(
        machine: Box<M>,
        peers: &[Peer],
        private: &AgreementKey,
        session: Hash,
        mut seed: impl FnMut() -> Zeroizing<[u8; 32]>,
    ) -> (Self, Outgoing) {
        let (n, me) = (machine.n(), machine.me());
        let bytes = Link::bytes_for(machine.content_bytes());
        let mut outgoing = Vec::new();
        let mut slot = |(member, peer): (usize, &Peer)| {
            let parties = Parties {
                me: peers[me].card,
                peer: peer.card,
                my_certificate: peers[me].certificate,
                peer_certificate: peer.certificate,
                session,
            };
            let keys = Keys {
                private: private.clone(),
                peer_public: peer.public,
            };
            match member == me {
                true => Slot::None,
                false if !parties.initiates() => Slot::Awaiting(parties, keys, seed()),
                false => {
                    let begun = Handshake::initiate(parties, &keys, seed(), bytes);
                    begun.map_or(Slot::None, |(handshake, first)| {
                        outgoing.push((member, Said::First(first)));
                        Slot::Begun(handshake)
                    })
                }
            }
        };
        let links = peers.iter().take(n).enumerate().map(&mut slot).collect();
        let intake = Intake::new(n, me);
        let party = Self {
            machine,
            links,
            intake,
            has_worked: false,
        };
        (party, outgoing)
    }

    /// The card, without its links.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// What the host may know, once.
    pub fn take_output(&mut self) -> Option<Output> {
        self.machine.take_output()
    }

    /// Whether the session has ended.
    pub fn is_over(&self) -> bool {
        self.machine.is_over()
    }

    /// The current round; 0 before the first.
    pub fn round(&self) -> u32 {
        self.intake.round()
    }

    /// To whom links are up; this member counts as such.
    pub fn linked(&self) -> Members {
        let me = self.machine.me();
        let links = self.links.iter().enumerate();
        let up = links.filter(|(member, slot)| *member == me || matches!(slot, Slot::Up(_)));
        up.map(|(member, _)| member).collect()
    }

    /// Whose packets of this round are in; this member counts as such.
    pub fn present(&self) -> Members {
        self.intake.present()
    }

    /// Whether the packets of all others in this round are in: nothing is gained by waiting.
    pub fn is_complete(&self) -> bool {
        self.intake.is_complete()
    }

    /// Another card said something, as its host claims. What is not right is as if it had not come.
    pub fn heard(&mut self, from: usize, said: Said) -> Option<(usize, Said)> {
        let bytes = Link::bytes_for(self.machine.content_bytes());
        let slot = self.links.get_mut(from)?;
        match (core::mem::replace(slot, Slot::None), said) {
            (Slot::Awaiting(parties, keys, seed), Said::First(first)) => {
                match Handshake::respond(parties, &keys, seed.clone(), bytes, &first) {
                    None => *slot = Slot::Awaiting(parties, keys, seed),
                    Some((link, second)) => {
                        *slot = Slot::Up(link);
                        return Some((from, Said::Second(second)));
                    }
                }
            }
            (Slot::Begun(handshake), Said::Second(second)) => {
                *slot = match handshake.finish(&second) {
                    Ok(link) => link.map_or(Slot::None, Slot::Up),
                    Err(handshake) => Slot::Begun(handshake),
                };
            }
            (Slot::Up(link), Said::Packet { round, packet }) => {
                *slot = Slot::Up(link);
                self.packet(from, round, &packet);
            }
            (before, _) => *slot = before,
        }
        None
    }

    fn packet(&mut self, from: usize, round: u32, packet: &[u8]) -> Option<Fate> {
        let Some(Slot::Up(link)) = self.links.get(from) else {
            return None;
        };
        let content = link.open(round, packet).ok()?;
        Some(self.intake.accept(from, round, content))
    }

    /// The host ends the round, or begins the first: the packets of the next one, if there is one. They have to leave
    /// before [`work`](Self::work).
    pub fn close(&mut self) -> Outgoing {
        let received = self.intake.close();
        self.has_worked = false;
        if self.intake.round() > 1 {
            self.machine.end_round(&received);
        }
        match self.is_over() {
            true => Vec::new(),
            false => self.packets(),
        }
    }

    fn packets(&mut self) -> Outgoing {
        let (round, content) = (self.intake.round(), self.machine.content());
        let seal = |(member, slot): (usize, &mut Slot)| {
            let Slot::Up(link) = slot else {
                return None;
            };
            let packet = link.seal(round, &content).ok()?;
            Some((member, Said::Packet { round, packet }))
        };
        self.links.iter_mut().enumerate().filter_map(seal).collect()
    }

    /// Computes the slice that belongs into this round; nothing if that was done.
    pub fn work(&mut self) {
        if !core::mem::replace(&mut self.has_worked, true) {
            self.machine.work();
        }
    }
}
