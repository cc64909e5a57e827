//! What goes into a [`Session`](super::Session) and what comes out of it.

use card_proxy::Away;
use etp_pki::Leaf;
use libetp::digest::Hash;
use libetp::exchange::SelectReply;
use libetp::params::runtime::{Hello, Statement};
use libetp::{Domain, Message, VerdictCode};

use super::quarantine::Quarantine;
use crate::state::Witness;

/// What is known of a domain from before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// How far its card had come; `None` if it was never seen.
    pub witness: Option<Witness>,
    /// The key of the card that had it.
    pub key: Option<Hash>,
    /// The highest number of a statement that this host has of that card; 0 for none.
    pub statements: u64,
    /// The number of the card's newest statement that it is at another host, if that is so.
    pub suspended: Option<u64>,
    /// Whether another card of this host has it now.
    pub elsewhere: bool,
}

/// Time and randomness for one step.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Unix time in seconds.
    pub unix_s: u64,
    /// Milliseconds of a clock that does not run backwards.
    pub ms: u64,
    /// Fresh random bytes.
    pub fresh: [u8; 32],
}

/// Who asked for a statement; given back with it.
pub type Token = u64;

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The card answered SELECT.
    Selected(SelectReply, Known),
    /// The card sent a message.
    Message {
        /// The card's number of it.
        number: u64,
        /// The message.
        message: Message,
    },
    /// The card is away, and may come back.
    Away(Away),
    /// Messages have waited long enough for a card that is away, and were failed.
    Overdue,
    /// The card is given up.
    Gone(String),
    /// The domain runs out of ports.
    WantPorts,
    /// Another host asks where the card lives.
    Serve {
        /// The verifier's.
        nonce: [u8; 32],
        /// To be given back.
        token: Token,
    },
    /// The card stated with this number that it is at another host.
    Suspended(u64),
    /// Some time passed.
    Tick,
    /// An effect could not be carried out; those after it were not tried.
    Failed(String),
}

/// What to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Store the domain as this host's own; durable before the next effect.
    AddLocal {
        /// The domain.
        domain: Domain,
        /// Its card's key.
        key: Hash,
    },
    /// Store the witness; durable before the next effect.
    SetWitness(Witness),
    /// Raise the witness, soon.
    RaiseWitness(Witness),
    /// Ask what is in the card's place to show that it is this card, or that it is at home here: before
    /// everything else.
    Challenge(Message),
    /// The card in its power-up with this boot id is the right one: messages for it may go to it.
    Prove([u8; 8]),
    /// Send an order of the daemon to the card.
    Order(Message),
    /// The domain is live.
    Attach {
        /// Largest message in bytes that the card takes.
        message_bytes_max: usize,
    },
    /// The domain is not live any more; senders get the code.
    Detach(VerdictCode),
    /// A message of the card enters the table.
    Submit {
        /// The card's number of it.
        number: u64,
        /// The message.
        message: Message,
    },
    /// Ports `first .. first + count` are the daemon's to hand out.
    Ports {
        /// The first.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Store the number of a statement that is given out; durable before the next effect.
    RaiseStatement {
        /// The card's key.
        key: Hash,
        /// The number.
        number: u64,
    },
    /// The card stated that it is at this host again; durable before the next effect.
    EndSuspension,
    /// The answer to [`Input::Serve`].
    Statement {
        /// As asked.
        token: Token,
        /// The card's, if it gave one.
        statement: Option<Statement>,
    },
    /// For log and counters.
    Note(Note),
}

/// Something that an operator may want to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Name of the counter that is raised with it.
    pub name: &'static str,
    /// Whether somebody should look at it.
    pub is_alarm: bool,
    /// Words for people.
    pub detail: String,
}

/// How a card is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has not answered yet.
    Starting,
    /// It was asked to prove itself.
    Challenged {
        /// What it claims.
        reply: SelectReply,
        /// When to give up, by [`Now::ms`].
        deadline_ms: u64,
    },
    /// It proved itself.
    Live {
        /// What it claimed.
        reply: SelectReply,
        /// Its certificate.
        leaf: Box<Leaf>,
    },
    /// It stated that it is at another host, and has not stated anew that it is at this one.
    Suspended {
        /// Number of the statement for the other host.
        number: u64,
        /// A card that proved itself, and was asked to state anew.
        restating: Option<Box<Restating>>,
    },
    /// It is not to be reached now. It is taken up, and proves itself, as soon as it is.
    Away(Away),
    /// It is not trusted.
    Quarantined(Quarantine),
    /// It does not answer any more.
    Gone(String),
}

/// A card that proved itself and has to state that it is at this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restating {
    /// What it claimed.
    pub reply: SelectReply,
    /// How it proved that.
    pub hello: Hello,
    /// Its certificate.
    pub leaf: Leaf,
    /// To be in the statement.
    pub nonce: [u8; 32],
    /// Without a statement by then it stays suspended; in milliseconds.
    pub deadline_ms: u64,
}
