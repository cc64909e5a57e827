//! What administrators ask about Guard, and tell it.

use serde::{Deserialize, Serialize};

/// What is asked or ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// The chain as a whole; answered by [`Reply::Chain`].
    Chain,
    /// Its policies, as many as fit into an answer; answered by [`Reply::Policies`].
    Policies {
        /// Leave out so many.
        after: u32,
    },
    /// What a policy consists of, as many lines as fit into an answer; answered by [`Reply::Explained`].
    Explain {
        /// Place of the policy, from 0.
        policy: u32,
        /// Leave out so many lines.
        after: u32,
    },
    /// Messages that wait for an answer, as many as fit into one of the daemon; answered by
    /// [`Reply::Held`].
    Held {
        /// Only those with a greater ticket.
        after: u64,
    },
    /// Answer about one of them.
    Decide {
        /// Which.
        ticket: u64,
        /// Whether it may go on.
        approve: bool,
    },
    /// Load the rule file anew.
    Reload,
    /// Back to the chain before.
    Rollback,
    /// Load a rule file that only says what it would decide; none to end that.
    Shadow {
        /// Path at the daemon's host.
        file: Option<String>,
    },
    /// Trace messages from and to an id, or no longer.
    Watch {
        /// The id.
        id: String,
        /// Whether.
        on: bool,
    },
    /// Record every message, or no longer.
    Capture {
        /// Whether.
        on: bool,
    },
    /// What was recorded; answered by [`Reply::Records`].
    Records {
        /// Only records with a greater number.
        after: u64,
        /// At most so many.
        limit: u32,
        /// Whether params are wanted; secret ones are never given.
        payloads: bool,
    },
}

/// What the daemon answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The chain.
    Chain(Box<Chain>),
    /// Some of its policies, in order.
    Policies {
        /// Of which chain.
        generation: u64,
        /// The policies.
        policies: Vec<Policy>,
    },
    /// What a policy consists of and may do, for people.
    Explained {
        /// Of which chain.
        generation: u64,
        /// The lines.
        lines: Vec<String>,
    },
    /// Messages that wait for an answer, by their tickets.
    Held(Vec<Held>),
    /// What was recorded, oldest first.
    Records(Vec<Record>),
    /// It was done; words for people.
    Done(String),
    /// It was not done, and why.
    Failed(String),
}

/// The chain of a daemon.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chain {
    /// The rule file, if there is one.
    pub file: Option<String>,
    /// Rises with each chain that was loaded.
    pub generation: u64,
    /// SHA-256 of everything that it was made of.
    pub digest: String,
    /// What becomes of messages that no policy decides about: entry and `pass`, `refuse`, `drop`.
    pub defaults: Vec<(String, String)>,
    /// How many policies it has.
    pub policies: u32,
    /// The generation that `rollback` goes back to.
    pub previous: Option<u64>,
    /// The file that is loaded as shadow.
    pub shadow: Option<String>,
    /// Messages since then that it would have decided otherwise.
    pub shadow_differs: u64,
    /// Ids that are traced.
    pub watched: Vec<String>,
    /// Whether every message is recorded.
    pub is_captured: bool,
}

/// One policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// `enforce` or `shadow`.
    pub mode: String,
    /// `refuse` or `pass`.
    pub on_error: String,
    /// Whether it is asked on a worker.
    pub slow: bool,
    /// Whether it is in quarantine after repeated failures.
    pub quarantined: bool,
    /// How often it said what.
    pub counts: Vec<(String, u64)>,
}

/// A message that waits for an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// Names it in the answer.
    pub ticket: u64,
    /// Where it came in.
    pub entry: String,
    /// Source.
    pub src: String,
    /// Destination.
    pub dst: String,
    /// Its type.
    pub mtype: u16,
    /// Its length with the header.
    pub bytes: u32,
    /// SHA-256 of the whole message.
    pub digest: String,
    /// The policy that wants to know.
    pub policy: String,
    /// Why.
    pub reason: String,
    /// `administrator`, or the id that is asked.
    pub approver: String,
    /// It is refused after so many milliseconds more.
    pub left_ms: u64,
    /// Messages of the same flow that wait behind it.
    pub behind: u64,
}

/// A message that was judged while somebody watched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Increases by one with each.
    pub sequence: u64,
    /// A capture of this one message, see `docs/protocol/guard-capture.md`; empty if its facts are
    /// too long for an answer.
    #[serde(with = "serde_bytes_vec")]
    pub capture: Vec<u8>,
    /// What was said of it, in words.
    pub verdict: String,
    /// What the shadow chain says, if that is something else.
    pub differing: Option<String>,
    /// Whether it belongs into a capture of all messages: each is in there once.
    pub is_captured: bool,
    /// What each policy said: its name and words; only for watched ids.
    pub steps: Vec<(String, String)>,
}

/// Byte strings as CBOR has them, not lists of numbers.
mod serde_bytes_vec {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        ciborium::value::Value::deserialize(from)?
            .into_bytes()
            .map_err(|_| serde::de::Error::custom("not a byte string"))
    }
}
