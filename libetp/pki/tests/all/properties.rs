//! What holds for every input.

use std::sync::LazyLock;

use etp_pki::scheme::{SchemeFile, inspect};
use etp_pki::{Anchors, Role, verify};
use libetp::limits::CERTIFICATE_BYTES_MAX;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{self, authority, seed};

/// What verifiers trust.
static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| support::anchors("one"));
/// A certificate of each role.
static LEAVES: LazyLock<[Vec<u8>; Role::ALL.len()]> =
    LazyLock::new(|| Role::ALL.map(|role| support::leaf("one", role)));

fn leaf(role: Role) -> Vec<u8> {
    LEAVES[role as usize].clone()
}

/// One change of one certificate.
#[derive(Clone, Debug)]
enum Edit {
    Flip { at: usize, with: u8 },
    Insert { at: usize, byte: u8 },
    Remove { at: usize, len: usize },
    Copy { from: usize, to: usize, len: usize },
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || 0..CERTIFICATE_BYTES_MAX;
    prop_oneof![
        4 => (at(), 1..=u8::MAX).prop_map(|(at, with)| Edit::Flip { at, with }),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Insert { at, byte }),
        1 => (at(), 1..40usize).prop_map(|(at, len)| Edit::Remove { at, len }),
        1 => (at(), at(), 1..40usize).prop_map(|(from, to, len)| Edit::Copy { from, to, len }),
    ]
}

impl Edit {
    fn apply(&self, der: &mut Vec<u8>) {
        let len = der.len();
        match *self {
            _ if len == 0 => {}
            Self::Flip { at, with } => der[at % len] ^= with,
            Self::Insert { at, byte } => der.insert(at % len, byte),
            Self::Remove { at, len: count } => {
                let at = at % len;
                der.drain(at..(at + count).min(len));
            }
            Self::Copy {
                from,
                to,
                len: count,
            } => {
                let (from, to) = (from % len, to % len);
                let count = count.min(len - from).min(len - to);
                der.copy_within(from..from + count, to);
            }
        }
    }
}

fn any_role() -> impl Strategy<Value = Role> {
    (0..Role::ALL.len()).prop_map(|at| Role::ALL[at])
}

/// No single bit of a certificate can change.
#[test]
fn no_flipped_bit_verifies() {
    for role in Role::ALL {
        let der = leaf(role);
        assert!(verify(&der, role, &ANCHORS).is_ok());
        for bit in 0..der.len() * 8 {
            let mut flipped = der.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                verify(&flipped, role, &ANCHORS).is_err(),
                "{role}: bit {bit}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is done to a certificate, it verifies as nothing else.
    #[test]
    fn no_edited_certificate_verifies(
        issued in any_role(),
        required in any_role(),
        edits in vec(edit(), 1..6),
    ) {
        let der = leaf(issued);
        let mut edited = der.clone();
        edits.iter().for_each(|edit| edit.apply(&mut edited));
        let verified = verify(&edited, required, &ANCHORS);
        prop_assert_eq!(verified.is_ok(), edited == der && issued == required);
    }

    /// Arbitrary bytes are refused, and nothing panics.
    #[test]
    fn arbitrary_bytes_are_refused(bytes in vec(any::<u8>(), 0..CERTIFICATE_BYTES_MAX + 64)) {
        for role in Role::ALL {
            prop_assert!(verify(&bytes, role, &ANCHORS).is_err());
        }
        prop_assert!(inspect(&bytes).is_err());
    }

    /// So are those that begin as a certificate does.
    #[test]
    fn arbitrary_bytes_in_the_frame_of_a_certificate_are_refused(
        bytes in vec(any::<u8>(), 4..1_024),
        at in 0usize..512,
    ) {
        let mut der = leaf(Role::Card);
        let at = at % der.len();
        let end = (at + bytes.len()).min(der.len());
        let before = der.clone();
        der[at..end].copy_from_slice(&bytes[..end - at]);
        prop_assert_eq!(verify(&der, Role::Card, &ANCHORS).is_ok(), der == before);
    }

    /// What is issued is what was asked for, whatever the keys.
    #[test]
    fn what_is_issued_is_read_back(
        role in any_role(),
        words in "[a-z]{1,12}",
        class in 0u8..=2,
        epoch in any::<u64>(),
        code_hash in proptest::option::of(any::<[u8; 32]>()),
        valid_days in 0u32..3_000,
    ) {
        let class = if role == Role::Card { class } else { 0 };
        let asked = support::request(role, &words);
        let request = etp_pki::scheme::Request { class, epoch, code_hash, valid_days, ..asked };
        let authority = authority("one");
        let der = authority.issue(role, &request, support::NOW).unwrap();
        let leaf = verify(&der, role, &authority.file().anchors()).unwrap();
        prop_assert_eq!(leaf.role, role);
        prop_assert_eq!(leaf.public, request.public);
        prop_assert_eq!(leaf.key, etp_pki::key_id(&request.public));
        prop_assert_eq!(leaf.agree, request.agree);
        prop_assert_eq!(leaf.subject, request.subject);
        prop_assert_eq!((leaf.class, leaf.epoch, leaf.code_hash), (class, epoch, code_hash));
        prop_assert_eq!(leaf.not_after, support::NOW + u64::from(valid_days) * 86_400);
    }

    /// A scheme file that is damaged is refused with words, or says the same thing still.
    #[test]
    fn damaged_scheme_files_are_refused(edits in vec(edit(), 1..4)) {
        let scheme = authority("one").file().clone();
        let mut text = scheme.to_text().unwrap().into_bytes();
        edits.iter().for_each(|edit| edit.apply(&mut text));
        let Ok(text) = String::from_utf8(text) else { return Ok(()) };
        match SchemeFile::parse(&text) {
            Err(words) => prop_assert!(!words.is_empty()),
            // The pins hold the intermediates; name, epoch and the root are not pinned.
            Ok(read) => prop_assert_eq!(read.anchors(), scheme.anchors()),
        }
    }
}

#[test]
fn domains_and_key_ids_differ_with_every_key() {
    let (sign, agree) = (seed("sign"), seed("agree"));
    let domain = etp_pki::self_certified_domain(&sign, &agree);
    assert_eq!(domain.kind(), libetp::id::DomainKind::SelfCertified);
    assert_ne!(domain, etp_pki::self_certified_domain(&agree, &sign));
    assert_ne!(domain, etp_pki::self_certified_domain(&sign, &sign));
    assert_ne!(etp_pki::key_id(&sign), etp_pki::key_id(&agree));
}
