//! Where the verdict about a message goes.

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

/// Names a connection for ever: shard in the upper 16 bits, then a serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

const SERIAL_BITS: u32 = 48;

impl ConnectionId {
    pub(super) fn new(shard: u16, serial: u64) -> Self {
        Self(u64::from(shard) << SERIAL_BITS | serial & ((1 << SERIAL_BITS) - 1))
    }

    /// The shard that the connection lives in.
    pub fn shard(self) -> u16 {
        (self.0 >> SERIAL_BITS) as u16
    }
}

/// A message's number on its way to another host. The verdict brings it back with the message's
/// source, so that nothing is kept meanwhile: the low 24 bits of the connection's serial number,
/// then the low 40 bits of the connection's own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RemoteNumber(pub(super) u64);

const NUMBER_BITS: u32 = 40;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

impl RemoteNumber {
    pub(super) fn of(back: Back) -> Self {
        match back {
            Back::App { connection, number } => {
                Self(connection.0 << NUMBER_BITS | number & NUMBER_MASK)
            }
            Back::None | Back::Card | Back::Remote { .. } => Self(0),
        }
    }

    /// Whether the connection may have sent it.
    pub(super) fn is_of(self, connection: ConnectionId) -> bool {
        (connection.0 << NUMBER_BITS) >> NUMBER_BITS == self.0 >> NUMBER_BITS
    }

    /// The connection's own number, if its largest so far is `last`.
    pub(super) fn number(self, last: u64) -> u64 {
        let number = last & !NUMBER_MASK | self.0 & NUMBER_MASK;
        match number > last {
            true => number.wrapping_sub(1 << NUMBER_BITS),
            false => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_whole_from_its_low_bits() {
        let connection = ConnectionId::new(3, 0x0123_4567_89AB);
        for (number, last) in [
            (1, 1),
            ((1 << 41) - 5, 1 << 41),
            (1 << 41, (1 << 41) + 7),
            (NUMBER_MASK, 1 << NUMBER_BITS),
        ] {
            let sent = RemoteNumber::of(Back::App { connection, number });
            assert!(sent.is_of(connection));
            assert!(!sent.is_of(ConnectionId::new(3, 0x0123_4567_89AC)));
            assert_eq!(sent.number(last), number);
        }
        assert_eq!(ConnectionId::new(3, 9).shard(), 3);
    }
}
