//! What an on-card program may do, and what becomes of its misuse.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::collections::BTreeSet;

use common::{Made, count, made, only, personalisation, read, refusal, selected};
use etp_pki::{Anchors, Role};
use libetp::codec;
use libetp::digest::signature_input;
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::params::keys::{Challenge, ChallengeResponse, Verified, Verify};
use libetp::params::runtime::{PortsReserved, RefusalCode, ReservePorts};
use libetp::{Message, Mtype};
use oncard_runtime::harness::Host;
use oncard_runtime::{Card, CardError, Context, Incoming, MemoryStore, Program, Rejection, limits};
use proptest::prelude::*;

/// Obeys: each byte of a verify's data is one thing to do.
struct Obedient;

const PUT: u8 = b'p';
const DELETE: u8 = b'd';
const SEND: u8 = b's';
const REFUSE: u8 = b'r';
const IGNORE: u8 = b'i';
const SIGN: u8 = b'S';
const SIGN_OTHERS: u8 = b'O';
const LONG_KEY: u8 = b'k';
const LONGEST_KEY: u8 = b'K';
const LONG_VALUE: u8 = b'v';
const LONGEST_VALUE: u8 = b'V';
const LARGE: u8 = b'L';
const FRESH: u8 = b'f';
const CERTIFICATE: u8 = b'c';
const COUNT: u8 = b'#';

impl Program for Obedient {
    fn name(&self) -> &'static str {
        "obedient"
    }

    fn family(&self) -> u8 {
        Mtype::VERIFY.family()
    }

    fn tags(&self) -> &'static [&'static str] {
        &["obedient"]
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        let Verify {
            data, certificate, ..
        } = Verify::from_param(&message.param).unwrap();
        for what in data {
            self.act(what, &certificate, message, context)?;
        }
        Ok(())
    }
}

impl Obedient {
    fn act(
        &self,
        what: u8,
        certificate: &[u8],
        message: &Incoming,
        context: &mut Context<'_>,
    ) -> Result<(), Rejection> {
        let say = |context: &mut Context<'_>, nonce| {
            context.send(message.src, Challenge { nonce });
        };
        let entries = context.scan(b"n", None, 1000)?.len() as u8;
        match what {
            PUT => context.put(&[b'n', entries], vec![entries]),
            DELETE => context.delete(&[b'n', entries.wrapping_sub(1)]),
            SEND => say(context, [0; 32]),
            REFUSE => return Err(Rejection::refused(RefusalCode::Reserved, "as told")),
            IGNORE => return Err(Rejection::Ignored("as-told")),
            SIGN | SIGN_OTHERS => {
                let tag = if what == SIGN { "obedient" } else { "serve" };
                let signature = context.sign(tag, &7u8);
                let certificate = vec![];
                context.send(
                    message.src,
                    ChallengeResponse {
                        signature,
                        certificate,
                    },
                );
            }
            LONG_KEY => context.put(&[1; limits::KEY_BYTES_MAX + 1], vec![]),
            LONGEST_KEY => context.put(&[1; limits::KEY_BYTES_MAX], vec![]),
            LONG_VALUE => context.put(b"v", vec![1; limits::VALUE_BYTES_MAX + 1]),
            LONGEST_VALUE => context.put(b"v", vec![1; limits::VALUE_BYTES_MAX]),
            LARGE => context.send(
                message.src,
                Ping {
                    nonce: vec![0; 65_500],
                },
            ),
            FRESH => {
                let nonce = context.fresh();
                say(context, nonce);
            }
            CERTIFICATE => {
                let leaf = context.verify(Role::Card, certificate)?;
                context.send(
                    message.src,
                    Verified {
                        valid: true,
                        key: Some(leaf.key),
                    },
                );
            }
            COUNT => say(context, [entries; 32]),
            _ => {}
        }
        Ok(())
    }
}

fn tell(made: &Made, what: &[u8]) -> Message {
    tell_with(made, what, vec![])
}

fn tell_with(made: &Made, what: &[u8], certificate: Vec<u8>) -> Message {
    let (data, signature) = (what.to_vec(), [0; 64]);
    made.from(
        3,
        Verify {
            data,
            signature,
            certificate,
        },
    )
}

fn started() -> (Made, Card<MemoryStore>, Host) {
    let made = made();
    let mut card = made.boot_with(vec![Box::new(Obedient)]);
    let host = selected(&mut card);
    (made, card, host)
}

fn entries(made: &Made, host: &mut Host, card: &mut Card<MemoryStore>) -> u8 {
    let said = host.talk(card, &[tell(made, &[COUNT])]).unwrap();
    read::<Challenge>(said.last().unwrap()).nonce[0]
}

#[test]
fn a_rejection_undoes_exactly_that_messages_writes_and_sends() {
    let (made, mut card, mut host) = started();
    let messages = [
        tell(&made, &[PUT, SEND]),
        tell(
            &made,
            &[PUT, PUT, SEND, SEND, DELETE, DELETE, DELETE, REFUSE],
        ),
        tell(&made, &[PUT, SEND]),
        tell(&made, &[PUT, SEND, IGNORE]),
        tell(&made, &[SEND]),
    ];
    let said = host.talk(&mut card, &messages).unwrap();
    let mtypes: Vec<Mtype> = said.iter().map(|m| m.header.mtype).collect();
    let (sent, refused) = (Mtype::CHALLENGE, Mtype::ORDER_REFUSED);
    assert_eq!(mtypes, [sent, refused, sent, sent]);
    assert_eq!(refusal(&said[1..2]), RefusalCode::Reserved as u16);
    assert_eq!(entries(&made, &mut host, &mut card), 2);
    assert_eq!(count(&card, "as-told"), 1);
    card.power_up([4; 32]).unwrap();
    host.select(&mut card).unwrap();
    assert_eq!(entries(&made, &mut host, &mut card), 2, "it was durable");
}

/// A tag of the runtime's or of another program: no signature leaves the card, nor anything else
/// of that message.
#[test]
fn an_unregistered_tag_signs_nothing() {
    let (made, mut card, mut host) = started();
    let said = host.talk(&mut card, &[tell(&made, &[SIGN])]).unwrap();
    let signed: ChallengeResponse = only(&said);
    made.leaf
        .check_signature("obedient", &7u8, &signed.signature)
        .unwrap();
    let said = host
        .talk(&mut card, &[tell(&made, &[PUT, SIGN_OTHERS, PUT])])
        .unwrap();
    assert_eq!(refusal(&said), RefusalCode::State as u16);
    assert_eq!(entries(&made, &mut host, &mut card), 0);
    assert_ne!(
        signature_input("serve", &7u8),
        signature_input("obedient", &7u8)
    );
}

#[test]
fn keys_values_and_messages_are_bounded() {
    let (made, mut card, mut host) = started();
    assert!(
        host.talk(&mut card, &[tell(&made, &[LONGEST_KEY, LONGEST_VALUE])])
            .unwrap()
            .is_empty()
    );
    for past in [LONG_KEY, LONG_VALUE, LARGE] {
        let said = host.talk(&mut card, &[tell(&made, &[PUT, past])]).unwrap();
        assert_eq!(
            refusal(&said),
            RefusalCode::Storage as u16,
            "{}",
            char::from(past)
        );
    }
    assert_eq!(entries(&made, &mut host, &mut card), 0);
}

#[test]
fn programs_do_not_see_each_others_store_nor_the_runtimes() {
    let (made, mut card, mut host) = started();
    host.talk(&mut card, &[tell(&made, &[PUT, PUT])]).unwrap();
    let before = common::dump(card.store());
    let own = before.keys().filter(|key| key[0] == Mtype::VERIFY.family());
    assert_eq!(own.count(), 2);
    host.talk(&mut card, &[tell(&made, &[DELETE, DELETE, DELETE])])
        .unwrap();
    let runtime = |writes: &oncard_runtime::Writes| {
        let identity = writes.get(&vec![1, 1]).cloned();
        (
            identity,
            writes.get(&vec![1, 2]).cloned(),
            writes.get(&vec![1, 3]).cloned(),
        )
    };
    assert_eq!(runtime(&before), runtime(&common::dump(card.store())));
}

/// Fresh values differ with a generator that repeats itself, and after a restored backup with a
/// sound one.
#[test]
fn fresh_values_never_repeat() {
    let (made, mut card, mut host) = started();
    let backup = card.store().clone();
    let mut seen = BTreeSet::new();
    let mut draw = |host: &mut Host, card: &mut Card<MemoryStore>| {
        let said = host.talk(card, &[tell(&made, &[FRESH, FRESH])]).unwrap();
        for message in said.iter().rev().take(2) {
            assert!(seen.insert(read::<Challenge>(message).nonce), "repeated");
        }
    };
    for _ in 0..5 {
        draw(&mut host, &mut card);
        card.power_up([1; 32]).unwrap();
        host.select(&mut card).unwrap();
    }
    let counted = common::dump(card.store())[&vec![1, 8]].clone().unwrap();
    assert_eq!(
        codec::from_slice(&counted),
        Ok(10u64),
        "the counter is persistent"
    );
    for entropy in 10..15 {
        let mut card = common::boot(backup.clone(), vec![Box::new(Obedient)]);
        card.power_up([entropy; 32]).unwrap();
        let mut host = selected(&mut card);
        draw(&mut host, &mut card);
    }
}

#[test]
fn a_certificate_of_an_older_epoch_is_refused_for_good() {
    let (made, mut card, mut host) = started();
    let certificate = |epoch| {
        personalisation(&made.authority, 0xB2, epoch)
            .certificate
            .clone()
    };
    let accepted = |card: &mut Card<MemoryStore>, host: &mut Host, epoch| {
        let told = tell_with(&made, &[CERTIFICATE], certificate(epoch));
        let said = host.talk(card, &[told]).unwrap();
        match said.last().unwrap().header.mtype {
            Mtype::VERIFIED => true,
            _ => {
                assert_eq!(refusal(said.last_chunk::<1>().unwrap()), 10);
                false
            }
        }
    };
    assert!(accepted(&mut card, &mut host, 0));
    let undone = tell_with(&made, &[CERTIFICATE, IGNORE], certificate(5));
    assert!(host.talk(&mut card, &[undone]).unwrap().is_empty());
    assert!(
        accepted(&mut card, &mut host, 0),
        "an undone message raises no floor"
    );
    assert!(accepted(&mut card, &mut host, 2));
    assert!(!accepted(&mut card, &mut host, 1));
    card.power_up([7; 32]).unwrap();
    host.select(&mut card).unwrap();
    assert!(!accepted(&mut card, &mut host, 0));
    assert!(accepted(&mut card, &mut host, 2));
}

struct Claims(u8, &'static [&'static str]);

/// The same with a tag of the service's key.
struct ClaimsService(Claims);

impl Program for ClaimsService {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn family(&self) -> u8 {
        self.0.family()
    }

    fn tags(&self) -> &'static [&'static str] {
        &[]
    }

    fn service_tags(&self) -> &'static [&'static str] {
        self.0.1
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        self.0.handle(message, context)
    }
}

impl Program for Claims {
    fn name(&self) -> &'static str {
        "claims"
    }

    fn family(&self) -> u8 {
        self.0
    }

    fn tags(&self) -> &'static [&'static str] {
        self.1
    }

    fn handle(&self, _: &Incoming, _: &mut Context<'_>) -> Result<(), Rejection> {
        Ok(())
    }
}

#[test]
fn programs_that_claim_whats_taken_make_no_card() {
    let made = made();
    let make =
        |programs: Vec<Box<dyn Program>>| Card::new(made.store.clone(), programs, [1; 32]).err();
    let clash = |what: &str| {
        Some(CardError::Clash {
            program: "claims",
            what: what.into(),
        })
    };
    assert_eq!(
        make(vec![
            Box::new(Claims(2, &["a"])),
            Box::new(Claims(3, &["b"]))
        ]),
        None
    );
    assert_eq!(make(vec![Box::new(Claims(0, &[]))]), clash("family 00"));
    assert_eq!(make(vec![Box::new(Claims(1, &[]))]), clash("family 01"));
    let same = vec![
        Box::new(Claims(2, &[])) as Box<dyn Program>,
        Box::new(Claims(2, &[])),
    ];
    assert_eq!(make(same), clash("family 02"));
    assert_eq!(
        make(vec![Box::new(Claims(2, &["hello"]))]),
        clash("tag `hello`")
    );
    assert_eq!(
        make(vec![Box::new(Claims(2, &["serve"]))]),
        clash("tag `serve`")
    );
    let same = vec![
        Box::new(Claims(2, &["x"])) as Box<dyn Program>,
        Box::new(Claims(3, &["x"])),
    ];
    assert_eq!(make(same), clash("tag `x`"));
    let of_service = |family, tag| Box::new(ClaimsService(Claims(family, tag)));
    // Another key signs: what a card's tag says is no clash with it.
    assert_eq!(
        make(vec![
            of_service(2, &["x"]),
            Box::new(Claims(3, &["x"])),
            of_service(4, &["hello"]),
        ]),
        None
    );
    assert_eq!(
        make(vec![of_service(2, &["x"]), of_service(3, &["x"])]),
        clash("service tag `x`")
    );
}

#[test]
fn an_empty_or_damaged_store_is_no_card() {
    let empty = Card::new(MemoryStore::default(), vec![], [1; 32]).err();
    assert_eq!(empty, Some(CardError::NotPersonalised));
    let made = made();
    let keys: Vec<Vec<u8>> = common::dump(&made.store).into_keys().collect();
    for key in keys.iter().filter(|key| matches!(key[1], 1 | 2 | 5)) {
        let mut store = made.store.clone();
        let garbage = oncard_runtime::Writes::from([(key.clone(), Some(vec![0x81]))]);
        oncard_runtime::Store::commit(&mut store, &garbage).unwrap();
        let error = Card::new(store, vec![], [1; 32]).err().unwrap();
        assert!(matches!(error, CardError::Damaged(_)), "{key:?}: {error}");
    }
    // Another scheme's anchors slipped into the identity: the seal does not open.
    let mut store = made.store.clone();
    let identity = oncard_runtime::Store::get(&store, &[1, 1])
        .unwrap()
        .unwrap();
    let mine = codec::to_vec(&made.card.anchors);
    let theirs = codec::to_vec(&Anchors {
        intermediates: libetp::codec::List(vec![[0x66; 32]; 6]),
    });
    let at = identity
        .windows(mine.len())
        .position(|window| window == mine)
        .unwrap();
    let swapped = [&identity[..at], &theirs, &identity[at + mine.len()..]].concat();
    let writes = oncard_runtime::Writes::from([(vec![1, 1], Some(swapped))]);
    oncard_runtime::Store::commit(&mut store, &writes).unwrap();
    assert_eq!(
        Card::new(store, vec![], [1; 32]).err(),
        Some(CardError::DeviceKey)
    );
}

proptest! {
    /// Any mixture of messages, accepted, refused and ignored: what remains is what the accepted
    /// ones did, as a model says.
    #[test]
    fn only_accepted_messages_count(
        told in prop::collection::vec(
            prop::collection::vec(prop::sample::select(&[PUT, DELETE, SEND, REFUSE, IGNORE]), 1..6),
            1..12,
        ),
    ) {
        let (made, mut card, mut host) = started();
        let (mut kept, mut sent) = (0u8, 0);
        for actions in &told {
            let puts = actions.iter().fold(kept, |n, a| match *a {
                PUT => n + 1,
                DELETE => n.saturating_sub(1),
                _ => n,
            });
            if actions.contains(&REFUSE) || actions.contains(&IGNORE) {
                let first = actions.iter().find(|a| [REFUSE, IGNORE].contains(a)).unwrap();
                sent += usize::from(*first == REFUSE);
            } else {
                kept = puts;
                sent += actions.iter().filter(|a| **a == SEND).count();
            }
        }
        let mut messages: Vec<Message> = told.iter().map(|what| tell(&made, what)).collect();
        messages.push(made.order(ReservePorts {}));
        let said = host.talk(&mut card, &messages).unwrap();
        prop_assert_eq!(said.len(), sent + 1);
        prop_assert_eq!(read::<PortsReserved>(said.last().unwrap()).first, 1);
        prop_assert_eq!(entries(&made, &mut host, &mut card), kept);
    }
}
