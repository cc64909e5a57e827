//! What [`export_function!`](crate::export_function) calls on a card.

#[cfg(target_arch = "wasm32")]
mod memory {
    use std::sync::{Mutex, PoisonError};

    use crate::{Function, Inputs};

    /// What the card writes, and what it reads. There is one thread, and one computation in a memory.
    static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    static RESULT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    /// `function_buffer`: makes room for an input, and says where.
    pub fn buffer(len: i32) -> i32 {
        let mut input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
        *input = vec![0; len as usize];
        input.as_ptr() as i32
    }

    /// `function_run`: computes, and says where the result is and how long.
    ///
    /// # Panics
    /// If the input is none, or the function panics.
    pub fn run<F: Function>(len: i32) -> i64 {
        let input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
        let inputs = Inputs::read(&input[..len as usize]);
        let mut result = RESULT.lock().unwrap_or_else(PoisonError::into_inner);
        *result = F::run(&inputs.expect("cards write inputs"));
        (result.as_ptr() as i64) << 32 | result.len() as i64
    }
}

#[cfg(target_arch = "wasm32")]
pub use memory::{buffer, run};

/// Makes a type that implements [`Function`](crate::Function) the function of this crate. Elsewhere than in
/// WebAssembly it does nothing.
///
/// The crate that uses it allows unsafe code here: to give an export its name is outside of what the compiler can
/// check. Nothing else is.
#[macro_export]
macro_rules! export_function {
    ($function:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "names of exports")]
        mod function_exports {
            use super::*;

            #[unsafe(no_mangle)]
            extern "C" fn function_buffer(len: i32) -> i32 {
                $crate::export::buffer(len)
            }

            #[unsafe(no_mangle)]
            extern "C" fn function_run(len: i32) -> i64 {
                $crate::export::run::<$function>(len)
            }
        }
    };
}
