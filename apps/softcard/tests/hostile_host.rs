//! A host that is the adversary: it recorded everything that passed between an owner's program and
//! the card, holds back some orders, and then replays, reorders, edits, grafts and invents orders
//! under the authenticated source, with resets between them. None is carried out, no try of the PIN
//! is spent, and the owner's channel goes on as if nothing had been.
//!
//! `PROPTEST_RNG_SEED` sets the seed; a failure prints the steps that it shrank to.

mod support;

use libetp::mtype::TABLE;
use libetp::params::Param;
use libetp::params::Privileged;
use libetp::params::keys::{Sign, Signature};
use libetp::params::runtime::{
    AuthBegin, AuthChallenge, AuthOk, CapabilityEnded, CardInfo, CardInfoRequest, EnrolHost,
    OrderRefused, RefusalCode,
};
use libetp::params::voucher::{IssueBegin, ListExchanges, ListVouchers};
use libetp::{Message, Mtype, Port, codec};
use oncard_runtime::harness::{Host, Wallet};
use oncard_runtime::{Card, Store, Writes};
use proptest::prelude::*;
use softcard::{AtRest, RedbStore};
use support::disk::Disk;
use support::{PIN, Scheme, agree_key, programs, reserve_ports};

/// What only an order of the owner makes a card say.
const PRIVILEGED_ANSWERS: [Mtype; 12] = [
    Mtype::AUTH_OK,
    Mtype::PIN_SET,
    Mtype::HOST_ENROLLED,
    Mtype::SIGNATURE,
    Mtype::ISSUE_CHALLENGE,
    Mtype::ISSUE_CANCELLED,
    Mtype::REDEEMED,
    Mtype::REDEMPTION_FORGOTTEN,
    Mtype::VOUCHERS,
    Mtype::EXCHANGES,
    Mtype::EXCHANGE_STARTED,
    Mtype::DISPUTED,
];

/// One step of the adversary; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    /// A recorded or held back message again.
    Replay(usize),
    /// One with a bit of its parameters flipped.
    Edit(usize, usize),
    /// One with a higher counter.
    Advance(usize, u8),
    /// The body of one in the envelope of another.
    Graft(usize, usize),
    /// One as another type.
    Retype(usize, usize),
    /// One in the name of another id.
    Readdress(usize, u32),
    /// An order made up.
    Invent(usize, u64, [u8; 16]),
    /// A challenge for the authenticated id.
    Challenge,
    /// The card loses its power.
    Reset(u8),
    /// Another session of the host, or the same again.
    Select(u8),
    /// The daemon says that the capability ended.
    End,
}

fn step() -> impl Strategy<Value = Step> {
    let at = || any::<usize>();
    prop_oneof![
        8 => at().prop_map(Step::Replay),
        8 => (at(), at()).prop_map(|(at, bit)| Step::Edit(at, bit)),
        6 => (at(), 1u8..).prop_map(|(at, by)| Step::Advance(at, by)),
        6 => (at(), at()).prop_map(|(body, of)| Step::Graft(body, of)),
        6 => (at(), at()).prop_map(|(at, mtype)| Step::Retype(at, mtype)),
        4 => (at(), 1u32..512).prop_map(|(at, port)| Step::Readdress(at, port)),
        6 => (at(), any::<u64>(), any::<[u8; 16]>())
            .prop_map(|(at, counter, tag)| Step::Invent(at, counter, tag)),
        3 => Just(Step::Challenge),
        1 => any::<u8>().prop_map(Step::Reset),
        1 => any::<u8>().prop_map(Step::Select),
        1 => Just(Step::End),
    ]
}

/// The adversary's place: the card, and what it recorded.
struct Attack {
    card: Card<RedbStore>,
    host: Host,
    wallet: Wallet,
    recorded: Vec<Message>,
    /// Whether the channel was ended; an honest host may do that too.
    is_ended: bool,
}

impl Attack {
    /// The owner's program at work, and everything of it recorded. Orders 2 and 5 are held back.
    fn record() -> Self {
        let writes = Scheme::new().personalised();
        let disk = Disk::default();
        RedbStore::create(disk.clone(), AtRest::None, &writes).expect("created");
        let store = RedbStore::open(move || Ok(disk.clone())).expect("a store");
        let mut card = Card::new(store, programs(), [7; 32]).expect("a card");
        let mut host = Host::new(*b"session1");
        host.select(&mut card).expect("selected");
        let domain = card.identity().domain;
        host.talk(&mut card, &[reserve_ports(domain)])
            .expect("ports");
        let wallet = Wallet::new(domain.entity(Port(1)));
        let mut attack = Self {
            card,
            host,
            wallet,
            recorded: Vec::new(),
            is_ended: false,
        };
        attack.authenticate();
        let orders = [
            attack.wallet.order(EnrolHost { host_key: [1; 32] }),
            attack.wallet.order(EnrolHost { host_key: [2; 32] }),
            attack.wallet.order(Sign { data: b"a".into() }),
            attack.wallet.order(IssueBegin {}),
            attack.wallet.order(Sign { data: b"b".into() }),
            attack.wallet.order(EnrolHost { host_key: [3; 32] }),
            attack.wallet.order(ListVouchers { after: None }),
            attack.wallet.order(ListExchanges {}),
        ];
        for (order, number) in orders.into_iter().zip(1..) {
            if ![2, 5].contains(&number) {
                let said = attack.send(&order);
                assert!(
                    said.iter().any(is_privileged_answer),
                    "order {number}: {said:?}"
                );
            }
            attack.recorded.push(order);
        }
        attack
    }

    fn authenticate(&mut self) {
        let begin = self.wallet.message(AuthBegin {});
        let said = self.send(&begin);
        let challenge = parameters::<AuthChallenge>(&said).challenge;
        let agree = agree_key(&self.card);
        let certificate = self.card.identity().certificate.clone();
        let shaking = self
            .wallet
            .handshake(&certificate, &agree, PIN, challenge, &[8; 32]);
        let auth = shaking.message.clone();
        let answer = parameters::<AuthOk>(&self.send(&auth));
        assert!(shaking.finish(&answer, &mut self.wallet));
        self.recorded.extend([begin, auth]);
    }

    fn send(&mut self, message: &Message) -> Vec<Message> {
        let messages = std::slice::from_ref(message);
        self.host.talk(&mut self.card, messages).expect("an answer")
    }

    fn recorded(&self, at: usize) -> Message {
        self.recorded[at % self.recorded.len()].clone()
    }

    /// One of the recorded orders, opened.
    fn order(&self, at: usize) -> (Message, Privileged) {
        let is_order = |message: &&Message| message.header.mtype.is_privileged();
        let orders: Vec<_> = self.recorded.iter().filter(is_order).collect();
        let message = orders[at % orders.len()].clone();
        let order = codec::from_slice(&message.param).expect("an order");
        (message, order)
    }

    /// What the card says to one step.
    fn take(&mut self, step: &Step) -> Vec<Message> {
        let message = match *step {
            Step::Replay(at) => self.recorded(at),
            Step::Edit(at, bit) => edited(self.recorded(at), bit),
            Step::Advance(at, by) => {
                let (mut message, mut order) = self.order(at);
                order.counter += u64::from(by);
                message.param = codec::to_vec(&order);
                message
            }
            Step::Graft(body, of) => {
                let (mut message, mut order) = self.order(of);
                let (donor, other) = self.order(body);
                if donor.param == message.param {
                    return vec![];
                }
                order.body = other.body;
                message.header.mtype = donor.header.mtype;
                message.param = codec::to_vec(&order);
                message
            }
            Step::Retype(at, mtype) => {
                let mut message = self.recorded(at);
                message.header.mtype = TABLE[mtype % TABLE.len()].mtype;
                message
            }
            Step::Readdress(at, port) => {
                let mut message = self.recorded(at);
                message.header.src.port = Port(port);
                message
            }
            Step::Invent(at, counter, tag) => {
                let (mut message, mut order) = self.order(at);
                (order.counter, order.tag) = (counter, tag);
                message.param = codec::to_vec(&order);
                message
            }
            Step::Challenge => self.wallet.message(AuthBegin {}),
            Step::Reset(entropy) => return self.reset(entropy),
            Step::Select(session) => return self.select(session),
            Step::End => return self.end(),
        };
        self.send(&message)
    }

    fn reset(&mut self, entropy: u8) -> Vec<Message> {
        self.card.power_up([entropy; 32]).expect("power");
        self.is_ended = true;
        self.host.select(&mut self.card).expect("selected");
        vec![]
    }

    fn select(&mut self, session: u8) -> Vec<Message> {
        let session = [session; 8];
        self.is_ended |= session != self.host.session;
        self.host.session = session;
        self.host.select(&mut self.card).expect("selected");
        vec![]
    }

    fn end(&mut self) -> Vec<Message> {
        self.is_ended = true;
        let (id, card) = (self.wallet.id, self.wallet.id.domain.card());
        let daemon = id.domain.entity(Port::DAEMON);
        self.send(&CapabilityEnded { id }.into_message(daemon, card))
    }

    /// The owner's next order.
    fn next_order(&mut self) -> Result<(), Option<RefusalCode>> {
        let order = self.wallet.order(Sign { data: b"c".into() });
        let said = self.send(&order);
        let last = said.last().expect("an answer");
        match last.header.mtype {
            Signature::MTYPE => Ok(()),
            _ => {
                let refused = OrderRefused::from_param(&last.param).expect("a refusal");
                Err(RefusalCode::from_u16(refused.code))
            }
        }
    }

    fn tries(&mut self) -> u8 {
        let request = self.wallet.message(CardInfoRequest {});
        parameters::<CardInfo>(&self.send(&request)).retries_left
    }
}

/// A bit of the parameters flipped: in the tag or in what it covers.
fn edited(mut message: Message, bit: usize) -> Message {
    let bit = bit % (message.param.len() * 8).max(1);
    if let Some(byte) = message.param.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
    message
}

fn is_privileged_answer(message: &Message) -> bool {
    PRIVILEGED_ANSWERS.contains(&message.header.mtype)
}

fn parameters<P: Param>(said: &[Message]) -> P {
    let last = said.last().expect("an answer");
    assert_eq!(last.header.mtype, P::MTYPE, "{last:?}");
    P::from_param(&last.param).expect("parameters")
}

/// Everything that a card keeps but what every command moves: head, ports, fresh values, statements,
/// and the messages that wait.
fn kept(store: &RedbStore) -> Writes {
    let moves = |key: &[u8]| matches!(key, [1, 5..=8] | [1, 0x20, ..]);
    let entries = store.scan(&[], None, usize::MAX).expect("readable");
    let kept = entries.into_iter().filter(|(key, _)| !moves(key));
    kept.map(|(key, value)| (key, Some(value))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_host_that_recorded_everything_gets_no_order_carried_out(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut attack = Attack::record();
        let before = kept(attack.card.store());
        for step in &steps {
            let said = attack.take(step);
            prop_assert!(!said.iter().any(is_privileged_answer), "{:?}: {:?}", step, said);
            prop_assert_eq!(&kept(attack.card.store()), &before, "{:?}", step);
        }
        prop_assert_eq!(attack.tries(), oncard_runtime::limits::PIN_TRIES);
        let expected = match attack.is_ended {
            true => Err(Some(RefusalCode::NotAuthenticated)),
            false => Ok(()),
        };
        prop_assert_eq!(attack.next_order(), expected);
    }
}
