//! What a plugin may do beside answering.

use crate::limits::PARAM_BYTES_MAX;

/// What comes with a message that is not of it.
pub struct Context<'c> {
    pub(crate) tick_ms: u64,
    pub(crate) output: &'c mut Output,
    pub(crate) log: &'c mut dyn FnMut(&str),
}

impl Context<'_> {
    /// When the message came in: milliseconds of a clock that never goes back. Its zero means nothing.
    pub fn tick_ms(&self) -> u64 {
        self.tick_ms
    }

    /// Where to write a new param, empty as yet; it counts if the answer is
    /// [`Verdict::Rewrite`](crate::Verdict::Rewrite).
    pub fn rewrite(&mut self) -> &mut Output {
        self.output.clear();
        self.output
    }

    /// Tells the operator a line of at most 256 bytes. It costs fuel: about as much as a thousand
    /// instructions.
    pub fn log(&mut self, line: &str) {
        (self.log)(line);
    }
}

/// Bytes that are written one after the other.
pub struct Output {
    bytes: [u8; PARAM_BYTES_MAX],
    len: usize,
}

impl Output {
    /// Nothing.
    pub const EMPTY: Self = Self {
        bytes: [0; PARAM_BYTES_MAX],
        len: 0,
    };

    /// Appends bytes.
    ///
    /// # Panics
    ///
    /// If they do not fit: a param has at most [`PARAM_BYTES_MAX`] bytes.
    pub fn write(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.len + bytes.len();
        self.bytes[self.len..end].copy_from_slice(bytes);
        self.len = end;
        self
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// What was written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
