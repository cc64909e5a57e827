//! Names for entity ids: `~/.config/tenet/ids.toml`, lines like `alice = "<24 hex>:<port>"`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::id::{EntityId, ParseIdError};

/// Why aliases cannot be read or a text is nobody.
#[derive(Debug, thiserror::Error)]
pub enum AliasError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not a table of names and ids.
    #[error("{path}: {reason}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with its line.
        reason: String,
    },
    /// Neither an id nor a name.
    #[error("{name} is neither an id ({error}) nor a name in ids.toml")]
    Unknown {
        /// What was given.
        name: String,
        /// Why it is no id.
        error: ParseIdError,
    },
}

/// Names and the ids that they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    ids: BTreeMap<String, EntityId>,
}

impl Aliases {
    /// The user's file, which need not exist.
    ///
    /// # Errors
    /// [`AliasError`] if it is there and cannot be used.
    pub fn load_default() -> Result<Self, AliasError> {
        match default_path() {
            Some(path) if path.exists() => Self::load(&path),
            _ => Ok(Self::default()),
        }
    }

    /// A file.
    ///
    /// # Errors
    /// [`AliasError::Io`], [`AliasError::Format`].
    pub fn load(path: &Path) -> Result<Self, AliasError> {
        let path_buf = || path.to_path_buf();
        let text = std::fs::read_to_string(path).map_err(|error| AliasError::Io {
            path: path_buf(),
            error,
        })?;
        Self::parse(&text).map_err(|reason| AliasError::Format {
            path: path_buf(),
            reason,
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| error.to_string())?;
        let ids = table.into_iter().map(|(name, id)| match id.parse() {
            Ok(id) => Ok((name, id)),
            Err(error) => Err(format!("{name}: {error}")),
        });
        Ok(Self {
            ids: ids.collect::<Result<_, _>>()?,
        })
    }

    /// The id of a text that is one or names one.
    ///
    /// # Errors
    /// [`AliasError::Unknown`].
    pub fn resolve(&self, text: &str) -> Result<EntityId, AliasError> {
        if let Some(id) = self.ids.get(text) {
            return Ok(*id);
        }
        text.parse().map_err(|error| AliasError::Unknown {
            name: super::text::shown(text),
            error,
        })
    }

    /// The name of an id, if it has one.
    pub fn name(&self, id: EntityId) -> Option<&str> {
        let found = self.ids.iter().find(|(_, known)| **known == id);
        found.map(|(name, _)| name.as_str())
    }
}

fn default_path() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let config = variable("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let config = config.or_else(|| variable("HOME").map(|home| home.join(".config")));
    config.map(|config| config.join("tenet/ids.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_resolve() {
        let id = "02aabbccddeeff0011223344:7";
        let aliases = Aliases::parse(&format!("alice = \"{id}\"\n")).unwrap();
        let expected: EntityId = id.parse().unwrap();
        assert_eq!(aliases.resolve("alice").unwrap(), expected);
        assert_eq!(aliases.resolve(id).unwrap(), expected);
        assert_eq!(aliases.name(expected), Some("alice"));
        assert!(matches!(
            aliases.resolve("bob"),
            Err(AliasError::Unknown { .. })
        ));
        assert!(
            Aliases::parse("alice = \"02:1\"")
                .unwrap_err()
                .contains("alice")
        );
        assert!(Aliases::parse("alice = 3").is_err());
    }
}
