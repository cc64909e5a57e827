//! The sections of the configuration file, as serde reads them.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use libetp::Domain;
use serde::Deserialize;
use toml::Spanned;

use super::values::{DomainText, KeyText, SocketMode};
use crate::io::QuotaLimits;
use crate::table;

/// `[daemon]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Daemon {
    /// The application socket.
    pub socket: Spanned<PathBuf>,
    /// Permissions of the socket.
    pub socket_mode: SocketMode,
    /// The state directory.
    pub state: Spanned<PathBuf>,
    /// Threads that serve the socket.
    pub io_threads: NonZeroU32,
}

/// `[host]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// The host's certificate.
    pub certificate: Option<Spanned<PathBuf>>,
    /// The certificate of the role's intermediate, if not the scheme file's.
    pub intermediate: Option<Spanned<PathBuf>>,
    /// The host's private key.
    pub key: Option<Spanned<PathBuf>>,
}

/// `[scheme]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scheme {
    /// The public part of the scheme.
    pub file: Option<Spanned<PathBuf>>,
}

/// `[admin]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Users who may send control requests.
    pub uids: Vec<u32>,
}

/// `[guard]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// The rule file.
    pub file: Option<Spanned<PathBuf>>,
}

/// Whether links demand a post-quantum key exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostQuantum {
    /// Only X25519MLKEM768 is offered and accepted.
    #[default]
    Require,
}

/// `[remote]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Remote {
    /// Where other hosts may open links.
    pub listen: Option<Spanned<SocketAddr>>,
    /// Post-quantum key exchange.
    pub pq: PostQuantum,
}

/// `[[peer]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Key id of the host.
    pub key: Spanned<KeyText>,
    /// Where it is dialled.
    #[serde(default)]
    pub address: Option<SocketAddr>,
    /// The domains that are reached there.
    #[serde(default)]
    pub domains: Vec<Spanned<DomainText>>,
}

impl Peer {
    /// The domains that are reached there.
    pub fn domains(&self) -> impl Iterator<Item = Domain> {
        self.domains.iter().map(|domain| domain.get_ref().0)
    }
}

/// How long messages wait for a card that is away, unless configured.
const CARD_AWAY_MS_MAX: u64 = 60_000;

/// `[limits]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Open connections on the socket.
    pub connections_max: NonZeroU32,
    /// Open connections of one user.
    pub connections_per_uid_max: NonZeroU32,
    /// Ids that one user may hold.
    pub ids_per_uid_max: NonZeroU32,
    /// Ids that one user may acquire at once.
    pub acquire_burst: NonZeroU32,
    /// Messages that wait for one id.
    pub mailbox_messages_max: NonZeroU64,
    /// Bytes that wait for one id.
    pub mailbox_bytes_max: NonZeroU64,
    /// Messages that wait for one card.
    pub card_messages_max: NonZeroU64,
    /// Bytes that wait for one card.
    pub card_bytes_max: NonZeroU64,
    /// Messages of one sender that wait anywhere.
    pub sender_messages_max: NonZeroU64,
    /// Bytes of one sender that wait anywhere.
    pub sender_bytes_max: NonZeroU64,
    /// Records of the trace; 0 for none.
    pub trace_records_max: u32,
    /// Longest drain in milliseconds.
    pub drain_ms_max: u64,
    /// How long messages wait for a card that is away, in milliseconds.
    pub card_away_ms_max: u64,
}

impl Limits {
    /// The limits of the dispatch table.
    pub fn table(&self) -> table::Limits {
        table::Limits {
            ids_per_user_max: self.ids_per_uid_max.get(),
            acquire_burst: self.acquire_burst.get(),
            mailbox_messages_max: self.mailbox_messages_max.get(),
            mailbox_bytes_max: self.mailbox_bytes_max.get(),
            card_messages_max: self.card_messages_max.get(),
            card_bytes_max: self.card_bytes_max.get(),
            sender_messages_max: self.sender_messages_max.get(),
            sender_bytes_max: self.sender_bytes_max.get(),
            ..table::Limits::default()
        }
    }

    /// The limits of the socket.
    pub fn connections(&self) -> QuotaLimits {
        QuotaLimits {
            connections_max: self.connections_max.get() as usize,
            connections_per_user_max: self.connections_per_uid_max.get() as usize,
        }
    }
}

/// Where and how log records are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// The journal if standard error is connected to it, else text.
    #[default]
    Auto,
    /// Text on standard error.
    Text,
    /// One JSON object per line on standard error.
    Json,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A level or a filter.
    pub level: Spanned<String>,
    /// Where and how.
    pub format: LogFormat,
}

fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

impl Default for Daemon {
    fn default() -> Self {
        Self {
            socket: unplaced("/run/tenet/dispatchd.sock".into()),
            socket_mode: SocketMode(0o666),
            state: unplaced("/var/lib/tenet/dispatchd".into()),
            io_threads: NonZeroU32::MIN,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let count = |n: u32| NonZeroU32::MIN.saturating_add(n - 1);
        let amount = |n: u64| NonZeroU64::MIN.saturating_add(n - 1);
        Self {
            connections_max: count(16_384),
            connections_per_uid_max: count(12_288),
            ids_per_uid_max: count(table::IDS_PER_USER_MAX),
            acquire_burst: count(table::ACQUIRE_BURST),
            mailbox_messages_max: amount(table::MAILBOX_MESSAGES_MAX),
            mailbox_bytes_max: amount(table::MAILBOX_BYTES_MAX),
            card_messages_max: amount(table::CARD_MESSAGES_MAX),
            card_bytes_max: amount(table::CARD_BYTES_MAX),
            sender_messages_max: amount(table::SENDER_MESSAGES_MAX),
            sender_bytes_max: amount(table::SENDER_BYTES_MAX),
            trace_records_max: 4096,
            drain_ms_max: 5000,
            card_away_ms_max: CARD_AWAY_MS_MAX,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: unplaced("info".into()),
            format: LogFormat::default(),
        }
    }
}
