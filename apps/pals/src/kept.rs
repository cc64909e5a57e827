//! The functions that a card keeps, in its owner's name.

use std::time::Duration;

use libetp::client::ClientError;
use libetp::client::blocking::{Capability, CardSession};
use libetp::digest::{Hash, sha256};
use libetp::params::Param;
use libetp::params::pals::{
    ApproveFunction, ForgetFunction, Functions, KeptFunction, ListFunctions, LoadFunction,
};

/// How long a card may take to store a piece, and to load the whole.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An owner's authenticated channel to the card, for functions.
pub struct Library<'a> {
    session: &'a mut CardSession,
    capability: &'a mut Capability,
}

impl<'a> Library<'a> {
    /// Over that channel.
    pub fn new(session: &'a mut CardSession, capability: &'a mut Capability) -> Self {
        Self {
            session,
            capability,
        }
    }

    /// What the card keeps.
    ///
    /// # Errors
    /// [`ClientError`], here and in all that follows.
    pub fn list(&mut self) -> Result<Vec<KeptFunction>, ClientError> {
        self.order(&ListFunctions {})
    }

    /// Gives the card what it has not yet of a function, from the byte on that it is to get next. How many pieces went.
    ///
    /// # Errors
    /// [`ClientError`]: among others, that the card has no room, or takes it for no function.
    pub fn load(&mut self, function: &[u8]) -> Result<usize, ClientError> {
        let kept = self.list()?;
        self.load_rest(function, find(&kept, &sha256(function)))
    }

    /// As [`load`](Self::load), and sessions may compute it from now on. Whether the card did not have it so already.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn provide(&mut self, function: &[u8]) -> Result<bool, ClientError> {
        let (hash, all) = (sha256(function), self.list()?);
        let kept = find(&all, &hash);
        if kept.is_some_and(|kept| kept.is_approved) {
            return Ok(false);
        }
        self.load_rest(function, kept)?;
        self.approve(hash)?;
        Ok(true)
    }

    fn load_rest(
        &mut self,
        function: &[u8],
        kept: Option<&KeptFunction>,
    ) -> Result<usize, ClientError> {
        let stored = kept.map_or(0, |kept| kept.stored);
        let missing = LoadFunction::pieces(function).filter(|piece| piece.offset >= stored);
        let mut given = 0;
        for piece in missing {
            self.order(&piece)?;
            given += 1;
        }
        Ok(given)
    }

    /// Sessions may compute it from now on.
    ///
    /// # Errors
    /// [`ClientError`]: among others, that not all of it is there.
    pub fn approve(&mut self, hash: Hash) -> Result<(), ClientError> {
        self.order(&ApproveFunction { hash }).map(drop)
    }

    /// Nothing of it is kept any more.
    ///
    /// # Errors
    /// [`ClientError`]: among others, that nothing was.
    pub fn forget(&mut self, hash: Hash) -> Result<(), ClientError> {
        self.order(&ForgetFunction { hash }).map(drop)
    }

    fn order(&mut self, order: &impl Param) -> Result<Vec<KeptFunction>, ClientError> {
        let answer = self.session.order(self.capability, order, TIMEOUT);
        answer.map(|Functions { functions }| functions.0)
    }
}

/// The function of that hash.
pub fn find<'k>(kept: &'k [KeptFunction], hash: &Hash) -> Option<&'k KeptFunction> {
    kept.iter().find(|kept| kept.hash == *hash)
}
