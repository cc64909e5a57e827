//! `softcard`: looks at soft cards that no daemon has open, serves them to one, and puts them into readers.

mod insert;
mod process;
mod serve;
mod tries;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use command_line::{Failure, Kind, Manual, OutputError};
use libetp::text::hex;
use serde_json::Map;
use softcard::{AtRest, DeviceKey, Info, SoftCard, SoftCardError};

const PROGRAM: &str = "softcard";

/// In which ways it fails.
const KINDS: &[Kind] = &[Kind::Other, Kind::Usage];

/// The manual page, beside what is said here.
const MANUAL: Manual = Manual {
    description: "\
A soft card is a directory that\n\
.BR dispatchd (8)\n\
serves as a card. This program says what is in one, serves it to dispatchd from a process of its own, which may\n\
belong to another user and be restarted alone, or puts it into the virtual reader of a\n\
.BR pcscd (8),\n\
where it is a card as any other.",
    kinds: KINDS,
    sections: include_str!("../softcard.roff"),
};

#[derive(Parser)]
#[command(
    version,
    about = "Look at soft cards that no daemon has open, serve them, and put them into readers"
)]
#[command(after_help = Kind::help(KINDS))]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show who a card is, what service it gives and how it is protected
    Info {
        /// The card's directory
        directory: PathBuf,
        /// The card's device key, if it has one
        #[arg(long, value_name = "FILE")]
        device_key: Option<PathBuf>,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// Serve a card to a daemon, from a process of its own, until SIGTERM
    ///
    /// The daemon has a section with kind = "process" and the socket. It verifies the card itself and
    /// believes this process nothing; one daemon is served at a time. If this process ends, whatever the
    /// reason, start it again: the daemon finds out which command the card carried out last, and goes on.
    #[command(after_help = SERVE_HELP)]
    Serve(serve::Arguments),
    /// Put a card into the virtual reader of a pcscd, until SIGTERM
    ///
    /// The reader is the driver of the package vsmartcard-vpcd: it listens on a port, and this process connects
    /// and is the card. Every program that uses PC/SC sees it, such as pcsc_scan. The card is pulled when this process
    /// ends. When pcscd ends, the card goes into the reader again as soon as there is one.
    #[command(after_help = VPCD_HELP)]
    Vpcd(insert::Arguments),
}

/// What goes into the configuration of the daemon.
const SERVE_HELP: &str = "\
In dispatchd's configuration:
  [[card]]
  kind = \"process\"
  socket = \"/run/tenet/card.sock\"
  owners = [1000]";

/// How to see that it is there.
const VPCD_HELP: &str = "\
With the packages pcscd, vsmartcard-vpcd, pcsc-tools and opensc:
  softcard vpcd /var/lib/tenet/card &
  pcsc_scan
  opensc-tool --send-apdu 00:A4:04:00:10:F0:65:54:50:63:61:72:64:01:02:03:04:05:06:07:08:00

Port 35963 is that of the first slot in the package's configuration, /etc/reader.conf.d/vpcd; the driver listens
on all addresses, and whoever reaches the port inserts a card.";

fn main() -> ExitCode {
    match command_line::parse::<Arguments>(&MANUAL) {
        Ok(arguments) => run(arguments),
        Err(end) => end,
    }
}

fn run(arguments: Arguments) -> ExitCode {
    // Nobody attaches to this process while it holds keys. Where the kernel does not have it,
    // the process is what it would be anyway.
    let _ = nix::sys::prctl::set_dumpable(false);
    match arguments.command {
        Command::Info {
            directory,
            device_key,
            json,
        } => match info(&directory, device_key.as_deref()) {
            Ok(info) => {
                let text = if json { as_json(&info) } else { as_text(&info) };
                match command_line::print(text.trim_end()) {
                    Ok(()) | Err(OutputError::Closed) => ExitCode::SUCCESS,
                    Err(error) => failure(error.to_string()).tell(PROGRAM, json),
                }
            }
            Err(error) => failure(error.to_string()).tell(PROGRAM, json),
        },
        Command::Serve(arguments) => end(serve::serve(&arguments)),
        Command::Vpcd(arguments) => end(insert::insert(&arguments)),
    }
}

fn end(served: Result<(), String>) -> ExitCode {
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => failure(words).tell(PROGRAM, false),
    }
}

fn failure(message: String) -> Failure {
    Failure {
        kind: Kind::Other,
        message,
        hint: None,
        facts: Map::new(),
    }
}

fn info(directory: &Path, device_key: Option<&Path>) -> Result<Info, SoftCardError> {
    let key = device_key
        .map(|path| DeviceKey::load(path, directory))
        .transpose()?;
    SoftCard::open(directory, key)?.info()
}

fn as_text(info: &Info) -> String {
    let class = match info.class {
        0 => "0 (soft: whoever owns its host can read it, copy it and put it back)".to_owned(),
        class => class.to_string(),
    };
    let at_rest = match info.at_rest {
        AtRest::None => "none (whoever reads its directory has its keys)",
        AtRest::DeviceKey => "device-key",
    };
    let service = match &info.service {
        Some(key) => format!("third party {}", hex(key)),
        None => "none".to_owned(),
    };
    format!(
        "domain      {}\nkey         {}\nclass       {class}\ngeneration  {}\nat rest     {at_rest}\n\
         service     {service}\nPIN         {}\nPUK         {}\n",
        info.domain,
        hex(&info.key),
        info.generation,
        tries(info.tries_left.pin),
        info.tries_left.puk.map_or("none".to_owned(), tries),
    )
}

fn tries(left: u8) -> String {
    match left {
        0 => "blocked".to_owned(),
        1 => "1 try left".to_owned(),
        _ => format!("{left} tries left"),
    }
}

fn as_json(info: &Info) -> String {
    let document = serde_json::json!({
        "domain": info.domain.to_string(),
        "key": hex(&info.key),
        "class": info.class,
        "generation": info.generation,
        "at_rest": info.at_rest.name(),
        "service": info.service.map(|key| hex(&key)),
        "pin_tries_left": info.tries_left.pin,
        "puk_tries_left": info.tries_left.puk,
    });
    format!("{document:#}\n")
}
