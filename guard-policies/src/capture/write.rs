//! Writing captures.

use std::io::Write;

use libetp::codec;

use super::format::{HeaderItem, MAGIC, MessageItem};
use super::{About, CaptureError, RECORD_BYTES_MAX, VERSION};
use crate::{Outcome, Record};

/// Writes a capture, a record at a time.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    keep_params: bool,
}

impl<W: Write> Writer<W> {
    /// Starts a capture.
    ///
    /// # Errors
    ///
    /// [`CaptureError::Io`], and [`CaptureError::TooLong`] for a name of the software without end.
    pub fn new(mut to: W, about: &About) -> Result<Self, CaptureError> {
        let header = HeaderItem {
            magic: MAGIC.into(),
            version: VERSION,
            software: about.software.clone(),
            has_params: about.has_params,
        };
        write(&mut to, &codec::to_vec(&header))?;
        Ok(Self {
            to,
            keep_params: about.has_params,
        })
    }

    /// Adds a message, and what became of it under that generation. The record is written at
    /// once or not at all, as far as the writer below does so.
    ///
    /// # Errors
    ///
    /// [`CaptureError::Io`]; [`CaptureError::TooLong`] if the record cannot be read again, in which
    /// case nothing is written.
    pub fn add(
        &mut self,
        record: &Record,
        outcome: &Outcome,
        generation: u64,
    ) -> Result<(), CaptureError> {
        let item = MessageItem::new(record, outcome, generation, self.keep_params);
        write(&mut self.to, &codec::to_vec(&item))
    }

    /// Ends the capture.
    ///
    /// # Errors
    ///
    /// [`CaptureError::Io`].
    pub fn finish(mut self) -> Result<W, CaptureError> {
        self.to.flush()?;
        Ok(self.to)
    }
}

fn write(to: &mut impl Write, record: &[u8]) -> Result<(), CaptureError> {
    if record.len() > RECORD_BYTES_MAX {
        return Err(CaptureError::TooLong);
    }
    Ok(to.write_all(record)?)
}
