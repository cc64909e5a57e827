//! Judges a scheme and the leaves in it.

use std::collections::BTreeMap;

use libetp::Domain;
use libetp::digest::Hash;

use crate::error::CertificateError;
use crate::leaf::Leaf;
use crate::role::Role;
use crate::scheme::chain::AuthorityCertificate;
use crate::scheme::{SchemeFile, inspect};

/// A certificate and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// For people: a path, usually.
    pub name: String,
    /// The certificate.
    pub der: Vec<u8>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The certificate: `root`, `intermediate <role>` or the name of a leaf.
    pub certificate: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong in a scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The certificate breaks a rule by itself.
    #[error("{0}")]
    Certificate(CertificateError),
    /// Root or intermediate may not sign certificates.
    #[error("not an authority that may sign certificates")]
    NotAnAuthority,
    /// More authorities may follow than the format has.
    #[error("the path length must be {0}")]
    PathLength(u8),
    /// Name constraints, which TLS libraries refuse for URIs.
    #[error("name constraints are not allowed")]
    NameConstraints,
    /// The extended key usage of an intermediate is not that of its role.
    #[error("the extended key usage is not that of role {0}")]
    WrongPurpose(Role),
    /// Not signed by the root.
    #[error("not signed by the root")]
    NotSignedByRoot,
    /// Outlives what signed it.
    #[error("valid beyond its issuer")]
    OutlivesIssuer,
    /// The same key for two purposes.
    #[error("its key {} is also that of {other}", crate::scheme::error::hex(.key))]
    KeyInTwoRoles {
        /// The key.
        key: Hash,
        /// The other certificate.
        other: String,
    },
    /// Two cards with the same X25519 key.
    #[error("its X25519 key is also that of {other}")]
    SharedAgreementKey {
        /// The other certificate.
        other: String,
    },
    /// Two cards with the same domain.
    #[error("its domain is also that of {other}")]
    SharedDomain {
        /// The other certificate.
        other: String,
    },
}

impl SchemeFile {
    /// Judges root and intermediates, and leaves beside them, at a Unix time in seconds: who
    /// signed whom, pins, dates, roles, and that no key serves two of them. An empty list means
    /// that all is well.
    pub fn check(&self, leaves: &[Named], now: u64) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut keys = self.check_authorities(now, &mut findings);
        for leaf in leaves {
            if Role::ALL
                .iter()
                .any(|role| self.intermediate(*role) == leaf.der)
            {
                continue;
            }
            let mut found = Vec::new();
            match self.check_leaf(&leaf.der, now, &mut found) {
                Ok(read) => keys.push(Keyed::leaf(leaf.name.clone(), read)),
                Err(error) => found.push(Problem::Certificate(error)),
            }
            findings.extend(named(&leaf.name, found));
        }
        findings.extend(check_keys(&keys));
        findings
    }

    fn check_authorities(&self, now: u64, findings: &mut Vec<Finding>) -> Vec<Keyed> {
        let root = match AuthorityCertificate::read(&self.root) {
            Ok(root) => root,
            Err(error) => {
                findings.extend(named("root", vec![Problem::Certificate(error)]));
                return Vec::new();
            }
        };
        findings.extend(named("root", check_authority(&root, &root, None, now)));
        let mut keys = vec![Keyed::authority("root".into(), &root)];
        for role in Role::ALL {
            let name = format!("intermediate {role}");
            match AuthorityCertificate::read(self.intermediate(role)) {
                Ok(read) => {
                    findings.extend(named(&name, check_authority(&read, &root, Some(role), now)));
                    keys.push(Keyed::authority(name, &read));
                }
                Err(error) => findings.extend(named(&name, vec![Problem::Certificate(error)])),
            }
        }
        keys
    }

    fn check_leaf(
        &self,
        der: &[u8],
        now: u64,
        found: &mut Vec<Problem>,
    ) -> Result<Leaf, CertificateError> {
        let leaf = inspect(der)?;
        if let Err(error) = crate::verify(der, leaf.role, &self.anchors()) {
            found.push(Problem::Certificate(error));
        }
        if let Err(error) = leaf.valid_at(now) {
            found.push(Problem::Certificate(error));
        }
        if leaf.not_after > self.intermediate_not_after(leaf.role) {
            found.push(Problem::OutlivesIssuer);
        }
        Ok(leaf)
    }
}

fn check_authority(
    certificate: &AuthorityCertificate,
    root: &AuthorityCertificate,
    role: Option<Role>,
    now: u64,
) -> Vec<Problem> {
    let path_length = u8::from(role.is_none());
    let rules = [
        (certificate.signs, Problem::NotAnAuthority),
        (
            certificate.path_length == Some(path_length),
            Problem::PathLength(path_length),
        ),
        (!certificate.name_constraints, Problem::NameConstraints),
        (certificate.is_signed_by(root), Problem::NotSignedByRoot),
        (
            certificate.not_after <= root.not_after,
            Problem::OutlivesIssuer,
        ),
        (
            now >= certificate.not_before,
            Problem::Certificate(CertificateError::NotYetValid(certificate.not_before)),
        ),
        (
            now <= certificate.not_after,
            Problem::Certificate(CertificateError::Expired(certificate.not_after)),
        ),
    ];
    let purpose = role
        .filter(|_| certificate.role != role)
        .map(Problem::WrongPurpose);
    let broken = rules
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, problem)| problem);
    broken.chain(purpose).collect()
}

/// A key and what it is for.
struct Keyed {
    name: String,
    key: Hash,
    /// `None` for authorities: each of them is for itself alone.
    leaf: Option<Leaf>,
}

impl Keyed {
    fn authority(name: String, certificate: &AuthorityCertificate) -> Self {
        Self {
            name,
            key: certificate.key(),
            leaf: None,
        }
    }

    fn leaf(name: String, leaf: Leaf) -> Self {
        Self {
            name,
            key: leaf.key,
            leaf: Some(leaf),
        }
    }

    /// Whether this certificate and the first one of the same key are for one purpose.
    fn may_share_key(&self, first: &Self) -> bool {
        let roles = self.leaf.as_ref().zip(first.leaf.as_ref());
        std::ptr::eq(self, first) || roles.is_some_and(|(mine, theirs)| mine.role == theirs.role)
    }
}

/// Finds keys, X25519 keys and domains that occur where they must not.
fn check_keys(keys: &[Keyed]) -> Vec<Finding> {
    let mut seen = Seen::default();
    let judge = |keyed| {
        let problem = Seen::conflict(&mut seen, keyed)?;
        Some((keyed, problem))
    };
    let found = keys.iter().filter_map(judge);
    found
        .map(|(keyed, problem)| Finding {
            certificate: keyed.name.clone(),
            problem,
        })
        .collect()
}

/// The first certificate of each key, X25519 key and domain.
#[derive(Default)]
struct Seen<'a> {
    keys: BTreeMap<Hash, &'a Keyed>,
    agree: BTreeMap<[u8; 32], &'a Keyed>,
    domains: BTreeMap<Domain, &'a Keyed>,
}

impl<'a> Seen<'a> {
    fn conflict(&mut self, keyed: &'a Keyed) -> Option<Problem> {
        let first = *self.keys.entry(keyed.key).or_insert(keyed);
        if !keyed.may_share_key(first) {
            let other = first.name.clone();
            return Some(Problem::KeyInTwoRoles {
                key: keyed.key,
                other,
            });
        }
        let leaf = keyed.leaf.as_ref()?;
        let of_other_key = |first: &&Keyed| first.key != keyed.key;
        let agree = leaf
            .agree
            .map(|agree| *self.agree.entry(agree).or_insert(keyed));
        if let Some(first) = agree.filter(of_other_key) {
            return Some(Problem::SharedAgreementKey {
                other: first.name.clone(),
            });
        }
        let domain = leaf
            .domain()
            .map(|domain| *self.domains.entry(domain).or_insert(keyed));
        let first = domain.filter(of_other_key)?;
        Some(Problem::SharedDomain {
            other: first.name.clone(),
        })
    }
}

fn named(certificate: &str, problems: Vec<Problem>) -> Vec<Finding> {
    problems
        .into_iter()
        .map(|problem| Finding {
            certificate: certificate.into(),
            problem,
        })
        .collect()
}
