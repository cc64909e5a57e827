//! What is wrong with a part of a rule file.

use std::ops::Range;

/// What is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file that it is about.
    pub at: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// Without advice.
    pub fn new(at: Range<usize>, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
            help: None,
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
}

/// What is wrong with a word, wherever it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    what: String,
    help: Option<String>,
}

impl Wrong {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: None,
        }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// Suggests the choice that is most like the word; none, if the word is a choice itself, and
    /// wrong for another reason.
    pub(crate) fn suggest<'c>(self, word: &str, choices: impl Iterator<Item = &'c str>) -> Self {
        let likeness = |choice: &str| strsim::jaro_winkler(word, choice);
        let choices = choices.map(|choice| (likeness(choice), choice));
        match choices.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((likeness, choice)) if likeness > LIKENESS_MIN && choice != word => {
                self.help(format!("did you mean `{choice}`?"))
            }
            _ => self,
        }
    }

    /// Says which field it is about.
    pub(crate) fn within(self, field: &str) -> Self {
        Self {
            what: format!("`{field}`: {}", self.what),
            ..self
        }
    }

    pub(crate) fn at(self, at: Range<usize>) -> Problem {
        Problem {
            at,
            what: self.what,
            help: self.help,
        }
    }
}

/// Words less alike than this are no suggestions.
const LIKENESS_MIN: f64 = 0.75;
