//! What Guard costs a message, in nanoseconds: `cargo xtask bench guard`.
//!
//! Contenders take turns within a round, and every ratio is taken within its round; what is printed, as one JSON
//! line, is the median over the rounds.

mod builtin;
mod chain;
mod clock;
mod message;
mod table;

use std::process::ExitCode;

use clock::{Contender, Figure};

fn main() -> ExitCode {
    let rounds = std::env::args().nth(1).map_or(Ok(7), |text| text.parse());
    match rounds {
        Ok(rounds @ 1..) => {
            println!("{}", serde_json::json!(figures(rounds)));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("bench-guard: the only argument is the number of rounds, from 1 on");
            ExitCode::FAILURE
        }
    }
}

fn figures(rounds: usize) -> Vec<Figure> {
    let mut contenders: Vec<Contender> = vec![builtin::contender()];
    contenders.extend(table::contenders());
    contenders.extend(chain::contenders());
    clock::figures(&contenders, rounds)
}
