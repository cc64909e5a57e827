//! The functions that a card keeps: how its owner loads, approves and forgets them.

use alloc::vec::Vec;

use crate::codec::List;
use crate::digest::Hash;

/// Bytes of a piece of a function; the last one may have fewer.
pub const PIECE_BYTES: u32 = 32_768;
/// Most functions that a card keeps, those that are not all there too.
pub const FUNCTIONS_MAX: usize = 16;

crate::structure! {
    /// A piece of a function for the card. Privileged.
    pub struct LoadFunction {
        /// SHA-256 of the whole function.
        pub hash: Hash,
        /// Where the piece belongs: a multiple of [`PIECE_BYTES`].
        pub offset: u32,
        /// Bytes of the whole function.
        pub total: u32,
        /// The piece.
        pub bytes: Vec<u8>,
    }

    /// The card computes this function in sessions from now on. Privileged.
    pub struct ApproveFunction {
        /// Which.
        pub hash: Hash,
    }

    /// The card keeps nothing of this function any more. Privileged.
    pub struct ForgetFunction {
        /// Which.
        pub hash: Hash,
    }

    /// Asks which functions the card keeps. Privileged.
    pub struct ListFunctions {}

    /// The functions that a card keeps.
    pub struct Functions {
        /// In order of hashes.
        pub functions: List<KeptFunction>,
    }

    /// One of them.
    pub struct KeptFunction {
        /// SHA-256 of all of it.
        pub hash: Hash,
        /// Its bytes.
        pub total: u32,
        /// How many are there: the next piece begins here.
        pub stored: u32,
        /// Whether sessions may compute it.
        pub is_approved: bool,
    }
}

impl LoadFunction {
    /// All pieces of a function, in the order in which cards take them.
    pub fn pieces(function: &[u8]) -> impl Iterator<Item = Self> {
        let hash = crate::digest::sha256(function);
        let total = u32::try_from(function.len()).unwrap_or(u32::MAX);
        let pieces = function.chunks(PIECE_BYTES as usize).zip(0u32..);
        pieces.map(move |(piece, at)| Self {
            hash,
            offset: at.saturating_mul(PIECE_BYTES),
            total,
            bytes: piece.to_vec(),
        })
    }
}

super::super::params!(
    LoadFunction = LOAD_FUNCTION,
    ApproveFunction = APPROVE_FUNCTION,
    ForgetFunction = FORGET_FUNCTION,
    ListFunctions = LIST_FUNCTIONS,
    Functions = FUNCTIONS,
);
