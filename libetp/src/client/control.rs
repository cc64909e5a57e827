//! What the daemon tells administrators over `CONTROL` frames: a request and its reply, each a
//! CBOR map written by serde.
//!
//! Ids, domains and keys are text here (`<24 hex>:<port>`, hexadecimal), because people and
//! scripts read them. Readers ignore fields that they do not know, so that fields may be added.

pub mod card;
pub mod guard;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What an administrator asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlRequest {
    /// How the daemon is; answered by [`ControlReply::Status`].
    Status,
    /// Which ids are acquired; answered by [`ControlReply::Ids`].
    Ids,
    /// Where domains are reached; answered by [`ControlReply::Routes`].
    Routes,
    /// Which cards there are; answered by [`ControlReply::Cards`].
    Cards,
    /// Everything about one card; answered by [`ControlReply::Card`].
    Card {
        /// Its domain.
        domain: String,
    },
    /// What happened to cards; answered by [`ControlReply::CardHappenings`].
    CardHappenings {
        /// Only those with a greater sequence number.
        after: u64,
    },
    /// What passed lately; answered by [`ControlReply::Trace`].
    Trace {
        /// Only records with a greater sequence number.
        after: u64,
        /// At most this many records of each kind.
        limit: u32,
    },
    /// About Guard; answered by [`ControlReply::Guard`].
    Guard(guard::Request),
}

/// The daemon's answer. A request that is not allowed is answered by a verdict instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlReply {
    /// How the daemon is.
    Status(Box<Status>),
    /// Acquired ids, in order.
    Ids(Vec<IdEntry>),
    /// Known domains, in order.
    Routes(Vec<RouteEntry>),
    /// The cards of this host.
    Cards(Vec<CardStatus>),
    /// Everything about one card; `None` if this host has no card of the domain.
    Card(Option<Box<card::CardDetails>>),
    /// What happened to cards, oldest first; the newest are kept.
    CardHappenings(Vec<card::CardHappening>),
    /// What passed lately.
    Trace(Trace),
    /// About Guard.
    Guard(guard::Reply),
}

/// How the daemon is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Name and version.
    pub software: String,
    /// Process id.
    pub pid: u32,
    /// Seconds since its start.
    pub uptime_s: u64,
    /// `running` or `draining`.
    pub state: String,
    /// The application socket.
    pub socket: String,
    /// Where it listens for other hosts, if it does.
    pub listen: Option<String>,
    /// Key id of the host, if it has a certificate.
    pub host_key: Option<String>,
    /// How card state is protected on disk; `none` if it is not.
    pub at_rest: String,
    /// The cards of this host.
    pub cards: Vec<CardStatus>,
    /// Links to other hosts.
    pub links: Vec<LinkStatus>,
    /// Every counter by its name.
    pub counters: BTreeMap<String, u64>,
    /// What an administrator should look at.
    pub warnings: Vec<String>,
}

/// A card of this host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardStatus {
    /// Its domain.
    pub domain: String,
    /// `starting`, `live`, `absent`, `gone`, `quarantined` or `suspended`.
    pub state: String,
    /// Since when it is so, in seconds of Unix time.
    pub since_unix_s: u64,
    /// Its directory or socket.
    pub place: String,
    /// `embedded`, or `process` if another process serves it.
    pub backend: String,
    /// 0 soft, 1 soft with external anti-rollback, 2 attested hardware.
    pub class: u8,
    /// Its key id, once it proved it.
    pub key: Option<String>,
    /// Transactions so far, as it signed them last.
    pub generation: u64,
    /// Ports of the reserved block that are not assigned yet.
    pub ports_left: u32,
    /// Messages that wait for it.
    pub queued: u64,
    /// APDUs exchanged with it since the daemon started.
    pub apdus: u64,
    /// Words for people.
    pub detail: String,
}

/// A link to another host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkStatus {
    /// Key id of the host.
    pub host: String,
    /// Where it is.
    pub address: String,
    /// `up`, `connecting` or `down`.
    pub state: String,
    /// Messages sent over it.
    pub sent: u64,
    /// Messages that came over it.
    pub received: u64,
    /// Messages not acknowledged yet.
    pub unacknowledged: u64,
    /// Words for people.
    pub detail: String,
}

/// An acquired id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdEntry {
    /// The id.
    pub id: String,
    /// What the program calls itself.
    pub name: String,
    /// Whose it is.
    pub uid: u32,
    /// The process, while it is connected.
    pub pid: Option<u32>,
    /// Whether it outlives its connection.
    pub durable: bool,
    /// Whether a program is connected as it.
    pub connected: bool,
    /// Derived connections that send as it.
    pub derived: u32,
    /// Messages that wait for it.
    pub waiting: u64,
    /// Bytes that wait for it.
    pub waiting_bytes: u64,
}

/// How a domain is reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteEntry {
    /// The domain.
    pub domain: String,
    /// `card` of this host, or `remote`.
    pub via: String,
    /// Key id of the remote host.
    pub host: Option<String>,
    /// `live`, `gone`, `up`, `down` and the like.
    pub state: String,
    /// Number of the newest statement of the domain's card.
    pub statement: Option<u64>,
}

/// What passed lately. The daemon keeps a bounded number of records, the newest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// Messages, oldest first.
    pub messages: Vec<TraceEntry>,
    /// APDUs, oldest first.
    pub apdus: Vec<ApduEntry>,
}

/// One message that entered the table. Params are never shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceEntry {
    /// Increases by one with each record of this kind.
    pub sequence: u64,
    /// When, in microseconds since 1970.
    pub unix_us: u64,
    /// Where it came in: `app`, `card`, `remote` or `host`.
    pub entry: String,
    /// Source.
    pub src: String,
    /// Destination.
    pub dst: String,
    /// Its type.
    pub mtype: u16,
    /// Its length with the header.
    pub bytes: u32,
    /// Processor time that it took at this host, in microseconds.
    pub cpu_us: u64,
    /// Time that it waited for input and output at this host, in microseconds.
    pub io_us: u64,
    /// `delivered`, `stored`, `card`, `remote`, or the name of a verdict.
    pub outcome: String,
}

/// One command to a card and its response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApduEntry {
    /// Increases by one with each record of this kind.
    pub sequence: u64,
    /// When, in microseconds since 1970.
    pub unix_us: u64,
    /// Which card.
    pub domain: String,
    /// Types of the messages in the command.
    pub mtypes_in: Vec<u16>,
    /// Types of the messages in the response.
    pub mtypes_out: Vec<u16>,
    /// Length of the command in bytes.
    pub bytes_in: u32,
    /// Length of the response in bytes.
    pub bytes_out: u32,
    /// Processor time in microseconds.
    pub cpu_us: u64,
    /// Time from command to response less `cpu_us`, in microseconds.
    pub io_us: u64,
}

/// Why bytes are not a control request or reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("control message not understood: {0}")]
pub struct ControlError(String);

/// Encodes a request or reply.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = ciborium::into_writer(value, &mut bytes);
    debug_assert!(written.is_ok(), "writing to a Vec cannot fail");
    bytes
}

/// Decodes a request or reply.
///
/// # Errors
/// [`ControlError`] with what is wrong.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ControlError> {
    ciborium::from_reader(bytes).map_err(|error| ControlError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_replies_read_back() {
        for request in [
            ControlRequest::Status,
            ControlRequest::Trace { after: 3, limit: 9 },
        ] {
            assert_eq!(decode::<ControlRequest>(&encode(&request)), Ok(request));
        }
        let reply = ControlReply::Ids(vec![IdEntry::default()]);
        assert_eq!(decode::<ControlReply>(&encode(&reply)), Ok(reply));
    }

    #[test]
    fn fields_may_be_added_and_nonsense_is_an_error() {
        let newer = BTreeMap::from([("software", "x"), ("invented-later", "y")]);
        let status: Status = decode(&encode(&newer)).unwrap();
        assert_eq!(status.software, "x");
        assert!(decode::<ControlRequest>(&[0xff]).is_err());
        assert!(decode::<ControlRequest>(&[]).is_err());
    }
}
