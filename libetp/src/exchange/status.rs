//! Status words: the last two bytes of every response.

use core::fmt;

/// A status word. Faults of the binding only: what a message meets with is told by messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Done, and the card has nothing more to say.
    pub const OK: Self = Self(0x9000);
    /// The lengths contradict each other, or are not what the command demands.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// Another logical channel than 0.
    pub const NO_LOGICAL_CHANNELS: Self = Self(0x6881);
    /// Command chaining, of another command than EXCHANGE.
    pub const NO_CHAINING: Self = Self(0x6884);
    /// EXCHANGE before SELECT since power-up.
    pub const NOT_SELECTED: Self = Self(0x6985);
    /// The data are not frames of messages. Nothing was carried out.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// SELECT of another application.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// P1 or P2 is not what the command demands.
    pub const WRONG_PARAMETERS: Self = Self(0x6A86);
    /// The sequence number is neither the last one with the same command nor the next.
    pub const DESYNCHRONISED: Self = Self(0x6A88);
    /// Unknown instruction.
    pub const UNKNOWN_INSTRUCTION: Self = Self(0x6D00);
    /// Unknown class.
    pub const UNKNOWN_CLASS: Self = Self(0x6E00);
    /// The card's storage failed; it stays mute until it is powered up again.
    pub const FAILED: Self = Self(0x6F00);

    /// `91xx`: done, and more is queued; `xx` is the size in bytes of the next message, 0 for 256
    /// and more.
    pub fn more(next_bytes: usize) -> Self {
        let size = u8::try_from(next_bytes).unwrap_or(0);
        Self(0x9100 | u16::from(size))
    }

    /// `61xx`: the response goes on, and GET RESPONSE gives more of it; `xx` is how much in bytes, 0 for 256
    /// and more.
    pub fn rest(bytes: usize) -> Self {
        let size = u8::try_from(bytes).unwrap_or(0);
        Self(0x6100 | u16::from(size))
    }

    /// Whether GET RESPONSE gives more of the response.
    pub fn has_rest(self) -> bool {
        self.0 >> 8 == 0x61
    }

    /// `6Cxx`: the Le at which the command gets its response, 1 to 256; nothing was carried out.
    pub fn right_expected(self) -> Option<usize> {
        let [kind, length] = self.0.to_be_bytes();
        let right = if length == 0 { 256 } else { length.into() };
        (kind == 0x6C).then_some(right)
    }

    /// Whether a card that speaks EXCHANGE says it, as [`name`](Self::name) knows.
    pub fn is_registered(self) -> bool {
        self.name() != UNREGISTERED
    }

    /// Whether the command was carried out.
    pub fn is_success(self) -> bool {
        self == Self::OK || self.has_more()
    }

    /// Whether more messages are queued than fitted.
    pub fn has_more(self) -> bool {
        self.0 >> 8 == 0x91
    }

    /// The name used in output, logs and counters.
    pub fn name(self) -> &'static str {
        match self {
            Self::OK => "ok",
            Self::WRONG_LENGTH => "wrong-length",
            Self::NO_LOGICAL_CHANNELS => "no-logical-channels",
            Self::NO_CHAINING => "no-chaining",
            Self::NOT_SELECTED => "not-selected",
            Self::WRONG_DATA => "wrong-data",
            Self::NOT_FOUND => "not-found",
            Self::WRONG_PARAMETERS => "wrong-parameters",
            Self::DESYNCHRONISED => "desynchronised",
            Self::UNKNOWN_INSTRUCTION => "unknown-instruction",
            Self::UNKNOWN_CLASS => "unknown-class",
            Self::FAILED => "failed",
            more if more.has_more() => "more",
            rest if rest.has_rest() => "rest",
            _ => UNREGISTERED,
        }
    }
}

const UNREGISTERED: &str = "unregistered";

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X} ({})", self.0, self.name())
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
