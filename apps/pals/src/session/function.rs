//! `pals function list`, `load`, `approve` and `forget`: what the card keeps.

use card_owner::Access;
use libetp::client::text::hex;
use libetp::digest::Hash;
use libetp::params::pals::KeptFunction;
use pals::{Library, Shipped};
use serde_json::{Value, json};

use super::account::Account;
use super::begin::consent;
use super::code::{Code, failure};
use super::options::{CardFunction, Named};
use super::program::Failure;
use crate::report::Report;

pub(super) fn run(access: &Access<'_>, command: &CardFunction) -> Result<Report, Failure> {
    match command {
        CardFunction::List => with_library(access, list),
        CardFunction::Load(which) => load(access, &which.function),
        CardFunction::Approve(approve) => {
            self::approve(access, &approve.which.function, approve.yes)
        }
        CardFunction::Forget(which) => forget(access, &which.function),
    }
}

/// Over a channel to the card that the owner's PIN opens.
fn with_library<T>(
    access: &Access<'_>,
    run: impl FnOnce(&mut Library<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut account = Account::open(access)?;
    let mut orders = account.authenticate(access)?;
    let (session, capability) = orders.authenticated(&mut account.capability);
    let done = run(&mut Library::new(session, capability))?;
    capability.take_received();
    capability.write_out()?;
    Ok(done)
}

fn list(library: &mut Library<'_>) -> Result<Report, Failure> {
    let kept = library.list().map_err(failure)?;
    let lines: Vec<String> = kept.iter().map(line).collect();
    let text = match lines.is_empty() {
        true => "The card keeps no function.".into(),
        false => lines.join("\n"),
    };
    let functions: Value = kept.iter().map(facts).collect();
    let json = json!({ "functions": functions });
    Ok(Report { text, json })
}

fn line(kept: &KeptFunction) -> String {
    let name = Shipped::of(&kept.hash).map_or("-", Shipped::name);
    let state = match (kept.stored == kept.total, kept.is_approved) {
        (true, true) => "approved".into(),
        (true, false) => "not approved".into(),
        (false, _) => format!("{} bytes are there", kept.stored),
    };
    let (hash, total) = (hex(&kept.hash), kept.total);
    format!("{hash} {name:<9} {total:>7} bytes, {state}")
}

fn facts(kept: &KeptFunction) -> Value {
    json!({
        "sha256": hex(&kept.hash),
        "name": Shipped::of(&kept.hash).map(Shipped::name),
        "bytes": kept.total,
        "stored": kept.stored,
        "approved": kept.is_approved,
    })
}

fn load(access: &Access<'_>, which: &Named) -> Result<Report, Failure> {
    let code = needed(which)?;
    let pieces = with_library(access, |library| code.load(library))?;
    let text = match pieces {
        0 => "The card has it already.".into(),
        pieces => {
            let pieces = command_line::counted(pieces as u64, "piece", "pieces");
            format!("The card keeps {}, of which it got {pieces}.", code.name())
        }
    };
    let json = json!({ "sha256": hex(&code.hash), "pieces": pieces });
    Ok(Report { text, json })
}

/// Its module is here, and not the hash alone.
fn needed(which: &Named) -> Result<Code, Failure> {
    let text = "the hash of a function is not enough to load it";
    let failure = || Failure::new(super::program::Kind::Usage, text).hint("name the module's file");
    code(which)?.ok_or_else(failure)
}

fn code(which: &Named) -> Result<Option<Code>, Failure> {
    match which {
        Named::Shipped(shipped) => Ok(Some(Code::shipped(*shipped))),
        Named::File(path) => Code::file(path).map(Some),
        Named::Hash(hash) => Ok(Shipped::of(hash).map(Code::shipped)),
    }
}

fn hash(which: &Named) -> Result<Hash, Failure> {
    match which {
        Named::Hash(hash) => Ok(*hash),
        other => needed(other).map(|code| code.hash),
    }
}

fn approve(access: &Access<'_>, which: &Named, yes: bool) -> Result<Report, Failure> {
    let (code, hash) = (code(which)?, hash(which)?);
    match &code {
        Some(code) => eprint!("{}", code.lines("")),
        None => eprintln!("UNKNOWN CODE: only its hash is known here"),
    }
    let is_unknown = code.as_ref().is_none_or(Code::is_unknown);
    if is_unknown && !yes {
        consent("Let the card compute it?", "approve it")?;
    }
    with_library(access, |library| match &code {
        Some(code) => code.provide(library),
        None => library.approve(hash).map_err(failure),
    })?;
    let text = "The card computes it in sessions that you open or join.".into();
    let json = json!({ "sha256": hex(&hash), "approved": true });
    Ok(Report { text, json })
}

fn forget(access: &Access<'_>, which: &Named) -> Result<Report, Failure> {
    let hash = hash(which)?;
    with_library(access, |library| library.forget(hash).map_err(failure))?;
    let text = "The card keeps nothing of it any more.".into();
    let json = json!({ "sha256": hex(&hash), "forgotten": true });
    Ok(Report { text, json })
}
