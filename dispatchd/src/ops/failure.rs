//! Why the daemon does not run, as exit codes.

use crate::config::ConfigError;

/// Everything went as it should.
pub const EXIT_OK: u8 = 0;
/// The daemon started and could not go on.
pub const EXIT_FAILED: u8 = 1;
/// The command line is not understood, or wants a confirmation.
pub const EXIT_USAGE: u8 = 2;
/// The configuration, or a file that it names, is wrong.
pub const EXIT_CONFIG: u8 = 3;
/// The configuration is fine, but the socket, the state or a port cannot be had.
pub const EXIT_START: u8 = 4;
/// Programs or cards did not finish within `[limits] drain_ms_max`.
pub const EXIT_DRAIN: u8 = 5;

/// Why the daemon does not run.
#[derive(Debug)]
pub enum Failure {
    /// The configuration is wrong.
    Config(Vec<ConfigError>),
    /// What was asked for wants to be confirmed; what it means.
    Unconfirmed(String),
    /// Something cannot be had.
    Start(String),
    /// It could not go on.
    Failed(String),
    /// The drain took too long.
    Drain,
}

impl Failure {
    /// Something cannot be had.
    pub fn start(error: impl std::fmt::Display) -> Self {
        Self::Start(error.to_string())
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Config(_) => EXIT_CONFIG,
            Self::Unconfirmed(_) => EXIT_USAGE,
            Self::Start(_) => EXIT_START,
            Self::Failed(_) => EXIT_FAILED,
            Self::Drain => EXIT_DRAIN,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(vec![error])
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(errors) => {
                let errors: Vec<_> = errors.iter().map(ConfigError::to_string).collect();
                f.write_str(&errors.join("\n"))
            }
            Self::Unconfirmed(words) | Self::Start(words) | Self::Failed(words) => {
                f.write_str(words)
            }
            Self::Drain => f.write_str("programs or cards did not finish in time"),
        }
    }
}
