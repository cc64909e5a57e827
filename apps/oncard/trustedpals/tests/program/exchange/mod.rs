//! Items exchanged among cards.

mod descriptors;
mod hosts;
mod outcomes;
mod power;
mod traffic;

use libetp::Message;
use libetp::codec::{List, from_slice, to_vec};
use libetp::digest::sha256;
use libetp::params::Param;
use libetp::params::pals::{
    Description, Descriptor, EXCHANGE_ENGINE, ExchangeTerms, Exchanged, Invite, JoinSession,
    OpenSession, Outcome, SessionResult,
};

use crate::table::{Carry, Seat, Table, honest, refusal};

/// What is exchanged, and in which rounds.
#[derive(Clone, Debug)]
struct Deal {
    items: Vec<Vec<u8>>,
    descriptions: Vec<Description>,
    corrupt: u8,
    setup_rounds: u32,
    slots: u32,
}

impl Deal {
    /// Items of 8 bytes, known by their hashes, sent in two rounds. All other hosts may be corrupt.
    fn new(n: usize, slots: u32) -> Self {
        let items = (1..=n).map(|at| vec![at as u8; 8]);
        Self::of(items.collect(), 2, slots)
    }

    fn of(items: Vec<Vec<u8>>, setup_rounds: u32, slots: u32) -> Self {
        Self {
            descriptions: items.iter().map(|item| described(item)).collect(),
            corrupt: items.len() as u8 - 1,
            items,
            setup_rounds,
            slots,
        }
    }

    fn descriptor(&self, table: &Table) -> Descriptor {
        let longest = self.descriptions.iter().map(|it| it.bytes).max();
        let terms = ExchangeTerms {
            slots: self.slots,
            setup_rounds: self.setup_rounds,
            items: List(self.descriptions.clone()),
        };
        Descriptor {
            function: ExchangeTerms::function(),
            parameters: to_vec(&terms),
            engine: EXCHANGE_ENGINE.into(),
            fuel: 1,
            slice: 1,
            memory_bytes: 0,
            corrupt: self.corrupt,
            input_bytes: longest.unwrap(),
            cover_rounds: 0,
            ..table.descriptor()
        }
    }

    fn table(&self) -> Table {
        Table::new(self.items.len())
    }

    /// Everybody joins; the links are up then.
    fn start(&self, table: &mut Table, carry: &mut Carry<'_>) {
        let said = self.opened(table);
        assert_eq!(refusal(&said), None);
        table.deliver(said, &mut honest);
        for at in 1..self.items.len() {
            let join = self.join(table, at);
            let said = table.seats[at].order(join);
            assert_eq!(refusal(&said), None);
            table.deliver(said, carry);
        }
    }

    /// The first owner's order, and what comes of it.
    fn opened(&self, table: &mut Table) -> Vec<Message> {
        let order = self.open(table);
        table.seats[0].order(order)
    }

    fn open(&self, table: &Table) -> OpenSession {
        OpenSession {
            descriptor: self.descriptor(table),
            input: self.items[0].clone(),
        }
    }

    fn join(&self, table: &Table, at: usize) -> JoinSession {
        let invite: Invite = table.seats[at].last().unwrap();
        JoinSession {
            descriptor: invite.descriptor,
            opening: invite.opening,
            input: self.items[at].clone(),
        }
    }

    /// The last round.
    fn rounds(&self) -> u32 {
        let t = (self.items.len() as u32 - 1) / 2;
        self.setup_rounds + self.slots + t + 1
    }
}

fn described(item: &[u8]) -> Description {
    Description {
        bytes: item.len() as u32,
        hash: sha256(item),
        signer: None,
    }
}

impl Seat {
    /// How the session ended for the owner: all that the card told of that.
    fn endings(&self) -> Vec<SessionResult> {
        let results = self
            .inbox
            .iter()
            .filter(|it| it.header.mtype == SessionResult::MTYPE);
        results
            .map(|it| SessionResult::from_param(&it.param).unwrap())
            .collect()
    }

    /// The items that the card told, once.
    fn items(&self) -> Option<Vec<Vec<u8>>> {
        let mut endings = self.endings();
        assert!(endings.len() <= 1, "told more than once: {endings:?}");
        let result = endings.pop()?.result?;
        let Exchanged { items } = from_slice(&result).unwrap();
        Some(items.0)
    }
}

/// How it ended for each.
fn outcomes(table: &Table) -> Vec<Option<Outcome>> {
    table.seats.iter().map(Seat::outcome).collect()
}

fn all(outcome: Outcome, table: &Table) -> bool {
    outcomes(table).iter().all(|it| *it == Some(outcome))
}
