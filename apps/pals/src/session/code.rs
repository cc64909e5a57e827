//! A function as its owner has it.

use std::borrow::Cow;
use std::path::Path;

use libetp::client::ClientError;
use libetp::digest::Hash;
use libetp::params::runtime::RefusalCode;
use libetp::text::{hex, shown};
use libetp::{Mtype, digest::sha256};
use pals::{Library, Shipped};

use super::program::Failure;
use crate::function::module;

/// A module, and where it is from.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) hash: Hash,
    bytes: Cow<'static, [u8]>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Shipped(Shipped),
    File(String),
}

impl Code {
    pub(super) fn shipped(shipped: Shipped) -> Self {
        let bytes = shipped.module();
        Self {
            hash: sha256(bytes),
            bytes: bytes.into(),
            source: Source::Shipped(shipped),
        }
    }

    /// Of a file, whose module cards take.
    pub(super) fn file(path: &Path) -> Result<Self, Failure> {
        let bytes = module::read(path)?;
        let hash = sha256(&bytes);
        let source = match Shipped::of(&hash) {
            Some(shipped) => Source::Shipped(shipped),
            None => Source::File(shown(&path.display().to_string())),
        };
        Ok(Self {
            hash,
            bytes: bytes.into(),
            source,
        })
    }

    /// Whether somebody else wrote it.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.source, Source::File(_))
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        match &self.source {
            Source::Shipped(shipped) => shipped.name(),
            Source::File(path) => path,
        }
    }

    /// Who it is from, and by what cards know it.
    pub(super) fn lines(&self, indent: &str) -> String {
        let hash = hex(&self.hash);
        match &self.source {
            Source::Shipped(shipped) => {
                let name = shipped.name();
                format!("{indent}Function {name}, shipped with pals, SHA-256\n{indent}{hash}\n")
            }
            Source::File(path) => format!(
                "{indent}Function {path}, SHA-256\n{indent}{hash}\n\
                 {indent}UNKNOWN CODE: it is not shipped with pals. Your card computes it on your input, and tells\n\
                 {indent}others what it makes of that. Only its source, built again, says what that is.\n"
            ),
        }
    }

    /// Has the card keep it and compute it in sessions.
    pub(super) fn provide(&self, library: &mut Library<'_>) -> Result<(), Failure> {
        if library.provide(&self.bytes).map_err(failure)? {
            eprintln!(
                "pals: the card keeps {} from now on, and computes it when you say so",
                self.name()
            );
        }
        Ok(())
    }

    /// Has the card keep it. How many pieces it had not got.
    pub(super) fn load(&self, library: &mut Library<'_>) -> Result<usize, Failure> {
        library.load(&self.bytes).map_err(failure)
    }
}

/// Why the card does not do something with functions.
pub(super) fn failure(error: ClientError) -> Failure {
    let hint = match (&error, error.refusal()) {
        (ClientError::OrderRefused { mtype, .. }, Some(RefusalCode::Limit))
            if *mtype == Mtype::LOAD_FUNCTION =>
        {
            Some(
                "`pals function list` shows what the card keeps; `pals function forget` makes room",
            )
        }
        (_, Some(RefusalCode::NotFound)) => Some("`pals function list` shows what the card keeps"),
        (_, Some(RefusalCode::Malformed)) => {
            Some("`pals function check` says what is wrong with a module")
        }
        (_, Some(RefusalCode::State)) => Some(
            "`pals function load` gives the card the rest of it; if it has other bytes, forget it first",
        ),
        _ => None,
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
