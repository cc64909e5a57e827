//! Schemes on disk, and what the check finds in them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ed25519_dalek::SigningKey;
use etp_pki::scheme::{Identity, Named, Problem, Request, Scheme, SchemeError, SchemeFile};
use etp_pki::scheme::{SCHEME_NAME_BYTES_MAX, inspect, load_leaves, now, read_certificates};
use etp_pki::{CertificateError, Role, key_id, verify};
use tempfile::TempDir;

use crate::support::der::{self, SEQUENCE, tlv};
use crate::support::forge::{Extension, Forge};
use crate::support::{NOW, authority, hex, key, public, request};

const YEAR_S: u64 = 365 * 86_400;

fn scheme() -> (TempDir, Scheme) {
    let directory = tempfile::tempdir().unwrap();
    let scheme = Scheme::create(directory.path().join("scheme"), "test").unwrap();
    (directory, scheme)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn private_keys_are_private() {
    let (directory, _) = scheme();
    let keys = directory.path().join("scheme/keys");
    assert_eq!(mode(&keys), 0o700);
    assert_eq!(mode(&directory.path().join("scheme")), 0o700);
    let names: Vec<_> = fs::read_dir(&keys)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(
        names.len(),
        1 + Role::ALL.len(),
        "no temporary file is left: {names:?}"
    );
    assert!(names.iter().all(|path| mode(path) == 0o600));
}

#[test]
fn keys_that_others_may_read_are_refused() {
    let (directory, _) = scheme();
    let path = directory.path().join("scheme");
    let open_up = |at: &str, bits| {
        fs::set_permissions(path.join(at), fs::Permissions::from_mode(bits)).unwrap();
    };
    for bits in [0o640, 0o604, 0o620, 0o601] {
        open_up("keys/card.key", bits);
        assert!(
            matches!(Scheme::open(&path), Err(SchemeError::Permissions { .. })),
            "{bits:o}"
        );
    }
    open_up("keys/card.key", 0o600);
    open_up("keys", 0o750);
    assert!(matches!(
        Scheme::open(&path),
        Err(SchemeError::Permissions { .. })
    ));
    open_up("keys", 0o700);
    assert!(Scheme::open(&path).is_ok());
}

#[test]
fn the_root_may_be_elsewhere_and_so_may_signing_keys() {
    let (directory, _) = scheme();
    let path = directory.path().join("scheme");
    fs::remove_file(path.join("keys/root.key")).unwrap();
    fs::remove_file(path.join("keys/host.key")).unwrap();
    let scheme = Scheme::open(&path).unwrap();
    assert!(
        scheme
            .issue(Role::Card, &request(Role::Card, "card"))
            .is_ok()
    );
    let host = scheme.issue(Role::Host, &request(Role::Host, "host"));
    assert!(
        matches!(host, Err(SchemeError::SigningKeyMissing(Role::Host))),
        "{host:?}"
    );
}

#[test]
fn a_signing_key_must_be_the_pinned_one() {
    let (directory, _) = scheme();
    let keys = directory.path().join("scheme/keys");
    fs::copy(keys.join("host.key"), keys.join("card.key")).unwrap();
    let opened = Scheme::open(directory.path().join("scheme")).err();
    assert!(
        matches!(opened, Some(SchemeError::SigningKeyMismatch(Role::Card))),
        "{opened:?}"
    );
}

#[test]
fn nothing_is_overwritten() {
    let (directory, scheme) = scheme();
    let path = directory.path().join("scheme");
    let before = fs::read(path.join("scheme.toml")).unwrap();
    assert!(matches!(
        Scheme::create(&path, "test"),
        Err(SchemeError::Exists(_))
    ));
    assert_eq!(fs::read(path.join("scheme.toml")).unwrap(), before);
    let out = directory.path().join("out");
    let enrol = || {
        scheme
            .enrol(Role::Host, |public| Request::host(public, 1))
            .unwrap()
    };
    enrol().write(&out, "host").unwrap();
    assert!(matches!(
        enrol().write(&out, "host"),
        Err(SchemeError::Exists(_))
    ));
}

#[test]
fn names_are_plain() {
    let directory = tempfile::tempdir().unwrap();
    let create = |name: &str| Scheme::create(directory.path().join("s"), name);
    let longest = "n".repeat(SCHEME_NAME_BYTES_MAX);
    for name in ["", "a,CN=b", "a b", "ä", "a\nb", &format!("{longest}n")] {
        assert!(matches!(create(name), Err(SchemeError::Name)), "{name:?}");
    }
    assert!(create(&longest).is_ok());
}

#[test]
fn an_identity_is_read_back() {
    let (directory, scheme) = scheme();
    let out = directory.path().join("out");
    let made = scheme
        .enrol(Role::Host, |public| Request::host(public, 1))
        .unwrap();
    made.write(&out, "host").unwrap();
    assert_eq!((mode(&out.join("host.key")), mode(&out)), (0o600, 0o700));
    let at = |name: &str| out.join(name);
    let above = at("host-intermediate.der");
    let read = Identity::load(&at("host.der"), Some(&above), &at("host.key")).unwrap();
    assert_eq!(
        (&read.leaf, &read.intermediate),
        (&made.leaf, &made.intermediate)
    );
    assert_eq!(read.key().to_bytes(), made.key().to_bytes());
    let leaf = verify(&read.leaf, Role::Host, &scheme.file().anchors()).unwrap();
    assert_eq!(leaf.valid_at(now().unwrap()), Ok(()));
    assert_eq!(
        read.pkcs8().unwrap().len(),
        48,
        "RFC 8410, section 7, version 1"
    );
}

#[test]
fn key_and_certificate_must_belong_together() {
    let (directory, scheme) = scheme();
    let out = directory.path().join("out");
    for stem in ["one", "two"] {
        let made = scheme
            .enrol(Role::Host, |public| Request::host(public, 1))
            .unwrap();
        made.write(&out, stem).unwrap();
    }
    let swapped = Identity::load(&out.join("one.der"), None, &out.join("two.key"));
    assert!(matches!(
        swapped.err(),
        Some(SchemeError::KeyMismatch { .. })
    ));
}

#[test]
fn what_is_issued_is_kept_and_checked() {
    let (directory, scheme) = scheme();
    for role in Role::ALL {
        scheme
            .issue(role, &request(role, &format!("a {role}")))
            .unwrap();
    }
    let issued = scheme.issued().unwrap();
    assert_eq!(issued.len(), Role::ALL.len());
    assert_eq!(scheme.file().check(&issued, now().unwrap()), []);
    let file = SchemeFile::load(directory.path().join("scheme")).unwrap();
    assert_eq!(&file, scheme.file());
}

#[test]
fn requests_that_no_verifier_would_accept_are_refused() {
    let authority = authority("one");
    let refused = |role, request: Request| match authority.issue(role, &request, NOW) {
        Err(SchemeError::Certificate(error)) => error.name(),
        other => panic!("{other:?}"),
    };
    let card = || request(Role::Card, "card");
    assert_eq!(refused(Role::Card, Request { class: 3, ..card() }), "class");
    assert_eq!(
        refused(
            Role::Card,
            Request {
                agree: None,
                ..card()
            }
        ),
        "agreement-key"
    );
    assert_eq!(refused(Role::Host, card()), "agreement-key");
    assert_eq!(
        refused(Role::Card, Request::key(public("card"), 1)),
        "agreement-key"
    );
    assert_eq!(
        refused(Role::Host, Request::key(public("host"), 1)),
        "subject-missing"
    );
    assert_eq!(
        refused(Role::Issuer, Request::host(public("host"), 1)),
        "subject-of-other-role"
    );
    let long = Request {
        valid_days: 3_651,
        ..card()
    };
    let outlives = authority.issue(Role::Card, &long, NOW);
    assert!(matches!(
        outlives,
        Err(SchemeError::OutlivesIntermediate { days: 3_651, .. })
    ));
    assert!(
        authority
            .issue(
                Role::Card,
                &Request {
                    valid_days: 3_650,
                    ..card()
                },
                NOW
            )
            .is_ok()
    );
}

#[test]
fn a_scheme_file_that_is_wrong_says_where() {
    let text = authority("one").file().to_text().unwrap();
    let wrong = |from: &str, to: &str| {
        assert!(text.contains(from));
        SchemeFile::parse(&text.replacen(from, to, 1)).unwrap_err()
    };
    assert!(wrong("epoch", "epoc").contains("epoc"));
    assert!(wrong("format = 1", "format = 2").contains("format 2"));
    assert!(wrong("suite = 1", "suite = 2").contains("suite 2"));
    assert!(wrong("name = \"one\"", "name = \"o,ne\"").contains("name"));
    assert!(wrong("role = \"card\"", "role = \"host\"").contains("in this order"));
    assert!(wrong("BEGIN CERTIFICATE", "BEGIN CERTIFICATES").contains("root"));
    let pin = hex(authority("one").file().pin(Role::Issuer));
    let other = hex(authority("two").file().pin(Role::Issuer));
    assert!(wrong(&pin, &other).contains("intermediate issuer"));
}

#[test]
fn files_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("long.der");
    fs::write(&path, vec![0x30; 65_536]).unwrap();
    assert!(read_certificates(&path).is_ok());
    fs::write(&path, vec![0x30; 65_537]).unwrap();
    assert!(matches!(
        read_certificates(&path),
        Err(SchemeError::FileTooLong { .. })
    ));
    assert!(matches!(
        load_leaves(directory.path()),
        Err(SchemeError::FileTooLong { .. })
    ));
}

#[test]
fn dates_are_found() {
    let authority = authority("one");
    let der = authority
        .issue(Role::Host, &request(Role::Host, "host"), NOW)
        .unwrap();
    let leaf = [Named {
        name: "host.der".into(),
        der,
    }];
    let found = |now| {
        let findings = authority.file().check(&leaf, now);
        findings
            .into_iter()
            .map(|it| (it.certificate, it.problem))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(NOW), []);
    let later = found(NOW + 3 * YEAR_S);
    assert!(matches!(
        later[..],
        [(_, Problem::Certificate(CertificateError::Expired(_)))]
    ));
    assert_eq!(later[0].0, "host.der");
    assert_eq!(
        found(NOW + 11 * YEAR_S).len(),
        1 + Role::ALL.len(),
        "leaf and intermediates"
    );
    assert_eq!(
        found(NOW + 21 * YEAR_S).len(),
        2 + Role::ALL.len(),
        "and the root"
    );
    assert_eq!(found(NOW - YEAR_S).len(), 2 + Role::ALL.len());
}

#[test]
fn strangers_and_garbage_among_the_leaves_are_found() {
    let stranger = authority("two")
        .issue(Role::Host, &request(Role::Host, "host"), NOW)
        .unwrap();
    let leaves = [
        Named {
            name: "stranger".into(),
            der: stranger,
        },
        Named {
            name: "garbage".into(),
            der: b"not DER".to_vec(),
        },
    ];
    let findings = authority("one").file().check(&leaves, NOW);
    let found: Vec<_> = findings
        .iter()
        .map(|it| (it.certificate.as_str(), &it.problem))
        .collect();
    let issuer = Problem::Certificate(CertificateError::Issuer(Role::Host));
    let garbage = Problem::Certificate(CertificateError::NotACertificate);
    assert_eq!(found, [("stranger", &issuer), ("garbage", &garbage)]);
}

#[test]
fn two_cards_share_neither_agreement_key_nor_domain() {
    let authority = authority("one");
    let check = |second: Request| {
        let first = Request {
            subject: assigned(1),
            ..request(Role::Card, "first")
        };
        let named = |name: &str, request: &Request| Named {
            name: name.into(),
            der: authority.issue(Role::Card, request, NOW).unwrap(),
        };
        let leaves = [named("first", &first), named("second", &second)];
        let findings = authority.file().check(&leaves, NOW);
        findings
            .into_iter()
            .map(|it| it.problem)
            .collect::<Vec<_>>()
    };
    let first = request(Role::Card, "first");
    let second = Request {
        subject: assigned(2),
        ..request(Role::Card, "second")
    };
    let other = || "first".to_owned();
    assert_eq!(check(second.clone()), []);
    assert_eq!(
        check(Request {
            subject: assigned(1),
            ..first
        }),
        [],
        "a renewal"
    );
    assert_eq!(
        check(Request {
            agree: first.agree,
            ..second
        }),
        [Problem::SharedAgreementKey { other: other() }]
    );
    assert_eq!(
        check(Request {
            subject: assigned(1),
            ..second
        }),
        [Problem::SharedDomain { other: other() }]
    );
}

fn assigned(last: u8) -> etp_pki::Subject {
    let mut domain = [0; 12];
    (domain[0], domain[11]) = (1, last);
    etp_pki::Subject::Domain(libetp::Domain(domain))
}

/// A scheme file with one forged intermediate, whose pin fits.
fn with_intermediate(role: Role, forge: &Forge, holder: &SigningKey) -> SchemeFile {
    let real = authority("one").file().clone();
    let der = forge.der();
    let text = real.to_text().unwrap();
    let text = text.replace(&pem(real.intermediate(role)), &pem(&der));
    let pin = hex(key_id(&holder.verifying_key().to_bytes()));
    let text = text.replace(&hex(real.pin(role)), &pin);
    SchemeFile::parse(&text).unwrap()
}

fn pem(der: &[u8]) -> String {
    use x509_cert::der::pem::{LineEnding, encode_string};
    encode_string("CERTIFICATE", LineEnding::LF, der).unwrap()
}

/// An intermediate for a role as the root of scheme "one" would sign it.
fn authority_forge(role: Role) -> Forge {
    let mut forge = Forge::valid(role);
    let basic = tlv(SEQUENCE, &[&[1, 1, 0xff], &[2, 1, 0]]);
    forge.extensions = vec![
        Extension::new(der::BASIC_CONSTRAINTS, true, basic),
        Extension::new(der::KEY_USAGE, true, tlv(der::BITS, &[&[2, 0x04]])),
        Extension::role(&[role as u8 + 1]),
    ];
    forge.issuer = two_part_name("one", "root");
    forge.dates[1] = tlv(der::UTC_TIME, &[b"350101000000Z"]);
    forge.signer = key("one root");
    forge
}

fn two_part_name(organisation: &str, common: &str) -> Vec<u8> {
    let part = |arc: u8, text: &str| {
        let text = tlv(0x0c, &[text.as_bytes()]);
        tlv(
            0x31,
            &[&tlv(SEQUENCE, &[&[0x06, 0x03, 0x55, 0x04, arc], &text])],
        )
    };
    tlv(SEQUENCE, &[&part(10, organisation), &part(3, common)])
}

#[test]
fn faults_of_an_intermediate_are_found() {
    let holder = key("a issuer");
    let found = |change: fn(&mut Forge)| {
        let mut forge = authority_forge(Role::Issuer);
        change(&mut forge);
        let findings = with_intermediate(Role::Issuer, &forge, &holder).check(&[], NOW);
        assert!(
            findings
                .iter()
                .all(|it| it.certificate == "intermediate issuer")
        );
        findings
            .into_iter()
            .map(|it| it.problem)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(|_| {}), []);
    assert_eq!(
        found(|it| it.signer = key("two root")),
        [Problem::NotSignedByRoot]
    );
    assert_eq!(
        found(|it| it.issuer = two_part_name("two", "root")),
        [Problem::NotSignedByRoot]
    );
    assert_eq!(
        found(|it| it.extension(der::BASIC_CONSTRAINTS).contents = tlv(SEQUENCE, &[])),
        [Problem::NotAnAuthority, Problem::PathLength(0)]
    );
    assert_eq!(
        found(|it| it.extension(der::BASIC_CONSTRAINTS).contents =
            tlv(SEQUENCE, &[&[1, 1, 0xff], &[2, 1, 1]])),
        [Problem::PathLength(0)]
    );
    assert_eq!(
        found(|it| *it.extension(der::KEY_USAGE) = Extension::key_usage()),
        [Problem::NotAnAuthority]
    );
    assert_eq!(
        found(|it| *it.extension(der::EXTENDED_KEY_USAGE) = Extension::role(&[1])),
        [Problem::WrongPurpose(Role::Issuer)]
    );
    assert_eq!(
        found(|it| it.remove(der::EXTENDED_KEY_USAGE)),
        [Problem::WrongPurpose(Role::Issuer)]
    );
    assert_eq!(
        found(|it| it.extensions.push(Extension::new(
            der::NAME_CONSTRAINTS,
            true,
            tlv(
                SEQUENCE,
                &[&tlv(
                    0xa0,
                    &[&tlv(SEQUENCE, &[&tlv(der::URI, &[b"example.org"])])]
                )]
            ),
        ))),
        [Problem::NameConstraints]
    );
    assert_eq!(
        found(|it| it.dates[1] = tlv(der::UTC_TIME, &[b"491231235959Z"])),
        [Problem::OutlivesIssuer]
    );
}

#[test]
fn one_key_in_two_intermediates_is_found() {
    let mut forge = authority_forge(Role::Issuer);
    forge.public_key_info = der::public_key_info(der::ED25519, &public("one card"));
    let file = with_intermediate(Role::Issuer, &forge, &key("one card"));
    let findings = file.check(&[], NOW);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].certificate, "intermediate issuer");
    let key = key_id(&public("one card"));
    let other = "intermediate card".to_owned();
    assert_eq!(findings[0].problem, Problem::KeyInTwoRoles { key, other });
}

#[test]
fn inspecting_is_not_verifying() {
    let der = Forge {
        signer: key("a forger"),
        ..Forge::valid(Role::Card)
    }
    .der();
    assert!(inspect(&der).is_ok());
    let verified = verify(&der, Role::Card, &authority("one").file().anchors());
    assert_eq!(verified, Err(CertificateError::Issuer(Role::Card)));
}
