//! What the card stores of functions: `docs/protocol/state.md`.

use alloc::vec::Vec;

use libetp::codec::to_vec;
use libetp::digest::Hash;
use libetp::params::pals::{FUNCTIONS_MAX, PIECE_BYTES};
use oncard_function::limits::MODULE_BYTES_MAX;
use oncard_runtime::{Context, Rejection};

use crate::program::records::{content, damaged, read, value};

/// A function, and how much of it is there.
const FUNCTION: u8 = b'f';
/// A piece of a function.
const PIECE: u8 = b'm';
/// Most pieces of a function.
const PIECES_MAX: usize = MODULE_BYTES_MAX.div_ceil(PIECE_BYTES as usize);

libetp::structure! {
    /// A function that the card keeps.
    pub(super) struct Kept {
        pub(super) total: u32,
        pub(super) stored: u32,
        pub(super) is_approved: bool,
    }
}

pub(super) fn get(hash: &Hash, context: &Context<'_>) -> Result<Option<Kept>, Rejection> {
    let value = context.get(&key(FUNCTION, hash))?;
    value.map(|value| read(&value)).transpose()
}

/// All of them, in order of hashes.
pub(super) fn all(context: &Context<'_>) -> Result<Vec<(Hash, Kept)>, Rejection> {
    let entries = context.scan(&[FUNCTION], None, FUNCTIONS_MAX)?.into_iter();
    let kept = entries.map(|(key, value)| {
        let hash = key[1..].try_into().map_err(|_| damaged())?;
        Ok((hash, read(&value)?))
    });
    kept.collect()
}

pub(super) fn put(hash: &Hash, kept: &Kept, context: &mut Context<'_>) {
    context.put(&key(FUNCTION, hash), value(&to_vec(kept)));
}

/// The piece at that offset, which is there.
pub(super) fn piece(hash: &Hash, offset: u32, context: &Context<'_>) -> Result<Vec<u8>, Rejection> {
    let value = context.get(&piece_key(hash, offset))?;
    let value = value.ok_or_else(damaged)?;
    Ok(content(&value)?.to_vec())
}

pub(super) fn put_piece(hash: &Hash, offset: u32, bytes: &[u8], context: &mut Context<'_>) {
    context.put(&piece_key(hash, offset), value(bytes));
}

/// All pieces that are there, one behind the other.
pub(super) fn bytes(hash: &Hash, context: &Context<'_>) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::new();
    for (_, value) in context.scan(&key(PIECE, hash), None, PIECES_MAX)? {
        bytes.extend_from_slice(content(&value)?);
    }
    Ok(bytes)
}

/// Nothing of it is there any more.
pub(super) fn delete(hash: &Hash, context: &mut Context<'_>) -> Result<(), Rejection> {
    context.delete(&key(FUNCTION, hash));
    for (key, _) in context.scan(&key(PIECE, hash), None, PIECES_MAX)? {
        context.delete(&key);
    }
    Ok(())
}

fn key(kind: u8, hash: &Hash) -> Vec<u8> {
    [&[kind], hash.as_slice()].concat()
}

/// Pieces count from 0.
fn piece_key(hash: &Hash, offset: u32) -> Vec<u8> {
    let mut key = key(PIECE, hash);
    key.push((offset / PIECE_BYTES) as u8);
    key
}
