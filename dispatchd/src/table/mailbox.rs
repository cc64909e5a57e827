//! The mailbox of one id: `DELIVER` frames in one contiguous buffer, written to the connection
//! from there and kept until they are taken.
//!
//! ```text
//! frames: |  written   | partly |  released   |  held back |
//!         head       sent_end   written     released_end   len
//! ```

use std::collections::VecDeque;

use libetp::frame::{self, Origin, PREFIX_LEN, kind};
use libetp::limits::HEADER_LEN;
use libetp::{Header, Message};

use super::ledger::{Account, Full, Load, Shares};
use super::limits::{Limits, charge};
use super::returns::Back;

/// Capacity in bytes above which the buffer of an empty mailbox is given back.
const IDLE_BYTES_MAX: usize = 1_024;
/// Capacity in bytes that a mailbox may keep, whatever little it holds. What is more follows the
/// contents: else a user's few bytes in many mailboxes would pin many buffers.
const KEPT_BYTES_MAX: usize = 64 << 10;
/// Capacity in bytes that it may keep for a while, or pass on: often it is needed again at once.
const ROOM_BYTES_MAX: usize = 1 << 20;
/// Bytes before the header in a `DELIVER` frame: prefix and origin.
const BEFORE_HEADER: usize = PREFIX_LEN + 1;

/// A message in a mailbox, without its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) account: Account,
    pub(super) back: Back,
    frame_len: u32,
}

impl Waiting {
    pub(super) fn load(&self) -> Load {
        Load::one(charge(self.frame_len as usize - BEFORE_HEADER))
    }
}

/// A message that left a mailbox untaken.
pub(super) struct Leftover {
    pub(super) waiting: Waiting,
    pub(super) message: Message,
    /// Whether the connection may have seen it.
    pub(super) was_sent: bool,
}

/// A `TAKEN` for a delivery that was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotDelivered;

#[derive(Debug)]
pub(super) struct Mailbox {
    shares: Shares,
    window: usize,
    frames: Vec<u8>,
    waiting: VecDeque<Waiting>,
    /// Number of the first waiting delivery.
    first: u64,
    /// Where the first waiting frame starts.
    head: usize,
    /// Frames fully written to the connection, and where they end.
    sent: usize,
    sent_end: usize,
    /// Bytes written to the connection, a partly written frame included.
    written: usize,
    /// Up to where an earlier connection may have seen them.
    seen_end: usize,
    /// Frames that the window lets through, and where they end.
    released: usize,
    released_end: usize,
}

impl Mailbox {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            shares: Shares::new(limits.mailbox_messages_max, limits.mailbox_bytes_max),
            window: limits.window_messages,
            frames: Vec::new(),
            waiting: VecDeque::new(),
            first: 1,
            head: 0,
            sent: 0,
            sent_end: 0,
            written: 0,
            seen_end: 0,
            released: 0,
            released_end: 0,
        }
    }

    /// What waits or is not taken.
    pub(super) fn used(&self) -> Load {
        self.shares.used()
    }

    /// Whether a buffer would be welcome before the next [`Mailbox::push`].
    pub(super) fn wants_buffer(&self) -> bool {
        self.frames.capacity() == 0
    }

    pub(super) fn give_buffer(&mut self, buffer: Vec<u8>) {
        debug_assert!(buffer.is_empty() && self.frames.is_empty());
        self.frames = buffer;
    }

    /// Stores a message.
    pub(super) fn push(
        &mut self,
        (account, back): (Account, Back),
        origin: Origin,
        header: &Header,
        param: &[u8],
    ) -> Result<(), Full> {
        let load = Load::one(charge(HEADER_LEN + param.len()));
        self.shares.charge(account, load)?;
        let number = self.first + self.waiting.len() as u64;
        let body: [&[u8]; 3] = [&[origin as u8], &header.to_bytes(), param];
        frame::write(&mut self.frames, kind::DELIVER, number, &body);
        self.waiting.push_back(Waiting {
            account,
            back,
            frame_len: (BEFORE_HEADER + HEADER_LEN + param.len()) as u32,
        });
        self.release();
        Ok(())
    }

    /// Lets frames through as far as the window goes.
    fn release(&mut self) {
        while self.released < self.waiting.len().min(self.window) {
            self.released_end += self.waiting[self.released].frame_len as usize;
            self.released += 1;
        }
    }

    /// What may be written now.
    pub(super) fn unwritten(&self) -> &[u8] {
        &self.frames[self.written..self.released_end]
    }

    /// The part of [`Mailbox::unwritten`] that completes a partly written frame.
    pub(super) fn partial(&self) -> &[u8] {
        match self.written > self.sent_end {
            true => {
                let end = self.sent_end + self.waiting[self.sent].frame_len as usize;
                &self.frames[self.written..end]
            }
            false => &[],
        }
    }

    /// The connection got this many bytes more.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        debug_assert!(self.written <= self.released_end);
        while self.sent < self.released {
            let end = self.sent_end + self.waiting[self.sent].frame_len as usize;
            if end > self.written {
                return;
            }
            self.sent_end = end;
            self.sent += 1;
        }
    }

    /// Number of the last delivery that was fully written.
    fn last_sent(&self) -> u64 {
        self.first + self.sent as u64 - 1
    }

    /// The delivery and all before it are taken; `each` learns of them in order.
    pub(super) fn take(
        &mut self,
        number: u64,
        mut each: impl FnMut(&Waiting),
    ) -> Result<(), NotDelivered> {
        if number > self.last_sent() {
            return Err(NotDelivered);
        }
        let count = (number + 1).saturating_sub(self.first) as usize;
        for waiting in self.waiting.drain(..count) {
            self.head += waiting.frame_len as usize;
            self.shares.release(waiting.account, waiting.load());
            each(&waiting);
        }
        self.first += count as u64;
        self.sent -= count;
        self.released -= count;
        self.release();
        self.compact();
        Ok(())
    }

    /// Moves what is left to the start of the buffer when at least half of it is free.
    fn compact(&mut self) {
        let head = self.head;
        if head < self.frames.len() && head < self.frames.len() / 2 {
            return;
        }
        self.frames.drain(..head);
        self.head = 0;
        self.sent_end -= head;
        self.written -= head;
        self.seen_end = self.seen_end.saturating_sub(head);
        self.released_end -= head;
        self.follow_contents(ROOM_BYTES_MAX);
    }

    /// Gives capacity back that little is kept in.
    fn follow_contents(&mut self, kept: usize) {
        if self.frames.len() < self.frames.capacity() / 4 {
            self.frames.shrink_to(kept.max(2 * self.frames.len()));
        }
    }

    /// Whether [`Mailbox::trim`] would give something back.
    pub(super) fn is_roomy(&self) -> bool {
        let capacity = self.frames.capacity();
        capacity > KEPT_BYTES_MAX && self.frames.len() < capacity / 4
    }

    /// Gives back the room that was kept for a while.
    pub(super) fn trim(&mut self) {
        self.follow_contents(KEPT_BYTES_MAX);
    }

    /// The buffer of an empty mailbox, if it is worth passing on.
    pub(super) fn spare_buffer(&mut self) -> Option<Vec<u8>> {
        let is_spare = self.frames.is_empty() && self.frames.capacity() > IDLE_BYTES_MAX;
        is_spare.then(|| std::mem::take(&mut self.frames))
    }

    /// The connection is gone; the next one starts with delivery 1.
    pub(super) fn rewind(&mut self) {
        self.first = 1;
        self.sent = 0;
        self.sent_end = self.head;
        self.seen_end = self.seen_end.max(self.written);
        self.written = self.head;
        let mut at = self.head;
        for (waiting, number) in self.waiting.iter().zip(1u64..) {
            self.frames[at + 5..at + PREFIX_LEN].copy_from_slice(&number.to_be_bytes());
            at += waiting.frame_len as usize;
        }
    }

    /// Everything that was not taken; the mailbox ends.
    pub(super) fn into_leftovers(self) -> impl Iterator<Item = Leftover> {
        let mut at = self.head;
        let seen_end = self.seen_end.max(self.written);
        let frames = self.frames;
        self.waiting.into_iter().map(move |waiting| {
            let start = at;
            at += waiting.frame_len as usize;
            let bytes = &frames[start + BEFORE_HEADER..at];
            let (header, param) = bytes.split_first_chunk().expect("every frame has a header");
            Leftover {
                message: Message {
                    header: Header::from_bytes(header),
                    param: param.to_vec(),
                },
                waiting,
                was_sent: start < seen_end,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libetp::{Domain, Mtype, Port};

    fn mailbox(window: usize) -> Mailbox {
        Mailbox::new(&Limits {
            window_messages: window,
            ..Limits::default()
        })
    }

    fn account() -> Account {
        super::super::ledger::Accounts::default().open(super::super::ledger::Sender::Daemon)
    }

    fn push(mailbox: &mut Mailbox, param: &[u8]) {
        let id = Domain([2; 12]).entity(Port(9));
        let header = Header {
            src: id,
            dst: id,
            mtype: Mtype(0xC000),
        };
        mailbox
            .push((account(), Back::None), Origin::App, &header, param)
            .unwrap();
    }

    /// What a connection reads from the mailbox now: numbers and params.
    fn read(mailbox: &mut Mailbox) -> Vec<(u64, Vec<u8>)> {
        let mut bytes = mailbox.unwritten();
        let (mut read, len) = (Vec::new(), bytes.len());
        while let Some((frame, used)) = frame::parse(bytes).unwrap() {
            read.push((frame.number, frame.body[1 + HEADER_LEN..].to_vec()));
            bytes = &bytes[used..];
        }
        mailbox.wrote(len);
        read
    }

    #[test]
    fn the_window_holds_back_until_deliveries_are_taken() {
        let mut mailbox = mailbox(2);
        (0..5u8).for_each(|n| push(&mut mailbox, &[n]));
        assert_eq!(read(&mut mailbox), [(1, vec![0]), (2, vec![1])]);
        assert_eq!(mailbox.take(3, |_| ()), Err(NotDelivered));
        mailbox.take(1, |_| ()).unwrap();
        assert_eq!(read(&mut mailbox), [(3, vec![2])]);
        mailbox.take(3, |_| ()).unwrap();
        mailbox.take(2, |_| ()).unwrap();
        assert_eq!(read(&mut mailbox), [(4, vec![3]), (5, vec![4])]);
        mailbox.take(5, |_| ()).unwrap();
        assert_eq!((mailbox.used(), mailbox.frames.len()), (Load::default(), 0));
    }

    #[test]
    fn room_that_was_needed_once_is_not_kept_for_a_small_rest() {
        let mut mailbox = mailbox(200);
        (0..100u8).for_each(|_| push(&mut mailbox, &[0; 60_000]));
        push(&mut mailbox, b"rest");
        assert!(mailbox.frames.capacity() >= 6_000_000);
        read(&mut mailbox);
        mailbox.take(100, |_| ()).unwrap();
        assert!(mailbox.is_roomy() && mailbox.frames.capacity() <= ROOM_BYTES_MAX);
        mailbox.trim();
        assert!(!mailbox.is_roomy() && mailbox.frames.capacity() <= KEPT_BYTES_MAX);
        mailbox.take(101, |_| ()).unwrap();
        let spare = mailbox.spare_buffer().unwrap();
        assert!(spare.capacity() <= KEPT_BYTES_MAX);
    }

    #[test]
    fn a_new_connection_gets_what_was_not_taken_from_number_1() {
        let mut mailbox = mailbox(3);
        (0..4u8).for_each(|n| push(&mut mailbox, &[n]));
        read(&mut mailbox);
        mailbox.take(2, |_| ()).unwrap();
        mailbox.rewind();
        assert_eq!(mailbox.take(1, |_| ()), Err(NotDelivered));
        assert_eq!(read(&mut mailbox), [(1, vec![2]), (2, vec![3])]);
    }

    #[test]
    fn what_an_earlier_connection_may_have_seen_is_remembered() {
        let mut mailbox = mailbox(2);
        (0..4u8).for_each(|n| push(&mut mailbox, &[n]));
        read(&mut mailbox);
        mailbox.take(1, |_| ()).unwrap();
        mailbox.rewind();
        let sent: Vec<_> = mailbox.into_leftovers().map(|left| left.was_sent).collect();
        assert_eq!(sent, [true, false, false]);
    }

    #[test]
    fn a_frame_written_in_part_is_known_until_it_is_whole() {
        let mut mailbox = mailbox(8);
        push(&mut mailbox, &[7; 10]);
        push(&mut mailbox, &[8]);
        let first = BEFORE_HEADER + HEADER_LEN + 10;
        mailbox.wrote(5);
        assert_eq!(mailbox.partial().len(), first - 5);
        assert_eq!(mailbox.take(1, |_| ()), Err(NotDelivered));
        mailbox.wrote(first - 5);
        assert!(mailbox.partial().is_empty());
        assert_eq!(mailbox.take(1, |_| ()), Ok(()));
        let left: Vec<_> = mailbox.into_leftovers().collect();
        assert_eq!((left.len(), left[0].was_sent), (1, false));
        assert_eq!(left[0].message.param, [8]);
    }
}
