//! A card's memory.

use std::sync::OnceLock;

use ed25519_dalek::SigningKey;
use etp_pki::Role;
use etp_pki::scheme::{Authority, Request, Seeds};
use libetp::codec::List;
use libetp::exchange::ReplyError;
use libetp::params::host::Ping;
use libetp::params::pals::{ApproveFunction, ForgetFunction, ListFunctions, LoadFunction};
use libetp::params::runtime::{
    AuthBegin, AuthChallenge, AuthOk, CardInfoRequest, HelloChallenge, ReservePorts, Serve,
};
use libetp::params::voucher::{
    AcknowledgeResult, CancelOffer, Commitment, IssueBegin, IssueCancel, ListExchanges,
    ListVouchers, StartExchange,
};
use libetp::params::{Param, thirdparty::ThirdPartyStatusRequest};
use libetp::{Message, Port};
use oncard_keys::KeysProgram;
use oncard_runtime::harness::{Host, Wallet};
use oncard_runtime::{
    Card, CardError, MemoryStore, Personalisation, PinCost, Program, Store, Writes, personalise,
};
use oncard_thirdparty::ThirdPartyProgram;
use oncard_trustedpals::PalsProgram;
use oncard_voucher::VoucherProgram;
use x25519_dalek::{PublicKey, StaticSecret};

use super::Write;

const NOW_UNIX_S: u64 = 1_790_000_000;
const PIN: &[u8] = b"2468";
const AGREE: [u8; 32] = [9; 32];
/// Commands until a card has said what it had to say.
const COMMANDS_MAX: usize = 16;

/// A card refuses its memory by name, falls silent by name, or works.
pub(crate) fn card(bytes: &[u8]) {
    let mut store = personalised().clone();
    let writes = Write::read_all(bytes).into_iter().map(|write| {
        let key = [&[write.place], write.key.as_slice()].concat();
        (key, write.value)
    });
    let writes: Writes = writes.collect();
    store.commit(&writes).expect("memory takes any bytes");
    match Card::new(store, programs(), [1; 32]) {
        Ok(card) => Owner::new(card).use_card(&ids(&writes)),
        Err(error) => of_records(&error),
    }
}

/// A whole card of the scheme that fixed seeds make.
fn personalised() -> &'static MemoryStore {
    static STORE: OnceLock<MemoryStore> = OnceLock::new();
    STORE.get_or_init(|| {
        let new = personalisation();
        let writes = personalise(&new, PIN, [8; 32]).expect("a valid card");
        let mut store = MemoryStore::default();
        store.commit(&writes).expect("memory");
        store
    })
}

fn personalisation() -> Personalisation {
    let seeds = Seeds {
        root: [1; 32],
        intermediates: [2, 3, 4, 5, 6, 7].map(|seed| [seed; 32]),
    };
    let authority = Authority::generate("seed", &seeds, NOW_UNIX_S).expect("a scheme");
    let sign_seed = [8; 32];
    let sign = SigningKey::from_bytes(&sign_seed).verifying_key();
    let request = Request::card(sign.to_bytes(), agree(), 1);
    let certificate = authority.issue(Role::Card, &request, NOW_UNIX_S);
    let certificate = certificate.expect("a certificate");
    let anchors = authority.file().anchors();
    let leaf = etp_pki::verify(&certificate, Role::Card, &anchors).expect("a card's");
    Personalisation {
        domain: leaf.domain().expect("a card's domain"),
        sign_seed,
        agree_secret: AGREE,
        certificate,
        anchors,
        class: 0,
        host_key: Some([3; 32]),
        third_parties: vec![[4; 32]],
        device_key: None,
        service: None,
        pin_cost: PinCost::LEAST,
    }
}

fn agree() -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(AGREE)).to_bytes()
}

fn programs() -> Vec<Box<dyn Program>> {
    vec![
        Box::new(KeysProgram),
        Box::new(VoucherProgram),
        Box::new(PalsProgram),
        Box::new(ThirdPartyProgram),
    ]
}

/// What records may be blamed for.
fn of_records(error: &CardError) {
    let blamed = matches!(
        error,
        CardError::Damaged(_)
            | CardError::NotPersonalised
            | CardError::DeviceKey
            | CardError::PinCost
            | CardError::WornOut
            | CardError::Certificate(_)
    );
    assert!(blamed, "{error}");
}

/// Ids of the records that were written, to be asked for.
fn ids(writes: &Writes) -> Vec<[u8; 32]> {
    let id = |key: &Vec<u8>| key.last_chunk::<32>().copied();
    writes
        .keys()
        .filter_map(id)
        .chain([[0; 32]])
        .take(4)
        .collect()
}

/// The owner with the right PIN, at a card that may be damaged.
struct Owner {
    card: Card<MemoryStore>,
    host: Host,
    wallet: Wallet,
}

impl Owner {
    fn new(card: Card<MemoryStore>) -> Self {
        let id = card.identity().domain.entity(Port(300));
        Self {
            card,
            host: Host::new([5; 8]),
            wallet: Wallet::new(id),
        }
    }

    fn use_card(mut self, ids: &[[u8; 32]]) {
        if self.host.select(&mut self.card).is_err() {
            return self.mute();
        }
        self.as_host();
        if self.authenticate().is_none() {
            return self.mute();
        }
        let lists = [
            self.wallet.order(ListVouchers { after: None }),
            self.wallet.order(ListExchanges {}),
            self.wallet.order(IssueBegin {}),
            self.wallet.order(ListFunctions {}),
        ];
        self.say(&lists);
        ids.iter().for_each(|id| self.orders_about(*id));
        let power = self.card.power_up([2; 32]);
        let _ = power.inspect_err(of_records);
    }

    fn as_host(&mut self) {
        let (card, daemon) = (
            self.wallet.id.domain.card(),
            self.wallet.id.domain.entity(Port::DAEMON),
        );
        let serve = Serve {
            host_key: [3; 32],
            nonce: [1; 32],
        };
        let questions = [
            HelloChallenge { nonce: [1; 32] }.into_message(daemon, card),
            serve.into_message(daemon, card),
            ReservePorts {}.into_message(daemon, card),
            Ping { nonce: vec![1] }.into_message(daemon, card),
            ThirdPartyStatusRequest {}.into_message(daemon, card),
            CardInfoRequest {}.into_message(daemon, card),
        ];
        self.say(&questions);
    }

    fn authenticate(&mut self) -> Option<()> {
        let begin = self.wallet.message(AuthBegin {});
        let AuthChallenge { challenge } = answer(&self.say(&[begin]))?;
        let certificate = self.card.identity().certificate.clone();
        let handshake = self
            .wallet
            .handshake(&certificate, &agree(), PIN, challenge, &[6; 32]);
        let said = self.say(std::slice::from_ref(&handshake.message));
        handshake
            .finish(&answer::<AuthOk>(&said)?, &mut self.wallet)
            .then_some(())
    }

    fn orders_about(&mut self, id: [u8; 32]) {
        let peer = libetp::Domain([0xBB; 12]).entity(Port(256));
        let start = StartExchange {
            vid1: id,
            vid2: [0xEE; 32],
            pb: peer,
            third_party: [4; 32],
            third_party_ids: List(vec![peer]),
        };
        let commitment = Commitment {
            xid: id,
            n2: [2; 32],
        };
        let card = self.wallet.id.domain.card();
        let messages = [
            self.wallet.order(start),
            self.wallet.order(CancelOffer { n1: id }),
            self.wallet.order(IssueCancel { challenge: id }),
            self.wallet.message(AcknowledgeResult { n1: id, xid: None }),
            self.wallet.message(AcknowledgeResult {
                n1: id,
                xid: Some(id),
            }),
            commitment.into_message(peer.domain.card(), card),
            self.wallet.order(LoadFunction {
                hash: id,
                offset: 0,
                total: 3,
                bytes: vec![1; 3],
            }),
            self.wallet.order(ApproveFunction { hash: id }),
            self.wallet.order(ForgetFunction { hash: id }),
        ];
        self.say(&messages);
    }

    /// Sends messages and takes what the card says, in bounded time.
    fn say(&mut self, messages: &[Message]) -> Vec<Message> {
        let (mut said, mut batch) = (Vec::new(), messages);
        for _ in 0..COMMANDS_MAX {
            match self.host.exchange(&mut self.card, batch) {
                Ok(reply) => {
                    said.extend(reply.messages.into_iter().map(|numbered| numbered.message));
                    if !reply.more {
                        break;
                    }
                }
                Err(ReplyError::Status(_)) => {
                    self.mute();
                    break;
                }
                Err(error) => panic!("the card said what cannot be read: {error}"),
            }
            batch = &[];
        }
        said
    }

    /// A card that refuses a command knows why.
    fn mute(&self) {
        if let Some(error) = self.card.fault() {
            of_records(error);
        }
    }
}

/// The last message of that type.
fn answer<P: Param>(said: &[Message]) -> Option<P> {
    let of_type = |message: &&Message| message.header.mtype == P::MTYPE;
    let message = said.iter().rev().find(of_type)?;
    P::from_param(&message.param).ok()
}
