//! A new PIN: by the old one, by the PUK, and by nobody else.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{Made, PIN, PUK, authenticated, made, made_with_puk, only, refusal, selected};
use libetp::limits::{PIN_BYTES_MAX, PIN_BYTES_MIN};
use libetp::params::runtime::{
    Auth, AuthBegin, AuthChallenge, AuthFailed, CardInfo, CardInfoRequest, EnrolHost, RefusalCode,
    SetPin, SetPinPayload, pin_block,
};
use libetp::{Message, Mtype};
use oncard_runtime::harness::{Cut, CutStore, Host, Wallet};
use oncard_runtime::{Card, MemoryStore, Store, limits};

const NEW: &[u8] = b"8642";
const WRONG: &[u8] = b"0000";

/// What a wallet of that port is answered.
fn set_pin<S: Store>(
    made: &Made,
    host: &mut Host,
    card: &mut Card<S>,
    port: u32,
    proof: (bool, &[u8]),
) -> Result<(), AuthFailed> {
    let wallet = Wallet::new(made.id(port));
    let done = wallet.set_pin(host, card, &made.agree, proof, NEW);
    done.map_err(|said| only(&said))
}

fn by_pin(pin: &[u8]) -> (bool, &[u8]) {
    (false, pin)
}

fn by_puk(puk: &[u8]) -> (bool, &[u8]) {
    (true, puk)
}

/// Whether the card takes a PIN; the port must not have been used.
fn takes<S: Store>(
    made: &Made,
    host: &mut Host,
    card: &mut Card<S>,
    port: u32,
    pin: &[u8],
) -> bool {
    let mut wallet = Wallet::new(made.id(port));
    wallet.authenticate(host, card, &made.agree, pin).is_ok()
}

fn tries<S: Store>(made: &Made, host: &mut Host, card: &mut Card<S>) -> (u8, Option<u8>) {
    let said = host.talk(card, &[made.order(CardInfoRequest {})]).unwrap();
    let info: CardInfo = common::read(said.last().unwrap());
    (info.retries_left, info.puk_retries_left)
}

/// Tries wrong PINs until the card blocks, from ports 901 and up.
fn block<S: Store>(made: &Made, host: &mut Host, card: &mut Card<S>) {
    for port in 901..901 + u32::from(limits::PIN_TRIES) {
        assert!(!takes(made, host, card, port, WRONG));
    }
    assert_eq!(tries(made, host, card).0, 0);
}

fn powered() -> (Made, Card<MemoryStore>, Host) {
    let made = made_with_puk();
    let mut card = made.boot();
    let host = selected(&mut card);
    (made, card, host)
}

fn code(failed: &AuthFailed) -> Option<RefusalCode> {
    RefusalCode::from_u16(failed.code)
}

#[test]
fn the_puk_unblocks_a_card_with_a_new_pin() {
    let (made, mut card, mut host) = powered();
    block(&made, &mut host, &mut card);
    assert!(!takes(&made, &mut host, &mut card, 1, PIN), "it is blocked");
    set_pin(&made, &mut host, &mut card, 2, by_puk(PUK)).unwrap();
    assert_eq!(tries(&made, &mut host, &mut card), (3, Some(10)));
    assert!(!takes(&made, &mut host, &mut card, 3, PIN), "the old PIN");
    assert!(takes(&made, &mut host, &mut card, 4, NEW));
    card.power_up([7; 32]).unwrap();
    host.select(&mut card).unwrap();
    assert!(
        takes(&made, &mut host, &mut card, 5, NEW),
        "after a reset too"
    );
}

#[test]
fn the_old_pin_sets_a_new_one_and_ends_every_authentication() {
    let (made, mut card, mut host) = powered();
    let mut before = authenticated(&made, &mut host, &mut card, 1);
    set_pin(&made, &mut host, &mut card, 2, by_pin(PIN)).unwrap();
    let host_key = [5; 32];
    let order = before.order(EnrolHost { host_key });
    let said = host.talk(&mut card, &[order]).unwrap();
    assert_eq!(refusal(&said), RefusalCode::NotAuthenticated as u16);
    assert!(!takes(&made, &mut host, &mut card, 3, PIN));
    assert!(takes(&made, &mut host, &mut card, 4, NEW));
    // Nor is whoever set the PIN authenticated by that.
    let own = made.from(2, EnrolHost { host_key });
    assert_eq!(
        refusal(&host.talk(&mut card, &[own]).unwrap()),
        RefusalCode::NotAuthenticated as u16
    );
}

#[test]
fn a_wrong_old_pin_costs_a_try_and_a_blocked_one_sets_nothing() {
    let (made, mut card, mut host) = powered();
    let failed = set_pin(&made, &mut host, &mut card, 1, by_pin(WRONG)).unwrap_err();
    assert_eq!(
        (code(&failed), failed.retries_left),
        (Some(RefusalCode::WrongPin), 2)
    );
    assert_eq!(tries(&made, &mut host, &mut card), (2, Some(10)));
    for port in [2, 3] {
        assert!(!takes(&made, &mut host, &mut card, port, WRONG));
    }
    let failed = set_pin(&made, &mut host, &mut card, 4, by_pin(PIN)).unwrap_err();
    assert_eq!(code(&failed), Some(RefusalCode::Blocked));
}

#[test]
fn ten_wrong_puks_block_a_card_for_good() {
    let (made, mut card, mut host) = powered();
    for (port, left) in (1..).zip((1..limits::PUK_TRIES).rev()) {
        let failed = set_pin(&made, &mut host, &mut card, port, by_puk(WRONG)).unwrap_err();
        assert_eq!(
            (code(&failed), failed.retries_left),
            (Some(RefusalCode::WrongPuk), left)
        );
    }
    // At the limit the right one still helps, and restores its tries.
    set_pin(&made, &mut host, &mut card, 20, by_puk(PUK)).unwrap();
    assert_eq!(tries(&made, &mut host, &mut card), (3, Some(10)));
    for port in 30..30 + u32::from(limits::PUK_TRIES) {
        set_pin(&made, &mut host, &mut card, port, by_puk(WRONG)).unwrap_err();
    }
    let failed = set_pin(&made, &mut host, &mut card, 50, by_puk(PUK)).unwrap_err();
    assert_eq!(
        (code(&failed), failed.retries_left),
        (Some(RefusalCode::Blocked), 0)
    );
    block(&made, &mut host, &mut card);
    card.power_up([7; 32]).unwrap();
    host.select(&mut card).unwrap();
    let said = host
        .talk(&mut card, &[made.from(60, AuthBegin {})])
        .unwrap();
    assert_eq!(code(&only(&said)), Some(RefusalCode::Blocked), "for good");
}

#[test]
fn an_id_has_one_wrong_try_of_either() {
    let (made, mut card, mut host) = powered();
    set_pin(&made, &mut host, &mut card, 1, by_puk(WRONG)).unwrap_err();
    for proof in [by_puk(PUK), by_pin(PIN)] {
        let failed = set_pin(&made, &mut host, &mut card, 1, proof).unwrap_err();
        assert_eq!(code(&failed), Some(RefusalCode::NoChallenge));
    }
    assert!(!takes(&made, &mut host, &mut card, 1, PIN));
    assert_eq!(tries(&made, &mut host, &mut card), (3, Some(9)));
}

/// Cards of before had no PUK; they say so, and spend nothing.
#[test]
fn a_card_without_a_puk_refuses_by_name() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    assert_eq!(tries(&made, &mut host, &mut card), (3, None));
    let failed = set_pin(&made, &mut host, &mut card, 1, by_puk(PUK)).unwrap_err();
    assert_eq!(code(&failed), Some(RefusalCode::NoPuk));
    set_pin(&made, &mut host, &mut card, 1, by_pin(PIN)).unwrap();
    assert!(takes(&made, &mut host, &mut card, 2, NEW));
}

/// A payload that is right but for one thing; what the card says to it.
fn edited(edit: impl Fn(&mut SetPinPayload)) -> AuthFailed {
    let (made, mut card, mut host) = powered();
    let wallet = Wallet::new(made.id(1));
    let payload = payload(&made, &mut host, &mut card, &wallet, edit);
    let certificate = &made.card.certificate;
    let sent = wallet.set_pin_with(certificate, &made.agree, &payload, &[7; 32]);
    let failed = only(&host.talk(&mut card, &[sent.message]).unwrap());
    assert_eq!(tries(&made, &mut host, &mut card), (3, Some(10)), "no try");
    failed
}

fn payload<S: Store>(
    made: &Made,
    host: &mut Host,
    card: &mut Card<S>,
    wallet: &Wallet,
    edit: impl Fn(&mut SetPinPayload),
) -> SetPinPayload {
    let said = host.talk(card, &[wallet.message(AuthBegin {})]).unwrap();
    let mut payload = SetPinPayload {
        is_puk: true,
        secret: pin_block(PUK).unwrap(),
        new_pin: pin_block(NEW).unwrap(),
        id: made.id(1),
        challenge: common::read::<AuthChallenge>(said.last().unwrap()).challenge,
    };
    edit(&mut payload);
    payload
}

#[test]
fn what_is_not_a_new_pin_costs_no_try() {
    let malformed = Some(RefusalCode::Malformed);
    let no_challenge = Some(RefusalCode::NoChallenge);
    assert_eq!(code(&edited(|p| p.secret = [0; 65])), malformed);
    assert_eq!(code(&edited(|p| p.new_pin = [b'7'; 65])), malformed);
    let short = vec![b'7'; PIN_BYTES_MIN - 1];
    let short = |p: &mut SetPinPayload| p.new_pin = pin_block(&short).unwrap();
    assert_eq!(code(&edited(short)), malformed);
    assert_eq!(code(&edited(|p| p.challenge[0] ^= 1)), no_challenge);
    assert_eq!(code(&edited(|p| p.id.port.0 += 1)), no_challenge);
}

#[test]
fn the_shortest_and_the_longest_pin_can_be_set() {
    let (made, mut card, mut host) = powered();
    for (port, length) in [(1, PIN_BYTES_MIN), (3, PIN_BYTES_MAX)] {
        let new = vec![b'7'; length];
        let wallet = Wallet::new(made.id(port));
        wallet
            .set_pin(&mut host, &mut card, &made.agree, by_puk(PUK), &new)
            .unwrap();
        assert!(takes(&made, &mut host, &mut card, port + 1, &new));
    }
}

/// A daemon records the whole change and plays it again, and as the other kind of handshake.
#[test]
fn a_recorded_new_pin_is_worth_nothing() {
    let (made, mut card, mut host) = powered();
    let wallet = Wallet::new(made.id(1));
    let payload = payload(&made, &mut host, &mut card, &wallet, |_| ());
    let certificate = &made.card.certificate;
    let recorded = wallet.set_pin_with(certificate, &made.agree, &payload, &[7; 32]);
    let recorded = recorded.message;
    let said = host
        .talk(&mut card, std::slice::from_ref(&recorded))
        .unwrap();
    assert_eq!(said[0].header.mtype, Mtype::PIN_SET);
    let again = Wallet::new(made.id(2));
    again
        .set_pin(&mut host, &mut card, &made.agree, by_pin(NEW), PIN)
        .unwrap();
    let SetPin { handshake } = common::read(&recorded);
    let as_auth = wallet.message(Auth { handshake });
    for (message, reset) in [(&recorded, false), (&recorded, true), (&as_auth, true)] {
        if reset {
            card.power_up([7; 32]).unwrap();
            host.select(&mut card).unwrap();
        }
        host.talk(&mut card, &[wallet.message(AuthBegin {})])
            .unwrap();
        let said: Vec<Message> = host.talk(&mut card, std::slice::from_ref(message)).unwrap();
        only::<AuthFailed>(&said);
    }
    assert!(takes(&made, &mut host, &mut card, 9, PIN), "it stayed");
}

/// No length of PIN or PUK shows, nor which of the two it is.
#[test]
fn new_pins_leave_transcripts_of_one_shape() {
    let (made, mut card, mut host) = powered();
    let wallet = Wallet::new(made.id(1));
    let mut lengths = std::collections::BTreeSet::new();
    for length in PIN_BYTES_MIN..=PIN_BYTES_MAX {
        let payload = payload(&made, &mut host, &mut card, &wallet, |payload| {
            payload.is_puk = length % 2 == 0;
            payload.secret = pin_block(&vec![b'1'; length]).unwrap();
            payload.new_pin = pin_block(&vec![b'2'; PIN_BYTES_MAX - length]).unwrap();
        });
        let certificate = &made.card.certificate;
        let sent = wallet.set_pin_with(certificate, &made.agree, &payload, &[7; 32]);
        lengths.insert(sent.message.param.len());
    }
    assert_eq!(lengths.len(), 1);
}

/// The PUK's try is spent before it is compared, and the new PIN is whole or not there.
#[test]
fn cutting_power_saves_no_try_of_the_puk_and_leaves_a_pin() {
    let made = made_with_puk();
    let cuts = [
        (Cut::Before(0), 10, PIN),
        (Cut::After(0), 9, PIN),
        (Cut::Before(1), 9, PIN),
        (Cut::After(1), 10, NEW),
    ];
    for (cut, left, pin) in cuts {
        let mut card = made.boot_cut();
        let mut host = selected(&mut card);
        let wallet = Wallet::new(made.id(1));
        let payload = payload(&made, &mut host, &mut card, &wallet, |_| ());
        let certificate = &made.card.certificate;
        let sent = wallet.set_pin_with(certificate, &made.agree, &payload, &[7; 32]);
        card.store_mut().cut(Some(cut));
        assert!(
            host.exchange(&mut card, &[sent.message]).is_err(),
            "{cut:?}"
        );
        let mut card = common::boot(CutStore::new(card.store().survivor()), vec![]);
        let mut host = selected(&mut card);
        assert_eq!(tries(&made, &mut host, &mut card).1, Some(left), "{cut:?}");
        assert!(takes(&made, &mut host, &mut card, 2, pin), "{cut:?}");
    }
}
