//! What an administrator set for a plugin.

use crate::cbor::Reader;

/// A table of settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'s>(Reader<'s>);

/// What is wrong with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint<'s> {
    /// Its key.
    pub setting: &'s str,
    /// What is wrong, in words such as "is no number from 1 to 60".
    pub what: &'static str,
}

/// The elements of an array.
#[derive(Clone, Copy, Debug)]
pub struct List<'s> {
    left: u64,
    rest: Reader<'s>,
}

impl<'s> Settings<'s> {
    /// No settings.
    pub const NONE: Settings<'static> = Settings(Reader(&[0x80]));

    pub(crate) fn read(bytes: &'s [u8]) -> Self {
        Self(Reader(bytes))
    }

    /// Refuses every setting but these, so that no misspelt one goes unnoticed.
    ///
    /// # Errors
    ///
    /// The first setting that is not one of them.
    pub fn only(&self, keys: &[&str]) -> Result<(), Complaint<'s>> {
        let mut settings = self.entries();
        match settings.find(|(key, _)| !keys.contains(key)) {
            None => Ok(()),
            Some((setting, _)) => Err(Complaint {
                setting,
                what: "is no setting of this plugin",
            }),
        }
    }

    /// An integer, if it is set.
    ///
    /// # Errors
    ///
    /// It is no integer.
    pub fn integer(&self, key: &'s str) -> Result<Option<i64>, Complaint<'s>> {
        self.value(key, "is no integer", |mut value| value.integer())
    }

    /// An integer in a range, or what it is if it is not set.
    ///
    /// # Errors
    ///
    /// It is no integer, or out of range.
    pub fn number(
        &self,
        key: &'s str,
        range: core::ops::RangeInclusive<u64>,
        unset: u64,
    ) -> Result<u64, Complaint<'s>> {
        let read = |mut value: Reader<'s>| value.unsigned().filter(|n| range.contains(n));
        let number = self.value(key, "is no number in its range", read)?;
        Ok(number.unwrap_or(unset))
    }

    /// Text, if it is set.
    ///
    /// # Errors
    ///
    /// It is no text.
    pub fn text(&self, key: &'s str) -> Result<Option<&'s str>, Complaint<'s>> {
        self.value(key, "is no text", |mut value| value.text())
    }

    /// Yes or no, if it is set.
    ///
    /// # Errors
    ///
    /// It is neither `true` nor `false`.
    pub fn boolean(&self, key: &'s str) -> Result<Option<bool>, Complaint<'s>> {
        self.value(key, "is neither true nor false", |mut value| {
            value.boolean()
        })
    }

    /// An array, if it is set.
    ///
    /// # Errors
    ///
    /// It is no array.
    pub fn list(&self, key: &'s str) -> Result<Option<List<'s>>, Complaint<'s>> {
        self.value(key, "is no array", |mut rest| {
            let left = rest.array()?;
            Some(List { left, rest })
        })
    }

    /// A table inside this one, if it is set.
    ///
    /// # Errors
    ///
    /// It is no table.
    pub fn table(&self, key: &'s str) -> Result<Option<Settings<'s>>, Complaint<'s>> {
        self.value(key, "is no table", |value| {
            let inner = Settings(value);
            let mut rest = value;
            let len = rest.array()?;
            (inner.entries().count() as u64 == len).then_some(inner)
        })
    }

    fn value<T>(
        &self,
        key: &'s str,
        what: &'static str,
        read: impl FnOnce(Reader<'s>) -> Option<T>,
    ) -> Result<Option<T>, Complaint<'s>> {
        let Some((setting, value)) = self.entries().find(|(of, _)| *of == key) else {
            return Ok(None);
        };
        match read(value) {
            Some(value) => Ok(Some(value)),
            None => Err(Complaint { setting, what }),
        }
    }

    fn entries(&self) -> impl Iterator<Item = (&'s str, Reader<'s>)> + use<'s> {
        let mut rest = self.0;
        let len = rest.array().unwrap_or(0);
        (0..len).map_while(move |_| {
            (rest.array()? == 2).then_some(())?;
            Some((rest.text()?, Reader(rest.skip()?)))
        })
    }
}

impl<'s> List<'s> {
    /// The next element as text; `None` at the end, and where another kind of element is.
    pub fn next_text(&mut self) -> Option<&'s str> {
        self.next(Reader::text)
    }

    /// The next element as an integer; `None` at the end, and where another kind of element is.
    pub fn next_integer(&mut self) -> Option<i64> {
        self.next(Reader::integer)
    }

    /// How many elements are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    fn next<T>(&mut self, read: impl FnOnce(&mut Reader<'s>) -> Option<T>) -> Option<T> {
        self.left.checked_sub(1)?;
        let value = read(&mut self.rest)?;
        self.left -= 1;
        Some(value)
    }
}
