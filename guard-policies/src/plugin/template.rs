//! A plugin to begin with, for `etpctl guard new`.

use crate_template::{Files, Template, sources};

pub use crate_template::NAME_BYTES_MAX;

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, with a copy of the crate `etp-guard`.
    Rust,
    /// C, with `guard.h`.
    C,
}

const WHAT: &str = "a plugin";
const KIT: &str = "etp-guard";

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!("../../sdk/templates/", $file))
    };
}

const RUST: Template = Template {
    what: WHAT,
    kit: KIT,
    filled: &[
        ("Cargo.toml", template!("rust/manifest.toml")),
        (".cargo/config.toml", template!("rust/config.toml")),
        ("src/lib.rs", template!("rust/plugin.rs")),
        ("README.md", template!("rust/README.md")),
        ("etp-guard/Cargo.toml", template!("rust/sdk.toml")),
    ],
    copied: sources![
        "../../sdk/src/" => "etp-guard/src/";
        "cbor.rs",
        "context.rs",
        "export.rs",
        "keyed.rs",
        "lib.rs",
        "limits.rs",
        "message.rs",
        "settings.rs",
        "testing.rs",
    ],
};
const C: Template = Template {
    what: WHAT,
    kit: KIT,
    filled: &[
        ("plugin.c", template!("c/plugin.c")),
        ("Makefile", template!("c/Makefile")),
        ("README.md", template!("c/README.md")),
    ],
    copied: sources!["../../sdk/c/" => ""; "guard.h"],
};

/// The files of a new plugin: paths under its directory, and their text. They need nothing but a
/// compiler.
///
/// # Errors
///
/// What is wrong with the name.
pub fn template(language: Language, name: &str) -> Result<Files, String> {
    match language {
        Language::Rust => RUST.files(name),
        Language::C => C.files(name),
    }
}
