//! One thing that was looked at.

use std::fmt::{self, Display, Formatter};

use libetp::client::text::shown;
use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// It works, or nobody can tell from here.
    Warn,
    /// Something does not work.
    Bad,
}

/// What was looked at, what was found and how to mend it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) what: String,
    pub(super) found: String,
    /// Empty for what is as it should be.
    pub(super) mend: String,
}

impl Finding {
    pub(super) fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            level: Level::Ok,
            what: what.into(),
            found: found.into(),
            mend: String::new(),
        }
    }

    pub(super) fn warn(
        what: impl Into<String>,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Warn,
            mend: mend.into(),
            ..Self::ok(what, found)
        }
    }

    pub(super) fn bad(
        what: impl Into<String>,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Bad,
            ..Self::warn(what, found, mend)
        }
    }
}

/// One line: what others said cannot make it two.
impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Bad => "bad",
        };
        write!(
            f,
            "{level:<4}  {}: {}",
            shown(&self.what),
            shown(&self.found)
        )?;
        match self.mend.as_str() {
            "" => Ok(()),
            mend => write!(f, " -> {}", shown(mend)),
        }
    }
}
