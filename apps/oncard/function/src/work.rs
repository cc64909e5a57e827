//! What is computed, and how.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

/// A member's input; `None` if it gave none.
pub type Input = Option<Zeroizing<Vec<u8>>>;

/// What is computed. It must be defined for every input of the session's length and for absent ones, and be
/// deterministic to the bit: every card computes it by itself.
pub trait Function: Send {
    /// Begins to compute member `me`'s part of the result.
    fn begin(&self, inputs: &[Input], me: usize) -> Box<dyn Work>;
}

/// A computation under way.
pub trait Work: Send {
    /// Does some more, as much each time however little is left to do.
    fn slice(&mut self);

    /// The member's part of the result.
    ///
    /// # Errors
    /// [`Trap`] if there is none: for all members alike, unless the member's own host gave it too few slices.
    fn finish(self: Box<Self>) -> Result<Zeroizing<Vec<u8>>, Trap>;
}

/// The function gave nothing: it failed, or the slices were not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap;
