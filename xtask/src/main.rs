//! Prepare the machine, test, demonstrate and measure.

fn main() {}
