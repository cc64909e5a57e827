//! A plugin to begin with, for `etpctl guard new`.

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, with a copy of the crate `etp-guard`.
    Rust,
    /// C, with `guard.h`.
    C,
}

/// Longest name of a plugin in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// Names that a crate cannot have, or that mean another one.
const TAKEN: &[&str] = &["alloc", "core", "etp-guard", "proc-macro", "std", "test"];

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!("../../sdk/templates/", $file))
    };
}

macro_rules! sdk {
    ($($file:literal),* $(,)?) => {
        &[$((concat!("etp-guard/src/", $file), include_str!(concat!("../../sdk/src/", $file)))),*]
    };
}

const RUST: &[(&str, &str)] = &[
    ("Cargo.toml", template!("rust/manifest.toml")),
    (".cargo/config.toml", template!("rust/config.toml")),
    ("src/lib.rs", template!("rust/plugin.rs")),
    ("README.md", template!("rust/README.md")),
    ("etp-guard/Cargo.toml", template!("rust/sdk.toml")),
];
const SDK: &[(&str, &str)] = sdk![
    "cbor.rs",
    "context.rs",
    "export.rs",
    "keyed.rs",
    "lib.rs",
    "limits.rs",
    "message.rs",
    "settings.rs",
    "testing.rs",
];
const C: &[(&str, &str)] = &[
    ("plugin.c", template!("c/plugin.c")),
    ("Makefile", template!("c/Makefile")),
    ("README.md", template!("c/README.md")),
];
const HEADER: (&str, &str) = ("guard.h", include_str!("../../sdk/c/guard.h"));

/// The files of a new plugin: paths under its directory, and their text. They need nothing but a
/// compiler.
///
/// # Errors
///
/// What is wrong with the name.
pub fn template(language: Language, name: &str) -> Result<Vec<(&'static str, String)>, String> {
    check(name)?;
    let fill = |(path, text): &(&'static str, &str)| {
        let text = text.replace("{name}", name);
        let text = text.replace("{crate}", &name.replace('-', "_"));
        (*path, text.replace("{version}", env!("CARGO_PKG_VERSION")))
    };
    let own = |(path, text): &(&'static str, &str)| (*path, (*text).to_owned());
    Ok(match language {
        Language::Rust => RUST.iter().map(fill).chain(SDK.iter().map(own)).collect(),
        Language::C => C.iter().map(fill).chain([own(&HEADER)]).collect(),
    })
}

fn check(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_lowercase());
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !begins || !letters.all(is_plain) || name.len() > NAME_BYTES_MAX {
        return Err(format!(
            "`{}` is no name for a plugin: use up to {NAME_BYTES_MAX} of a-z, 0-9 and -, a letter first",
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
