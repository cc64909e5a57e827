//! The half of secure computations that runs on hosts.

pub mod template;
