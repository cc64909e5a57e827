//! Orders to a card: what the card sees, and what nobody else can make of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::daemon::{DOMAIN, FakeDaemon};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag};
use libetp::client::blocking::{CardSession, Connection};
use libetp::client::{CardPin, ClientError};
use libetp::codec::{List, from_slice};
use libetp::digest::sha256;
use libetp::params::runtime::{
    Auth, AuthChallenge, AuthFailed, AuthOk, AuthPayload, RefusalCode, auth_prologue,
    open_pin_block,
};
use libetp::params::voucher::{ListVouchers, Vouchers};
use libetp::params::{Param, Privileged};
use libetp::{Message, Mtype};

const CERTIFICATE: &[u8] = b"certificate";
const CHALLENGE: [u8; 32] = [5; 32];
const PIN: &[u8] = b"1234";
const TIMEOUT: Duration = Duration::from_secs(20);
const NOISE: &str = "Noise_NK_25519_ChaChaPoly_SHA256";

/// A card that checks everything and keeps what it was sent.
struct Card {
    private: Vec<u8>,
    key: Option<[u8; 32]>,
    counter: u64,
    seen: Vec<Message>,
}

impl Card {
    fn answer(&mut self, message: &Message) -> Message {
        self.seen.push(message.clone());
        let (me, peer) = (message.header.dst, message.header.src);
        match message.header.mtype {
            Mtype::AUTH_BEGIN => {
                let challenge = CHALLENGE;
                AuthChallenge { challenge }.into_message(me, peer)
            }
            Mtype::AUTH => match self.authenticate(message) {
                Some(handshake) => AuthOk { handshake }.into_message(me, peer),
                None => failed().into_message(me, peer),
            },
            _ => {
                self.check_order(message);
                let vouchers = List(vec![]);
                let more = false;
                Vouchers { vouchers, more }.into_message(me, peer)
            }
        }
    }

    fn authenticate(&mut self, message: &Message) -> Option<Vec<u8>> {
        let auth = Auth::from_param(&message.param).unwrap();
        let mut responder = snow::Builder::new(NOISE.parse().unwrap())
            .prologue(&auth_prologue(&sha256(CERTIFICATE)))
            .unwrap()
            .local_private_key(&self.private)
            .unwrap()
            .build_responder()
            .unwrap();
        let mut payload = [0; 1024];
        let len = responder.read_message(&auth.handshake, &mut payload).ok()?;
        let payload: AuthPayload = from_slice(&payload[..len]).unwrap();
        assert_eq!(
            (payload.id, payload.challenge),
            (message.header.src, CHALLENGE)
        );
        if open_pin_block(&payload.pin) != Some(PIN) {
            return None;
        }
        let mut answer = [0; 1024];
        let len = responder.write_message(&[], &mut answer).unwrap();
        self.key = Some(responder.dangerously_get_raw_split().0);
        Some(answer[..len].to_vec())
    }

    fn check_order(&mut self, message: &Message) {
        let order = Privileged::from_param_of(message);
        assert!(order.counter > self.counter, "counters increase");
        self.counter = order.counter;
        let data = Privileged::associated_data(&message.header, order.counter, &order.body);
        let cipher = ChaCha20Poly1305::new(&Key::from(self.key.unwrap()));
        let nonce = Nonce::from(Privileged::nonce(order.counter));
        let tag = Tag::from(order.tag);
        let empty = (&mut [][..]).into();
        cipher
            .decrypt_inout_detached(&nonce, &data, empty, &tag)
            .unwrap();
    }
}

trait FromParamOf {
    fn from_param_of(message: &Message) -> Self;
}

impl FromParamOf for Privileged {
    fn from_param_of(message: &Message) -> Self {
        from_slice(&message.param).unwrap()
    }
}

fn failed() -> AuthFailed {
    AuthFailed {
        code: RefusalCode::WrongPin as u16,
        retries_left: 2,
        detail: String::new(),
    }
}

/// A daemon with that card, and what a wallet pinned of it.
fn card() -> (FakeDaemon, Arc<Mutex<Card>>, CardPin) {
    let keys = snow::Builder::new(NOISE.parse().unwrap())
        .generate_keypair()
        .unwrap();
    let agree = keys.public.try_into().unwrap();
    let card = Arc::new(Mutex::new(Card {
        private: keys.private,
        key: None,
        counter: 0,
        seen: Vec::new(),
    }));
    let shared = card.clone();
    let daemon = FakeDaemon::start(Box::new(move |message| {
        Ok(vec![shared.lock().unwrap().answer(message)])
    }));
    (daemon, card, CardPin::new(DOMAIN, CERTIFICATE, agree))
}

#[test]
fn orders_carry_growing_counters_and_tags_that_the_card_can_check() {
    let (daemon, card, pin) = card();
    let mut me = Connection::open(daemon.socket(), "test")
        .unwrap()
        .acquire(None, false)
        .unwrap();
    let mut session = CardSession::authenticate(&mut me, &pin, PIN, TIMEOUT).unwrap();
    for _ in 0..3 {
        assert!(session.list_vouchers(&mut me, TIMEOUT).unwrap().is_empty());
    }
    let card = card.lock().unwrap();
    assert_eq!(card.counter, 3);
    let order = ListVouchers { after: None };
    let sealed = session.seal(&order);
    let bodies: Vec<_> = card.seen.iter().map(|message| &message.param).collect();
    assert!(!bodies.contains(&&sealed), "no two orders are the same");
    let wire: Vec<u8> = card.seen.iter().flat_map(Message::to_bytes).collect();
    assert!(
        !wire.windows(PIN.len()).any(|window| window == PIN),
        "the PIN is never in the clear"
    );
}

#[test]
fn a_wrong_pin_is_told_with_the_tries_left() {
    let (daemon, _card, pin) = card();
    let mut me = Connection::open(daemon.socket(), "test")
        .unwrap()
        .acquire(None, false)
        .unwrap();
    let error = CardSession::authenticate(&mut me, &pin, b"0000", TIMEOUT).unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalCode::WrongPin));
    assert!(error.to_string().contains("tries left: 2"), "{error}");
}

#[test]
fn another_card_learns_nothing_and_is_not_believed() {
    let (daemon, card, mut pin) = card();
    let mut me = Connection::open(daemon.socket(), "test")
        .unwrap()
        .acquire(None, false)
        .unwrap();
    pin.agree = [9; 32];
    let error = CardSession::authenticate(&mut me, &pin, PIN, TIMEOUT).unwrap_err();
    assert!(
        matches!(error, ClientError::AuthenticationFailed { .. }),
        "it could not read it"
    );
    assert_eq!(card.lock().unwrap().key, None);
    pin.agree = [0; 32];
    let error = CardSession::authenticate(&mut me, &pin, PIN, TIMEOUT).unwrap_err();
    assert!(matches!(
        error,
        ClientError::Handshake | ClientError::AuthenticationFailed { .. }
    ));
}

#[test]
fn an_answer_that_does_not_prove_the_key_is_refused() {
    let (_daemon, _card, pin) = card();
    let daemon = FakeDaemon::start(Box::new(|message| {
        let (me, peer) = (message.header.dst, message.header.src);
        Ok(vec![match message.header.mtype {
            Mtype::AUTH_BEGIN => {
                let challenge = CHALLENGE;
                AuthChallenge { challenge }.into_message(me, peer)
            }
            _ => {
                let handshake = vec![7; 48];
                AuthOk { handshake }.into_message(me, peer)
            }
        }])
    }));
    let mut me = Connection::open(daemon.socket(), "test")
        .unwrap()
        .acquire(None, false)
        .unwrap();
    let error = CardSession::authenticate(&mut me, &pin, PIN, TIMEOUT).unwrap_err();
    assert!(matches!(error, ClientError::Handshake), "{error}");
}

#[test]
fn pins_are_bounded() {
    let (daemon, card, pin) = card();
    let mut me = Connection::open(daemon.socket(), "test")
        .unwrap()
        .acquire(None, false)
        .unwrap();
    let longest = vec![b'1'; libetp::client::PIN_BYTES_MAX];
    let error = CardSession::authenticate(&mut me, &pin, &longest, TIMEOUT).unwrap_err();
    assert_eq!(
        error.refusal(),
        Some(RefusalCode::WrongPin),
        "the card judged it"
    );
    let before = card.lock().unwrap().seen.len();
    let past = vec![b'1'; libetp::client::PIN_BYTES_MAX + 1];
    let error = CardSession::authenticate(&mut me, &pin, &past, TIMEOUT).unwrap_err();
    assert!(matches!(error, ClientError::PinTooLong), "{error}");
    assert_eq!(card.lock().unwrap().seen.len(), before, "nothing was sent");
}
