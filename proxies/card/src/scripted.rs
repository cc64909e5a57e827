//! A link that follows a script, for tests of whatever talks to cards.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::link::{Link, LinkError};

/// What the link does at one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// This command must come, and gets this response.
    Answer {
        /// The command that is expected.
        command: Vec<u8>,
        /// The response to it.
        response: Vec<u8>,
    },
    /// Whatever comes gets this response.
    AnswerAny(Vec<u8>),
    /// Whatever comes, this error.
    Fail(LinkError),
    /// A reset must come; it works.
    Reset,
}

/// A link whose reactions are given beforehand. A call that the script does not have is a
/// [`LinkError::Gone`] that says so, and is kept in [`ScriptHandle::surprises`].
#[derive(Debug)]
pub struct ScriptedLink(ScriptHandle);

/// The test's end of a [`ScriptedLink`], which moves into a thread.
#[derive(Clone, Debug)]
pub struct ScriptHandle(Arc<Mutex<Script>>);

#[derive(Debug)]
struct Script {
    reactions: VecDeque<Reaction>,
    commands: Vec<Vec<u8>>,
    surprises: Vec<String>,
}

impl ScriptedLink {
    /// A link that reacts in this order.
    pub fn new(reactions: impl IntoIterator<Item = Reaction>) -> Self {
        Self(ScriptHandle(Arc::new(Mutex::new(Script {
            reactions: reactions.into_iter().collect(),
            commands: Vec::new(),
            surprises: Vec::new(),
        }))))
    }

    /// The test's end.
    pub fn handle(&self) -> ScriptHandle {
        self.0.clone()
    }
}

impl ScriptHandle {
    /// The commands that came, in order.
    pub fn commands(&self) -> Vec<Vec<u8>> {
        self.with(|script| script.commands.clone())
    }

    /// What came and was not expected.
    pub fn surprises(&self) -> Vec<String> {
        self.with(|script| script.surprises.clone())
    }

    /// How many reactions are left.
    pub fn left(&self) -> usize {
        self.with(|script| script.reactions.len())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Script) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Script {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.commands.push(command.to_vec());
        match self.reactions.pop_front() {
            Some(Reaction::Answer {
                command: expected,
                response,
            }) if expected == command => Ok(response),
            Some(Reaction::AnswerAny(response)) => Ok(response),
            Some(Reaction::Fail(error)) => Err(error),
            other => self.surprise(format!("command {command:02X?}, script has {other:02X?}")),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        match self.reactions.pop_front() {
            Some(Reaction::Reset) => Ok(()),
            Some(Reaction::Fail(error)) => Err(error),
            other => self.surprise(format!("reset, script has {other:02X?}")),
        }
    }

    fn surprise<T>(&mut self, what: String) -> Result<T, LinkError> {
        self.surprises.push(what.clone());
        Err(LinkError::Gone(what))
    }
}

impl Link for ScriptedLink {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.0.with(|script| script.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.0.with(Script::reset)
    }
}
