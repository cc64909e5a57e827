//! Cards on a bench: every message passes through our hands.

use libetp::codec::{List, from_slice};
use libetp::params::Param;
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{
    Agreement, Commitment, Confirmation, IssueBegin, IssueChallenge, Offer, OrderAbort,
    OrderResolve, StartExchange, ThirdPartyOutcome, Vid, Voucher, Xid,
};
use libetp::{EntityId, Message, Mtype};
use simulator::dice::Dice;
use simulator::holdings::Holdings;
use simulator::host::CardHost;
use simulator::wallet::Wallet;
use simulator::world::{Blank, Holder, World};

/// A card, its host and its owner's wallet.
pub(crate) struct Seat {
    pub(crate) blank: Blank,
    pub(crate) host: CardHost,
    pub(crate) wallet: Wallet,
    /// The card's own key, for what only a broken card would sign.
    pub(crate) key: Holder,
}

pub(crate) fn world() -> World {
    World::new("bench").unwrap()
}

/// A card that holds nothing.
pub(crate) fn seat(world: &World, label: &str) -> Seat {
    seat_of_class(world, label, 0)
}

pub(crate) fn seat_of_class(world: &World, label: &str, class: u8) -> Seat {
    let blank = world.card(label, class).unwrap();
    seat_with(world, label, class, blank)
}

/// A card over a memory that was prepared.
pub(crate) fn seat_with(world: &World, label: &str, class: u8, blank: Blank) -> Seat {
    let host = CardHost::new(&blank, Dice::new(1)).unwrap();
    let wallet = Wallet::new(&blank, Dice::new(2));
    let key = world.card_holder(label, class).unwrap();
    Seat {
        blank,
        host,
        wallet,
        key,
    }
}

impl Seat {
    /// The card's id.
    pub(crate) fn id(&self) -> EntityId {
        self.blank.id()
    }

    /// What the memory holds.
    pub(crate) fn holdings(&self) -> Holdings {
        self.host.chip().read(Holdings::read).unwrap()
    }

    /// Gives the card a message; what it sends.
    pub(crate) fn give(&mut self, message: Message) -> Vec<Message> {
        self.host.deliver(message).unwrap()
    }

    /// A message to the card from some id.
    pub(crate) fn tell(&mut self, src: EntityId, param: impl Param) -> Vec<Message> {
        let message = param.into_message(src, self.id());
        self.give(message)
    }

    /// The owner gives an order, authenticating first if the card does not know it yet.
    pub(crate) fn order<P: Param>(&mut self, order: &P) -> Vec<Message> {
        self.wallet.order(order);
        self.obey()
    }

    /// The owner accepts m1.
    pub(crate) fn accept(&mut self, offer: &Offer) -> Vec<Message> {
        self.wallet.order_as(Mtype::ACCEPT, offer);
        self.obey()
    }

    fn obey(&mut self) -> Vec<Message> {
        let mut said = self.wallet.poll();
        let mut answers = Vec::new();
        while !said.is_empty() {
            let heard: Vec<_> = said
                .drain(..)
                .flat_map(|message| self.give(message))
                .collect();
            for message in heard {
                said.extend(self.wallet.hear(&message));
                answers.push(message);
            }
        }
        answers
    }

    /// Issues a voucher to the card.
    pub(crate) fn issue(&mut self, world: &World, voucher: &Voucher) -> Vid {
        let challenge: IssueChallenge = one(&self.order(&IssueBegin {}));
        let issue = world.issue(voucher.clone(), &challenge);
        let answers = self.tell(self.wallet.id, issue);
        assert_eq!(refusal(&answers), None);
        voucher.vid()
    }
}

/// The only message of a type among these.
#[track_caller]
pub(crate) fn one<P: Param>(messages: &[Message]) -> P {
    let of_type = |message: &&Message| message.header.mtype == P::MTYPE;
    let found: Vec<_> = messages.iter().filter(of_type).collect();
    assert_eq!(found.len(), 1, "not one {} in {messages:?}", P::MTYPE);
    from_slice(&found[0].param).unwrap()
}

/// How many messages of a type there are.
pub(crate) fn count(messages: &[Message], mtype: Mtype) -> usize {
    messages
        .iter()
        .filter(|message| message.header.mtype == mtype)
        .count()
}

/// The refusal among these, if there is one.
pub(crate) fn refusal(messages: &[Message]) -> Option<RefusalCode> {
    let refused = messages
        .iter()
        .find(|message| message.header.mtype == Mtype::ORDER_REFUSED)?;
    let refused: OrderRefused = from_slice(&refused.param).unwrap();
    Some(RefusalCode::from_u16(refused.code).unwrap())
}

/// Two cards, each with one voucher.
pub(crate) struct Pair {
    pub(crate) world: World,
    pub(crate) a: Seat,
    pub(crate) b: Seat,
    pub(crate) vid1: Vid,
    pub(crate) vid2: Vid,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let world = world();
        let (mut a, mut b) = (seat(&world, "a"), seat(&world, "b"));
        let vid1 = a.issue(&world, &world.voucher(1, b"one coffee", 0));
        let vid2 = b.issue(&world, &world.voucher(2, b"one cake", 0));
        Self {
            world,
            a,
            b,
            vid1,
            vid2,
        }
    }

    pub(crate) fn start_order(&self) -> StartExchange {
        StartExchange {
            vid1: self.vid1,
            vid2: self.vid2,
            pb: self.b.wallet.id,
            third_party: self.world.third_party,
            third_party_ids: List(vec![]),
        }
    }

    /// m1.
    pub(crate) fn offer(&mut self) -> Offer {
        let order = self.start_order();
        one(&self.a.order(&order))
    }

    /// The m1 that S_A sent, as its owner's wallet would see it in a capture.
    pub(crate) fn offer_again(&mut self) -> Offer {
        let vid3 = self
            .a
            .issue(&self.world, &self.world.voucher(77, b"one pear", 0));
        let mut order = self.start_order();
        (order.vid1, order.vid2) = (vid3, [3; 32]);
        let mut offer: Offer = one(&self.a.order(&order));
        offer.vid2 = self.vid2;
        offer
    }

    /// m2.
    pub(crate) fn agreement(&mut self) -> Agreement {
        let offer = self.offer();
        one(&self.b.accept(&offer))
    }

    /// m3.
    pub(crate) fn confirmation(&mut self) -> Confirmation {
        let agreement = self.agreement();
        let src = self.b.id();
        one(&self.a.tell(src, agreement))
    }

    /// m4.
    pub(crate) fn commitment(&mut self) -> Commitment {
        let confirmation = self.confirmation();
        let src = self.a.id();
        one(&self.b.tell(src, confirmation))
    }

    /// Gives S_A an m2 that it must not take.
    #[track_caller]
    pub(crate) fn a_ignores(&mut self, agreement: Agreement) {
        let before = self.a.holdings();
        let src = self.b.id();
        assert_eq!(self.a.tell(src, agreement), vec![]);
        assert_eq!(self.a.holdings(), before);
    }

    /// Gives S_B an m3 that it must not take.
    #[track_caller]
    pub(crate) fn b_ignores(&mut self, confirmation: Confirmation) {
        let before = self.b.holdings();
        let src = self.a.id();
        assert_eq!(self.b.tell(src, confirmation), vec![]);
        assert_eq!(self.b.holdings(), before);
    }

    /// Has S_B refuse an m1 that its owner accepted.
    #[track_caller]
    pub(crate) fn b_refuses(&mut self, offer: &Offer) -> RefusalCode {
        let before = self.b.holdings();
        let answers = self.b.accept(offer);
        assert_eq!(count(&answers, Mtype::AGREEMENT), 0);
        assert_eq!(self.b.holdings(), before);
        refusal(&answers).expect("not refused")
    }

    /// Has S_A refuse an order.
    #[track_caller]
    pub(crate) fn a_refuses(&mut self, order: &impl Param) -> RefusalCode {
        let before = self.a.holdings();
        let answers = self.a.order(order);
        assert_eq!(count(&answers, Mtype::OFFER), 0);
        assert_eq!(self.a.holdings(), before);
        refusal(&answers).expect("not refused")
    }
}

/// Two cards in the middle of an exchange, and the third party's card.
pub(crate) struct Court {
    pub(crate) pair: Pair,
    pub(crate) t: Seat,
    pub(crate) xid: Xid,
}

impl Court {
    /// S_B agreed and gave v2; m2 is on its way.
    pub(crate) fn agreed() -> (Self, Agreement) {
        let mut pair = Pair::new();
        let t = third_party_seat(&pair.world);
        let m2 = pair.agreement();
        let xid = m2.body.xid();
        (Self { pair, t, xid }, m2)
    }

    /// Both gave; m3 is on its way.
    pub(crate) fn confirmed() -> (Self, Confirmation) {
        let (mut court, m2) = Self::agreed();
        let src = court.pair.b.id();
        let m3 = one(&court.pair.a.tell(src, m2));
        (court, m3)
    }

    /// S_A's owner orders to resolve; what the card sends.
    pub(crate) fn order_resolve(&mut self) -> Vec<Message> {
        let order = OrderResolve {
            xid: self.xid,
            third_party_ids: List(vec![self.t.id()]),
        };
        self.pair.a.order(&order)
    }

    /// S_B's owner orders to abort; what the card sends.
    pub(crate) fn order_abort(&mut self) -> Vec<Message> {
        let order = OrderAbort {
            xid: self.xid,
            third_party_ids: List(vec![self.t.id()]),
        };
        self.pair.b.order(&order)
    }

    /// mr1.
    pub(crate) fn resolve_request(&mut self) -> ResolveRequest {
        one(&self.order_resolve())
    }

    /// ma1.
    pub(crate) fn abort_request(&mut self) -> AbortRequest {
        one(&self.order_abort())
    }

    /// T's answer to a request of S_A.
    pub(crate) fn t_on_resolve(&mut self, request: ResolveRequest) -> ThirdPartyOutcome {
        let src = self.pair.a.id();
        self.answer(src, request)
    }

    /// T's answer to a request of S_B.
    pub(crate) fn t_on_abort(&mut self, request: AbortRequest) -> ThirdPartyOutcome {
        let src = self.pair.b.id();
        self.answer(src, request)
    }

    fn answer(&mut self, src: EntityId, request: impl Param) -> ThirdPartyOutcome {
        let answers = self.t.tell(src, request);
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].header.dst, src);
        one(&answers)
    }

    /// Has T ignore a request.
    #[track_caller]
    pub(crate) fn t_ignores(&mut self, src: EntityId, request: impl Param) {
        let before = self.t.host.chip().memory();
        assert_eq!(self.t.tell(src, request), vec![]);
        let after = self.t.host.chip().memory();
        assert_eq!(programs_part(&before), programs_part(&after));
    }
}

/// What the third party's program stores.
fn programs_part(memory: &oncard_runtime::MemoryStore) -> Vec<(Vec<u8>, Vec<u8>)> {
    use oncard_runtime::Store;
    let family = [oncard_thirdparty::FAMILY];
    memory.scan(&family, None, 1_000).unwrap()
}

/// The third party's card.
pub(crate) fn third_party_seat(world: &World) -> Seat {
    let blank = world.third_party_card("t").unwrap();
    seat_with(world, "t", 0, blank)
}
