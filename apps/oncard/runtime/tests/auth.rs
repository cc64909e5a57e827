//! Authentication: what a PIN costs, what a transcript tells, and what power cuts cannot undo.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{Made, PIN, authenticated, made, only, selected};
use libetp::Message;
use libetp::limits::{PIN_BLOCK_BYTES, PIN_BYTES_MAX};
use libetp::params::runtime::{
    Auth, AuthBegin, AuthChallenge, AuthFailed, AuthOk, AuthPayload, CardInfo, CardInfoRequest,
    RefusalCode,
};
use oncard_runtime::harness::{Cut, CutStore, Host, Wallet, can_read};
use oncard_runtime::{Card, CardError, PinCost, PowerUp, Store, limits};

fn begin<S: Store>(made: &Made, host: &mut Host, card: &mut Card<S>, port: u32) -> [u8; 32] {
    let said = host.talk(card, &[made.from(port, AuthBegin {})]).unwrap();
    common::read::<AuthChallenge>(said.last().unwrap()).challenge
}

/// The message that tries a PIN for a challenge.
fn attempt(made: &Made, port: u32, pin: &[u8], challenge: [u8; 32]) -> Message {
    let wallet = Wallet::new(made.id(port));
    let certificate = &made.card.certificate;
    wallet
        .handshake(certificate, &made.agree, pin, challenge, &[7; 32])
        .message
}

fn try_pin<S: Store>(
    made: &Made,
    host: &mut Host,
    card: &mut Card<S>,
    port: u32,
    pin: &[u8],
) -> AuthFailed {
    let challenge = begin(made, host, card, port);
    only(
        &host
            .talk(card, &[attempt(made, port, pin, challenge)])
            .unwrap(),
    )
}

fn tries<S: Store>(made: &Made, host: &mut Host, card: &mut Card<S>) -> u8 {
    let said = host.talk(card, &[made.order(CardInfoRequest {})]).unwrap();
    common::read::<CardInfo>(said.last().unwrap()).retries_left
}

const fn code(code: RefusalCode) -> u16 {
    code as u16
}

#[test]
fn three_wrong_pins_block_the_card_and_a_right_one_restores_the_tries() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    assert_eq!(
        try_pin(&made, &mut host, &mut card, 1, b"0000").retries_left,
        2
    );
    assert_eq!(
        try_pin(&made, &mut host, &mut card, 2, b"0000").retries_left,
        1
    );
    authenticated(&made, &mut host, &mut card, 3);
    assert_eq!(tries(&made, &mut host, &mut card), 3);
    for (port, left) in [(4, 2), (5, 1), (6, 0)] {
        let failed = try_pin(&made, &mut host, &mut card, port, b"0000");
        assert_eq!(
            (failed.code, failed.retries_left),
            (code(RefusalCode::WrongPin), left)
        );
    }
    card.power_up([5; 32]).unwrap();
    host.select(&mut card).unwrap();
    let said = host.talk(&mut card, &[made.from(7, AuthBegin {})]).unwrap();
    let failed: AuthFailed = common::read(said.last().unwrap());
    assert_eq!(
        failed.code,
        code(RefusalCode::Blocked),
        "also after a reset"
    );
}

#[test]
fn an_id_has_one_wrong_try() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    try_pin(&made, &mut host, &mut card, 1, b"0000");
    let said = host.talk(&mut card, &[made.from(1, AuthBegin {})]).unwrap();
    assert_eq!(
        only::<AuthFailed>(&said).code,
        code(RefusalCode::NoChallenge)
    );
    // Nor with a challenge of before its wrong try, in the same command.
    let challenge = begin(&made, &mut host, &mut card, 2);
    let tries_both = [
        attempt(&made, 2, b"0000", challenge),
        made.from(2, AuthBegin {}),
        attempt(&made, 2, PIN, challenge),
    ];
    let said = host.talk(&mut card, &tries_both).unwrap();
    let codes: Vec<u16> = said
        .iter()
        .map(|m| common::read::<AuthFailed>(m).code)
        .collect();
    let spent = code(RefusalCode::NoChallenge);
    assert_eq!(codes, [code(RefusalCode::WrongPin), spent, spent]);
    assert_eq!(tries(&made, &mut host, &mut card), 1);
}

#[test]
fn a_challenge_is_valid_once_and_for_the_id_that_asked() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let mine = begin(&made, &mut host, &mut card, 1);
    let theirs = begin(&made, &mut host, &mut card, 2);
    assert_ne!(mine, theirs);
    let no_challenge = code(RefusalCode::NoChallenge);
    let mut failing = |message: Message| {
        let said = host.talk(&mut card, &[message]).unwrap();
        let failed: AuthFailed = only(&said);
        assert_eq!(failed.retries_left, 3, "no try was spent");
        failed.code
    };
    assert_eq!(
        failing(attempt(&made, 3, PIN, mine)),
        no_challenge,
        "never asked"
    );
    assert_eq!(
        failing(attempt(&made, 2, PIN, mine)),
        no_challenge,
        "another's challenge"
    );
    assert_eq!(
        failing(attempt(&made, 2, PIN, theirs)),
        no_challenge,
        "spent"
    );
    let mut stolen = attempt(&made, 2, PIN, mine);
    stolen.header.src = made.id(1);
    assert_eq!(failing(stolen), no_challenge, "another's id inside");
}

/// A daemon records a whole authentication and plays it again: the challenge is spent.
#[test]
fn a_recorded_authentication_is_worth_nothing() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let challenge = begin(&made, &mut host, &mut card, 1);
    let recorded = attempt(&made, 1, PIN, challenge);
    only::<AuthOk>(
        &host
            .talk(&mut card, std::slice::from_ref(&recorded))
            .unwrap(),
    );
    let said = host
        .talk(&mut card, std::slice::from_ref(&recorded))
        .unwrap();
    assert_eq!(
        only::<AuthFailed>(&said).code,
        code(RefusalCode::NoChallenge)
    );
    card.power_up([9; 32]).unwrap();
    host.select(&mut card).unwrap();
    begin_again(&made, &mut host, &mut card);
    let said = host.talk(&mut card, &[recorded]).unwrap();
    assert_eq!(
        only::<AuthFailed>(&said).code,
        code(RefusalCode::NoChallenge)
    );
}

fn begin_again<S: Store>(made: &Made, host: &mut Host, card: &mut Card<S>) {
    let said = host.talk(card, &[made.from(1, AuthBegin {})]).unwrap();
    common::read::<AuthChallenge>(said.last().unwrap());
}

/// What passes the daemon tells nothing about the PIN: whoever lacks the card's private key cannot
/// open the handshake, so a guess cannot be compared with it.
#[test]
fn a_transcript_allows_no_test_of_the_pin() {
    let made = made();
    let challenge = [3; 32];
    let wallet = Wallet::new(made.id(1));
    let certificate = &made.card.certificate;
    let of = |pin: &[u8], ephemeral: &[u8; 32]| {
        let handshake = wallet.handshake(certificate, &made.agree, pin, challenge, ephemeral);
        common::read::<Auth>(&handshake.message).handshake
    };
    // Whoever has another key, or is another card, reads nothing.
    let seen = of(PIN, &[8; 32]);
    assert!(can_read(&made.card.agree_secret, certificate, &seen));
    assert!(!can_read(&[0x66; 32], certificate, &seen));
    assert!(!can_read(&made.card.sign_seed, certificate, &seen));
    assert!(!can_read(&made.card.agree_secret, b"another card", &seen));
    // Without the ephemeral secret, the same guess gives other bytes each time, of equal length
    // however long it is.
    for guess in [PIN, b"1111", b"22222", &[b'3'; PIN_BYTES_MAX]] {
        let made_by_guess = of(guess, &[9; 32]);
        assert_eq!(made_by_guess.len(), seen.len());
        assert_ne!(made_by_guess, seen);
    }
    assert!(!seen.windows(PIN.len()).any(|window| window == PIN));
}

/// What goes to the card has the same types and sizes for a right PIN and for a wrong one of any
/// length, and so have all commands; only the card's verdict tells them apart.
#[test]
fn right_and_wrong_pins_leave_transcripts_of_one_shape() {
    let made = made();
    let shape = |pin: &[u8]| {
        let mut card = made.boot();
        let mut host = selected(&mut card);
        let challenge = begin(&made, &mut host, &mut card, 1);
        let sent = attempt(&made, 1, pin, challenge);
        let command = host.command(std::slice::from_ref(&sent)).len();
        let said = host.talk(&mut card, std::slice::from_ref(&sent)).unwrap();
        assert_eq!(said.len(), 1, "one answer");
        (sent.header, sent.param.len(), command)
    };
    let right = shape(PIN);
    for length in libetp::limits::PIN_BYTES_MIN..=PIN_BYTES_MAX {
        assert_eq!(shape(&vec![b'0'; length]), right, "a PIN of {length} bytes");
    }
}

/// The card that answers must hold the pinned key: an impostor's `auth-ok` is not believed.
#[test]
fn an_impostor_card_is_found_out() {
    let made = made();
    let mut wallet = Wallet::new(made.id(1));
    let certificate = &made.card.certificate;
    let handshake = wallet.handshake(certificate, &made.agree, PIN, [3; 32], &[8; 32]);
    let forged = AuthOk {
        handshake: vec![0x11; 48],
    };
    assert!(!handshake.finish(&forged, &mut wallet));
}

/// The try is spent before the PIN is compared: whoever cuts power in between has paid for it.
#[test]
fn cutting_power_saves_no_try() {
    let made = made();
    for (cut, left) in [(Cut::Before(0), 3), (Cut::After(0), 2), (Cut::Before(1), 2)] {
        let mut card = made.boot_cut();
        let mut host = selected(&mut card);
        let challenge = begin(&made, &mut host, &mut card, 1);
        card.store_mut().cut(Some(cut));
        let reply = host.exchange(&mut card, &[attempt(&made, 1, b"0000", challenge)]);
        assert!(reply.is_err(), "{cut:?}");
        let mut card = common::boot(CutStore::new(card.store().survivor()), vec![]);
        let mut host = selected(&mut card);
        assert_eq!(tries(&made, &mut host, &mut card), left, "{cut:?}");
    }
}

/// Three cuts between decrement and compare block the card as three wrong PINs do.
#[test]
fn tries_cut_off_count_until_the_card_blocks() {
    let made = made();
    let mut store = CutStore::new(made.store.clone());
    for left in [2, 1, 0] {
        let mut card = common::boot(store, vec![]);
        let mut host = selected(&mut card);
        let challenge = begin(&made, &mut host, &mut card, 1);
        card.store_mut().cut(Some(Cut::After(0)));
        assert!(
            host.exchange(&mut card, &[attempt(&made, 1, PIN, challenge)])
                .is_err()
        );
        store = CutStore::new(card.store().survivor());
        let mut card = common::boot(store.clone(), vec![]);
        assert_eq!(tries(&made, &mut selected(&mut card), &mut card), left);
    }
    let mut card = common::boot(store, vec![]);
    let mut host = selected(&mut card);
    let said = host.talk(&mut card, &[made.from(1, AuthBegin {})]).unwrap();
    let failed: AuthFailed = common::read(said.last().unwrap());
    assert_eq!(failed.code, code(RefusalCode::Blocked));
}

/// A host that loses power at the decrement is not told that its command was carried out.
#[test]
fn a_command_cut_at_the_decrement_was_not_carried_out() {
    let made = made();
    let mut card = made.boot_cut();
    let mut host = selected(&mut card);
    let challenge = begin(&made, &mut host, &mut card, 1);
    let run = host.select(&mut card).unwrap();
    card.store_mut().cut(Some(Cut::After(0)));
    assert!(
        host.exchange(&mut card, &[attempt(&made, 1, PIN, challenge)])
            .is_err()
    );
    let mut card = common::boot(CutStore::new(card.store().survivor()), vec![]);
    let reply = host.select(&mut card).unwrap();
    assert_eq!(
        reply.generation,
        run.generation + 1,
        "a transaction of its own"
    );
    assert!(!reply.executed(0, run.generation));
}

/// A right PIN earlier in the same command does not give a wrong one back its try.
#[test]
fn a_right_and_a_wrong_pin_in_one_command_cost_one_try() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let (one, two) = (
        begin(&made, &mut host, &mut card, 1),
        begin(&made, &mut host, &mut card, 2),
    );
    let both = [attempt(&made, 1, PIN, one), attempt(&made, 2, b"0000", two)];
    host.talk(&mut card, &both).unwrap();
    assert_eq!(tries(&made, &mut host, &mut card), 2);
    card.power_up([4; 32]).unwrap();
    assert_eq!(tries(&made, &mut selected(&mut card), &mut card), 2);
}

#[test]
fn challenges_are_bounded_and_the_oldest_makes_room() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let max = limits::CHALLENGES_MAX as u32;
    let challenges: Vec<_> = (1..=max)
        .map(|port| begin(&made, &mut host, &mut card, port))
        .collect();
    // At the limit all are open; asking again replaces one's own.
    begin(&made, &mut host, &mut card, 2);
    let said = host
        .talk(&mut card, &[attempt(&made, 1, PIN, challenges[0])])
        .unwrap();
    only::<AuthOk>(&said);
    // One id's challenge was used, so two more put the oldest out: that of port 3.
    begin(&made, &mut host, &mut card, max + 1);
    begin(&made, &mut host, &mut card, max + 2);
    let said = host
        .talk(&mut card, &[attempt(&made, 3, PIN, challenges[2])])
        .unwrap();
    assert_eq!(
        only::<AuthFailed>(&said).code,
        code(RefusalCode::NoChallenge)
    );
    let said = host
        .talk(&mut card, &[attempt(&made, 4, PIN, challenges[3])])
        .unwrap();
    only::<AuthOk>(&said);
}

#[test]
fn the_authenticated_set_is_bounded() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let max = limits::AUTHENTICATED_MAX as u32;
    for port in 1..=max {
        authenticated(&made, &mut host, &mut card, port);
    }
    let said = host
        .talk(&mut card, &[made.from(max + 1, AuthBegin {})])
        .unwrap();
    assert_eq!(only::<AuthFailed>(&said).code, code(RefusalCode::Limit));
    authenticated(&made, &mut host, &mut card, 1);
    let ended = libetp::params::runtime::CapabilityEnded { id: made.id(2) };
    host.talk(&mut card, &[made.order(ended)]).unwrap();
    authenticated(&made, &mut host, &mut card, max + 1);
}

/// A PIN of the greatest length is compared; what is no PIN in its block is not.
#[test]
fn a_block_without_its_padding_costs_nothing() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let challenge = begin(&made, &mut host, &mut card, 1);
    let wallet = Wallet::new(made.id(1));
    let payload = AuthPayload {
        pin: [b'7'; PIN_BLOCK_BYTES],
        id: wallet.id,
        challenge,
    };
    let certificate = &made.card.certificate;
    let sent = wallet.handshake_with(certificate, &made.agree, &payload, &[7; 32]);
    let failed: AuthFailed = only(&host.talk(&mut card, &[sent.message]).unwrap());
    assert_eq!(
        (failed.code, failed.retries_left),
        (code(RefusalCode::Malformed), 3)
    );
    let longest = [b'7'; PIN_BYTES_MAX];
    let failed = try_pin(&made, &mut host, &mut card, 1, &longest);
    assert_eq!(
        (failed.code, failed.retries_left),
        (code(RefusalCode::WrongPin), 2)
    );
}

#[test]
fn garbage_handshakes_cost_no_try() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    for length in [0, 31, 32, 48, 200, 60_000] {
        begin(&made, &mut host, &mut card, 1);
        let handshake = vec![0x31; length];
        let said = host
            .talk(&mut card, &[made.from(1, Auth { handshake })])
            .unwrap();
        let failed: AuthFailed = only(&said);
        assert_eq!(
            (failed.code, failed.retries_left),
            (code(RefusalCode::Malformed), 3)
        );
    }
}

#[test]
fn personalisation_names_what_is_wrong() {
    let made = made();
    let personalise = |card: &_, pin: &[u8]| oncard_runtime::personalise(card, pin, [1; 32]);
    let least = [b'1'; libetp::limits::PIN_BYTES_MIN];
    let most = [b'1'; libetp::limits::PIN_BYTES_MAX];
    assert!(personalise(&made.card, &least).is_ok());
    assert!(personalise(&made.card, &most).is_ok());
    assert_eq!(
        personalise(&made.card, &least[1..]),
        Err(CardError::PinLength)
    );
    let past = [&most[..], b"1"].concat();
    assert_eq!(personalise(&made.card, &past), Err(CardError::PinLength));
    let mut card = made.card.clone();
    card.pin_cost.memory_kib = 0;
    assert_eq!(personalise(&card, PIN), Err(CardError::PinCost));
    let mut card = made.card.clone();
    card.third_parties = vec![[0; 32]; limits::THIRD_PARTIES_MAX + 1];
    assert_eq!(personalise(&card, PIN), Err(CardError::ThirdParties));
    let edits: [fn(&mut oncard_runtime::Personalisation); 5] = [
        |card| card.sign_seed[0] ^= 1,
        |card| card.agree_secret[5] ^= 1,
        |card| card.domain.0[3] ^= 1,
        |card| card.class = 2,
        |card| card.certificate[60] ^= 1,
    ];
    for edit in edits {
        let mut card = made.card.clone();
        edit(&mut card);
        let error = personalise(&card, PIN).unwrap_err();
        assert!(matches!(error, CardError::Certificate(_)), "{error}");
    }
}

/// With a device key, the store alone opens nothing and verifies no PIN; without one it says so.
#[test]
fn a_card_with_a_device_key_wants_it() {
    let made = made();
    let mut card = made.card.clone();
    card.device_key = Some([0xD0; 32]);
    card.pin_cost = PinCost::LEAST;
    let store = common::stored(&card);
    let power = |device_key| PowerUp {
        entropy: [1; 32],
        device_key,
    };
    for device_key in [None, Some([0xD1; 32])] {
        let refused = Card::new(store.clone(), vec![], power(device_key)).err();
        assert_eq!(refused, Some(CardError::DeviceKey));
    }
    let mut right = Card::new(store, vec![], power(Some([0xD0; 32]))).unwrap();
    assert!(right.is_protected_at_rest());
    assert!(!made.boot().is_protected_at_rest(), "at-rest: none");
    let mut host = selected(&mut right);
    authenticated(&made, &mut host, &mut right, 1);
    assert_eq!(right.power_up([2; 32]), Err(CardError::DeviceKey));
    assert!(host.select(&mut right).is_err(), "mute");
    right.power_up(power(Some([0xD0; 32]))).unwrap();
    let stored = common::dump(right.store());
    let secret = [
        &made.card.sign_seed[..],
        &made.card.agree_secret[..],
        &[0xD0; 32],
    ];
    for value in stored.values().flatten() {
        assert!(
            !secret
                .iter()
                .any(|secret| value.windows(32).any(|window| window == *secret))
        );
    }
}
