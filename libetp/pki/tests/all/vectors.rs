//! `docs/vectors/certificates.json` and the code say the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use etp_pki::{Anchors, CertificateError, Role, key_id, self_certified_domain, verify};
use libetp::codec::from_slice;
use serde_json::Value;

use crate::support::{unhex, vectors};

fn document() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(vectors::PATH);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

fn bytes(value: &Value, field: &str) -> Vec<u8> {
    unhex(text(value, field))
}

fn array<const N: usize>(value: &Value, field: &str) -> [u8; N] {
    bytes(value, field).try_into().unwrap()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().unwrap()
}

fn role(value: &Value) -> Role {
    text(value, "role").parse().unwrap()
}

fn anchors(document: &Value) -> Anchors {
    from_slice(&bytes(&document["scheme"], "anchors")).unwrap()
}

#[test]
fn anchors_are_the_keys_of_the_intermediates() {
    let document = document();
    let anchors = anchors(&document);
    let intermediates = list(&document["scheme"], "intermediates");
    assert_eq!(intermediates.len(), Role::ALL.len());
    for it in intermediates {
        let public: [u8; 32] = array(it, "public");
        assert_eq!(anchors.of(role(it)), Some(&public));
        assert_eq!(key_id(&public), array(it, "key"));
        assert!(bytes(it, "der").windows(32).any(|window| window == public));
    }
}

#[test]
fn valid_certificates_say_what_is_expected() {
    let document = document();
    for vector in list(&document, "valid") {
        let leaf = verify(&bytes(vector, "der"), role(vector), &anchors(&document)).unwrap();
        assert_eq!(
            vectors::leaf_fields(&leaf),
            vector["leaf"],
            "{}",
            text(vector, "name")
        );
    }
}

#[test]
fn invalid_certificates_are_refused_by_name() {
    let document = document();
    let anchors = anchors(&document);
    let mut names = BTreeSet::new();
    for vector in list(&document, "invalid") {
        let refused = verify(&bytes(vector, "der"), role(vector), &anchors).unwrap_err();
        assert_eq!(
            refused.name(),
            text(vector, "error"),
            "{}",
            text(vector, "name")
        );
        names.insert(refused.name());
    }
    let judged_elsewhere = ["no-anchor", "not-yet-valid", "expired", "signature"];
    let known = CertificateError::NAMES.iter().copied();
    let missing: Vec<_> = known.filter(|name| !names.contains(name)).collect();
    assert_eq!(missing, judged_elsewhere, "each refusal has a vector");
}

#[test]
fn key_ids_domains_and_signatures_are_derived_alike() {
    let document = document();
    for vector in list(&document, "key_ids") {
        assert_eq!(key_id(&array(vector, "public")), array(vector, "key"));
    }
    for vector in list(&document, "domains") {
        let domain = self_certified_domain(&array(vector, "sign"), &array(vector, "agree"));
        assert_eq!(domain.to_string(), text(vector, "domain"));
    }
    let card = list(&document, "valid")
        .iter()
        .find(|it| it["name"] == "card")
        .unwrap();
    let leaf = verify(&bytes(card, "der"), Role::Card, &anchors(&document)).unwrap();
    for vector in list(&document, "signatures") {
        let body: [u8; 32] = from_slice(&bytes(vector, "body")).unwrap();
        let signature = array(vector, "signature");
        assert_eq!(
            leaf.check_signature(text(vector, "tag"), &body, &signature),
            Ok(())
        );
    }
}

#[test]
fn the_file_is_what_the_generator_writes() {
    assert!(document() == vectors::document(), "run the generator again");
}
