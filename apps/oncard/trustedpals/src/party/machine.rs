//! What goes from round to round behind the links.

use alloc::vec::Vec;

use zeroize::Zeroizing;

/// The content of a packet; of all packets of a session as many bytes.
pub type Content = Zeroizing<Vec<u8>>;

/// What a card does in the rounds of a session: contents in and out, and in the end one output.
pub trait Machine: core::fmt::Debug + Send {
    /// Members.
    fn n(&self) -> usize;

    /// This member.
    fn me(&self) -> usize;

    /// Bytes of every content.
    fn content_bytes(&self) -> usize;

    /// What to send to every other member in the next round. There is one in every round.
    fn content(&self) -> Content;

    /// Ends a round with what came in it, by sender.
    fn end_round(&mut self, received: &[Option<Content>]);

    /// Computes what belongs into the round, when the packets have left.
    fn work(&mut self);

    /// Whether the last round is complete.
    fn is_over(&self) -> bool;

    /// What the host may know, once, when it may; after the last round at the latest.
    fn take_output(&mut self) -> Option<Output>;
}

/// What the host learns.
#[derive(Clone, PartialEq, Eq)]
pub enum Output {
    /// Its part of the result, or all items.
    Result(Zeroizing<Vec<u8>>),
    /// The function gave nothing.
    Trapped,
    /// The card took no part in the end: its own host, or too many others, omitted messages.
    Halted,
    /// Nobody gets any item.
    Refused,
}

impl core::fmt::Debug for Output {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Result(_) => "Result(..)",
            Self::Trapped => "Trapped",
            Self::Halted => "Halted",
            Self::Refused => "Refused",
        })
    }
}
