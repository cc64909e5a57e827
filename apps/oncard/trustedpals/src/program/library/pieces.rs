//! How a function comes in pieces.

use core::cmp::Ordering;

use libetp::digest::{Hash, sha256};
use libetp::params::pals::{FUNCTIONS_MAX, LoadFunction, PIECE_BYTES};
use oncard_function::Module;
use oncard_function::limits::MODULE_BYTES_MAX;
use oncard_runtime::Context;

use super::error::LibraryError;
use super::records::{self, Kept};
use crate::program::fault::Fault;

/// Stores a piece, in order. One that is there already changes nothing. With the last one, the module.
pub(super) fn take(
    order: LoadFunction,
    context: &mut Context<'_>,
) -> Result<Option<Module>, Fault> {
    check(&order)?;
    let kept = match records::get(&order.hash, context)? {
        Some(kept) => kept,
        None => admitted(&order, context)?,
    };
    if kept.total != order.total {
        return Err(LibraryError::OtherTotal(kept.total).into());
    }
    match order.offset.cmp(&kept.stored) {
        Ordering::Less => check_repeated(&order, context).map(|()| None),
        Ordering::Equal => store(order, kept, context),
        Ordering::Greater => Err(LibraryError::Gap(kept.stored).into()),
    }
}

/// Whether it is a piece of a function that could be loaded.
fn check(order: &LoadFunction) -> Result<(), LibraryError> {
    let total = order.total;
    if total == 0 || total as usize > MODULE_BYTES_MAX {
        return Err(LibraryError::Total(total));
    }
    let left = total.checked_sub(order.offset).filter(|left| *left > 0);
    let due = left.map(|left| left.min(PIECE_BYTES) as usize);
    let is_piece = order.offset.is_multiple_of(PIECE_BYTES) && due == Some(order.bytes.len());
    is_piece.then_some(()).ok_or(LibraryError::Piece)
}

/// Room for one more.
fn admitted(order: &LoadFunction, context: &Context<'_>) -> Result<Kept, Fault> {
    match records::all(context)?.len() < FUNCTIONS_MAX {
        true => Ok(Kept {
            total: order.total,
            stored: 0,
            is_approved: false,
        }),
        false => Err(LibraryError::Full.into()),
    }
}

fn check_repeated(order: &LoadFunction, context: &Context<'_>) -> Result<(), Fault> {
    match records::piece(&order.hash, order.offset, context)? == order.bytes {
        true => Ok(()),
        false => Err(LibraryError::OtherPiece.into()),
    }
}

fn store(
    order: LoadFunction,
    mut kept: Kept,
    context: &mut Context<'_>,
) -> Result<Option<Module>, Fault> {
    let LoadFunction {
        hash,
        offset,
        bytes,
        ..
    } = order;
    kept.stored += bytes.len() as u32;
    records::put_piece(&hash, offset, &bytes, context);
    records::put(&hash, &kept, context);
    match kept.stored == kept.total {
        true => whole(&hash, context).map(Some),
        false => Ok(None),
    }
}

/// All pieces together, if they are what their hash says, and a function.
fn whole(hash: &Hash, context: &Context<'_>) -> Result<Module, Fault> {
    let bytes = records::bytes(hash, context)?;
    if sha256(&bytes) != *hash {
        return Err(LibraryError::OtherHash.into());
    }
    Ok(Module::load(&bytes).map_err(LibraryError::Module)?)
}
