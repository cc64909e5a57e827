//! `softcard`: looks at soft cards that no daemon has open.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use softcard::{AtRest, DeviceKey, Info, SoftCard, SoftCardError};

#[derive(Parser)]
#[command(version, about = "Looks at soft cards that no daemon has open.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows who a card is and how it is protected.
    Info {
        /// The card's directory.
        directory: PathBuf,
        /// The card's device key, if it has one.
        #[arg(long, value_name = "FILE")]
        device_key: Option<PathBuf>,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let Command::Info {
        directory,
        device_key,
        json,
    } = Arguments::parse().command;
    match info(&directory, device_key.as_deref()) {
        Ok(info) => {
            print!("{}", if json { as_json(&info) } else { as_text(&info) });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("softcard: {error}");
            ExitCode::FAILURE
        }
    }
}

fn info(directory: &Path, device_key: Option<&Path>) -> Result<Info, SoftCardError> {
    // Nobody attaches to this process while it holds keys. Where the kernel does not have it,
    // the process is what it would be anyway.
    let _ = nix::sys::prctl::set_dumpable(false);
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
    format!(
        "domain      {}\nkey         {}\nclass       {class}\ngeneration  {}\nat rest     {at_rest}\n",
        info.domain,
        hex(&info.key),
        info.generation,
    )
}

fn as_json(info: &Info) -> String {
    let document = serde_json::json!({
        "domain": info.domain.to_string(),
        "key": hex(&info.key),
        "class": info.class,
        "generation": info.generation,
        "at_rest": info.at_rest.name(),
    });
    format!("{document:#}\n")
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    libetp::id::write_hex(&mut text, bytes).expect("a String takes every write");
    text
}
