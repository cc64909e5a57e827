//! Errors in configuration files: what is wrong, where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Names that differ more than this are no typing errors (1 is equal).
const SIMILARITY_MIN: f64 = 0.7;

/// An error in a configuration file. It reads `file:line:column: what is wrong`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column in characters, both from 1; `None` if it is about the file as a whole.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ConfigError {
    /// An error about the file as a whole.
    pub fn whole(path: &Path, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            place: None,
            message: message.into(),
            help: None,
        }
    }

    /// An error at a place in the file's text.
    pub fn at(path: &Path, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            place: Some(place(text, span.start)),
            ..Self::whole(path, message)
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// An error of the TOML reader, with a suggestion where a name is unknown.
    pub fn toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().replace("unknown field", "unknown key");
        let message = message.replace("missing field", "missing key");
        let help = suggestion(&message).or_else(|| address_form(&message));
        let place = error.span().map(|span| place(text, span.start));
        let message = message.lines().collect::<Vec<_>>().join(", ");
        Self {
            path: path.into(),
            place,
            message,
            help,
        }
    }
}

/// Line and column of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// The known name most like the unknown one. serde writes both into its message:
/// ``unknown key `soket`, expected one of `socket`, `state` ``.
fn suggestion(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let likeness = |name: &&str| strsim::jaro_winkler(unknown, name);
    let nearest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    let close = likeness(&nearest) >= SIMILARITY_MIN;
    close.then(|| format!("did you mean `{nearest}`?"))
}

/// How an address is written, if the message is of one that cannot be read. The words are those of
/// `std::net::AddrParseError`.
fn address_form(message: &str) -> Option<String> {
    let is_address = message.contains("socket address syntax");
    is_address.then(|| "write it as `192.0.2.1:4711`; names are not looked up".into())
}

/// Text of a file, whoever wrote it, on one line and without anything that moves a cursor.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => out.push(character),
            _ => out.extend(character.escape_debug()),
        }
    }
    out
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", shown(&self.message))?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {}", shown(help)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_moves_no_cursor_and_begins_no_line() {
        let path = Path::new("a.toml");
        let error = ConfigError::whole(
            path,
            "`\u{1b}[2J\u{202e}\nb.toml: \u{e4} \"it's\\` is wrong",
        );
        assert_eq!(
            error.help("did you mean `\r`?").to_string(),
            "a.toml: `\\u{1b}[2J\\u{202e}\\nb.toml: \u{e4} \"it's\\` is wrong\n  help: did you mean `\\r`?"
        );
    }
}
