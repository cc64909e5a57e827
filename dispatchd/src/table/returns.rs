//! Where the verdict about a message goes.

use hmac::{Hmac, KeyInit, Mac};
use libetp::EntityId;
use libetp::digest::Hash;
use libetp::verdict::Subject;
use sha2::Sha256;

/// The way back to who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// Nobody wants to know: verdicts, answers and orders of the daemon itself.
    None,
    /// A connection, and its number of the `SEND`.
    App {
        /// Which connection.
        connection: ConnectionId,
        /// As in the frame.
        number: u64,
    },
    /// The card that is the message's source.
    Card,
    /// The host that the sender's account names, and its number of the message.
    Remote {
        /// As the host gave it.
        number: u64,
    },
}

/// Names a connection for ever: the shard that it connected to in the upper 16 bits, then a serial
/// number. It may have moved to another shard since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

const SERIAL_BITS: u32 = 48;

/// A name for something that a shard knows.
pub(super) fn serial_id(shard: u16, serial: u64) -> u64 {
    u64::from(shard) << SERIAL_BITS | serial & ((1 << SERIAL_BITS) - 1)
}

/// The shard that made the name.
pub(super) fn shard_of(id: u64) -> u16 {
    (id >> SERIAL_BITS) as u16
}

impl ConnectionId {
    pub(super) fn new(shard: u16, serial: u64) -> Self {
        Self(serial_id(shard, serial))
    }

    /// The shard that it connected to, which knows where it is.
    pub fn shard(self) -> u16 {
        shard_of(self.0)
    }
}

/// A message's number on its way to another host. The verdict brings it back with the message's
/// source and destination, so that nothing is kept meanwhile. For a program's message it is the low
/// 24 bits of the connection's own number, then 40 bits of a MAC of connection, whole number and
/// destination; for a card's, which has no number of its own, 64 bits of a MAC of what it is. So a
/// host that was sent one message can give no verdict on another that it was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RemoteNumber(pub(super) u64);

const PROOF_BITS: u32 = 40;
const NUMBER_BITS: u32 = 64 - PROOF_BITS;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

impl RemoteNumber {
    /// For anything but a card's message. Verdicts on what no program sent need none.
    pub(super) fn of(secret: &Hash, back: Back, dst: EntityId) -> Self {
        match back {
            Back::App { connection, number } => Self::new(secret, connection, number, dst),
            Back::None | Back::Card | Back::Remote { .. } => Self(0),
        }
    }

    fn new(secret: &Hash, connection: ConnectionId, number: u64, dst: EntityId) -> Self {
        let connection = connection.0.to_be_bytes();
        let proof = proof(
            secret,
            &[&connection, &number.to_be_bytes(), &dst.to_bytes()],
        );
        Self((number & NUMBER_MASK) << PROOF_BITS | proof >> NUMBER_BITS)
    }

    /// For a card's message, which its subject names.
    pub(super) fn of_card(secret: &Hash, subject: &Subject) -> Self {
        let Subject {
            src,
            dst,
            mtype,
            digest,
        } = subject;
        let (ends, mtype) = ([src.to_bytes(), dst.to_bytes()], mtype.0.to_be_bytes());
        Self(proof(secret, &[&ends[0], &ends[1], &mtype, digest]))
    }

    /// The connection's own number, if the connection sent it there. Its largest number so far is
    /// `last`.
    pub(super) fn opened(
        self,
        secret: &Hash,
        (connection, last): (ConnectionId, u64),
        dst: EntityId,
    ) -> Option<u64> {
        let number = last & !NUMBER_MASK | self.0 >> PROOF_BITS;
        let number = match number > last {
            true => number.wrapping_sub(1 << NUMBER_BITS),
            false => number,
        };
        (Self::new(secret, connection, number, dst) == self).then_some(number)
    }
}

/// The first 64 bits of a MAC. Programs' parts and cards' differ in their length.
fn proof(secret: &Hash, parts: &[&[u8]]) -> u64 {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of every length");
    parts.iter().for_each(|part| mac.update(part));
    let mac: Hash = mac.finalize().into_bytes().into();
    mac[..8]
        .iter()
        .fold(0, |proof, &byte| proof << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use libetp::{Domain, Port};

    const SECRET: Hash = [7; 32];

    #[test]
    fn a_number_comes_back_whole_from_its_low_bits() {
        let connection = ConnectionId::new(3, 0x0123_4567_89AB);
        let dst = Domain([2; 12]).entity(Port(9));
        for (number, last) in [
            (1, 1),
            ((1 << 25) - 5, 1 << 25),
            (1 << 41, (1 << 41) + 7),
            (NUMBER_MASK, 1 << NUMBER_BITS),
        ] {
            let sent = RemoteNumber::of(&SECRET, Back::App { connection, number }, dst);
            let sender = (connection, last);
            assert_eq!(sent.opened(&SECRET, sender, dst), Some(number));
            let other = (ConnectionId::new(3, 0x0123_4567_89AC), last);
            assert_eq!(sent.opened(&SECRET, other, dst), None);
            assert_eq!(sent.opened(&SECRET, sender, dst.domain.card()), None);
            assert_eq!(sent.opened(&[8; 32], sender, dst), None);
            for bit in 0..64 {
                let forged = RemoteNumber(sent.0 ^ 1 << bit);
                assert_eq!(forged.opened(&SECRET, sender, dst), None);
            }
        }
        assert_eq!(ConnectionId::new(3, 9).shard(), 3);
    }
}
