//! Certificates that break one rule each.

use etp_pki::{Role, key_id};

use super::der::{self, SEQUENCE, tlv};
use super::forge::{Attributes, Extension, Forge, SCHEME};
use super::{hex, intermediate, key, public};

/// A valid certificate and the one change that breaks it.
pub(crate) struct Broken {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    change: fn(&mut Forge),
}

impl Broken {
    /// The certificate, changed and then signed.
    pub(crate) fn der(&self) -> Vec<u8> {
        let mut forge = Forge::valid(self.role);
        (self.change)(&mut forge);
        forge.der()
    }
}

/// Every one.
pub(crate) fn all() -> impl Iterator<Item = Broken> {
    let groups = [
        roles(),
        extensions(),
        attributes(),
        names(),
        envelopes(),
        signers(),
    ];
    groups.into_iter().flatten()
}

fn broken(name: &'static str, role: Role, change: fn(&mut Forge)) -> Broken {
    Broken { name, role, change }
}

fn roles() -> Vec<Broken> {
    vec![
        broken("no extended key usage", Role::Card, |it| {
            it.remove(der::EXTENDED_KEY_USAGE);
        }),
        broken("extended key usage not critical", Role::Card, |it| {
            it.extension(der::EXTENDED_KEY_USAGE).critical = false;
        }),
        broken("two roles", Role::Card, |it| {
            *it.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[1, 2]);
        }),
        broken("a purpose that is no role", Role::Card, |it| {
            *it.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[7]);
        }),
    ]
}

fn extensions() -> Vec<Broken> {
    vec![
        broken("unknown critical extension", Role::Host, |it| {
            it.extensions
                .push(Extension::new(der::NONSENSE, true, vec![5, 0]));
        }),
        broken("an extension twice", Role::Host, |it| {
            it.extensions.push(Extension::key_usage());
        }),
        broken("URI name constraints", Role::Host, |it| {
            let uri = tlv(SEQUENCE, &[&tlv(der::URI, &[b"example.org"])]);
            let contents = tlv(SEQUENCE, &[&tlv(0xa0, &[&uri])]);
            it.extensions
                .push(Extension::new(der::NAME_CONSTRAINTS, true, contents));
        }),
        broken("an authority", Role::Host, |it| {
            let contents = tlv(SEQUENCE, &[&[1, 1, 0xff]]);
            it.extensions
                .push(Extension::new(der::BASIC_CONSTRAINTS, true, contents));
        }),
        broken("key usage also keyCertSign", Role::Card, |it| {
            it.extension(der::KEY_USAGE).contents = tlv(der::BITS, &[&[2, 0x84]]);
        }),
        broken("an extension that cannot be read", Role::Card, |it| {
            it.extension(der::KEY_USAGE).contents = vec![5, 0];
        }),
    ]
}

fn attributes() -> Vec<Broken> {
    vec![
        broken("no attributes", Role::Card, |it| it.remove(der::ATTRIBUTES)),
        broken("attributes critical", Role::Card, |it| {
            it.extension(der::ATTRIBUTES).critical = true;
        }),
        broken("attributes cut short", Role::Card, |it| {
            *it.extension(der::ATTRIBUTES) = Extension::attributes_bytes(&[0x85, 1]);
        }),
        broken("another suite", Role::Card, |it| {
            put(
                it,
                Attributes {
                    suite: 2,
                    ..Attributes::of_card()
                },
            );
        }),
        broken("class 3", Role::Card, |it| {
            put(
                it,
                Attributes {
                    class: 3,
                    ..Attributes::of_card()
                },
            );
        }),
        broken("a host with a class", Role::Host, |it| {
            put(
                it,
                Attributes {
                    class: 1,
                    ..Attributes::of_key()
                },
            );
        }),
        broken("a card without an X25519 key", Role::Card, |it| {
            put(it, Attributes::of_key());
        }),
        broken("an issuer with an X25519 key", Role::Issuer, |it| {
            put(it, Attributes::of_card());
        }),
    ]
}

fn names() -> Vec<Broken> {
    vec![
        broken("a card without a name", Role::Card, |it| {
            it.remove(der::SUBJECT_ALT_NAME);
        }),
        broken("an issuer with a host's name", Role::Issuer, |it| {
            it.extensions.push(Extension::uri(&host_uri("a issuer")));
        }),
        broken("a DNS name", Role::Host, |it| {
            *it.extension(der::SUBJECT_ALT_NAME) = Extension::names(&[(der::DNS, "example.org")]);
        }),
        broken("another URI", Role::Host, |it| {
            *it.extension(der::SUBJECT_ALT_NAME) = Extension::uri("https://example.org/");
        }),
        broken("the name of another key", Role::Host, |it| {
            *it.extension(der::SUBJECT_ALT_NAME) = Extension::uri(&host_uri("somebody else"));
        }),
        broken("a domain of unknown kind", Role::Card, |it| {
            let uri = format!("urn:etp:domain:{}", "07".repeat(12));
            *it.extension(der::SUBJECT_ALT_NAME) = Extension::uri(&uri);
        }),
    ]
}

fn envelopes() -> Vec<Broken> {
    vec![
        broken("version 2", Role::Host, |it| {
            it.version = tlv(0xa0, &[&[2, 1, 1]]);
        }),
        broken("a key of Ed448", Role::Host, |it| {
            it.public_key_info[8] = 0x71;
        }),
        broken("GeneralizedTime before 2050", Role::Host, |it| {
            let dates = ["20260101000000Z", "20270101000000Z"];
            it.dates = dates
                .map(|date| tlv(der::GENERALIZED_TIME, &[date.as_bytes()]))
                .into();
        }),
        broken("ends before it begins", Role::Host, |it| it.dates.reverse()),
        broken("a key of small order", Role::Issuer, |it| {
            let mut key = [0; 32];
            key[0] = 1;
            it.public_key_info = der::public_key_info(der::ED25519, &key);
        }),
    ]
}

fn signers() -> Vec<Broken> {
    vec![
        broken("self-signed", Role::Issuer, |it| {
            it.signer = key("a issuer");
        }),
        broken(
            "signed by the intermediate of another role",
            Role::Issuer,
            |it| {
                it.signer = intermediate(SCHEME, Role::Card);
            },
        ),
        broken("signed by the root", Role::Issuer, |it| {
            it.signer = key("vectors root");
        }),
    ]
}

fn put(forge: &mut Forge, attributes: Attributes) {
    *forge.extension(der::ATTRIBUTES) = Extension::attributes(&attributes);
}

fn host_uri(words: &str) -> String {
    format!("urn:etp:host:{}", hex(key_id(&public(words))))
}
