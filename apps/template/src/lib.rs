//! Crates to begin with, that need nothing but a compiler.

mod write;

pub use write::{WriteError, write};

/// Longest name of a new crate in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// Names that a crate cannot have, or that mean another one.
const TAKEN: &[&str] = &["alloc", "core", "proc-macro", "std", "test"];

/// A path below a crate's directory, and the text of the file there.
pub type Source = (&'static str, &'static str);
/// The files of a new crate: paths below its directory, and their text.
pub type Files = Vec<(&'static str, String)>;

/// What a new crate is made of.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What it makes, in words: `a plugin`.
    pub what: &'static str,
    /// Name of the crate that it is built on, which none can have.
    pub kit: &'static str,
    /// Files in which `{name}`, `{crate}` and `{version}` stand for those of the new crate.
    pub filled: &'static [Source],
    /// Files that are copied as they are.
    pub copied: &'static [Source],
}

/// The [`Source`]s in a directory, relative to the file with this macro, as they are to lie in another.
#[macro_export]
macro_rules! sources {
    ($from:literal => $to:literal; $($file:literal),* $(,)?) => {
        &[$((concat!($to, $file), include_str!(concat!($from, $file)))),*]
    };
}

impl Template {
    /// The files of a new crate with that name.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn files(&self, name: &str) -> Result<Files, String> {
        self.check(name)?;
        let fill = |(path, text): &Source| {
            let text = text.replace("{name}", name);
            let text = text.replace("{crate}", &name.replace('-', "_"));
            (*path, text.replace("{version}", env!("CARGO_PKG_VERSION")))
        };
        let copy = |(path, text): &Source| (*path, (*text).to_owned());
        let filled = self.filled.iter().map(fill);
        Ok(filled.chain(self.copied.iter().map(copy)).collect())
    }

    fn check(&self, name: &str) -> Result<(), String> {
        let mut letters = name.chars();
        let begins = letters.next().is_some_and(|c| c.is_ascii_lowercase());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !begins || !letters.all(is_plain) || name.len() > NAME_BYTES_MAX {
            return Err(format!(
                "`{}` is no name for {}: use up to {NAME_BYTES_MAX} of a-z, 0-9 and -, a letter first",
                name.escape_debug(),
                self.what
            ));
        }
        match name == self.kit || TAKEN.contains(&name) {
            true => Err(format!(
                "`{name}` is the name of another crate: choose one of your own"
            )),
            false => Ok(()),
        }
    }
}
