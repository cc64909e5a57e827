//! Packets of a link.

use alloc::vec;
use alloc::vec::Vec;

use libetp::EntityId;
use snow::StatelessTransportState;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
/// Version, source, destination, round, length of the content.
const HEAD_BYTES: usize = 1 + 16 + 16 + 4 + 4;
const TAG_BYTES: usize = 16;

/// One end of a link.
pub struct Link {
    keys: StatelessTransportState,
    me: EntityId,
    peer: EntityId,
    /// Of a packet.
    bytes: usize,
    /// The last round that a packet was sealed for.
    sealed: u32,
}

impl core::fmt::Debug for Link {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("Link");
        shown.field("me", &self.me).field("peer", &self.peer);
        shown.finish_non_exhaustive()
    }
}

/// Why there is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A key stream would be used twice. What was sealed is to be sent again as it is.
    #[error("a packet of round {0} or a later one was sealed before")]
    Sealed(u32),
    /// More than fits.
    #[error("a content of {content} bytes; packets of this session have room for {room}")]
    TooLong {
        /// Its bytes.
        content: usize,
        /// What there is room for.
        room: usize,
    },
}

/// Why a packet is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not sealed by the peer for this session and round.
    #[error("not a packet of this link and round")]
    Forged,
    /// Sealed by the peer, for somebody else or in another form.
    #[error("a packet of another form")]
    Malformed,
}

impl Link {
    pub(super) fn new(
        keys: StatelessTransportState,
        me: EntityId,
        peer: EntityId,
        bytes: usize,
    ) -> Self {
        Self {
            keys,
            me,
            peer,
            bytes,
            sealed: 0,
        }
    }

    /// Bytes of a packet for a content of so many.
    pub const fn bytes_for(content: usize) -> usize {
        HEAD_BYTES + content + TAG_BYTES
    }

    /// Bytes of content that a packet has room for.
    pub fn room(&self) -> usize {
        self.bytes.saturating_sub(HEAD_BYTES + TAG_BYTES)
    }

    /// The packet of a round, from 1. An empty content is what a round without anything to say has.
    ///
    /// # Errors
    /// [`SealError`]; nothing is sealed.
    pub fn seal(&mut self, round: u32, content: &[u8]) -> Result<Vec<u8>, SealError> {
        if round <= self.sealed {
            return Err(SealError::Sealed(round));
        }
        let (content_len, room) = (content.len(), self.room());
        if content_len > room {
            return Err(SealError::TooLong {
                content: content_len,
                room,
            });
        }
        self.sealed = round;
        let plain = self.plain(round, content);
        let mut packet = vec![0; plain.len() + TAG_BYTES];
        let written = self
            .keys
            .write_message(u64::from(round), &plain, &mut packet);
        debug_assert_eq!(
            written.ok(),
            Some(packet.len()),
            "there is room for the tag"
        );
        Ok(packet)
    }

    fn plain(&self, round: u32, content: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut plain = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + self.room()));
        plain.push(VERSION);
        plain.extend(self.me.to_bytes());
        plain.extend(self.peer.to_bytes());
        plain.extend(round.to_be_bytes());
        // Fits: a packet does.
        plain.extend((content.len() as u32).to_be_bytes());
        plain.extend(content);
        plain.resize(HEAD_BYTES + self.room(), 0);
        plain
    }

    /// What the peer's packet of a round says. The caller takes one packet of a round and no more.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, round: u32, packet: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if packet.len() != self.bytes {
            return Err(OpenError::Forged);
        }
        let mut plain = Zeroizing::new(vec![0; packet.len()]);
        let read = self.keys.read_message(u64::from(round), packet, &mut plain);
        let len = read.map_err(|_| OpenError::Forged)?;
        self.content(round, &plain[..len])
            .ok_or(OpenError::Malformed)
    }

    fn content(&self, round: u32, plain: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (head, rest) = plain.split_at_checked(HEAD_BYTES)?;
        let (head, len) = head.split_last_chunk::<4>()?;
        let mut expected = vec![VERSION];
        expected.extend(self.peer.to_bytes());
        expected.extend(self.me.to_bytes());
        expected.extend(round.to_be_bytes());
        let (content, padding) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        let is_right = head == expected && padding.iter().all(|byte| *byte == 0);
        is_right.then(|| Zeroizing::new(content.to_vec()))
    }
}
