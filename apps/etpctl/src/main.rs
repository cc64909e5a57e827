//! Operate dispatchd and schemes.

fn main() {}
