//! What there is to know of one card, and what happened to cards.

use serde::{Deserialize, Serialize};

use super::CardStatus;

/// Everything that the daemon knows of a card. Times are Unix times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardDetails {
    /// As in the list.
    pub status: CardStatus,
    /// Who serves it, as that says of itself; empty for an embedded card.
    pub server: String,
    /// Process and user that serve it, if another process does.
    pub server_pid: Option<i32>,
    /// The user of that process.
    pub server_uid: Option<u32>,
    /// What protects it at rest: `none`, `device-key`, or `unknown` where another process knows.
    pub at_rest: String,
    /// Users whose programs may authenticate to it.
    pub owners: Vec<u32>,
    /// Ids that authenticated to it since it was powered up, as far as the daemon saw.
    pub authenticated: Vec<String>,
    /// How long messages wait for it while it is away, in milliseconds.
    pub away_ms_max: u64,
    /// Its power-up, while it is live.
    pub boot_id: Option<String>,
    /// Most bytes of data in a command, while it is live.
    pub command_data_bytes_max: Option<u32>,
    /// Longest message in bytes, while it is live.
    pub message_bytes_max: Option<u32>,
    /// Its transactions at the last SELECT, while it is live.
    pub selected_generation: Option<u64>,
    /// The highest port that it may have handed out, as the witness has it.
    pub witness_highest_port: u32,
    /// Number of the newest statement that it is at this host.
    pub statement: Option<u64>,
    /// Number of its statement that it is at another host, if that is so.
    pub suspended: Option<u64>,
    /// Its certificate, while it is live.
    pub certificate: Option<CardCertificate>,
    /// What went wrong last, since the daemon started.
    pub last_failure: Option<CardHappening>,
}

/// What a card's certificate says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardCertificate {
    /// From when it is valid, in seconds.
    pub not_before_unix_s: u64,
    /// The last second in which it is.
    pub not_after_unix_s: u64,
    /// The scheme's epoch when it was issued.
    pub epoch: u64,
    /// SHA-256 of the card's code, where the scheme states it.
    pub code_hash: Option<String>,
}

/// Something that happened to a card.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardHappening {
    /// Increases by one with each.
    pub sequence: u64,
    /// When, in seconds.
    pub unix_s: u64,
    /// Its domain; empty for one that has not answered yet.
    pub domain: String,
    /// Its directory or socket.
    pub place: String,
    /// Name of the counter that was raised.
    pub event: String,
    /// Whether somebody should look at it.
    pub is_alarm: bool,
    /// Words for people.
    pub detail: String,
}
