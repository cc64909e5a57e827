//! One question.

use libetp::client::Delivery;
use libetp::client::text::shown;
use libetp::frame::Origin;
use libetp::params::Param;
use libetp::params::host::{GuardAnswer, GuardAsk};
use libetp::{EntityId, Mtype, Port};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::values::{Hex32, as_text, named};

/// A question of Guard: may this message in?
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// Counts from 1, for people.
    pub(crate) number: u64,
    /// Names the message to Guard.
    pub(crate) ticket: u64,
    /// Hash of the whole message: an answer is about these bytes.
    digest: Hex32,
    /// Who sends the message.
    #[serde(with = "as_text")]
    pub(crate) src: EntityId,
    /// Who is meant.
    #[serde(with = "as_text")]
    pub(crate) dst: EntityId,
    /// The type's number.
    mtype: u16,
    /// Its length in bytes with the header.
    bytes: u32,
    /// Where it came in: `app`, `card` or `remote`.
    entry: String,
    /// The policy that asks.
    policy: String,
    /// Why.
    reason: String,
    /// Until when Guard waits, in seconds since 1970.
    until_unix_s: u64,
}

impl Question {
    /// What a message asks. Only the daemon of `me`, this wallet, is believed, as it alone sends from
    /// that port.
    pub(super) fn of(unix_s: u64, me: EntityId, delivery: &Delivery) -> Option<Self> {
        let header = delivery.message.header;
        let is_of_guard = header.mtype == Mtype::GUARD_ASK
            && header.src == guard_of(me)
            && delivery.origin == Origin::Host;
        if !is_of_guard {
            return None;
        }
        let ask = GuardAsk::from_param(&delivery.message.param).ok()?;
        Some(Self::new(unix_s, ask))
    }

    fn new(unix_s: u64, ask: GuardAsk) -> Self {
        let wait_s = ask.wait_ms.div_ceil(1_000);
        Self {
            number: 0,
            ticket: ask.ticket,
            digest: Hex32(ask.digest),
            src: ask.src,
            dst: ask.dst,
            mtype: ask.mtype.0,
            bytes: ask.size,
            entry: ask.entry,
            policy: ask.policy,
            reason: ask.reason,
            until_unix_s: ask.asked_unix_s.min(unix_s).saturating_add(wait_s),
        }
    }

    /// Whether Guard still waits for an answer, as far as the clock tells.
    pub(super) fn is_open(&self, unix_s: u64) -> bool {
        unix_s < self.until_unix_s
    }

    /// What the owner says to it, for [`guard_of`] the wallet.
    pub(crate) fn answer(&self, approve: bool) -> GuardAnswer {
        GuardAnswer {
            ticket: self.ticket,
            digest: self.digest.0,
            approve,
        }
    }

    /// The message's type.
    pub(crate) fn mtype(&self) -> Mtype {
        Mtype(self.mtype)
    }

    /// For people. `me` is this wallet.
    pub(crate) fn text(&self, unix_s: u64, me: EntityId) -> String {
        let to = match self.dst == me {
            true => "this wallet".into(),
            false => named(self.dst),
        };
        let (number, left) = (self.number, self.until_unix_s.saturating_sub(unix_s));
        format!(
            "{number}  {} to {to}, {} bytes\n   from {}, {}\n   asked by policy {}: {}\n   \
             refused in {left} s unless you say `wallet allow {number}`\n",
            self.mtype(),
            self.bytes,
            named(self.src),
            way(&self.entry),
            shown(&self.policy),
            shown(&self.reason),
        )
    }

    /// For programs.
    pub(crate) fn json(&self, unix_s: u64) -> Value {
        json!({
            "number": self.number,
            "type": self.mtype().to_string(),
            "from": self.src.to_string(),
            "to": self.dst.to_string(),
            "entry": self.entry,
            "bytes": self.bytes,
            "digest": self.digest,
            "policy": self.policy,
            "reason": self.reason,
            "until_unix_s": self.until_unix_s,
            "seconds_left": self.until_unix_s.saturating_sub(unix_s),
        })
    }
}

/// Who asks the programs of a domain, and hears their answers.
pub(crate) fn guard_of(me: EntityId) -> EntityId {
    me.domain.entity(Port::DIAGNOSTICS)
}

/// Which way the message came in.
fn way(entry: &str) -> String {
    match entry {
        "app" => "a program of this host".into(),
        "card" => "a card of this host".into(),
        "remote" => "brought by another host".into(),
        other => shown(other),
    }
}
