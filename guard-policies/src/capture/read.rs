//! Reading captures.

use std::io::Read;

use libetp::codec::{self, Decode, Decoder};

use super::format::{HeaderItem, MAGIC, MessageItem};
use super::{About, CaptureError, Captured, RECORD_BYTES_MAX, VERSION};

/// How much is read at a time, in bytes.
const CHUNK_BYTES: usize = 64 * 1_024;

/// Reads a capture, a record at a time. It keeps one record and one chunk in memory.
///
/// As an iterator it ends after the last whole record or the first error; [`Reader::is_cut_off`] then
/// says whether something followed that is not whole, as when the writer was killed.
#[derive(Debug)]
pub struct Reader<R> {
    about: About,
    records: Records<R>,
    has_ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// [`CaptureError::NotCapture`], [`CaptureError::Version`], [`CaptureError::Io`].
    pub fn new(from: R) -> Result<Self, CaptureError> {
        let mut records = Records {
            from,
            held: Vec::new(),
            start: 0,
            passed: 0,
            at_end: false,
        };
        let header: Option<HeaderItem> = match records.next() {
            Err(CaptureError::Io(error)) => return Err(CaptureError::Io(error)),
            record => record.ok().flatten(),
        };
        let header = header.filter(|it| it.magic == MAGIC);
        let header = header.ok_or(CaptureError::NotCapture)?;
        if header.version != VERSION {
            return Err(CaptureError::Version(header.version));
        }
        Ok(Self {
            about: About {
                software: header.software,
                has_params: header.has_params,
            },
            records,
            has_ended: false,
        })
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whether the last record is not whole. Known after the end.
    pub fn is_cut_off(&self) -> bool {
        self.has_ended && self.records.at_end && !self.records.rest().is_empty()
    }

    fn captured(&mut self) -> Result<Option<Captured>, CaptureError> {
        let at = self.records.passed;
        let item: Option<MessageItem> = self.records.next()?;
        let captured = item.map(MessageItem::captured).transpose();
        captured.map_err(|what| damaged(at, what))
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Captured, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let captured = self.captured().transpose();
        self.has_ended = !matches!(captured, Some(Ok(_)));
        captured
    }
}

/// A sequence of items (RFC 8742), of limited length each.
#[derive(Debug)]
struct Records<R> {
    from: R,
    held: Vec<u8>,
    /// What of `held` was taken.
    start: usize,
    /// Bytes of the records taken.
    passed: u64,
    at_end: bool,
}

impl<R: Read> Records<R> {
    fn rest(&self) -> &[u8] {
        &self.held[self.start..]
    }

    /// The next record; `None` if no whole one is left.
    fn next<T: Decode>(&mut self) -> Result<Option<T>, CaptureError> {
        loop {
            if let Some(len) = self.item_len()? {
                let item = codec::from_slice(&self.rest()[..len]);
                let item = item.map_err(|error| damaged(self.passed, error.to_string()))?;
                self.start += len;
                self.passed += len as u64;
                return Ok(Some(item));
            }
            if self.rest().len() > RECORD_BYTES_MAX {
                return Err(CaptureError::TooLong);
            }
            if self.at_end {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// The length of the next item, if all of it is here.
    fn item_len(&self) -> Result<Option<usize>, CaptureError> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        let mut decoder = Decoder::new(rest);
        match decoder.skip() {
            Ok(()) if decoder.position() > RECORD_BYTES_MAX => Err(CaptureError::TooLong),
            Ok(()) => Ok(Some(decoder.position())),
            Err(error) if error.is_end_of_input() => Ok(None),
            Err(error) => Err(damaged(self.passed, error.to_string())),
        }
    }

    /// Reads as much again as is there, so that no byte is looked at often.
    fn fill(&mut self) -> Result<(), CaptureError> {
        self.held.drain(..self.start);
        self.start = 0;
        let most = self.held.len().max(CHUNK_BYTES);
        let read = (&mut self.from)
            .take(most as u64)
            .read_to_end(&mut self.held)?;
        self.at_end = read < most;
        Ok(())
    }
}

fn damaged(at: u64, what: impl Into<String>) -> CaptureError {
    CaptureError::Damaged {
        at,
        what: what.into(),
    }
}
