//! The optimistic fair exchange (Terada et al. 2005, section 5.1), one file for each step.
//!
//! ```text
//!  P_A            S_A                        P_B          S_B
//!   | start-exchange |                         |            |
//!   |--------------->| [insert OFFER]          |            |     start
//!   |<---------------|------------ m1 -------->|            |
//!   | started        |                         |-- accept ->|     agree
//!   |                |<------------ m2 ---------------------| [delete v2, insert WAIT]
//!   |                | [delete v1, insert WAIT]|            |     confirm
//!   |                |------------- m3 -------------------->| [store v1, DONE]   commit
//!   |                |<------------ m4 ---------------------|
//!   |<---------------| [store v2, remove]      |<-----------|     complete
//!   | result         |                         | result     |
//! ```
//!
//! If a message stays away, `order-resolve` at S_A and `order-abort` at S_B have the third party
//! end the exchange ([`dispute`]).
//!
//! Each bracket is one transaction; what it sends leaves only when it is durable.

pub(crate) mod agree;
pub(crate) mod commit;
pub(crate) mod complete;
pub(crate) mod confirm;
pub(crate) mod dispute;
pub(crate) mod result;
pub(crate) mod start;
