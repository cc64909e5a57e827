//! The contents of `docs/vectors/certificates.json`: everything follows from words.

use ed25519_dalek::Signer;
use etp_pki::scheme::{Authority, Request};
use etp_pki::{Leaf, Role, Subject, key_id, self_certified_domain, verify};
use libetp::Domain;
use libetp::codec::to_vec;
use libetp::digest::signature_input;
use serde_json::{Value, json};

use super::forge::{Extension, Forge, SCHEME};
use super::{NOW, authority, broken, der, hex, key, public, request, seed, seeds};

/// Where the document is, from the package's directory.
pub(crate) const PATH: &str = "../../docs/vectors/certificates.json";

/// The document's text.
pub(crate) fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap();
    text.push('\n');
    text
}

/// The document.
pub(crate) fn document() -> Value {
    let authority = authority(SCHEME);
    json!({
        "about": "A scheme from fixed seeds; see docs/protocol/certificates.md. Bytes are in \
                  hexadecimal digits.",
        "generate": "cargo run -p etp-pki --example vectors --features issue",
        "issued_at": NOW,
        "scheme": scheme(&authority),
        "key_ids": [key_id_vector("a card"), key_id_vector("a host")],
        "domains": [domain_vector("a card"), domain_vector("another card")],
        "valid": valid(&authority),
        "invalid": invalid(&authority),
        "signatures": [signature_vector()],
    })
}

fn scheme(authority: &Authority) -> Value {
    let file = authority.file();
    let seeds = seeds(SCHEME);
    let intermediates = Role::ALL.map(|role| {
        json!({
            "role": role.name(),
            "seed": hex(seeds.intermediates[role as usize]),
            "public": hex(file.anchors().of(role).unwrap()),
            "key": hex(file.pin(role)),
            "der": hex(file.intermediate(role)),
        })
    });
    json!({
        "name": file.name,
        "suite": file.suite,
        "epoch": file.epoch,
        "id": hex(file.id().unwrap()),
        "root_seed": hex(seeds.root),
        "root": hex(&file.root),
        "intermediates": intermediates,
        "anchors": hex(to_vec(&file.anchors())),
    })
}

fn key_id_vector(words: &str) -> Value {
    let public = public(words);
    json!({ "public": hex(public), "key": hex(key_id(&public)) })
}

fn domain_vector(words: &str) -> Value {
    let (sign, agree) = (public(words), seed(&format!("{words} agree")));
    let domain = self_certified_domain(&sign, &agree).to_string();
    json!({ "sign": hex(sign), "agree": hex(agree), "domain": domain })
}

fn valid(authority: &Authority) -> Vec<Value> {
    let mut all: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| plain(authority, role))
        .collect();
    let mut domain = [0xab; 12];
    domain[0] = 1;
    let attested = Request {
        subject: Subject::Domain(Domain(domain)),
        class: 2,
        code_hash: Some(seed("code")),
        epoch: 4_294_967_296,
        ..request(Role::Card, "another card")
    };
    let attested = authority.issue(Role::Card, &attested, NOW).unwrap();
    all.push(valid_vector(
        authority,
        "an attested card of an assigned domain",
        Role::Card,
        &attested,
    ));
    let mut extended = Forge::valid(Role::Host);
    extended
        .extensions
        .push(Extension::new(der::NONSENSE, false, vec![5, 0]));
    let extended = extended.der();
    all.push(valid_vector(
        authority,
        "an unknown extension, not critical",
        Role::Host,
        &extended,
    ));
    all
}

fn plain(authority: &Authority, role: Role) -> Value {
    let der = authority
        .issue(role, &request(role, &format!("a {role}")), NOW)
        .unwrap();
    valid_vector(authority, role.name(), role, &der)
}

fn valid_vector(authority: &Authority, name: &str, role: Role, der: &[u8]) -> Value {
    let leaf = verify(der, role, &authority.file().anchors()).unwrap();
    json!({ "name": name, "role": role.name(), "der": hex(der), "leaf": leaf_fields(&leaf) })
}

/// What a certificate says, field by field.
pub(crate) fn leaf_fields(leaf: &Leaf) -> Value {
    json!({
        "role": leaf.role.name(),
        "key": hex(leaf.key),
        "public": hex(leaf.public),
        "subject": leaf.subject.uri(),
        "class": leaf.class,
        "agree": leaf.agree.map(hex),
        "code_hash": leaf.code_hash.map(hex),
        "epoch": leaf.epoch,
        "not_before": leaf.not_before,
        "not_after": leaf.not_after,
    })
}

fn invalid(authority: &Authority) -> Vec<Value> {
    let whole = Forge::valid(Role::Card).der();
    let (cut, longer) = (
        whole[..whole.len() - 1].to_vec(),
        [whole.as_slice(), &[0]].concat(),
    );
    let bytes = [
        ("truncated", cut),
        ("a byte follows", longer),
        ("2,049 bytes", vec![0x30; 2_049]),
        (
            "a host where a card is required",
            Forge::valid(Role::Host).der(),
        ),
        (
            "an intermediate",
            authority.file().intermediate(Role::Card).to_vec(),
        ),
        ("a bit of the signature flipped", flipped(&whole)),
    ];
    let bytes = bytes.into_iter().map(|(name, der)| (name, Role::Card, der));
    let broken = broken::all().map(|it| (it.name, it.role, it.der()));
    let all = bytes.chain(broken);
    all.map(|(name, role, der)| invalid_vector(authority, name, role, &der))
        .collect()
}

fn invalid_vector(authority: &Authority, name: &str, role: Role, der: &[u8]) -> Value {
    let error = verify(der, role, &authority.file().anchors()).unwrap_err();
    json!({ "name": name, "role": role.name(), "error": error.name(), "der": hex(der) })
}

fn signature_vector() -> Value {
    let body = [7u8; 32];
    let input = signature_input("confirm", &body);
    json!({
        "signer": "card",
        "tag": "confirm",
        "body": hex(to_vec(&body)),
        "input": hex(&input),
        "signature": hex(key("a card").sign(&input).to_bytes()),
    })
}

fn flipped(der: &[u8]) -> Vec<u8> {
    let mut der = der.to_vec();
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
    der
}
