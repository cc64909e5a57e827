//! A function to begin with, for `pals function new`.

/// Longest name of a function in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// Names that a crate cannot have, or that mean another one.
const TAKEN: &[&str] = &["alloc", "core", "etp-function", "proc-macro", "std", "test"];

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!("../sdk/templates/rust/", $file))
    };
}

macro_rules! sdk {
    ($($file:literal),* $(,)?) => {
        &[$((concat!("etp-function/src/", $file), include_str!(concat!("../sdk/src/", $file)))),*]
    };
}

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", template!("manifest.toml")),
    (".cargo/config.toml", template!("config.toml")),
    ("src/lib.rs", template!("function.rs")),
    ("README.md", template!("README.md")),
    ("etp-function/Cargo.toml", template!("sdk.toml")),
];
const SDK: &[(&str, &str)] = sdk![
    "exact.rs",
    "export.rs",
    "inputs.rs",
    "lib.rs",
    "reader.rs",
    "session.rs",
];

/// The files of a new function: paths under its directory, and their text. They need nothing but a compiler.
///
/// # Errors
/// What is wrong with the name.
pub fn template(name: &str) -> Result<Vec<(&'static str, String)>, String> {
    check(name)?;
    let fill = |(path, text): &(&'static str, &str)| {
        let text = text.replace("{name}", name);
        let text = text.replace("{crate}", &name.replace('-', "_"));
        (*path, text.replace("{version}", env!("CARGO_PKG_VERSION")))
    };
    let own = |(path, text): &(&'static str, &str)| (*path, (*text).to_owned());
    Ok(FILES.iter().map(fill).chain(SDK.iter().map(own)).collect())
}

fn check(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_lowercase());
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !begins || !letters.all(is_plain) || name.len() > NAME_BYTES_MAX {
        return Err(format!(
            "`{}` is no name for a function: use up to {NAME_BYTES_MAX} of a-z, 0-9 and -, a letter first",
            name.escape_debug()
        ));
    }
    match TAKEN.contains(&name) {
        true => Err(format!(
            "`{name}` is the name of another crate: choose one of your own"
        )),
        false => Ok(()),
    }
}
