//! Hostile local programs and hosts, for demonstrations and tests.

fn main() {}
