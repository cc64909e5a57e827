//! Functions of secure computations, in Rust.
//!
//! A function is a type with [`Function::run`], and one line that exports it:
//!
//! ```
//! use etp_function::{Function, Inputs, Reader, evaluate, export_function};
//!
//! /// Tells everybody the greatest number that somebody gave.
//! struct Greatest;
//!
//! impl Function for Greatest {
//!     fn run(inputs: &Inputs<'_>) -> Vec<u8> {
//!         let numbers = inputs.iter().flatten().filter_map(|value| Reader::new(value).u32());
//!         numbers.max().map_or(Vec::new(), |greatest| greatest.to_be_bytes().into())
//!     }
//! }
//!
//! export_function!(Greatest);
//!
//! let inputs = [Some(7_u32.to_be_bytes()), None, Some(9_u32.to_be_bytes())];
//! assert_eq!(evaluate::<Greatest>(&inputs, 0), [0, 0, 0, 9]);
//! # fn main() {}
//! ```
//!
//! The same type is tested natively, with [`evaluate()`], and built for a card: `docs/functions.md`. What lies between
//! it and the card is `docs/protocol/function.md`.
//!
//! Every card computes the function by itself, and all have to find the same. So it has whole numbers only: a card
//! refuses a module with floating point in it. It has no clock and no randomness. It gets what all members agreed on
//! when they joined the session, and what each of them gave, which may be absent or nonsense: a panic takes the result
//! from everybody, so nonsense is for the function to tell from sense, most simply by counting it as absent.

pub mod exact;
pub mod export;
mod inputs;
mod reader;
mod session;

pub use inputs::Inputs;
pub use reader::Reader;
pub use session::{Session, evaluate};

/// What is computed.
pub trait Function {
    /// The part of the result that is for the member who asks, [`Inputs::me`]. Every member's card computes its own.
    fn run(inputs: &Inputs<'_>) -> Vec<u8>;
}
