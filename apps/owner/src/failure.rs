//! What is told when a command fails: what happened, and what to do next.

use std::marker::PhantomData;

use libetp::client::{ClientError, SavedError, Undelivered};
use libetp::frame::body::RequestError;
use libetp::params::runtime::RefusalCode;
use libetp::verdict::VerdictCode;
use serde_json::{Map, Value};

use crate::{Kind, Program};

/// Why a command failed.
#[derive(Clone, Debug)]
pub struct Failure<P> {
    /// Which kind, and so the exit code.
    pub kind: Kind,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    facts: Map<String, Value>,
    _program: PhantomData<P>,
}

impl<P> Failure<P> {
    /// Without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            facts: Map::new(),
            _program: PhantomData,
        }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A fact for programs that read the JSON.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }

    /// Whether that fact was told.
    pub fn is_fact(&self, name: &str, value: &str) -> bool {
        self.facts.get(name).is_some_and(|fact| fact == value)
    }

    /// An error of the operating system.
    pub fn system(what: &str, error: impl std::fmt::Display) -> Self {
        Self::new(Kind::Other, format!("{what}: {error}"))
    }
}

impl<P> From<Failure<P>> for command_line::Failure {
    fn from(failure: Failure<P>) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
            hint: failure.hint,
            facts: failure.facts,
        }
    }
}

impl<P: Program> From<SavedError> for Failure<P> {
    fn from(error: SavedError) -> Self {
        let hint = match &error {
            SavedError::Mode { path, .. } => format!("run: chmod 600 {}", path.display()),
            SavedError::Io { .. } => "look at the file's owner and the free space".into(),
            SavedError::Format { .. } => {
                let name = P::NAME;
                format!(
                    "restore it from a backup, or move the home of {name} away and run `{name} init`"
                )
            }
        };
        Self::new(Kind::Home, error.to_string()).hint(hint)
    }
}

impl<P: Program> From<ClientError> for Failure<P> {
    fn from(error: ClientError) -> Self {
        let text = error.to_string();
        match error {
            ClientError::Connect { .. } => Self::new(Kind::Daemon, text)
                .hint("is dispatchd running? Start it, or name its socket with --socket"),
            ClientError::Untrusted { .. } => Self::new(Kind::Daemon, text)
                .hint("if you know that user to run your daemon, add --daemon-uid UID"),
            ClientError::Undelivered(undelivered) => Self::undelivered(&undelivered),
            ClientError::OrderRefused { code, .. } => Self::order_refused(text, code),
            ClientError::AuthenticationFailed {
                code, retries_left, ..
            } => Self::authentication(text, code, retries_left),
            ClientError::Handshake => Self::new(Kind::Certificate, text).hint(
                "another card sits in this domain, or somebody between you and the card \
                 interferes; the PIN was not revealed",
            ),
            ClientError::Timeout(_) | ClientError::NoAnswer => {
                Self::new(Kind::Timeout, text).hint(format!(
                    "look at `etpctl status`; `{}` shows what is still open",
                    P::OVERVIEW
                ))
            }
            ClientError::Saved(saved) => saved.into(),
            ClientError::Refused { reason, .. } | ClientError::Closed { reason, .. } => {
                Self::daemon_says(text, reason)
            }
            _ => Self::new(Kind::Daemon, text).hint("look at the daemon's log, then try again"),
        }
    }
}

impl<P: Program> Failure<P> {
    /// The daemon's verdict on a message.
    pub fn undelivered(undelivered: &Undelivered) -> Self {
        let hint = match undelivered.verdict.code {
            VerdictCode::UnknownDestination => {
                "nobody has that id: check it, and that the other host's domain has a route"
            }
            VerdictCode::HostUnreachable => {
                "the other host is down or cannot be reached: try again later"
            }
            VerdictCode::CardGone => "the card does not answer: look at `etpctl status`",
            VerdictCode::MailboxFull => "the other side does not collect its mail: try again later",
            VerdictCode::NotEnrolled => {
                "your card does not state that it is at your host: `wallet enrol-host HOST.der` has \
                 it do so"
            }
            VerdictCode::Quarantined | VerdictCode::Suspended => {
                "the operator of the daemon must look at `etpctl status`"
            }
            VerdictCode::Refused => "a rule of the host refused it; the reason is above",
            _ => "look at `etpctl status` and the daemon's log",
        };
        Self::new(Kind::Undelivered, undelivered.to_string())
            .hint(hint)
            .fact("verdict", undelivered.verdict.code.name())
    }

    fn order_refused(text: String, code: u16) -> Self {
        let refusal = RefusalCode::from_u16(code);
        Self::new(Kind::Refused, text)
            .hint(P::refused(refusal))
            .fact("refusal", refusal.map(RefusalCode::name))
    }

    fn authentication(text: String, code: u16, retries_left: u8) -> Self {
        let refusal = RefusalCode::from_u16(code);
        let hint = match (refusal, retries_left) {
            (Some(RefusalCode::WrongPin), 2..) => {
                "type it with care: the PIN is blocked when no try is left"
            }
            (Some(RefusalCode::WrongPin), 1) => {
                "one try is left: the next wrong PIN blocks the card until its PUK is used"
            }
            (Some(RefusalCode::WrongPin | RefusalCode::Blocked), 0) => {
                "the PIN is blocked: `wallet unblock` sets a new one with the card's PUK; without \
                 a PUK only the card's issuer can help"
            }
            (Some(RefusalCode::WrongPuk), 1..) => {
                "type it with care: when no try of the PUK is left, nothing unblocks the card"
            }
            (Some(RefusalCode::WrongPuk), 0) => {
                "the PUK is blocked for good; what the card holds only its issuers can replace"
            }
            (Some(RefusalCode::NoPuk), _) => {
                "a card is made with a PUK or without one; ask who issued it"
            }
            _ => "start the command again",
        };
        Self::new(Kind::Pin, text)
            .hint(hint)
            .fact("refusal", refusal.map(RefusalCode::name))
            .fact("tries_left", retries_left)
    }

    fn daemon_says(text: String, reason: Option<RequestError>) -> Self {
        let (name, left) = (P::NAME, P::WITHOUT_HOME);
        let not_known = format!(
            "is this the daemon of `{name} init`? Another one does not know this id. If it is, its state was lost: \
             move the home away and run `{name} init`; {left}"
        );
        let revoked = format!(
            "the secret was used by somebody else, or the home was restored from a backup; the id is revoked. Move the \
             home away and run `{name} init`; {left}"
        );
        let (kind, hint) = match reason {
            Some(RequestError::NoSuchCard) => (
                Kind::Daemon,
                "name one of the cards that `etpctl status` lists with --domain",
            ),
            Some(RequestError::CardGone) => (
                Kind::Undelivered,
                "the card does not answer: look at `etpctl status`",
            ),
            Some(RequestError::BadSecret) => (Kind::Home, not_known.as_str()),
            Some(RequestError::SecretReused) => (Kind::Home, revoked.as_str()),
            Some(RequestError::Fenced) => (
                Kind::Home,
                "another process took this id over: do not copy the home",
            ),
            Some(RequestError::Quota) => (Kind::Daemon, "release ids that you do not need"),
            Some(RequestError::ShuttingDown) => (Kind::Daemon, "wait for the daemon's restart"),
            _ => (Kind::Daemon, "look at the daemon's log"),
        };
        Self::new(kind, text)
            .hint(hint)
            .fact("reason", reason.map(RequestError::name))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A program of its own kind.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Example;

    impl Program for Example {
        const NAME: &'static str = "example";
        const HOME_VARIABLE: &'static str = "EXAMPLE_HOME";
        const OVERVIEW: &'static str = "example list";
        const WITHOUT_HOME: &'static str = "nothing is lost";

        fn refused(refusal: Option<RefusalCode>) -> &'static str {
            match refusal {
                Some(RefusalCode::Limit) => "fewer, please",
                _ => "see `example list`",
            }
        }
    }

    #[test]
    fn a_failure_says_what_its_program_is_called_and_what_the_card_meant() {
        let timeout = ClientError::Timeout(libetp::Mtype::OPEN_SESSION);
        let failure: Failure<Example> = timeout.into();
        assert!(failure.hint.unwrap().contains("`example list`"));
        let refused = ClientError::OrderRefused {
            mtype: libetp::Mtype::OPEN_SESSION,
            code: RefusalCode::Limit as u16,
            detail: String::new(),
        };
        let failure: Failure<Example> = refused.into();
        assert_eq!(failure.kind, Kind::Refused);
        assert_eq!(failure.hint.as_deref(), Some("fewer, please"));
    }
}
