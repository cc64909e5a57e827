//! Streams that can not be mistaken for complete.

use bytes::Bytes;
use quinn::{SendStream, VarInt, WriteError};

use crate::link::LinkError;

/// A stream that is reset when it is dropped. (A quinn stream that is dropped is finished, which
/// the reader can not tell from an orderly end.)
pub(super) struct ResetOnDrop(SendStream);

impl ResetOnDrop {
    pub(super) fn new(stream: SendStream) -> Self {
        Self(stream)
    }

    /// Writes a whole batch, waiting for room.
    pub(super) async fn write(&mut self, batch: Vec<u8>) -> Result<(), WriteError> {
        self.0.write_chunk(Bytes::from(batch)).await
    }
}

impl Drop for ResetOnDrop {
    fn drop(&mut self) {
        let code = VarInt::from_u32(LinkError::StreamEnded as u32);
        // A stream that is closed already needs no reset.
        let _closed = self.0.reset(code);
    }
}
