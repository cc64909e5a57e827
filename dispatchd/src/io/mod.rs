//! The application socket: accepting programs, reading and writing their frames on I/O threads.
//!
//! Each I/O thread is a current-thread runtime that owns one shard of the table. What a read
//! brings is routed at once on that thread and written to its receivers before the next read:
//! one write for each receiver, with everything that the read brought for it. Only what a
//! receiver's socket does not take stays in its mailbox.

mod accept;
mod admission;
mod effects;
mod job;
mod membership;
mod output;
mod pass;
mod program;
mod receive;
mod storing;
mod worker;

pub(crate) use accept::prepare;
pub(crate) use admission::Admissions;
pub use admission::QuotaLimits;
pub(crate) use job::{Class, Job, JobSender, queue};
pub(crate) use storing::run_store;
pub(crate) use worker::{Peers, run_slow, run_worker};
