//! Kinds of failure: one table for every program.

use std::fmt::Write;
use std::process::ExitCode;

/// Why a command failed, as scripts are told. The number is the exit code; 0 is success.
///
/// A number means the same in every program, `docs/guide/exit-codes.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Nothing of the below.
    Other = 1,
    /// The words of the command line, or a file that they name, cannot be used.
    Usage = 2,
    /// The daemon cannot be had.
    Daemon = 3,
    /// The PIN.
    Pin = 4,
    /// The card said no.
    Refused = 5,
    /// The daemon's verdict on a message.
    Undelivered = 6,
    /// Silence.
    Timeout = 7,
    /// The program's own files.
    Home = 8,
    /// Certificates and signatures.
    Certificate = 9,
    /// The daemon does not answer this user.
    Forbidden = 10,
}

impl Kind {
    /// All of them, by number.
    pub const ALL: [Self; 10] = [
        Self::Other,
        Self::Usage,
        Self::Daemon,
        Self::Pin,
        Self::Refused,
        Self::Undelivered,
        Self::Timeout,
        Self::Home,
        Self::Certificate,
        Self::Forbidden,
    ];

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Usage => "usage",
            Self::Daemon => "daemon",
            Self::Pin => "pin",
            Self::Refused => "refused",
            Self::Undelivered => "undelivered",
            Self::Timeout => "timeout",
            Self::Home => "home",
            Self::Certificate => "certificate",
            Self::Forbidden => "forbidden",
        }
    }

    /// What it means, for people.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Other => "something else failed, or a check found problems",
            Self::Usage => "wrong usage",
            Self::Daemon => "the daemon cannot be reached, is not trusted or refused",
            Self::Pin => "wrong PIN, or the card is blocked",
            Self::Refused => "the card refused the order",
            Self::Undelivered => {
                "a message could not be delivered (unknown destination, host unreachable, card gone)"
            }
            Self::Timeout => "no answer in time; what was ordered may still happen",
            Self::Home => "the program's home is missing, damaged or in use",
            Self::Certificate => "a certificate or signature does not verify",
            Self::Forbidden => "this user may not ask that of the daemon",
        }
    }

    /// The exit code.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }

    /// The end of `--help`: the exit codes of a program that fails in these ways.
    pub fn help(kinds: &[Self]) -> String {
        let mut text = "Exit codes:\n   0  done".to_owned();
        for kind in kinds {
            let (code, meaning) = (*kind as u8, kind.meaning());
            let _ = write!(text, "\n  {code:>2}  {meaning}");
        }
        text
    }
}
