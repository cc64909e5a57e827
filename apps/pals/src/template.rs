//! A function to begin with, for `pals function new`.

use crate_template::{Files, Template, sources};

pub use crate_template::NAME_BYTES_MAX;

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!("../sdk/templates/rust/", $file))
    };
}

const FUNCTION: Template = Template {
    what: "a function",
    kit: "etp-function",
    filled: &[
        ("Cargo.toml", template!("manifest.toml")),
        (".cargo/config.toml", template!("config.toml")),
        ("src/lib.rs", template!("function.rs")),
        ("README.md", template!("README.md")),
        ("etp-function/Cargo.toml", template!("sdk.toml")),
    ],
    copied: sources![
        "../sdk/src/" => "etp-function/src/";
        "exact.rs",
        "export.rs",
        "inputs.rs",
        "lib.rs",
        "reader.rs",
        "session.rs",
    ],
};

/// The files of a new function: paths under its directory, and their text. They need nothing but a compiler.
///
/// # Errors
/// What is wrong with the name.
pub fn template(name: &str) -> Result<Files, String> {
    FUNCTION.files(name)
}
