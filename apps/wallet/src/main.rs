//! The voucher wallet: orders to the own card, offers from others, and what became of them.
//!
//! Each run resumes the wallet's durable id, collects the mail that waited for it, and then does
//! one thing. What must last lies in the wallet's home: its settings with the pinned card, the
//! capability and the records that `history` tells.

mod asks;
mod card;
mod cli;
mod commands;
mod disputes;
mod files;
mod mail;
mod output;
mod program;
mod promise;
mod records;
mod values;

use std::process::ExitCode;

use cli::Cli;

const PROGRAM: &str = "wallet";

fn main() -> ExitCode {
    match command_line::parse::<Cli>(&cli::MANUAL) {
        Ok(cli) => run(&cli),
        Err(end) => end,
    }
}

fn run(cli: &Cli) -> ExitCode {
    match card_owner::harden().and_then(|()| commands::run(cli)) {
        Ok(report) => output::print(&report, cli.json),
        Err(failure) => command_line::Failure::from(failure).tell(PROGRAM, cli.json),
    }
}
