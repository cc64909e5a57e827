//! `scheme.toml`: the public part of a scheme.

use std::path::Path;

use libetp::codec::List;
use libetp::digest::{Hash, SUITE};
use libetp::id::parse_hex;
use serde::{Deserialize, Serialize};
use x509_cert::der::pem;

use crate::Anchors;
use crate::error::CertificateError;
use crate::role::Role;
use crate::scheme::SchemeError;
use crate::scheme::authority::check_name;
use crate::scheme::chain::AuthorityCertificate;
use crate::scheme::error::hex;
use crate::scheme::secure::{self, PUBLIC_FILE_BYTES_MAX};

/// Version of the file's format.
const FORMAT: u8 = 1;
const HEAD: &str = "# A TENeT scheme. Public: every host and card of the scheme has a copy.\n";

/// The public part of a scheme: root, intermediates and the pins of their keys.
///
/// Reading one checks that each intermediate has the pinned key, so [`SchemeFile::anchors`] are
/// the pinned keys. [`SchemeFile::check`] judges the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeFile {
    /// What people call the scheme.
    pub name: String,
    /// The suite of algorithms.
    pub suite: u8,
    /// Raised when older certificates must no longer be accepted.
    pub epoch: u64,
    /// The root's certificate, DER.
    pub root: Vec<u8>,
    /// In the order of [`Role::ALL`].
    intermediates: Vec<Intermediate>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Intermediate {
    der: Vec<u8>,
    public: [u8; 32],
    key: Hash,
    not_after: u64,
}

impl SchemeFile {
    /// A scheme of these certificates, in DER, intermediates in the order of [`Role::ALL`].
    ///
    /// # Errors
    /// [`SchemeError::Certificate`] if one is not an Ed25519 certificate.
    pub(super) fn new(
        name: String,
        epoch: u64,
        root: Vec<u8>,
        intermediates: Vec<Vec<u8>>,
    ) -> Result<Self, SchemeError> {
        let intermediates = intermediates
            .into_iter()
            .map(Intermediate::new)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            suite: SUITE,
            epoch,
            root,
            intermediates,
        })
    }

    /// Reads the file at a path, or `scheme.toml` in it if it is a directory.
    ///
    /// # Errors
    /// [`SchemeError`] if it cannot be read or says something that it must not.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, SchemeError> {
        let mut path = path.as_ref().to_path_buf();
        if path.is_dir() {
            path.push("scheme.toml");
        }
        if !path.exists() {
            return Err(SchemeError::NoScheme(path));
        }
        let text = secure::read_text(&path, PUBLIC_FILE_BYTES_MAX)?;
        Self::parse(&text).map_err(|reason| SchemeError::SchemeFile { path, reason })
    }

    /// Reads the text of a scheme file.
    ///
    /// # Errors
    /// What is wrong, with the line where there is one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        table.into_scheme()
    }

    /// The text of the scheme file.
    ///
    /// # Errors
    /// [`SchemeError::Encoding`] if a certificate cannot be written as PEM.
    pub fn to_text(&self) -> Result<String, SchemeError> {
        let table = Table::of(self)?;
        let text = toml::to_string(&table).map_err(|e| SchemeError::Encoding(e.to_string()))?;
        Ok(format!("{HEAD}{text}"))
    }

    /// What verifiers trust.
    pub fn anchors(&self) -> Anchors {
        Anchors {
            intermediates: List(self.intermediates.iter().map(|it| it.public).collect()),
        }
    }

    /// DER of the certificate of a role's intermediate.
    pub fn intermediate(&self, role: Role) -> &[u8] {
        &self.intermediates[role as usize].der
    }

    /// The pin of a role's intermediate: its key id.
    pub fn pin(&self, role: Role) -> Hash {
        self.intermediates[role as usize].key
    }

    /// What people compare when they want to know whether two files are of one scheme: the key id
    /// of the root.
    ///
    /// # Errors
    /// [`CertificateError`] if the root is not an Ed25519 certificate.
    pub fn id(&self) -> Result<Hash, CertificateError> {
        AuthorityCertificate::read(&self.root).map(|root| root.key())
    }

    /// Last second in which a role's intermediate is valid, Unix time.
    pub fn intermediate_not_after(&self, role: Role) -> u64 {
        self.intermediates[role as usize].not_after
    }

    pub(super) fn public(&self, role: Role) -> &[u8; 32] {
        &self.intermediates[role as usize].public
    }
}

impl Intermediate {
    fn new(der: Vec<u8>) -> Result<Self, SchemeError> {
        let certificate = AuthorityCertificate::read(&der)?;
        Ok(Self {
            public: certificate.public,
            key: certificate.key(),
            not_after: certificate.not_after,
            der,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    format: u8,
    name: String,
    suite: u8,
    epoch: u64,
    root: String,
    intermediate: Vec<IntermediateTable>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IntermediateTable {
    role: String,
    /// The pin.
    key: String,
    certificate: String,
}

impl Table {
    fn of(scheme: &SchemeFile) -> Result<Self, SchemeError> {
        let rows = Role::ALL.into_iter().map(|role| {
            Ok(IntermediateTable {
                role: role.name().into(),
                key: hex(&scheme.pin(role)),
                certificate: to_pem(scheme.intermediate(role))?,
            })
        });
        Ok(Self {
            format: FORMAT,
            name: scheme.name.clone(),
            suite: scheme.suite,
            epoch: scheme.epoch,
            root: to_pem(&scheme.root)?,
            intermediate: rows.collect::<Result<_, SchemeError>>()?,
        })
    }

    fn into_scheme(self) -> Result<SchemeFile, String> {
        if self.format != FORMAT {
            return Err(format!(
                "format {} is not known here, only {FORMAT}",
                self.format
            ));
        }
        if self.suite != SUITE {
            return Err(format!(
                "suite {} is not spoken here, only {SUITE}",
                self.suite
            ));
        }
        check_name(&self.name).map_err(|error| error.to_string())?;
        let roles: Vec<&str> = self
            .intermediate
            .iter()
            .map(|row| row.role.as_str())
            .collect();
        if roles != Role::ALL.map(Role::name) {
            let all = Role::ALL.map(Role::name).join(", ");
            return Err(format!("the intermediates must be, in this order: {all}"));
        }
        let root = from_pem(&self.root).ok_or("root: not one certificate in PEM")?;
        AuthorityCertificate::read(&root).map_err(|error| format!("root: {error}"))?;
        let intermediates = self
            .intermediate
            .iter()
            .map(IntermediateTable::read)
            .collect::<Result<_, _>>()?;
        Ok(SchemeFile {
            name: self.name,
            suite: self.suite,
            epoch: self.epoch,
            root,
            intermediates,
        })
    }
}

impl IntermediateTable {
    fn read(&self) -> Result<Intermediate, String> {
        let role = &self.role;
        let der = from_pem(&self.certificate)
            .ok_or_else(|| format!("intermediate {role}: not one certificate in PEM"))?;
        let read =
            Intermediate::new(der).map_err(|error| format!("intermediate {role}: {error}"))?;
        match parse_hex(&self.key) == Some(read.key) {
            true => Ok(read),
            false => Err(format!(
                "intermediate {role}: its key is {}, but {} is pinned",
                hex(&read.key),
                self.key
            )),
        }
    }
}

/// One certificate as PEM.
fn to_pem(der: &[u8]) -> Result<String, SchemeError> {
    pem::encode_string(PEM_LABEL, pem::LineEnding::LF, der)
        .map_err(|error| SchemeError::Encoding(error.to_string()))
}

/// The DER of exactly one certificate in PEM.
fn from_pem(text: &str) -> Option<Vec<u8>> {
    let mut all = from_pem_chain(text)?;
    all.pop().filter(|_| all.is_empty())
}

/// The DER of each certificate in PEM; at least one.
fn from_pem_chain(text: &str) -> Option<Vec<Vec<u8>>> {
    let blocks: Vec<&str> = text
        .split_inclusive(PEM_END)
        .filter(|b| !b.trim().is_empty())
        .collect();
    let decode = |block: &&str| {
        let (label, der) = pem::decode_vec(block.trim_start().as_bytes()).ok()?;
        (label == PEM_LABEL).then_some(der)
    };
    blocks
        .iter()
        .map(decode)
        .collect::<Option<Vec<_>>>()
        .filter(|all| !all.is_empty())
}

const PEM_LABEL: &str = "CERTIFICATE";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// DER of the certificates in a file, which is PEM with at least one, or DER of one. They are not
/// judged here.
///
/// # Errors
/// [`SchemeError::Pem`] if there is none; [`SchemeError::File`]; [`SchemeError::FileTooLong`].
pub fn read_certificates(path: &Path) -> Result<Vec<Vec<u8>>, SchemeError> {
    let bytes = secure::read(path, PUBLIC_FILE_BYTES_MAX)?;
    if secure::is_der(&bytes) {
        return Ok(vec![bytes]);
    }
    let text = std::str::from_utf8(&bytes).ok();
    text.and_then(from_pem_chain)
        .ok_or_else(|| SchemeError::Pem(path.into()))
}
