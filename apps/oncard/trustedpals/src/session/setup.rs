//! From the order to join until the start.

use alloc::vec;
use alloc::vec::Vec;

use etp_pki::{Leaf, Subject};
use libetp::codec::List;
use libetp::digest::{Hash, sha256};
use libetp::params::pals::{Entry, Invite, Join, JoinBody, Start};

use super::terms::Terms;
use super::{TAG_JOIN, TAG_START};
use crate::members::Members;
use crate::party::Peer;

/// Longest certificate of a member in bytes: 32 of them fit into a start.
pub const ENTRY_CERTIFICATE_BYTES_MAX: usize = 1_900;

/// The first member opens the session.
pub(crate) const FIRST: usize = 0;

/// A member that joined, and waits for the start. Lives in memory only.
#[derive(Clone, Debug)]
pub struct Setup {
    terms: Terms,
    /// Nonce of the first member.
    opening: Hash,
    /// The newest of each; of those not the first, its own alone.
    entries: Vec<Option<Entry>>,
}

/// A session that starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub session: Hash,
    /// The members, this one too.
    pub peers: Vec<Peer>,
}

/// Why a join or a start is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Of another session, or of an earlier opening of this one.
    #[error("of another session or another opening")]
    OtherSession,
    /// Only the first member collects joins.
    #[error("only the first member takes joins")]
    NotFirst,
    /// It is not this card's own newest entry.
    #[error("not the newest entry of this card")]
    Stale,
    /// Not as many entries as members.
    #[error("not one entry for each member")]
    Entries,
    /// Longer than [`ENTRY_CERTIFICATE_BYTES_MAX`].
    #[error("a certificate of more than {ENTRY_CERTIFICATE_BYTES_MAX} bytes")]
    TooLong,
    /// Not a card's, not the member's, or not what the session demands.
    #[error(
        "the certificate is not one of this member's, of the class and code that the session demands"
    )]
    Certificate,
    /// Not by the member.
    #[error("the signature does not verify")]
    Signature,
}

/// Verifies that a certificate is a card's.
pub type Verify<'v> = dyn FnMut(&[u8]) -> Option<Leaf> + 'v;

impl Setup {
    /// A card with that certificate joins. `opening` is the invitation's, and absent at the first member; `nonce`
    /// was never used before, and `sign` signs with tag `join`.
    ///
    /// # Errors
    /// [`SetupError`] if this card itself could not take part.
    pub fn new(
        terms: Terms,
        opening: Option<Hash>,
        nonce: Hash,
        certificate: Vec<u8>,
        sign: impl FnOnce(&JoinBody) -> [u8; 64],
        verify: &mut Verify<'_>,
    ) -> Result<Self, SetupError> {
        let (n, me) = (terms.plan().n(), terms.plan().me());
        let mut setup = Self {
            terms,
            opening: opening.unwrap_or(nonce),
            entries: vec![None; n],
        };
        let body = setup.body(nonce, &certificate);
        let entry = Entry {
            nonce,
            certificate,
            signature: sign(&body),
        };
        let leaf = read(&entry, verify)?;
        setup.check(me, &entry, &leaf)?;
        setup.entries[me] = Some(entry);
        Ok(setup)
    }

    /// The session.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Who joined, as far as this card knows.
    pub fn joined(&self) -> Members {
        let entries = self.entries.iter().enumerate();
        let joined = entries.filter(|(_, entry)| entry.is_some());
        joined.map(|(member, _)| member).collect()
    }

    /// Nonce of the first member.
    pub fn opening(&self) -> &Hash {
        &self.opening
    }

    /// Whether this is the first member.
    pub fn is_first(&self) -> bool {
        self.terms.plan().me() == FIRST
    }

    /// What the first member sends to the others' programs.
    pub fn invite(&self) -> Invite {
        Invite {
            descriptor: self.terms.descriptor().clone(),
            opening: self.opening,
        }
    }

    /// What another member sends to the first one's card.
    pub fn join(&self) -> Option<Join> {
        Some(Join {
            descriptor: *self.terms.hash(),
            opening: self.opening,
            entry: self.entries[self.terms.plan().me()].clone()?,
        })
    }

    /// The first member hears that another one joins; the newest counts.
    ///
    /// # Errors
    /// [`SetupError`]; nothing changes.
    pub fn hear_join(&mut self, join: Join, verify: &mut Verify<'_>) -> Result<(), SetupError> {
        if !self.is_first() {
            return Err(SetupError::NotFirst);
        }
        if join.descriptor != *self.terms.hash() || join.opening != self.opening {
            return Err(SetupError::OtherSession);
        }
        let leaf = read(&join.entry, verify)?;
        let mut others = self.terms.others();
        // The certificate says who it is.
        let member = others.find(|member| self.terms.members()[*member].key == leaf.key);
        let member = member.ok_or(SetupError::Certificate)?;
        self.check(member, &join.entry, &leaf)?;
        self.entries[member] = Some(join.entry);
        Ok(())
    }

    /// What the first member sends to all other cards, once all have joined; `sign` signs with tag `start`.
    pub fn start(&self, sign: impl FnOnce(&Hash) -> [u8; 64]) -> Option<Start> {
        let entries: Option<Vec<Entry>> = self.entries.iter().cloned().collect();
        let entries = entries.filter(|_| self.is_first())?;
        let signature = sign(&self.session(&entries));
        Some(Start {
            descriptor: *self.terms.hash(),
            entries: List(entries),
            signature,
        })
    }

    /// The start came. All that is in it is verified, and that this card's own newest entry is.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn hear_start(
        &self,
        start: &Start,
        verify: &mut Verify<'_>,
    ) -> Result<Started, SetupError> {
        let entries = &start.entries.0;
        if start.descriptor != *self.terms.hash() {
            return Err(SetupError::OtherSession);
        }
        let me = self.terms.plan().me();
        if entries.len() != self.terms.plan().n() {
            return Err(SetupError::Entries);
        }
        if entries[FIRST].nonce != self.opening || self.entries[me].as_ref() != Some(&entries[me]) {
            return Err(SetupError::Stale);
        }
        let session = self.session(entries);
        let mut peers = Vec::new();
        for (member, entry) in entries.iter().enumerate() {
            let leaf = read(entry, verify)?;
            self.check(member, entry, &leaf)?;
            if member == FIRST {
                leaf.check_signature(TAG_START, &session, &start.signature)
                    .map_err(|_| SetupError::Signature)?;
            }
            peers.push(Peer {
                card: self.terms.card(member),
                certificate: sha256(&entry.certificate),
                public: leaf.agree.ok_or(SetupError::Certificate)?,
            });
        }
        Ok(Started { session, peers })
    }

    fn session(&self, entries: &[Entry]) -> Hash {
        let nonces = entries.iter().map(|entry| entry.nonce).collect();
        self.terms.descriptor().session(&List(nonces))
    }

    fn body(&self, nonce: Hash, certificate: &[u8]) -> JoinBody {
        JoinBody {
            descriptor: *self.terms.hash(),
            opening: self.opening,
            nonce,
            certificate: sha256(certificate),
        }
    }

    /// Whether an entry with that certificate is a member's.
    fn check(&self, member: usize, entry: &Entry, leaf: &Leaf) -> Result<(), SetupError> {
        if !self.admits(member, leaf) {
            return Err(SetupError::Certificate);
        }
        let body = self.body(entry.nonce, &entry.certificate);
        leaf.check_signature(TAG_JOIN, &body, &entry.signature)
            .map_err(|_| SetupError::Signature)
    }

    fn admits(&self, member: usize, leaf: &Leaf) -> bool {
        let (descriptor, named) = (self.terms.descriptor(), &self.terms.members()[member]);
        leaf.key == named.key
            && leaf.subject == Subject::Domain(named.program.domain)
            && leaf.class >= descriptor.min_class
            && (descriptor.code_hash.is_none() || leaf.code_hash == descriptor.code_hash)
            && leaf.agree.is_some()
    }
}

/// The certificate of an entry.
fn read(entry: &Entry, verify: &mut Verify<'_>) -> Result<Leaf, SetupError> {
    if entry.certificate.len() > ENTRY_CERTIFICATE_BYTES_MAX {
        return Err(SetupError::TooLong);
    }
    verify(&entry.certificate).ok_or(SetupError::Certificate)
}
