//! The sections of the configuration file, as serde reads them.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use libetp::Domain;
use serde::Deserialize;
use toml::Spanned;

use super::values::{DomainText, KeyText, SocketMode};

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

/// What a card is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardKind {
    /// Software, embedded in the daemon.
    Soft,
}

/// `[[card]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What it is made of.
    pub kind: CardKind,
    /// Where its state is.
    pub directory: Spanned<PathBuf>,
    /// Users who may authenticate to it.
    pub owners: Vec<u32>,
    /// The key that protects its state at rest.
    #[serde(default)]
    pub device_key: Option<Spanned<PathBuf>>,
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
    /// Messages that wait for one id.
    pub mailbox_messages_max: NonZeroU32,
    /// Bytes that wait for one id.
    pub mailbox_bytes_max: NonZeroU64,
    /// Records of the trace; 0 for none.
    pub trace_records_max: u32,
    /// Longest drain in milliseconds.
    pub drain_ms_max: u64,
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
        Self {
            connections_max: count(4096),
            connections_per_uid_max: count(512),
            ids_per_uid_max: count(256),
            mailbox_messages_max: count(4096),
            mailbox_bytes_max: NonZeroU64::MIN.saturating_add(4_194_303),
            trace_records_max: 4096,
            drain_ms_max: 5000,
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
