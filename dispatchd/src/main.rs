//! The per-host daemon of TENeT.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use dispatchd::config::{DEFAULT_TEXT, Loaded};
use dispatchd::ops::cli::Options;
use dispatchd::ops::failure::Failure;
use dispatchd::ops::{check, daemon, limits, logging, recover};

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(words) => {
            // A reader that goes away early, as `head` does, is no failure.
            let _ = std::io::stdout().write_all(words.as_bytes());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("dispatchd: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// Does what the command line asks; what to print.
fn run(options: &Options) -> Result<String, Failure> {
    if options.print_limits {
        return Ok(limits::print());
    }
    let path = match &options.config {
        Some(path) if !options.print_default_config => path,
        _ => return Ok(DEFAULT_TEXT.to_owned()),
    };
    let loaded = Loaded::read(path)?;
    #[cfg(feature = "experiment")]
    let loaded = loaded.with_experiments(options.experiment);
    if options.check {
        return check::check(&loaded);
    }
    if let Some(domain) = options.accept_rollback {
        return recover::accept_rollback(&loaded, domain, options.confirm);
    }
    if let Some(domain) = options.forget_domain {
        return recover::forget_domain(&loaded, domain);
    }
    logging::start(&loaded.config.log).map_err(Failure::start)?;
    daemon::run(loaded, options).map(|()| String::new())
}
