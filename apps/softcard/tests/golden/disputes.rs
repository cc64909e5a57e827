//! Cards of version 1 in the middle of a dispute: S_A asked to resolve, S_B to abort, and the third
//! party, which decided on two other exchanges of theirs, has heard neither. And a card with a PUK,
//! whose PIN is blocked.

use std::fs;
use std::path::Path;

use libetp::codec::{List, to_vec};
use libetp::params::Param;
use libetp::params::runtime::{CardInfo, CardInfoRequest};
use libetp::params::thirdparty::{
    AbortRequest, OutcomeRecord, OutcomeRequest, ResolveRequest, ThirdPartyStatus,
    ThirdPartyStatusRequest,
};
use libetp::params::voucher::{
    Agreement, Confirmation, ExchangeResult, Exchanges, IssueBegin, IssueChallenge, Issued,
    ListExchanges, ListVouchers, Offer, OrderAbort, OrderResolve, Outcome, StartExchange, State,
    ThirdPartyOutcome, Vid, Vouchers, Xid,
};
use libetp::text::hex;
use libetp::{EntityId, Message, Mtype, Port};
use oncard_runtime::Card;
use oncard_runtime::harness::{Host, Wallet};
use serde_json::{Value, json};
use softcard::{NewCard, RedbStore, SoftCard};

use crate::support::{PIN, Scheme, agree_key};
use crate::{copy, golden, open};

/// S_A, S_B and T.
const TRIO: [&str; 3] = ["offering", "agreeing", "third-party"];
const BLOCKED: &str = "puk";
const FACTS: &str = "disputes.json";
const PUK: &[u8] = b"8642086420864208";
const WRONG: &[u8] = b"0000";

/// A card, its host and its owner.
pub(crate) struct Player {
    pub(crate) card: Card<RedbStore>,
    host: Host,
    pub(crate) owner: Wallet,
}

impl Player {
    pub(crate) fn open(directory: &Path) -> Self {
        let mut card = open(directory, None);
        let mut host = Host::new(*b"a host's");
        host.select(&mut card).expect("selected");
        let waited = host.talk(&mut card, &[]);
        waited.expect("what waited for a host that is gone");
        let owner = Wallet::new(card.identity().domain.entity(Port(1)));
        Self { card, host, owner }
    }

    fn id(&self) -> EntityId {
        self.card.identity().card()
    }

    pub(crate) fn authenticate(&mut self, pin: &[u8]) -> Result<(), Vec<Message>> {
        let agree = agree_key(&self.card);
        self.owner
            .authenticate(&mut self.host, &mut self.card, &agree, pin)
    }

    fn tell(&mut self, message: Message) -> Vec<Message> {
        self.host
            .talk(&mut self.card, &[message])
            .expect("an answer")
    }

    fn hear(&mut self, from: EntityId, param: impl Param) -> Vec<Message> {
        let message = param.into_message(from, self.id());
        self.tell(message)
    }

    fn ask(&mut self, param: impl Param) -> Vec<Message> {
        self.hear(self.owner.id, param)
    }

    pub(crate) fn order(&mut self, order: impl Param) -> Vec<Message> {
        let message = self.owner.order(order);
        self.tell(message)
    }

    fn issue(&mut self, scheme: &Scheme, serial: u8) -> Vid {
        let challenge: IssueChallenge = one(&self.order(IssueBegin {}));
        let issue = scheme.issue(scheme.voucher(serial, vec![b'p'; 300]), &challenge);
        one::<Issued>(&self.ask(issue)).vid
    }

    /// The state of an exchange, as the owner sees it.
    fn state_of(&mut self, xid: Xid) -> Option<u8> {
        let list: Exchanges = one(&self.order(ListExchanges {}));
        let mut exchanges = list.exchanges.0.iter();
        let exchange = exchanges.find(|exchange| exchange.xid == Some(xid))?;
        Some(exchange.state)
    }

    fn held(&mut self) -> Vec<Vid> {
        let page: Vouchers = one(&self.order(ListVouchers { after: None }));
        page.vouchers.0.iter().map(|held| held.vid).collect()
    }
}

#[track_caller]
pub(crate) fn one<P: Param>(said: &[Message]) -> P {
    let found = said.iter().find(|message| message.header.mtype == P::MTYPE);
    let found = found.unwrap_or_else(|| panic!("no {}: {said:?}", P::MTYPE));
    P::from_param(&found.param).expect("its parameters")
}

struct Trio {
    a: Player,
    b: Player,
    t: Player,
}

impl Trio {
    fn open(of: impl Fn(&str) -> std::path::PathBuf) -> Self {
        let [mut a, mut b, t] = TRIO.map(|name| Player::open(&of(name)));
        a.authenticate(PIN).expect("the PIN of the time");
        b.authenticate(PIN).expect("the PIN of the time");
        Self { a, b, t }
    }

    /// Both gave; m4 never comes.
    fn confirmed(&mut self, scheme: &Scheme, serial: u8) -> Xid {
        let start = StartExchange {
            vid1: self.a.issue(scheme, serial),
            vid2: self.b.issue(scheme, serial + 1),
            pb: self.b.owner.id,
            third_party: scheme.third_party.key_id(),
            third_party_ids: List(vec![self.t.id()]),
        };
        let m1: Offer = one(&self.a.order(start));
        let accept = self.b.owner.seal(Mtype::ACCEPT, to_vec(&m1));
        let m2: Agreement = one(&self.b.tell(accept));
        let xid = m2.body.xid();
        one::<Confirmation>(&self.a.hear(self.b.id(), m2));
        xid
    }

    fn resolve(&mut self, xid: Xid) -> ResolveRequest {
        let third_party_ids = List(Vec::new());
        one(&self.a.order(OrderResolve {
            xid,
            third_party_ids,
        }))
    }

    fn abort(&mut self, xid: Xid) -> AbortRequest {
        let third_party_ids = List(Vec::new());
        one(&self.b.order(OrderAbort {
            xid,
            third_party_ids,
        }))
    }

    /// S_A asks, then S_B: what each is told, and has at last.
    fn end(
        &mut self,
        mr1: ResolveRequest,
        ma1: AbortRequest,
        first: Outcome,
    ) -> [ExchangeResult; 2] {
        let (a, b, t) = (self.a.id(), self.b.id(), self.t.id());
        let mut outcomes = Vec::new();
        if first == Outcome::Aborted {
            outcomes.extend(self.t.hear(b, ma1.clone()));
        }
        outcomes.extend(self.t.hear(a, mr1));
        outcomes.extend(self.t.hear(b, ma1));
        let outcomes: Vec<ThirdPartyOutcome> = outcomes.chunks(1).map(one).collect();
        assert!(outcomes.iter().all(|said| said.outcome == first as u8));
        [
            one(&self.a.hear(t, outcomes[0].clone())),
            one(&self.b.hear(t, outcomes[0].clone())),
        ]
    }
}

/// A card of the scheme in a directory.
fn create(name: &str, new: NewCard) {
    let directory = golden().join(name);
    assert!(!directory.exists(), "golden state is never made again");
    drop(SoftCard::create(&directory, new).expect("created"));
}

#[test]
#[ignore = "made the cards of disputes in golden/v1, once; refuses to overwrite them"]
fn make_golden_disputes() {
    let scheme = Scheme::new();
    for name in TRIO {
        let mut new = scheme.new_card();
        new.service = (name == TRIO[2]).then(|| scheme.service());
        create(name, new);
    }
    let mut new = scheme.new_card();
    new.puk = Some(PUK.to_vec().into());
    create(BLOCKED, new);

    let mut trio = Trio::open(|name| golden().join(name));
    let [resolved, aborted, open] = [11, 13, 15].map(|serial| trio.confirmed(&scheme, serial));
    for (xid, first) in [(resolved, Outcome::Resolved), (aborted, Outcome::Aborted)] {
        let (mr1, ma1) = (trio.resolve(xid), trio.abort(xid));
        trio.end(mr1, ma1, first);
    }
    trio.resolve(open);
    trio.abort(open);
    let mut blocked = Player::open(&golden().join(BLOCKED));
    let agree = agree_key(&blocked.card);
    for port in 1..=3 {
        blocked.owner.id.port = Port(port);
        assert!(blocked.authenticate(WRONG).is_err());
    }
    blocked.owner.id.port = Port(4);
    let Player { card, host, owner } = &mut blocked;
    let wrong = owner.set_pin(host, card, &agree, (true, WRONG), b"1357");
    assert!(wrong.is_err());
    let facts = json!({
        TRIO[0]: trio.a.id().to_string(),
        TRIO[1]: trio.b.id().to_string(),
        TRIO[2]: trio.t.id().to_string(),
        "resolved": hex(&resolved),
        "aborted": hex(&aborted),
        "open": hex(&open),
    });
    let text = serde_json::to_string_pretty(&facts).expect("JSON") + "\n";
    fs::write(golden().join(FACTS), text).expect("written");
}

fn facts() -> Value {
    let facts = fs::read(golden().join(FACTS)).expect("golden/v1/disputes.json");
    serde_json::from_slice(&facts).expect("JSON")
}

fn xid(facts: &Value, name: &str) -> Xid {
    let text = facts[name].as_str().expect("an xid");
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex");
    std::array::from_fn(byte)
}

fn copied_trio(to: &Path) -> Trio {
    Trio::open(|name| copy(name, false, to).0)
}

#[test]
fn a_third_party_of_version_1_says_what_it_said() {
    let (to, facts) = (tempfile::tempdir().expect("a directory"), facts());
    let mut trio = copied_trio(to.path());
    for (player, name) in [&trio.a, &trio.b, &trio.t].into_iter().zip(TRIO) {
        assert_eq!(facts[name], player.id().to_string());
    }
    let mut told = |name| {
        let xid = xid(&facts, name);
        one::<OutcomeRecord>(&trio.t.ask(OutcomeRequest { xid })).outcome
    };
    assert_eq!(told("resolved"), Some(Outcome::Resolved as u8));
    assert_eq!(told("aborted"), Some(Outcome::Aborted as u8));
    assert_eq!(told("open"), None);
    let status: ThirdPartyStatus = one(&trio.t.ask(ThirdPartyStatusRequest {}));
    assert_eq!((status.resolved, status.aborted), (1, 1));
    assert_eq!(status.key, Scheme::new().third_party.key_id());
}

/// Whichever of the two is heard first.
#[test]
fn a_dispute_of_version_1_comes_to_its_end() {
    let open = xid(&facts(), "open");
    for first in [Outcome::Resolved, Outcome::Aborted] {
        let to = tempfile::tempdir().expect("a directory");
        let mut trio = copied_trio(to.path());
        assert_eq!((trio.a.held().len(), trio.b.held().len()), (2, 2));
        assert_eq!(trio.a.state_of(open), Some(State::Resolving as u8));
        assert_eq!(trio.b.state_of(open), Some(State::Aborting as u8));
        let (mr1, ma1) = (trio.resolve(open), trio.abort(open));
        let [at_a, at_b] = trio.end(mr1, ma1, first);
        let moved = first == Outcome::Resolved;
        for result in [&at_a, &at_b] {
            assert_eq!((result.xid, result.outcome), (Some(open), first as u8));
            assert_eq!(result.gained.is_some(), moved);
        }
        assert_eq!((at_a.gained, at_a.lost), (at_b.lost, at_b.gained));
        let (a, b) = (trio.a.held(), trio.b.held());
        assert_eq!((a.len(), b.len()), (3, 3));
        assert!(a.iter().all(|vid| !b.contains(vid)));
        assert_eq!(at_a.gained.is_some_and(|vid| a.contains(&vid)), moved);
        assert_eq!(at_b.gained.is_some_and(|vid| b.contains(&vid)), moved);
    }
}

#[test]
fn a_puk_of_version_1_sets_a_new_pin() {
    let to = tempfile::tempdir().expect("a directory");
    let (directory, _) = copy(BLOCKED, false, to.path());
    let info = SoftCard::open(&directory, None).expect("opens").info();
    let tries_left = info.expect("info").tries_left;
    assert_eq!((tries_left.pin, tries_left.puk), (0, Some(9)));
    let mut player = Player::open(&directory);
    let info: CardInfo = one(&player.ask(CardInfoRequest {}));
    assert_eq!((info.retries_left, info.puk_retries_left), (0, Some(9)));
    assert!(player.authenticate(PIN).is_err(), "blocked");
    let agree = agree_key(&player.card);
    let Player { card, host, owner } = &mut player;
    let set = owner.set_pin(host, card, &agree, (true, PUK), b"1357");
    set.expect("the PUK of the time");
    player.authenticate(b"1357").expect("the new PIN");
    assert_eq!(player.held(), [[0; 32]; 0]);
}
