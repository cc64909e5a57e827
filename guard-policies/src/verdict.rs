//! What Guard says of a message.

use std::borrow::Cow;
use std::fmt;

use libetp::EntityId;
use libetp::digest::Hash;

use crate::Disturbance;

/// Text that is known when the program is built, or comes from a configuration or a plugin.
pub type Text = Cow<'static, str>;

/// Who decided, and what it says to people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// Name of the built-in rule or of the policy.
    pub rule: Text,
    /// What the sender did that is not allowed.
    pub detail: Text,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

/// What becomes of a message at its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It ends here, and only the operator learns it.
    Drop(Reason),
    /// It ends here, and its sender is told.
    Refuse(Reason),
    /// It waits until somebody answers, and is judged again if the answer is yes.
    Hold(Hold),
    /// It waits for a worker: the policy at this place of the chain is slow.
    Slow(usize),
    /// An experiment at this place of the chain disturbs it; the policies after it are to be asked.
    Disturb(usize, Disturbance),
}

/// Who is asked about a message, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The policy that wants to know, and why.
    pub reason: Reason,
    /// Who answers.
    pub approver: Approver,
    /// Without an answer after this long, the message is refused. Milliseconds.
    pub wait_ms: u64,
    /// Digest of the policy, for the approval.
    pub policy: Hash,
}

/// Who answers for a held message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approver {
    /// An administrator of the host, with `etpctl guard approve` or `deny`.
    Administrator,
    /// The program with this id, and administrators.
    Entity(EntityId),
}
