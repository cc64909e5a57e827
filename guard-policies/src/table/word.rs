//! The values of rule files: one or a list, of text or numbers, each with its place.

use std::fmt;
use std::ops::Range;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

/// A value of a condition, as written; a number is text too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) String);

/// One value or a list of values. Any of them is enough.
#[derive(Clone, Debug)]
pub(super) struct List {
    /// Where it stands.
    pub(super) at: Range<usize>,
    /// The values in their order.
    pub(super) words: Vec<Spanned<Word>>,
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let at = values.span();
        let words = match values.into_inner() {
            OneOrMany::One(word) => vec![Spanned::new(at.clone(), word)],
            OneOrMany::Many(words) => words,
        };
        Ok(Self { at, words })
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.words.iter().enumerate() {
            let or = if i == 0 { "" } else { " or " };
            write!(f, "{or}{}", word.get_ref().0)?;
        }
        Ok(())
    }
}

enum OneOrMany {
    One(Word),
    Many(Vec<Spanned<Word>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct WordVisitor;

impl Visitor<'_> for WordVisitor {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
        Ok(Word(text.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Word, E> {
        Ok(Word(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Word, E> {
        Ok(Word(number.to_string()))
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
        WordVisitor.visit_str(text).map(OneOrMany::One)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<OneOrMany, E> {
        WordVisitor.visit_i64(number).map(OneOrMany::One)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<OneOrMany, E> {
        WordVisitor.visit_u64(number).map(OneOrMany::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<OneOrMany, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = values.next_element()? {
            words.push(word);
        }
        Ok(OneOrMany::Many(words))
    }
}
