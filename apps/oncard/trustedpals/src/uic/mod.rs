//! Uniform interactive consistency, synchronous, under general omission with fewer than half of
//! the processes faulty.
//!
//! Every process has an input; all that decide, decide on the same vector, which has the input of
//! every correct process and of each other one its input or nothing. *Uniform*: this holds for
//! faulty processes too, which decide the same or halt and know it. Correct processes decide by
//! round `min(f + 2, t + 1)` if `f` are faulty.
//!
//! Fort et al. 2006, section 5, build secure multiparty computation on it and cite Parvédy and
//! Raynal 2004, *Optimal early stopping uniform consensus in synchronous systems with process
//! omission failures*, which is about one value, not a vector. The algorithm here is for the
//! vector:
//!
//! - Each round every process tells every other what it knows and whom it trusts.
//! - It trusts whom it heard in every round so far, and ignores all others.
//! - **Self-check**: trusting fewer than `n - t`, or trusted by fewer than `n - t` of those that it
//!   trusts, it is faulty itself and halts.
//! - **Stable**: that at most `r - 1` were distrusted after round `r` means that no value can come
//!   any more that it does not have.
//! - **Confirm**: once stable, it decides when `n - t` of those that it trusts already had all of
//!   its values in the round before; else in round `t + 1`.
//!
//! Why that is right:
//!
//! 1. Who first learns a value in round `s` has it over a chain of `s + 1` different processes, one
//!    new in each round: had one of them known it earlier, the next, which heard it in every round,
//!    would have too.
//! 2. If a process is stable after round `r` without a value, nobody first learns that value in
//!    round `r` or later: each of the chain's first `r` processes sent it in a round up to `r`, was
//!    not heard, and is distrusted; but at most `r - 1` are.
//! 3. Then all holders are faulty and no correct process trusts one, or the value would be here. So at
//!    most `t` vouch for a holder, and it halts by its self-check.
//! 4. So who decides early decides on what all later deciders have: `n - t` confirmed it, and any
//!    decider trusts one of them, for `2 (n - t) > n`. Of two that decide in round `t + 1`, a value that
//!    only one has came over a chain with a correct process in it, too early for the other to have
//!    missed it, or to one that nobody correct trusts.

mod config;
mod machine;
mod report;

pub use config::{Config, ConfigError, Mode, Rules};
pub use machine::{Decision, Halt, Status, Uic};
pub use report::Report;
