//! What people are told: lines on standard error.

use std::io::Write as _;
use std::sync::Arc;

/// How urgent a line is, as syslog and the journal number it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Urgency {
    /// Nothing works until somebody does something.
    Error = 3,
    /// Something does not work now.
    Warning = 4,
    /// Worth knowing.
    Info = 6,
}

/// Where lines go.
#[derive(Clone)]
pub struct Log {
    about: String,
    write: Arc<Write>,
}

type Write = dyn Fn(Urgency, &str) + Send + Sync;

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Log").field(&self.about).finish()
    }
}

impl Log {
    /// To standard error: for people, or with the urgency in front that the journal takes off.
    pub fn stderr(program: &'static str) -> Self {
        let is_journal = std::env::var_os("JOURNAL_STREAM").is_some();
        Self::to(move |urgency, line| {
            // Nobody is left to be told that nobody reads it.
            let _ = match is_journal {
                true => writeln!(std::io::stderr(), "<{}>{line}", urgency as u8),
                false => writeln!(std::io::stderr(), "{program}: {line}"),
            };
        })
    }

    /// To whoever wants them.
    pub fn to(write: impl Fn(Urgency, &str) + Send + Sync + 'static) -> Self {
        Self {
            about: String::new(),
            write: Arc::new(write),
        }
    }

    /// The same, each line about one thing.
    pub fn about(&self, what: impl Into<String>) -> Self {
        Self {
            about: what.into() + ": ",
            write: Arc::clone(&self.write),
        }
    }

    /// One line. What others said in it is made safe to show.
    pub fn say(&self, urgency: Urgency, words: impl std::fmt::Display) {
        let line = format!("{}{words}", self.about);
        let line: String = line.chars().map(shown).collect();
        (self.write)(urgency, &line);
    }
}

fn shown(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}
