//! Byte buffers between the session and its socket.

/// Bytes read per pass; a whole frame always fits.
pub(super) const INPUT_BYTES: usize = 256 * 1024;

/// What was read and not parsed yet.
#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
    head: usize,
    tail: usize,
}

impl Input {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; INPUT_BYTES],
            head: 0,
            tail: 0,
        }
    }

    /// Where the next bytes go. Never empty while every whole frame is consumed.
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.head > 0 {
            self.bytes.copy_within(self.head..self.tail, 0);
            self.tail -= self.head;
            self.head = 0;
        }
        &mut self.bytes[self.tail..]
    }

    pub(super) fn filled(&mut self, len: usize) {
        self.tail = (self.tail + len).min(self.bytes.len());
    }

    pub(super) fn unparsed(&self) -> &[u8] {
        &self.bytes[self.head..self.tail]
    }

    pub(super) fn consume(&mut self, len: usize) {
        self.head += len;
    }
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    head: usize,
}

impl Output {
    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.head..]
    }

    pub(super) fn written(&mut self, len: usize) {
        self.head += len;
        if self.head >= self.bytes.len() {
            self.bytes.clear();
            self.head = 0;
        }
    }
}
