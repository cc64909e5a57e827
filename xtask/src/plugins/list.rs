//! The lists of modules that are kept in the repository.

use std::fs;

use guard_policies::plugin::template;
use serde::{Deserialize, Serialize};

use super::kit::Kit;
use crate::shell::{Result, root};

const HEAD: &str = "\
# Modules that are kept beside their source. `cargo xtask plugins` builds them and writes this file;
# `cargo xtask test` builds them again and compares.

";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub(super) compilers: Compilers,
    pub(super) module: Vec<Module>,
}

/// The compilers whose output is kept, of the languages that there are modules in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compilers {
    rust: Option<String>,
    c: Option<String>,
}

/// A module, `<source>/<name>.wasm`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) language: Language,
    /// Directory with a crate, or with `plugin.c`.
    pub(super) source: String,
    pub(super) sha256: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Language {
    Rust,
    C,
}

impl Language {
    pub(super) fn of_template(self) -> template::Language {
        match self {
            Self::Rust => template::Language::Rust,
            Self::C => template::Language::C,
        }
    }
}

impl List {
    pub(super) fn read(kit: &Kit) -> Result<Self> {
        let path = kit.list;
        let text = fs::read_to_string(root().join(path)).map_err(|e| format!("{path}: {e}"))?;
        toml::from_str(&text).map_err(|e| format!("{path}: {e}"))
    }

    /// The file at `path`.
    pub(super) fn to_text(&self, path: &str) -> Result<String> {
        let text = toml::to_string(self).map_err(|e| format!("{path}: {e}"))?;
        Ok(HEAD.to_owned() + &text)
    }
}

impl Compilers {
    pub(super) fn of(&self, language: Language) -> Option<&str> {
        match language {
            Language::Rust => self.rust.as_deref(),
            Language::C => self.c.as_deref(),
        }
    }

    pub(super) fn of_mut(&mut self, language: Language) -> Option<&mut String> {
        match language {
            Language::Rust => self.rust.as_mut(),
            Language::C => self.c.as_mut(),
        }
    }
}
