//! Certificates that break one rule each, and how they are refused.

use crate::support::der::{self, SEQUENCE, tlv};
use crate::support::forge::{Attributes, Extension, Forge, SCHEME};
use crate::support::{NOW, anchors, hex, intermediate, key, leaf, public, seed};
use etp_pki::{CertificateError, Role, Subject, verify};
use libetp::Domain;
use libetp::limits::CERTIFICATE_BYTES_MAX;

fn refusal(der: &[u8], role: Role) -> &'static str {
    verify(der, role, &anchors(SCHEME))
        .expect_err("it was accepted")
        .name()
}

/// How a certificate of a role is refused after one change.
fn changed(role: Role, change: impl FnOnce(&mut Forge)) -> &'static str {
    let mut forge = Forge::valid(role);
    change(&mut forge);
    refusal(&forge.der(), role)
}

fn with_attributes(role: Role, attributes: &Attributes) -> &'static str {
    changed(role, |forge| {
        *forge.extension(der::ATTRIBUTES) = Extension::attributes(attributes);
    })
}

fn with_name(role: Role, name: Extension) -> &'static str {
    changed(role, |forge| {
        forge.remove(der::SUBJECT_ALT_NAME);
        forge.extensions.push(name);
    })
}

#[test]
fn what_is_forged_without_a_change_is_accepted() {
    for role in Role::ALL {
        let leaf = verify(&Forge::valid(role).der(), role, &anchors(SCHEME)).unwrap();
        assert_eq!(leaf.public, public(&format!("a {role}")));
        assert_eq!((leaf.not_before, leaf.epoch), (NOW, 1));
    }
}

#[test]
fn the_role_must_be_one_critical_extended_key_usage() {
    let eku = der::EXTENDED_KEY_USAGE;
    let is = |change: fn(&mut Forge), name| assert_eq!(changed(Role::Card, change), name);
    is(
        |forge| forge.remove(der::EXTENDED_KEY_USAGE),
        "role-missing",
    );
    is(
        |forge| forge.extension(der::EXTENDED_KEY_USAGE).critical = false,
        "role-not-critical",
    );
    is(
        |forge| *forge.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[1, 2]),
        "role-not-one",
    );
    is(
        |forge| *forge.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[1, 1]),
        "role-not-one",
    );
    is(
        |forge| *forge.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[]),
        "role-not-one",
    );
    is(
        |forge| *forge.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[7]),
        "role-unknown",
    );
    is(
        |forge| *forge.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[0]),
        "role-unknown",
    );
    let server_auth = tlv(SEQUENCE, &[&[0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 1]]);
    let tls = changed(Role::Host, |forge| {
        forge.extension(eku).contents = server_auth;
    });
    assert_eq!(tls, "role-unknown");
    let garbled = changed(Role::Card, |forge| {
        forge.extension(eku).contents = vec![5, 0];
    });
    assert_eq!(garbled, "extension");
}

#[test]
fn the_set_of_extensions_is_judged() {
    let push = |extension: Extension| changed(Role::Host, |forge| forge.extensions.push(extension));
    assert_eq!(
        push(Extension::new(der::NONSENSE, true, vec![5, 0])),
        "unknown-critical"
    );
    assert_eq!(push(Extension::key_usage()), "duplicate-extension");
    assert_eq!(push(Extension::role(&[1])), "duplicate-extension");
    assert_eq!(
        push(Extension::new(
            der::NAME_CONSTRAINTS,
            true,
            uri_constraints()
        )),
        "name-constraints"
    );
    assert_eq!(
        push(Extension::new(
            der::NAME_CONSTRAINTS,
            false,
            uri_constraints()
        )),
        "name-constraints"
    );
    assert_eq!(
        push(Extension::new(der::BASIC_CONSTRAINTS, true, authority())),
        "authority"
    );
    assert_eq!(
        push(Extension::new(der::BASIC_CONSTRAINTS, true, vec![5, 0])),
        "extension"
    );
    assert_eq!(
        changed(Role::Host, |forge| forge.extensions.clear()),
        "key-usage"
    );
}

#[test]
fn what_others_may_add_is_passed_over() {
    let mut forge = Forge::valid(Role::Host);
    forge
        .extensions
        .push(Extension::new(der::NONSENSE, false, vec![5, 0]));
    let no_authority = Extension::new(der::BASIC_CONSTRAINTS, true, tlv(SEQUENCE, &[]));
    forge.extensions.push(no_authority);
    forge.extension(der::SUBJECT_ALT_NAME).critical = true;
    assert!(verify(&forge.der(), Role::Host, &anchors(SCHEME)).is_ok());
}

#[test]
fn the_key_usage_is_digital_signature_and_nothing_else() {
    let with = |extension: Extension| {
        changed(Role::Card, |forge| {
            *forge.extension(der::KEY_USAGE) = extension;
        })
    };
    let usage = |critical, bits: &[u8]| {
        with(Extension::new(
            der::KEY_USAGE,
            critical,
            tlv(der::BITS, &[bits]),
        ))
    };
    assert_eq!(usage(true, &[2, 0x84]), "key-usage");
    assert_eq!(usage(true, &[2, 0x04]), "key-usage");
    assert_eq!(usage(false, &[7, 0x80]), "key-usage");
    assert_eq!(
        changed(Role::Card, |forge| forge.remove(der::KEY_USAGE)),
        "key-usage"
    );
}

#[test]
fn the_attributes_are_judged() {
    let card = Attributes::of_card;
    let id = der::ATTRIBUTES;
    assert_eq!(
        changed(Role::Card, |forge| forge.remove(id)),
        "attributes-missing"
    );
    assert_eq!(
        changed(Role::Card, |forge| forge.extension(id).critical = true),
        "attributes-critical"
    );
    assert_eq!(
        with_attributes(Role::Card, &Attributes { suite: 2, ..card() }),
        "suite"
    );
    assert_eq!(
        with_attributes(Role::Card, &Attributes { suite: 0, ..card() }),
        "suite"
    );
    assert_eq!(
        with_attributes(Role::Card, &Attributes { class: 3, ..card() }),
        "class"
    );
    assert_eq!(
        with_attributes(
            Role::Card,
            &Attributes {
                agree: None,
                ..card()
            }
        ),
        "agreement-key"
    );
    assert_eq!(
        with_attributes(
            Role::Host,
            &Attributes {
                class: 1,
                ..Attributes::of_key()
            }
        ),
        "class"
    );
    assert_eq!(with_attributes(Role::Service, &card()), "agreement-key");
    let bytes = |bytes: &[u8]| {
        changed(Role::Card, |forge| {
            *forge.extension(id) = Extension::attributes_bytes(bytes);
        })
    };
    assert_eq!(bytes(&[]), "attributes");
    assert_eq!(bytes(&[0x80]), "attributes");
    assert_eq!(bytes(&[card().encoded(), vec![0]].concat()), "attributes");
    let long_form = [&[0x85, 0x18, 0x01][..], &card().encoded()[2..]].concat();
    assert_eq!(
        bytes(&long_form),
        "attributes",
        "an integer that is not in shortest form"
    );
    assert_eq!(
        changed(Role::Card, |forge| forge.extension(id).contents =
            card().encoded()),
        "extension"
    );
}

#[test]
fn the_highest_class_is_two() {
    let mut forge = Forge::valid(Role::Card);
    let attributes = Attributes {
        class: 2,
        code_hash: Some([7; 32]),
        ..Attributes::of_card()
    };
    *forge.extension(der::ATTRIBUTES) = Extension::attributes(&attributes);
    let leaf = verify(&forge.der(), Role::Card, &anchors(SCHEME)).unwrap();
    assert_eq!((leaf.class, leaf.code_hash), (2, Some([7; 32])));
}

#[test]
fn the_name_is_one_uri_of_the_kind_of_the_role() {
    let host = format!("urn:etp:host:{}", hex(etp_pki::key_id(&public("a host"))));
    let card = "urn:etp:domain:0100000000000000000000aa";
    let no_name = |role| changed(role, |forge| forge.remove(der::SUBJECT_ALT_NAME));
    assert_eq!(no_name(Role::Card), "subject-missing");
    assert_eq!(no_name(Role::Host), "subject-missing");
    assert_eq!(
        with_name(Role::Card, Extension::uri(&host)),
        "subject-of-other-role"
    );
    assert_eq!(
        with_name(Role::Host, Extension::uri(card)),
        "subject-of-other-role"
    );
    for role in [Role::Issuer, Role::Redeemer, Role::Service, Role::OffCard] {
        assert_eq!(
            with_name(role, Extension::uri(&host)),
            "subject-of-other-role"
        );
        assert_eq!(
            with_name(role, Extension::uri(card)),
            "subject-of-other-role"
        );
    }
    let dns = Extension::names(&[(der::DNS, "host.example.org")]);
    assert_eq!(with_name(Role::Host, dns), "subject-not-one-uri");
    let both = Extension::names(&[(der::URI, &host), (der::DNS, "host.example.org")]);
    assert_eq!(with_name(Role::Host, both), "subject-not-one-uri");
    assert_eq!(
        with_name(Role::Host, Extension::names(&[])),
        "subject-not-one-uri"
    );
    for uri in [
        "urn:etp:host:",
        "urn:etp:host:00",
        &host[..host.len() - 1],
        "https://example.org/",
    ] {
        assert_eq!(
            with_name(Role::Host, Extension::uri(uri)),
            "subject-uri",
            "{uri}"
        );
    }
    let upper = host.replace("urn:etp:host:", "").to_uppercase();
    let upper = Extension::uri(&format!("urn:etp:host:{upper}"));
    assert_eq!(with_name(Role::Host, upper), "subject-uri");
}

#[test]
fn a_name_follows_from_the_keys() {
    let other = format!(
        "urn:etp:host:{}",
        hex(etp_pki::key_id(&public("somebody else")))
    );
    assert_eq!(
        with_name(Role::Host, Extension::uri(&other)),
        "subject-not-of-key"
    );
    let other = etp_pki::self_certified_domain(&public("a card"), &seed("other agreement key"));
    let other = Extension::uri(&format!("urn:etp:domain:{other}"));
    assert_eq!(with_name(Role::Card, other), "subject-not-of-key");
    for first in ["00", "03", "ff"] {
        let uri = format!("urn:etp:domain:{first}{}", "11".repeat(11));
        assert_eq!(with_name(Role::Card, Extension::uri(&uri)), "domain-kind");
    }
}

#[test]
fn an_authority_may_assign_a_domain() {
    let mut forge = Forge::valid(Role::Card);
    let uri = format!("urn:etp:domain:01{}", "ab".repeat(11));
    *forge.extension(der::SUBJECT_ALT_NAME) = Extension::uri(&uri);
    let leaf = verify(&forge.der(), Role::Card, &anchors(SCHEME)).unwrap();
    let mut domain = [0xab; 12];
    domain[0] = 1;
    assert_eq!(leaf.subject, Subject::Domain(Domain(domain)));
    assert_eq!(leaf.subject.uri(), Some(uri));
}

#[test]
fn only_version_3_and_ed25519_are_spoken() {
    let is = |change: fn(&mut Forge), name| assert_eq!(changed(Role::Host, change), name);
    is(|forge| forge.version = tlv(0xa0, &[&[2, 1, 1]]), "version");
    is(|forge| forge.version.clear(), "version");
    is(|forge| forge.unique_id = tlv(0x81, &[&[0, 1]]), "version");
    is(|forge| forge.unique_id = tlv(0x82, &[&[0, 1]]), "version");
    is(|forge| forge.inner_algorithm = x448(), "algorithm");
    is(|forge| forge.outer_algorithm = x448(), "algorithm");
    is(|forge| forge.public_key_info[8] = 0x71, "algorithm");
    is(
        |forge| forge.outer_algorithm = tlv(SEQUENCE, &[der::ED25519, &[5, 0]]),
        "algorithm",
    );
}

#[test]
fn the_key_must_be_usable() {
    let with_key = |key: &[u8]| {
        changed(Role::Issuer, |forge| {
            forge.public_key_info = der::public_key_info(der::ED25519, key);
        })
    };
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(with_key(&identity), "key", "small order");
    let mut no_point = [0; 32];
    no_point[0] = 2;
    assert_eq!(with_key(&no_point), "key", "not on the curve");
    assert_eq!(with_key(&[9; 31]), "key");
    assert_eq!(with_key(&[9; 33]), "key");
}

#[test]
fn the_dates_are_in_order_and_in_the_one_form() {
    let dates = |tag: u8, dates: [&str; 2]| {
        changed(Role::Host, |forge| {
            forge.dates = dates.map(|date| tlv(tag, &[date.as_bytes()])).into();
        })
    };
    assert_eq!(
        dates(der::UTC_TIME, ["260101000001Z", "260101000000Z"]),
        "validity"
    );
    let early = ["20260101000000Z", "20270101000000Z"];
    assert_eq!(
        dates(der::GENERALIZED_TIME, early),
        "not-der",
        "before 2050 it is UTCTime"
    );
    assert_eq!(
        dates(der::UTC_TIME, ["261301000000Z", "270101000000Z"]),
        "not-a-certificate"
    );
}

#[test]
fn dates_are_judged_by_those_who_have_a_clock() {
    let leaf = verify(&leaf("dated", Role::Host), Role::Host, &anchors("dated")).unwrap();
    let (from, to) = (leaf.not_before, leaf.not_after);
    assert_eq!(
        leaf.valid_at(from - 1),
        Err(CertificateError::NotYetValid(from))
    );
    assert_eq!(leaf.valid_at(from), Ok(()));
    assert_eq!(leaf.valid_at(to), Ok(()));
    assert_eq!(leaf.valid_at(to + 1), Err(CertificateError::Expired(to)));
}

#[test]
fn nobody_signs_for_himself_or_for_others() {
    let mut own = Forge::valid(Role::Issuer);
    own.signer = key("an issuer");
    own.public_key_info = der::public_key_info(der::ED25519, &public("an issuer"));
    assert_eq!(refusal(&own.der(), Role::Issuer), "issuer", "self-signed");
    let by_root = Forge {
        signer: key("vectors root"),
        ..Forge::valid(Role::Issuer)
    };
    assert_eq!(
        refusal(&by_root.der(), Role::Issuer),
        "issuer",
        "the root signs no leaves"
    );
    let by_leaf = Forge {
        signer: key("a issuer"),
        ..Forge::valid(Role::Issuer)
    };
    assert_eq!(
        refusal(&by_leaf.der(), Role::Issuer),
        "issuer",
        "a leaf signs no leaves"
    );
    let swapped = Forge {
        signer: intermediate(SCHEME, Role::Card),
        ..Forge::valid(Role::Issuer)
    };
    assert_eq!(
        refusal(&swapped.der(), Role::Issuer),
        "issuer",
        "swapped intermediate"
    );
    let authority = crate::support::authority(SCHEME);
    let intermediate = authority.file().intermediate(Role::Issuer);
    assert_eq!(
        refusal(intermediate, Role::Issuer),
        "authority",
        "an intermediate is no leaf"
    );
}

#[test]
fn a_signature_of_another_certificate_does_not_fit() {
    let other = Forge::valid(Role::Issuer);
    let mut forge = other.clone();
    let attributes = Attributes {
        epoch: 2,
        ..Attributes::of_key()
    };
    *forge.extension(der::ATTRIBUTES) = Extension::attributes(&attributes);
    use ed25519_dalek::Signer;
    let stolen = other.signer.sign(&other.tbs()).to_bytes();
    assert_eq!(
        refusal(&forge.assemble(&forge.tbs(), &stolen), Role::Issuer),
        "issuer"
    );
    for length in [0, 63, 65] {
        let der = forge.assemble(&forge.tbs(), &vec![1; length]);
        assert_eq!(refusal(&der, Role::Issuer), "algorithm", "{length} bytes");
    }
}

#[test]
fn every_truncation_and_every_trailing_byte_is_refused() {
    let der = Forge::valid(Role::Card).der();
    for end in 0..der.len() {
        assert_eq!(
            refusal(&der[..end], Role::Card),
            "not-a-certificate",
            "{end} bytes"
        );
    }
    for trailing in [0x00, 0x05, 0x30, 0xff] {
        let longer = [der.as_slice(), &[trailing]].concat();
        assert_eq!(refusal(&longer, Role::Card), "not-a-certificate");
    }
    assert_eq!(
        refusal(&[der.clone(), der].concat(), Role::Card),
        "not-a-certificate"
    );
}

#[test]
fn length_is_bounded() {
    let padded = |padding: usize| {
        let mut forge = Forge::valid(Role::Card);
        forge
            .extensions
            .push(Extension::new(der::NONSENSE, false, vec![0; padding]));
        forge.der()
    };
    // All lengths around have the same form, so that a byte more is a byte more.
    let padding = 1_000 + CERTIFICATE_BYTES_MAX - padded(1_000).len();
    let largest = padded(padding);
    assert_eq!(largest.len(), CERTIFICATE_BYTES_MAX);
    assert!(verify(&largest, Role::Card, &anchors(SCHEME)).is_ok());
    let past = padded(padding + 1);
    assert_eq!(past.len(), CERTIFICATE_BYTES_MAX + 1);
    let refused = verify(&past, Role::Card, &anchors(SCHEME));
    assert_eq!(
        refused,
        Err(CertificateError::TooLong(CERTIFICATE_BYTES_MAX + 1))
    );
}

#[test]
fn a_signature_is_for_one_key_one_tag_and_one_body() {
    use ed25519_dalek::Signer;
    let holder = key("a card");
    let leaf = verify(
        &Forge::valid(Role::Card).der(),
        Role::Card,
        &anchors(SCHEME),
    )
    .unwrap();
    let body = [7u8; 32];
    let signature = holder
        .sign(&libetp::digest::signature_input("hello", &body))
        .to_bytes();
    assert_eq!(leaf.check_signature("hello", &body, &signature), Ok(()));
    let refused = Err(CertificateError::Signature);
    assert_eq!(leaf.check_signature("serve", &body, &signature), refused);
    assert_eq!(
        leaf.check_signature("hello", &[8u8; 32], &signature),
        refused
    );
    let other = key("another card").sign(&libetp::digest::signature_input("hello", &body));
    assert_eq!(
        leaf.check_signature("hello", &body, &other.to_bytes()),
        refused
    );
    let mut high = signature;
    high[63] |= 0x80;
    assert_eq!(leaf.check_signature("hello", &body, &high), refused);
}

/// With a key of small order, one signature fits every message unless small order is refused.
#[test]
fn a_signature_that_fits_every_message_is_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut fits_all = [0; 64];
    fits_all[0] = 1;
    let checked = etp_pki::check_signature(&identity, "hello", &[7u8; 32], &fits_all);
    assert_eq!(checked, Err(CertificateError::Signature));
    let mut anchors = anchors(SCHEME);
    anchors.intermediates.0[Role::Card as usize] = identity;
    let forge = Forge::valid(Role::Card);
    let der = forge.assemble(&forge.tbs(), &fits_all);
    assert_eq!(
        verify(&der, Role::Card, &anchors),
        Err(CertificateError::Issuer(Role::Card))
    );
}

fn x448() -> Vec<u8> {
    der::algorithm(&[0x06, 0x03, 0x2b, 0x65, 0x71])
}

/// Permits URIs of one host.
fn uri_constraints() -> Vec<u8> {
    let subtree = tlv(SEQUENCE, &[&tlv(der::URI, &[b"example.org"])]);
    tlv(SEQUENCE, &[&tlv(0xa0, &[&subtree])])
}

fn authority() -> Vec<u8> {
    tlv(SEQUENCE, &[&[1, 1, 0xff]])
}
