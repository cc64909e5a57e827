//! The daemon's configuration: one TOML file.
//!
//! A setting that is unknown, of the wrong type or without effect is an error with its line, and
//! with a suggestion where there is one. [`DEFAULT_TEXT`] documents every key; it reads back to
//! [`Config::default`].

mod card;
mod resolve;
mod sections;
mod trusted_files;
mod validate;
mod values;

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

pub use card::{Card, CardHome};
pub use config_error::ConfigError;
pub use resolve::{HostIdentity, Resolved};
pub use sections::{
    Admin, Daemon, Guard, Host, Limits, Log, LogFormat, Peer, PostQuantum, Remote, Scheme,
};
pub use trusted_files::TrustedFiles;
pub use values::{DomainText, KeyText, SocketMode};

/// The commented default configuration, as `--print-default-config` writes it.
pub const DEFAULT_TEXT: &str = include_str!("default.toml");

/// Largest configuration file in bytes.
pub const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// The sections of the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Socket, state, threads.
    pub daemon: Daemon,
    /// The host's certificate and key.
    pub host: Host,
    /// The scheme.
    pub scheme: Scheme,
    /// Administrators.
    pub admin: Admin,
    /// Cards.
    pub card: Vec<Spanned<Card>>,
    /// What may pass.
    pub guard: Guard,
    /// Links to other hosts.
    pub remote: Remote,
    /// Other hosts.
    pub peer: Vec<Spanned<Peer>>,
    /// Limits.
    pub limits: Limits,
    /// Logs.
    pub log: Log,
}

/// A configuration and the text that it came from, for errors that are found later.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration; its paths are relative to the working directory, or absolute.
    pub config: Config,
    path: std::path::PathBuf,
    text: String,
    /// Whether policies for experiments may be loaded.
    experiments: bool,
}

impl Loaded {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] naming file, line and column.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let cannot = |error| ConfigError::whole(path, format!("cannot be read: {error}"));
        let size = std::fs::metadata(path).map_err(cannot)?.len();
        if size > CONFIG_BYTES_MAX {
            let message = format!("has {size} bytes, at most {CONFIG_BYTES_MAX} are read");
            return Err(ConfigError::whole(path, message));
        }
        Self::parse(path, std::fs::read_to_string(path).map_err(cannot)?)
    }

    /// Reads text as if it stood in the file `path`.
    ///
    /// # Errors
    /// As [`Loaded::read`].
    pub fn parse(path: &Path, text: String) -> Result<Self, ConfigError> {
        let wrong = |error| ConfigError::toml(path, &text, &error);
        let config: Config = toml::from_str(&text).map_err(wrong)?;
        let mut loaded = Self {
            config,
            path: path.into(),
            text,
            experiments: false,
        };
        loaded.validate()?;
        loaded.resolve_paths();
        Ok(loaded)
    }

    /// Allows policies for experiments.
    #[cfg(feature = "experiment")]
    #[must_use]
    pub fn with_experiments(self, experiments: bool) -> Self {
        Self {
            experiments,
            ..self
        }
    }

    /// Rule files as this daemon reads them.
    pub fn rule_files(&self) -> TrustedFiles {
        TrustedFiles {
            experiments: self.experiments,
        }
    }

    /// An error about a value of this configuration.
    pub fn error_at<T>(&self, value: &Spanned<T>, message: impl Into<String>) -> ConfigError {
        ConfigError::at(&self.path, &self.text, value.span(), message)
    }

    fn resolve_paths(&mut self) {
        let base = self.path.parent().unwrap_or(Path::new("")).to_path_buf();
        for path in self.config.paths_mut() {
            let absolute = base.join(path.get_ref());
            *path.get_mut() = absolute;
        }
    }
}

#[cfg(test)]
mod tests;
