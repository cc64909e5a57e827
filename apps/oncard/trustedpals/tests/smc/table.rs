//! Cards around a table, and hosts that carry what they say.

use libetp::{Domain, EntityId};
use oncard_trustedpals::party::{Output, Party, Peer, Said};
use oncard_trustedpals::smc::{Plan, Smc};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::auction::{Auction, Bytes, SLICES, bid};

pub(crate) const COVER_ROUNDS: u32 = 2;

pub(crate) fn plan(n: usize, t: usize, me: usize) -> Plan {
    Plan::new((n, t, me), 8, COVER_ROUNDS, SLICES).unwrap()
}

fn secret(member: usize) -> StaticSecret {
    StaticSecret::from([member as u8 + 1; 32])
}

fn card(member: usize) -> EntityId {
    Domain([member as u8 + 1; 12]).card()
}

fn peer(member: usize) -> Peer {
    Peer {
        card: card(member),
        certificate: [member as u8; 32],
        public: PublicKey::from(&secret(member)).to_bytes(),
    }
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) said: Said,
}

/// What the hosts make of a message on its way: what arrives of it, in order.
pub(crate) type Carry<'c> = dyn FnMut(Sent) -> Vec<Sent> + 'c;

/// All cards.
pub(crate) struct Table {
    pub(crate) parties: Vec<Party<Smc>>,
    /// Everything that was sent.
    pub(crate) sent: Vec<Sent>,
    /// What each card computes.
    pub(crate) auctions: Vec<Auction>,
    /// Whose host does not let its card work.
    pub(crate) idle: Option<usize>,
}

impl Table {
    /// Cards with these bids, of which `t` hosts may be corrupt; their links are set up.
    pub(crate) fn new(bids: &[u64], t: usize, carry: &mut Carry<'_>) -> Self {
        let n = bids.len();
        let peers: Vec<Peer> = (0..n).map(peer).collect();
        let mut table = Self {
            parties: Vec::new(),
            sent: Vec::new(),
            auctions: (0..n).map(|_| Auction::default()).collect(),
            idle: None,
        };
        let mut opening = Vec::new();
        for (me, amount) in bids.iter().enumerate() {
            let function = Box::new(table.auctions[me].clone());
            let smc = Smc::new(plan(n, t, me), function, bid(*amount)).unwrap();
            let private = Zeroizing::new(secret(me).to_bytes()).into();
            let mut seed = [me as u8; 32];
            let seed = || {
                seed[31] += 1;
                Zeroizing::new(seed)
            };
            let (party, outgoing) = Party::start(Box::new(smc), &peers, &private, [9; 32], seed);
            table.parties.push(party);
            opening.extend(
                outgoing
                    .into_iter()
                    .map(|(to, said)| Sent { from: me, to, said }),
            );
        }
        table.deliver(opening, carry);
        table
    }

    fn deliver(&mut self, sent: Vec<Sent>, carry: &mut Carry<'_>) {
        let mut waiting = sent;
        while !waiting.is_empty() {
            self.sent.extend(waiting.iter().cloned());
            let arriving: Vec<Sent> = waiting.drain(..).flat_map(&mut *carry).collect();
            for Sent { from, to, said } in arriving {
                let answer = self.parties[to].heard(from, said);
                waiting.extend(answer.map(|(peer, said)| Sent {
                    from: to,
                    to: peer,
                    said,
                }));
            }
        }
    }

    /// The hosts end a round, all at once.
    pub(crate) fn round(&mut self, carry: &mut Carry<'_>) {
        let close = |(from, party): (usize, &mut Party<Smc>)| {
            let outgoing = party.close().into_iter();
            outgoing
                .map(move |(to, said)| Sent { from, to, said })
                .collect::<Vec<_>>()
        };
        let sent: Vec<Sent> = self
            .parties
            .iter_mut()
            .enumerate()
            .flat_map(close)
            .collect();
        self.deliver(sent, carry);
        let working = self.parties.iter_mut().enumerate();
        let working = working.filter(|(member, _)| self.idle != Some(*member));
        working.for_each(|(_, party)| party.work());
    }

    /// Rounds to the end.
    pub(crate) fn play(&mut self, carry: &mut Carry<'_>) {
        (0..=self.parties[0].machine().plan().last_round()).for_each(|_| self.round(carry));
    }

    pub(crate) fn result(&self, member: usize) -> Option<&Bytes> {
        match self.parties[member].machine().output() {
            Some(Output::Result(result)) => Some(result),
            _ => None,
        }
    }
}

/// Hosts that carry everything as it is.
pub(crate) fn honest(sent: Sent) -> Vec<Sent> {
    vec![sent]
}
