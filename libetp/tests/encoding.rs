//! The code against `docs/vectors/encoding.json`, whose values an encoder in another language made.

#![allow(
    clippy::unwrap_used,
    reason = "a vector that cannot be read is a failure"
)]

use libetp::codec::{Encode, Encoder, canonical};
use libetp::digest::{sha256, signature_input};
use libetp::{EntityId, Message, Mtype};
use serde_json::Value;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/vectors/encoding.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list<'a>(vectors: &'a Value, name: &str) -> &'a Vec<Value> {
    let list = vectors[name].as_array().unwrap();
    assert!(!list.is_empty(), "{name}");
    list
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let digits = text(value);
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// A value of the vectors, encoded by the codec.
struct Item<'v>(&'v Value);

impl Encode for Item<'_> {
    fn encode(&self, to: &mut Encoder) {
        match self.0 {
            Value::Null => None::<u8>.encode(to),
            Value::Bool(value) => value.encode(to),
            Value::Number(number) => match number.as_u64() {
                Some(value) => value.encode(to),
                None => number.as_i64().unwrap().encode(to),
            },
            Value::String(value) => value.encode(to),
            Value::Object(_) => bytes(&self.0["bytes"]).encode(to),
            Value::Array(items) => {
                to.array(items.len() as u64).unwrap();
                items.iter().for_each(|item| Item(item).encode(to));
            }
        }
    }
}

fn encoded(value: &Value) -> Vec<u8> {
    libetp::codec::to_vec(&Item(value))
}

#[test]
fn ids_are_written_and_read_as_the_vectors_say() {
    let vectors = vectors();
    for id in list(&vectors, "ids") {
        let parsed: EntityId = text(&id["text"]).parse().unwrap();
        assert_eq!(parsed.to_bytes().as_slice(), bytes(&id["bytes"]));
        assert_eq!(uuid::Uuid::from(parsed).to_string(), text(&id["uuid"]));
        assert_eq!(parsed.to_string(), text(&id["text"]));
    }
    for id in list(&vectors, "bad_ids") {
        assert!(text(id).parse::<EntityId>().is_err(), "{id}");
    }
}

#[test]
fn messages_are_written_and_read_as_the_vectors_say() {
    for vector in list(&vectors(), "messages") {
        let id = |field: &str| text(&vector[field]).parse().unwrap();
        let mtype = Mtype(vector["mtype"].as_u64().unwrap().try_into().unwrap());
        let message = Message::new(id("src"), id("dst"), mtype, bytes(&vector["param"]));
        assert_eq!(message.to_bytes(), bytes(&vector["bytes"]));
        assert_eq!(Message::from_bytes(&bytes(&vector["bytes"])), Ok(message));
    }
}

#[test]
fn values_have_the_encoding_of_the_vectors_and_no_other() {
    let vectors = vectors();
    for vector in list(&vectors, "canonical") {
        assert_eq!(
            encoded(&vector["value"]),
            bytes(&vector["bytes"]),
            "{vector}"
        );
        assert_eq!(
            canonical::validate(&bytes(&vector["bytes"])),
            Ok(()),
            "{vector}"
        );
    }
    for vector in list(&vectors, "not_canonical") {
        assert!(
            canonical::validate(&bytes(&vector["bytes"])).is_err(),
            "{vector}"
        );
    }
}

#[test]
fn hashes_and_signature_inputs_are_those_of_the_vectors() {
    let vectors = vectors();
    for vector in list(&vectors, "hashes") {
        let mut fields = vec![vector["tag"].clone(), libetp::digest::SUITE.into()];
        fields.extend(vector["fields"].as_array().unwrap().iter().cloned());
        let input = encoded(&Value::Array(fields));
        assert_eq!(input, bytes(&vector["input"]));
        assert_eq!(sha256(&input).as_slice(), bytes(&vector["hash"]));
    }
    for vector in list(&vectors, "signature_inputs") {
        let input = signature_input(text(&vector["tag"]), &Item(&vector["body"]));
        assert_eq!(input, bytes(&vector["input"]));
    }
    let n2 = libetp::params::voucher::n2_hash(&[7; 32]);
    assert_eq!(n2.as_slice(), bytes(&list(&vectors, "hashes")[0]["hash"]));
}
