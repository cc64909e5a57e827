//! Roles do not mix: every role's valid certificate at every place where one is accepted.

use crate::support::forge::{Forge, SCHEME};
use crate::support::{NOW, anchors, authority, intermediate, leaf, request};
use etp_pki::scheme::{Named, Problem, Scheme, SchemeError};
use etp_pki::{CertificateError, Role, verify};

fn pairs() -> impl Iterator<Item = (Role, Role)> {
    Role::ALL
        .into_iter()
        .flat_map(|a| Role::ALL.into_iter().map(move |b| (a, b)))
}

#[test]
fn only_the_required_role_is_accepted() {
    let anchors = anchors("one");
    for (found, required) in pairs() {
        let verified = verify(&leaf("one", found), required, &anchors);
        match found == required {
            true => assert_eq!(verified.unwrap().role, required),
            false => {
                let error = CertificateError::WrongRole { required, found };
                assert_eq!(verified, Err(error));
            }
        }
    }
}

#[test]
fn only_the_intermediate_of_its_role_can_sign_a_leaf() {
    for (role, signer) in pairs() {
        let forged = Forge {
            signer: intermediate(SCHEME, signer),
            ..Forge::valid(role)
        };
        let verified = verify(&forged.der(), role, &anchors(SCHEME));
        match role == signer {
            true => assert_eq!(verified.unwrap().role, role),
            false => assert_eq!(verified, Err(CertificateError::Issuer(role))),
        }
    }
}

#[test]
fn no_certificate_of_another_scheme_is_accepted() {
    for role in Role::ALL {
        let verified = verify(&leaf("one", role), role, &anchors("another"));
        assert_eq!(verified, Err(CertificateError::Issuer(role)));
    }
}

#[test]
fn a_verifier_without_a_pin_for_the_role_accepts_nobody() {
    let mut anchors = anchors("one");
    anchors.intermediates.0.truncate(Role::OffCard as usize);
    let verified = verify(&leaf("one", Role::OffCard), Role::OffCard, &anchors);
    assert_eq!(verified, Err(CertificateError::NoAnchor(Role::OffCard)));
    assert!(verify(&leaf("one", Role::Service), Role::Service, &anchors).is_ok());
}

#[test]
fn one_key_in_two_roles_fails_the_check() {
    let authority = authority("one");
    let named = |role: Role| Named {
        name: role.to_string(),
        der: authority
            .issue(role, &request(role, "the same holder"), NOW)
            .unwrap(),
    };
    for (one, other) in pairs() {
        let findings = authority.file().check(&[named(one), named(other)], NOW);
        match one == other {
            true => assert_eq!(findings, []),
            false => {
                assert_eq!(findings.len(), 1, "{one} and {other}: {findings:?}");
                assert_eq!(findings[0].certificate, other.to_string());
                let Problem::KeyInTwoRoles { other: first, .. } = &findings[0].problem else {
                    panic!("{findings:?}");
                };
                assert_eq!(first, &one.to_string());
            }
        }
    }
}

#[test]
fn a_leaf_with_the_key_of_an_authority_fails_the_check() {
    let authority = authority("one");
    for words in ["one root", "one card"] {
        let der = authority
            .issue(Role::Service, &request(Role::Service, words), NOW)
            .unwrap();
        let findings = authority.file().check(
            &[Named {
                name: "leaf".into(),
                der,
            }],
            NOW,
        );
        assert!(
            matches!(findings[0].problem, Problem::KeyInTwoRoles { .. }),
            "{findings:?}"
        );
    }
}

#[test]
fn a_scheme_refuses_to_give_a_key_a_second_role() {
    let directory = tempfile::tempdir().unwrap();
    let scheme = Scheme::create(directory.path().join("s"), "one").unwrap();
    for (one, other) in pairs() {
        let words = format!("{one} and {other}");
        scheme.issue(one, &request(one, &words)).unwrap();
        let second = scheme.issue(other, &request(other, &words));
        match one == other {
            true => assert!(second.is_ok()),
            false => assert!(matches!(second, Err(SchemeError::KeyInTwoRoles { .. }))),
        }
    }
}
