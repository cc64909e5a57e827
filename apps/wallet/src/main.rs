//! The voucher wallet.

fn main() {}
