//! What a command says.

use std::io;
use std::path::{Path, PathBuf};

use command_line::{Kind, OutputError, print};
use crate_template::WriteError;
use oncard_function::{BudgetError, ENGINE, LoadError};
use serde_json::{Map, Value};
use thiserror::Error;

/// What came of a command, for people and for programs.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Report {
    pub(crate) fn print(&self, json: bool) -> Result<(), OutputError> {
        match json {
            true => print(&format!("{:#}", self.json)),
            false => print(self.text.trim_end()),
        }
    }
}

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Name(String),
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    File(PathBuf, io::Error),
    #[error("{0} is no module of WebAssembly")]
    NoModule(String),
    #[error("{path} is no function: {error}", path = .0.display(), error = .1)]
    Module(PathBuf, LoadError),
    #[error("{0}: {1}")]
    Value(String, String),
    #[error("there is no member {0}: members are counted from 0, inputs given: {1}")]
    Member(usize, usize),
    #[error("{0}")]
    Budget(#[from] BudgetError),
    #[error("member {0} gets nothing: the function trapped, having used {1} fuel")]
    Trapped(usize, u64),
    #[error("member {0} gets nothing: the fuel, {1}, is not enough")]
    OutOfFuel(usize, u64),
    #[error("{0}")]
    Output(#[from] OutputError),
}

impl Failure {
    /// About that file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        |error| Self::File(path, error)
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_closed())
    }

    /// As every program tells it.
    pub(crate) fn parts(&self) -> command_line::Failure {
        command_line::Failure {
            kind: self.kind(),
            message: self.to_string(),
            hint: self.hint(),
            facts: Map::new(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Trapped(..) | Self::OutOfFuel(..) | Self::Output(_) => Kind::Other,
            _ => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoModule(_) => "the compiler puts one into target/wasm32-unknown-unknown/release",
            Self::Module(_, error) => return Some(module_hint(error)),
            Self::Value(..) => "see `pals function run --help` for how inputs are written",
            Self::Trapped(..) => {
                "a panic, or memory that there is not: a test with `evaluate` says where, --memory grants more"
            }
            Self::OutOfFuel(..) => "--fuel grants more; a session has to, too",
            _ => return None,
        };
        Some(hint.into())
    }
}

impl From<WriteError> for Failure {
    fn from(WriteError { path, error }: WriteError) -> Self {
        Self::File(path, error)
    }
}

fn module_hint(error: &LoadError) -> String {
    match error {
        LoadError::Malformed(what) if what.contains("floating-point") => {
            "cards compute with whole numbers only; f32 and f64 are not to be used, not even in between".into()
        }
        LoadError::Malformed(_) => {
            format!("cards have {ENGINE}, with what compilers for WebAssembly use unless told otherwise")
        }
        LoadError::Import(_) => {
            "a card has no clock, randomness or files: build for wasm32-unknown-unknown, without what needs them".into()
        }
        LoadError::Export(_) => "`export_function!` exports it; the crate-type has to be cdylib".into(),
        LoadError::Long(_) => "build with --release, and with `lto` and `strip` as `pals function new` does".into(),
    }
}
