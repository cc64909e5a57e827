//! What is told when a command fails: what happened, and what to do next.

pub(crate) use command_line::Kind;
use libetp::client::{ClientError, SavedError, Undelivered};
use libetp::frame::body::RequestError;
use libetp::params::runtime::RefusalCode;
use libetp::verdict::VerdictCode;
use serde_json::{Map, Value};

/// Why a command failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    facts: Map<String, Value>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            facts: Map::new(),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A fact for programs that read the JSON.
    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }

    pub(crate) fn system(what: &str, error: impl std::fmt::Display) -> Self {
        Self::new(Kind::Other, format!("{what}: {error}"))
    }
}

impl From<Failure> for command_line::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
            hint: failure.hint,
            facts: failure.facts,
        }
    }
}

impl From<SavedError> for Failure {
    fn from(error: SavedError) -> Self {
        let hint = match &error {
            SavedError::Mode { path, .. } => format!("run: chmod 600 {}", path.display()),
            SavedError::Io { .. } => "look at the file's owner and the free space".into(),
            SavedError::Format { .. } => {
                "restore it from a backup, or move the wallet's home away and run `wallet init`"
                    .into()
            }
        };
        Self::new(Kind::Home, error.to_string()).hint(hint)
    }
}

impl From<ClientError> for Failure {
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
            ClientError::Timeout(_) | ClientError::NoAnswer => Self::new(Kind::Timeout, text)
                .hint("look at `etpctl status`; `wallet history` shows what is still open"),
            ClientError::Saved(saved) => saved.into(),
            ClientError::Refused { reason, .. } | ClientError::Closed { reason, .. } => {
                Self::daemon_says(text, reason)
            }
            _ => Self::new(Kind::Daemon, text).hint("look at the daemon's log, then try again"),
        }
    }
}

impl Failure {
    pub(crate) fn undelivered(undelivered: &Undelivered) -> Self {
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
        let hint = match refusal {
            Some(RefusalCode::NotFound) => "see `wallet list` and `wallet history`",
            Some(RefusalCode::Reserved) => {
                "another open exchange or issue names that voucher: see `wallet history`"
            }
            Some(RefusalCode::ThirdParty) => {
                "agree on a third party that both cards were personalised with"
            }
            Some(RefusalCode::NoChallenge) => {
                "what an issuer makes fits one challenge of one card, once: open a new one with \
                 `wallet receive-issue --output FILE`"
            }
            Some(RefusalCode::Limit) => "finish or cancel open offers first",
            Some(RefusalCode::Class) => "the voucher demands a better card",
            Some(RefusalCode::Certificate | RefusalCode::Voucher) => {
                "do not trade with, or redeem at, whoever made what you gave the card"
            }
            _ => "see `wallet history`",
        };
        Self::new(Kind::Refused, text)
            .hint(hint)
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
        let (kind, hint) = match reason {
            Some(RequestError::NoSuchCard) => (
                Kind::Daemon,
                "name one of the cards that `etpctl status` lists with --domain",
            ),
            Some(RequestError::CardGone) => (
                Kind::Undelivered,
                "the card does not answer: look at `etpctl status`",
            ),
            Some(RequestError::BadSecret) => (
                Kind::Home,
                "is this the daemon of `wallet init`? Another one does not know this wallet. If \
                 it is, its state was lost: move the wallet's home away and run `wallet init`; \
                 vouchers stay on the card",
            ),
            Some(RequestError::SecretReused) => (
                Kind::Home,
                "this wallet's secret was used by somebody else, or its home was restored from a \
                 backup; the id is revoked. Move the home away and run `wallet init`; vouchers \
                 stay on the card",
            ),
            Some(RequestError::Fenced) => (
                Kind::Home,
                "another process took this wallet's id over: do not copy its home",
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
