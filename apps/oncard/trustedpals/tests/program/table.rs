//! Cards around a table, each with a host and its owner's program; every message passes through our hands.

use std::collections::VecDeque;

use libetp::codec::List;
use libetp::digest::{SUITE, sha256};
use libetp::params::Param;
use libetp::params::pals::{
    Compute, Descriptor, Invite, JoinSession, Member, OpenSession, Outcome, RoundOver,
    SessionResult, SessionState, Stage,
};
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::{EntityId, Message, Mtype, Port};
use oncard_function::ENGINE;
use oncard_runtime::harness::{Host, Wallet};
use oncard_runtime::{Card, MemoryStore, Program, Store};
use oncard_trustedpals::PalsProgram;
use simulator::world::{Blank, PIN, World};

/// Rounds in which the function is computed.
pub(crate) const SLICES: u32 = 2;
/// Enough for auctions among the most members.
const FUEL: u64 = 20_000;
pub(crate) const COVER_ROUNDS: u32 = 2;

/// What a member is told of an auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sale {
    Lost,
    /// At that price.
    Won(u64),
}

/// The function that tables play.
pub(crate) fn second_price() -> Vec<u8> {
    wat::parse_str(include_str!("second_price.wat")).unwrap()
}

/// A card, its host and its owner's program.
pub(crate) struct Seat {
    pub(crate) blank: Blank,
    pub(crate) card: Card<MemoryStore>,
    host: Host,
    wallet: Wallet,
    /// What came for the program.
    pub(crate) inbox: Vec<Message>,
    /// How often it was powered up, which its randomness follows from.
    pub(crate) powers: u8,
}

impl Seat {
    pub(crate) fn new(blank: Blank) -> Self {
        let programs: Vec<Box<dyn Program>> = vec![Box::new(PalsProgram)];
        let card = Card::new(blank.memory.clone(), programs, [1; 32]).unwrap();
        let mut seat = Self {
            wallet: Wallet::new(blank.wallet()),
            host: Host::new(*b"session1"),
            card,
            blank,
            inbox: Vec::new(),
            powers: 1,
        };
        seat.authenticate();
        seat
    }

    pub(crate) fn id(&self) -> EntityId {
        self.blank.id()
    }

    /// The owner gives the PIN.
    pub(crate) fn authenticate(&mut self) {
        self.host.select(&mut self.card).unwrap();
        let (host, card) = (&mut self.host, &mut self.card);
        self.wallet
            .authenticate(host, card, &self.blank.agree, PIN)
            .unwrap();
    }

    /// The card loses power and gets it again; its store is `store`, if that was changed.
    pub(crate) fn lose_power(&mut self, store: Option<MemoryStore>) {
        self.power_up_again(store);
        self.authenticate();
    }

    /// As [`lose_power`](Self::lose_power), before the owner gives the PIN.
    pub(crate) fn power_up_again(&mut self, store: Option<MemoryStore>) {
        if let Some(store) = store {
            *self.card.store_mut() = store;
            // A host that remembers numbers of messages would notice.
            self.host.seen = 0;
        }
        self.powers += 1;
        self.card.power_up([self.powers; 32]).unwrap();
        self.host.select(&mut self.card).unwrap();
    }

    /// Gives the card a message; what it sends.
    pub(crate) fn give(&mut self, message: Message) -> Vec<Message> {
        self.host.talk(&mut self.card, &[message]).unwrap()
    }

    /// A message from the owner's program.
    pub(crate) fn tell(&mut self, param: impl Param) -> Vec<Message> {
        let message = self.wallet.message(param);
        self.give(message)
    }

    /// An order of the owner's.
    pub(crate) fn order(&mut self, param: impl Param) -> Vec<Message> {
        let order = self.wallet.order(param);
        self.give(order)
    }

    /// Gives the card a message, and loses its response.
    pub(crate) fn give_unanswered(&mut self, message: Message) {
        let command = self.host.command(&[message]);
        self.card.transmit(&command);
    }

    /// What the card has waiting.
    pub(crate) fn take(&mut self) -> Vec<Message> {
        self.host.talk(&mut self.card, &[]).unwrap()
    }

    /// A message of the owner's program.
    pub(crate) fn message(&self, param: impl Param) -> Message {
        self.wallet.message(param)
    }

    /// Another program of the owner's, with the PIN.
    pub(crate) fn another_program(&mut self, port: Port) -> Wallet {
        let mut wallet = Wallet::new(self.blank.domain.entity(port));
        let (host, card) = (&mut self.host, &mut self.card);
        wallet
            .authenticate(host, card, &self.blank.agree, PIN)
            .unwrap();
        wallet
    }

    /// An order of another program.
    pub(crate) fn order_from(&mut self, wallet: &mut Wallet, param: impl Param) -> Vec<Message> {
        let order = wallet.order(param);
        self.give(order)
    }

    /// All that is in the card's store.
    pub(crate) fn stored(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.card.store().scan(&[], None, usize::MAX).unwrap()
    }

    /// The last of that kind that came for the program.
    pub(crate) fn last<P: Param>(&self) -> Option<P> {
        let of_type = |message: &&Message| message.header.mtype == P::MTYPE;
        let last = self.inbox.iter().rfind(of_type)?;
        Some(P::from_param(&last.param).unwrap())
    }

    pub(crate) fn state(&self) -> SessionState {
        self.last().unwrap()
    }

    /// How the session ended for this card, if it did.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let result: SessionResult = self.last()?;
        Outcome::from_u8(result.outcome)
    }

    /// Whether the card is in no session any more. A result that is not the end is followed by a state.
    pub(crate) fn is_over(&self) -> bool {
        let of_session = |it: &&Message| {
            matches!(
                it.header.mtype,
                Mtype::SESSION_STATE | Mtype::SESSION_RESULT
            )
        };
        let last = self.inbox.iter().rfind(of_session);
        last.is_some_and(|it| match SessionState::from_param(&it.param) {
            Ok(state) if it.header.mtype == Mtype::SESSION_STATE => {
                state.stage == Stage::Over as u8
            }
            _ => true,
        })
    }

    /// What the card told of an auction.
    pub(crate) fn auction(&self) -> Sale {
        let result: SessionResult = self.last().unwrap();
        match result.result.unwrap().split_first().unwrap() {
            (0, _) => Sale::Lost,
            (_, price) => Sale::Won(u64::from_le_bytes(price.try_into().unwrap())),
        }
    }
}

/// What hosts make of a message on its way: what arrives of it, in order.
pub(crate) type Carry<'c> = dyn FnMut(&Message) -> Vec<Message> + 'c;

/// Hosts that carry everything as it is.
pub(crate) fn honest(message: &Message) -> Vec<Message> {
    vec![message.clone()]
}

/// All cards.
pub(crate) struct Table {
    pub(crate) world: World,
    pub(crate) seats: Vec<Seat>,
    /// Everything that cards sent to cards.
    pub(crate) sent: Vec<Message>,
    /// Whose host does nothing any more.
    pub(crate) crashed: Vec<usize>,
    /// Whose host does not let its card compute.
    pub(crate) idle: Option<usize>,
}

/// An auction among these, each the wallet's program.
pub(crate) fn auction(blanks: &[&Blank]) -> Descriptor {
    let member = |blank: &&Blank| Member {
        key: blank.key,
        program: blank.wallet(),
    };
    Descriptor {
        suite: SUITE,
        function: sha256(&second_price()),
        parameters: vec![],
        engine: ENGINE.into(),
        fuel: FUEL,
        slice: FUEL.div_ceil(SLICES.into()),
        memory_bytes: 1 << 16,
        members: List(blanks.iter().map(member).collect()),
        min_class: 0,
        code_hash: None,
        corrupt: (blanks.len() as u8 - 1) / 2,
        input_bytes: 8,
        cover_rounds: COVER_ROUNDS,
        round_ms: 1_000,
        start_skew_ms: 300,
        delay_ms: 400,
        drift_ppm: 100,
    }
}

/// The first owner's order, with an input of zeros.
pub(crate) fn opening(descriptor: &Descriptor) -> OpenSession {
    OpenSession {
        descriptor: descriptor.clone(),
        input: vec![0; 8],
    }
}

impl Table {
    /// Cards that keep the function of auctions, approved.
    pub(crate) fn new(n: usize) -> Self {
        let mut table = Self::without_functions(n);
        let function = second_price();
        for seat in &mut table.seats {
            seat.take_function(&function);
        }
        table
    }

    /// Cards that keep no function.
    pub(crate) fn without_functions(n: usize) -> Self {
        let world = World::new("pals").unwrap();
        let card = |at: usize| Seat::new(world.card(&format!("card {at}"), 0).unwrap());
        Self {
            seats: (0..n).map(card).collect(),
            world,
            sent: Vec::new(),
            crashed: Vec::new(),
            idle: None,
        }
    }

    pub(crate) fn descriptor(&self) -> Descriptor {
        let blanks: Vec<&Blank> = self.seats.iter().map(|seat| &seat.blank).collect();
        auction(&blanks)
    }

    /// Messages go where they go, and what comes of them too.
    pub(crate) fn deliver(&mut self, messages: Vec<Message>, carry: &mut Carry<'_>) {
        let mut waiting = VecDeque::from(messages);
        while let Some(message) = waiting.pop_front() {
            let dst = message.header.dst;
            let at = self
                .seats
                .iter()
                .position(|it| it.id().domain == dst.domain);
            let Some(at) = at.filter(|at| !self.crashed.contains(at)) else {
                continue;
            };
            if !dst.is_card() {
                self.seats[at].inbox.push(message);
                continue;
            }
            self.sent.push(message.clone());
            for arriving in carry(&message) {
                waiting.extend(self.seats[at].give(arriving));
            }
        }
    }

    /// The first owner opens the session; the invitations are the result.
    pub(crate) fn open(&mut self, descriptor: &Descriptor, bid: u64) {
        let order = OpenSession {
            descriptor: descriptor.clone(),
            input: bid.to_be_bytes().to_vec(),
        };
        let said = self.seats[0].order(order);
        assert_eq!(refusal(&said), None);
        self.deliver(said, &mut honest);
    }

    /// An invited owner joins.
    pub(crate) fn join(&mut self, at: usize, bid: u64, carry: &mut Carry<'_>) {
        let Invite {
            descriptor,
            opening,
        } = self.seats[at].last().unwrap();
        let input = bid.to_be_bytes().to_vec();
        let said = self.seats[at].order(JoinSession {
            descriptor,
            opening,
            input,
        });
        assert_eq!(refusal(&said), None);
        self.deliver(said, carry);
    }

    /// Everybody joins; the links are up then.
    pub(crate) fn start(&mut self, bids: &[u64], carry: &mut Carry<'_>) {
        self.start_of(&self.descriptor(), bids, carry);
    }

    /// As [`start`](Self::start), of any session with inputs of eight bytes.
    pub(crate) fn start_of(
        &mut self,
        descriptor: &Descriptor,
        bids: &[u64],
        carry: &mut Carry<'_>,
    ) {
        self.open(descriptor, bids[0]);
        for (at, bid) in bids.iter().enumerate().skip(1) {
            self.join(at, *bid, carry);
        }
    }

    /// The hosts end a round: first all of them, then the packets go, then the cards compute.
    pub(crate) fn round(&mut self, carry: &mut Carry<'_>) {
        let mut packets = Vec::new();
        for at in self.running() {
            let (session, round) = self.seats[at].clock();
            packets.extend(self.seats[at].tell(RoundOver { session, round }));
        }
        self.deliver(packets, carry);
        let idle = self.idle;
        for at in self.running().into_iter().filter(|at| idle != Some(*at)) {
            let (session, round) = self.seats[at].clock();
            let said = self.seats[at].tell(Compute { session, round });
            assert_eq!(said, vec![]);
        }
    }

    /// Who has a session that goes on.
    fn running(&self) -> Vec<usize> {
        let is_running = |at: &usize| {
            let seat = &self.seats[*at];
            let state: Option<SessionState> = seat.last();
            let has_started = state.is_some_and(|state| state.session.is_some());
            !self.crashed.contains(at) && has_started && !seat.is_over()
        };
        (0..self.seats.len()).filter(is_running).collect()
    }

    /// Rounds to the end.
    pub(crate) fn play(&mut self, carry: &mut Carry<'_>) {
        let mut left = 1_000;
        while !self.running().is_empty() {
            left -= 1;
            assert!(left > 0, "a session ends");
            self.round(carry);
        }
    }
}

impl Seat {
    /// The session and round that it is in.
    pub(crate) fn clock(&self) -> ([u8; 32], u32) {
        let state = self.state();
        (state.session.unwrap(), state.round)
    }
}

/// The refusal among these, if there is one.
pub(crate) fn refusal(messages: &[Message]) -> Option<RefusalCode> {
    let is_refusal = |it: &&Message| it.header.mtype == Mtype::ORDER_REFUSED;
    let refused = messages.iter().find(is_refusal)?;
    let refused = OrderRefused::from_param(&refused.param).unwrap();
    RefusalCode::from_u16(refused.code)
}
