//! Params are read by name, and what is not a param of its type is refused.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use guard_policies::fields::{FieldsError, LIST_ELEMENTS_MAX, Params, Value};
use libetp::codec::{self, List};
use libetp::params::{Param, Privileged, host, runtime, voucher};
use libetp::{Domain, Mtype, Port};

fn voucher() -> voucher::Voucher {
    voucher::Voucher {
        issuer: [1; 32],
        promise: b"one coffee".to_vec(),
        min_class: 2,
        redeemer: None,
        serial: [2; 16],
        issuer_signature: [3; 64],
    }
}

fn offer() -> voucher::Offer {
    voucher::Offer {
        sa: Domain([1; 12]).card(),
        a_key: [4; 32],
        voucher1: voucher(),
        issuer_certificate1: vec![0x30, 0],
        vid2: [5; 32],
        n1: [6; 32],
        third_party: [7; 32],
        third_party_ids: List(vec![
            Domain([9; 12]).card(),
            Domain([9; 12]).entity(Port(3)),
        ]),
        certificate: vec![0x30, 0],
        status: None,
    }
}

fn info(programs: usize) -> Vec<u8> {
    codec::to_vec(&runtime::CardInfo {
        version: "1".into(),
        class: 0,
        certificate: vec![],
        retries_left: 3,
        programs: List(vec![String::new(); programs]),
        puk_retries_left: None,
    })
}

#[test]
fn fields_are_found_by_name() {
    let param = codec::to_vec(&offer());
    let params = Params::decode(voucher::Offer::MTYPE, &param).unwrap();
    let find = |path| params.find(path);
    assert_eq!(find("sa"), Some(&Value::Id(Domain([1; 12]).card())));
    assert_eq!(find("voucher1.promise"), Some(&Value::Bytes(b"one coffee")));
    assert_eq!(find("voucher1.min_class"), Some(&Value::Uint(2)));
    assert_eq!(find("voucher1.redeemer"), Some(&Value::Null));
    assert_eq!(find("status"), Some(&Value::Null));
    let Some(Value::List(ids)) = find("third_party_ids") else {
        panic!("a list");
    };
    assert_eq!(ids.len(), 2);
    assert_eq!(find("nothing"), None);
    assert_eq!(find("sa.domain"), None);
}

#[test]
fn an_order_is_its_body() {
    let privileged = Privileged {
        counter: 7,
        tag: [0; 16],
        body: codec::to_vec(&offer()),
    };
    let param = codec::to_vec(&privileged);
    let params = Params::decode(Mtype::ACCEPT, &param).unwrap();
    assert_eq!(params.find("vid2"), Some(&Value::Bytes(&[5; 32])));
    let bare = codec::to_vec(&offer());
    assert_eq!(
        Params::decode(Mtype::ACCEPT, &bare),
        Err(FieldsError::Fields)
    );
    let broken = Privileged {
        body: vec![0x81, 0x18, 0x01],
        ..privileged
    };
    let broken = codec::to_vec(&broken);
    assert!(matches!(
        Params::decode(Mtype::ACCEPT, &broken),
        Err(FieldsError::Canonical(_))
    ));
}

#[test]
fn secret_and_unknown_types_have_none() {
    let none = codec::to_vec(&host::Ping { nonce: vec![] });
    let of = |mtype| Params::decode(mtype, &none);
    assert_eq!(of(Mtype::AUTH), Err(FieldsError::Secret));
    assert_eq!(of(Mtype::SET_PIN), Err(FieldsError::Secret));
    assert_eq!(of(Mtype(0xC001)), Err(FieldsError::Unregistered));
}

#[test]
fn what_is_not_a_param_of_its_type_is_named() {
    let ping = |param: &[u8]| Params::decode(Mtype::PING, param).unwrap_err();
    for short in [&[][..], &[0x81], &[0x81, 0x18, 0x01], &[0x81, 0x40, 0x00]] {
        assert!(
            matches!(ping(short), FieldsError::Canonical(_)),
            "{short:?}"
        );
    }
    for other in [&[0x80][..], &[0x82, 0x40, 0x40], &[0x40]] {
        assert_eq!(ping(other), FieldsError::Fields);
    }
    for value in [
        &[0x81, 0x00][..],
        &[0x81, 0x60],
        &[0x81, 0xf6],
        &[0x81, 0x80],
    ] {
        assert_eq!(ping(value), FieldsError::Kind("nonce"));
    }
    let disputed = |state: &[u8]| {
        let param = [&[0x82, 0x58, 32], &[0; 32][..], state].concat();
        Params::decode(Mtype::DISPUTED, &param).map(|_| ())
    };
    assert_eq!(disputed(&[0x18, 0xff]), Ok(()));
    assert_eq!(
        disputed(&[0x19, 0x01, 0x00]),
        Err(FieldsError::Kind("state"))
    );
    assert_eq!(disputed(&[0x20]), Err(FieldsError::Kind("state")));
}

#[test]
fn lists_are_limited() {
    let at = |count| Params::decode(Mtype::CARD_INFO, &info(count)).map(|_| ());
    assert_eq!(at(LIST_ELEMENTS_MAX), Ok(()));
    assert_eq!(
        at(LIST_ELEMENTS_MAX + 1),
        Err(FieldsError::Long("programs"))
    );
}
