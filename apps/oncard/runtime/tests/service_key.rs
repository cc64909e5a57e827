//! The key of a service that a card gives: whose it may be, and how it is kept.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{Made, PIN, dump, made, stored};
use ed25519_dalek::SigningKey;
use etp_pki::scheme::Request;
use etp_pki::{Role, key_id};
use libetp::codec::{from_slice, to_vec};
use oncard_runtime::{
    Card, CardError, MemoryStore, ServiceKey, Store, Writes, gives_service, personalise,
};

const SECRETS: [u8; 2] = [1, 2];
const SERVICE: [u8; 2] = [1, 11];
const SEED: [u8; 32] = [0xC3; 32];

libetp::structure! {
    struct ServiceRecord {
        certificate: Vec<u8>,
        sealed: Vec<u8>,
    }
}

fn public(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

fn service(made: &Made, role: Role, certified: &[u8; 32], seed: [u8; 32]) -> ServiceKey {
    let request = Request::key(public(certified), 0);
    let certificate = made.authority.issue(role, &request, common::NOW).unwrap();
    ServiceKey { seed, certificate }
}

/// The same card with a service.
fn serving() -> Made {
    let mut made = made();
    made.card.service = Some(service(&made, Role::Service, &SEED, SEED));
    made.store = stored(&made.card);
    made
}

fn boot(store: MemoryStore) -> Result<Card<MemoryStore>, CardError> {
    Card::new(store, vec![], [1; 32])
}

fn record(store: &MemoryStore) -> ServiceRecord {
    from_slice(&store.get(&SERVICE).unwrap().unwrap()).unwrap()
}

#[test]
fn a_card_says_which_service_it_gives() {
    let made = serving();
    assert!(gives_service(&made.store).unwrap());
    let card = boot(made.store.clone()).unwrap();
    let service = card.service().unwrap();
    assert_eq!(service.key, key_id(&public(&SEED)));
    let given = made.card.service.as_ref().unwrap();
    assert_eq!(service.certificate, given.certificate);
    let plain = common::made();
    assert!(!gives_service(&plain.store).unwrap());
    assert_eq!(boot(plain.store).unwrap().service(), None);
}

#[test]
fn only_a_key_of_role_service_that_is_not_the_cards_is_taken() {
    let made = made();
    let own = made.card.sign_seed;
    let mut refused = vec![
        service(&made, Role::Service, &own, own),
        service(&made, Role::Service, &SEED, [0xC4; 32]),
    ];
    for role in [Role::Issuer, Role::Redeemer, Role::OffCard] {
        refused.push(service(&made, role, &SEED, SEED));
    }
    refused.push(ServiceKey {
        seed: own,
        certificate: made.card.certificate.clone(),
    });
    for key in refused {
        let mut card = made.card.clone();
        card.service = Some(key);
        let error = personalise(&card, PIN, [9; 32]).err();
        assert!(
            matches!(error, Some(CardError::Certificate(_))),
            "{error:?}"
        );
    }
}

/// Both are sealed with one nonce, so they must not share a key.
#[test]
fn the_services_key_and_the_cards_are_sealed_under_two_keys() {
    let made = serving();
    let secrets: Vec<u8> = from_slice(&made.store.get(&SECRETS).unwrap().unwrap()).unwrap();
    let sealed = record(&made.store).sealed;
    let xor = |a: &[u8], b: &[u8]| -> Vec<u8> { a.iter().zip(b).map(|(a, b)| a ^ b).collect() };
    let streams = [
        xor(&secrets[..32], &made.card.sign_seed),
        xor(&sealed[..32], &SEED),
    ];
    assert_ne!(streams[0], streams[1]);
    let seeds = [SEED, made.card.sign_seed];
    for value in dump(&made.store).values().flatten() {
        for seed in &seeds {
            assert!(value.windows(32).all(|bytes| bytes != seed), "in the clear");
        }
    }
}

#[test]
fn an_altered_or_foreign_record_makes_no_card() {
    let made = serving();
    let with = |record: &ServiceRecord| {
        let mut store = made.store.clone();
        let writes = Writes::from([(SERVICE.into(), Some(to_vec(record)))]);
        store.commit(&writes).unwrap();
        boot(store).err()
    };
    let whole = record(&made.store);
    assert_eq!(with(&whole), None);
    for at in [0, whole.sealed.len() - 1] {
        let mut altered = whole.clone();
        altered.sealed[at] ^= 1;
        assert_eq!(with(&altered), Some(CardError::DeviceKey));
    }
    // The same service on another card has another seal: a copied record opens nowhere.
    let mut other = common::personalisation(&made.authority, 0xB2, 0);
    other.service = made.card.service.clone();
    let foreign = record(&stored(&other));
    assert_eq!(with(&foreign), Some(CardError::DeviceKey));
}
