//! `pals function check` and `hash`.

use std::fs;
use std::path::Path;

use libetp::text::hex;
use oncard_function::{ENGINE, Module};
use serde_json::json;

use crate::report::{Failure, Report};

/// How every module begins.
const MAGIC: &[u8] = b"\0asm";

/// A module as a card has it, and its length in bytes.
pub(super) fn load(file: &Path) -> Result<(Module, usize), Failure> {
    let bytes = fs::read(file).map_err(Failure::file(file))?;
    Ok((check_bytes(file, &bytes)?, bytes.len()))
}

/// The bytes of a module that cards take.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(file).map_err(Failure::file(file))?;
    check_bytes(file, &bytes)?;
    Ok(bytes)
}

fn check_bytes(file: &Path, bytes: &[u8]) -> Result<Module, Failure> {
    if !bytes.starts_with(MAGIC) {
        return Err(Failure::NoModule(file.display().to_string()));
    }
    Module::load(bytes).map_err(|error| Failure::Module(file.to_path_buf(), error))
}

pub(super) fn check(file: &Path) -> Result<Report, Failure> {
    let (module, bytes) = load(file)?;
    let (shown, hash) = (file.display().to_string(), hex(&module.hash()));
    Ok(Report {
        text: format!("{shown} is a function, of {bytes} bytes, for {ENGINE}\nsha256 {hash}"),
        json: json!({ "file": shown, "bytes": bytes, "engine": ENGINE, "sha256": hash }),
    })
}

pub(super) fn hash(file: &Path) -> Result<Report, Failure> {
    let (module, _) = load(file)?;
    let hash = hex(&module.hash());
    Ok(Report {
        json: json!({ "file": file.display().to_string(), "sha256": hash }),
        text: hash,
    })
}
