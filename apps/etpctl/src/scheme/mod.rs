//! `etpctl scheme`: makes schemes, certifies keys and checks what is there.

mod arguments;
mod card;
mod check;
mod enrol;
mod failure;
mod init;
mod pin;
mod puk;
mod report;
mod show;

pub(crate) use arguments::SchemeCommand;
pub(crate) use failure::Failure;

use report::print;

/// Carries out one command and prints what came of it, for people or as one JSON document.
///
/// # Errors
/// [`Failure`] saying what is wrong and, where somebody can act, what to do.
pub(crate) fn run(command: SchemeCommand, json: bool) -> Result<(), Failure> {
    match command {
        SchemeCommand::Init(arguments) => print(&init::run(&arguments)?, json),
        SchemeCommand::Enrol(arguments) => enrol::run(&arguments, json),
        SchemeCommand::Show(arguments) => print(&show::run(&arguments)?, json),
        SchemeCommand::Check(arguments) => {
            let report = check::run(&arguments)?;
            print(&report, json)?;
            report.judge()
        }
    }
}
