//! The chain through its public interface: what follows from what policies say.

mod failing;
mod holding;
mod reference;
mod support;
mod verdicts;
