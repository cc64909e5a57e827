use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::canonical::{CanonicalError, validate};
use super::*;
use crate::limits::CBOR_DEPTH_MAX;

crate::structure! {
    struct Sample {
        number: u32,
        bytes: Vec<u8>,
        text: Option<String>,
        inner: List<Inner>,
    }
    struct Inner {
        key: [u8; 3],
        flag: bool,
    }
}

fn sample() -> Sample {
    let inner = List(vec![Inner {
        key: [1, 2, 3],
        flag: true,
    }]);
    Sample {
        number: 500,
        bytes: vec![9; 30],
        text: None,
        inner,
    }
}

#[test]
fn a_structure_reads_back_and_keeps_trailing_nulls() {
    let bytes = to_vec(&sample());
    assert_eq!(from_slice::<Sample>(&bytes), Ok(sample()));
    assert_eq!(to_vec(&(None::<u8>)), [0xf6]);
}

#[test]
fn every_non_canonical_form_is_named() {
    let cases: &[(&[u8], CanonicalError)] = &[
        (&[], CanonicalError::Truncated(0)),
        (&[0x82, 0x01], CanonicalError::Truncated(2)),
        (&[0x01, 0x01], CanonicalError::Trailing(1)),
        (&[0x18, 0x17], CanonicalError::NotShortest(0)),
        (&[0x19, 0x00, 0xff], CanonicalError::NotShortest(0)),
        (
            &[0x1a, 0x00, 0x00, 0xff, 0xff],
            CanonicalError::NotShortest(0),
        ),
        (
            &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            CanonicalError::NotShortest(0),
        ),
        (&[0x58, 0x01, 0x00], CanonicalError::NotShortest(0)),
        (&[0x9f, 0xff], CanonicalError::Indefinite(0)),
        (&[0x5f, 0xff], CanonicalError::Indefinite(0)),
        (&[0xa0], CanonicalError::Forbidden(0)),
        (&[0xc0, 0x01], CanonicalError::Forbidden(0)),
        (&[0xf7], CanonicalError::Forbidden(0)),
        (&[0xf9, 0, 0], CanonicalError::Forbidden(0)),
        (&[0x81, 0xf8, 0x20], CanonicalError::Forbidden(1)),
        (&[0x1c], CanonicalError::Forbidden(0)),
        (&[0x61, 0xff], CanonicalError::Utf8(0)),
    ];
    for (bytes, error) in cases {
        assert_eq!(validate(bytes), Err(*error), "{bytes:02x?}");
    }
}

#[test]
fn a_lying_length_costs_nothing() {
    assert!(validate(&[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(validate(&[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        let mut bytes = vec![0x81; depth];
        bytes.push(0x00);
        validate(&bytes)
    };
    assert_eq!(nested(CBOR_DEPTH_MAX), Ok(()));
    assert_eq!(
        nested(CBOR_DEPTH_MAX + 1),
        Err(CanonicalError::TooDeep(CBOR_DEPTH_MAX))
    );
}

#[test]
fn surplus_and_missing_fields_are_refused() {
    assert!(from_slice::<Inner>(&[0x82, 0x43, 1, 2, 3, 0xf5]).is_ok());
    assert!(from_slice::<Inner>(&[0x83, 0x43, 1, 2, 3, 0xf5, 0xf6]).is_err());
    assert!(from_slice::<Inner>(&[0x81, 0x43, 1, 2, 3]).is_err());
    assert!(from_slice::<Inner>(&[0x82, 0x42, 1, 2, 0xf5]).is_err());
}

/// Any value of the allowed kinds, as another CBOR library writes it.
fn value() -> impl Strategy<Value = ciborium::Value> {
    use ciborium::Value;
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(6, 40, 8, |inner| {
        proptest::collection::vec(inner, 0..8).prop_map(Value::Array)
    })
}

proptest! {
    #[test]
    fn what_ciborium_writes_of_allowed_items_is_canonical(value in value()) {
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).unwrap();
        prop_assert_eq!(validate(&bytes), Ok(()));
    }

    #[test]
    fn what_is_accepted_has_no_other_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if validate(&bytes).is_ok() {
            let value: ciborium::Value = ciborium::from_reader(bytes.as_slice()).unwrap();
            let mut again = Vec::new();
            ciborium::into_writer(&value, &mut again).unwrap();
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = from_slice::<Sample>(&bytes);
    }
}

#[test]
fn errors_read_well() {
    let error = from_slice::<Sample>(&[0xa0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not canonical: item of a kind that is not allowed at byte 0"
    );
}

crate::secret_structure! {
    struct Hidden {
        word: String,
    }
}

#[test]
fn a_secret_structure_has_the_same_encoding_and_does_not_print() {
    let word = String::from("open sesame");
    let hidden = Hidden { word: word.clone() };
    assert_eq!(alloc::format!("{hidden:?}"), "Hidden { .. }");
    assert_eq!(to_vec(&hidden), [&[0x81][..], &to_vec(&word)].concat());
    assert_eq!(from_slice::<Hidden>(&to_vec(&hidden)), Ok(hidden));
}
