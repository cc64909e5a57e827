//! One exchange, as the wallet remembers it.

use libetp::EntityId;
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::voucher::{ExchangeResult, Offer, Outcome};
use serde::{Deserialize, Serialize};

use crate::values::{Hex32, as_hex};

/// One exchange, offered by this wallet or to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// Counts from 1, for people.
    pub(crate) number: u64,
    /// The offer's id. After an abort the same offer may be accepted anew: that is another exchange.
    pub(crate) n1: Hex32,
    /// The exchange's id, once this wallet heard of an agreement.
    #[serde(default)]
    pub(crate) xid: Option<Hex32>,
    pub(crate) side: Side,
    /// The other wallet, if this one offered; the offering card otherwise.
    pub(crate) peer: Option<String>,
    pub(crate) give: Hex32,
    pub(crate) want: Hex32,
    /// Who ends the exchange if the cards cannot, where that is known.
    #[serde(default)]
    pub(crate) third_party: Option<Named>,
    pub(crate) state: State,
    /// What the card said last.
    #[serde(default)]
    pub(crate) seen: Option<Seen>,
    /// When it turned out last that the other host cannot be reached, in seconds since 1970, unless
    /// it answered since.
    #[serde(default)]
    pub(crate) unreachable_unix_s: Option<u64>,
    /// What left this card, once it is over.
    #[serde(default)]
    pub(crate) lost: Option<Hex32>,
    /// What came.
    #[serde(default)]
    pub(crate) gained: Option<Hex32>,
    /// The offer of the other side, as it came, until the exchange is over.
    pub(crate) offer: Option<Stored>,
    /// What happened, oldest first.
    pub(crate) story: Vec<Step>,
}

/// A third party: its key id, and where the offer says that it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) key: Hex32,
    pub(crate) ids: Vec<String>,
}

impl Named {
    pub(crate) fn new(key: Hash, ids: &[EntityId]) -> Self {
        let ids = ids.iter().map(EntityId::to_string).collect();
        let key = Hex32(key);
        Self { key, ids }
    }

    /// Where it is reached, as far as that can be read.
    pub(crate) fn entity_ids(&self) -> Vec<EntityId> {
        self.ids.iter().filter_map(|id| id.parse().ok()).collect()
    }
}

/// Where an exchange stands at the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    pub(crate) stage: Stage,
    /// When this wallet saw it there first, in seconds since 1970.
    pub(crate) since_unix_s: u64,
}

/// The card's own word for where an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// Offered, nothing given.
    Offer,
    /// Given, waiting for the other card.
    Wait,
    /// The third party is asked to resolve.
    Resolving,
    /// The third party is asked to abort.
    Aborting,
    /// Over.
    Done,
}

/// Bytes in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Stored(#[serde(with = "as_hex")] pub(crate) Vec<u8>);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Seconds since 1970.
    pub(crate) unix_s: u64,
    pub(crate) what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Side {
    /// This wallet made the offer.
    Offered,
    /// Another one made it to this wallet.
    Received,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Waits for a decision of the one to whom it was offered.
    Open,
    /// Accepted here; the cards are at it.
    Accepted,
    Rejected,
    Completed,
    Resolved,
    Aborted,
    Cancelled,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Completed => "completed",
            Self::Resolved => "resolved",
            Self::Aborted => "aborted",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can happen any more.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Open | Self::Accepted)
    }

    /// Who decided how an exchange ended; `None` while it has not, or if it never began.
    pub(crate) fn decided_by(self) -> Option<&'static str> {
        match self {
            Self::Completed => Some("cards"),
            Self::Resolved | Self::Aborted => Some("third-party"),
            Self::Rejected | Self::Cancelled => Some("owners"),
            Self::Open | Self::Accepted => None,
        }
    }

    pub(super) fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self::Completed,
            Outcome::Resolved => Self::Resolved,
            Outcome::Aborted => Self::Aborted,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

impl Exchange {
    /// One that nothing is known of yet but whose it is.
    pub(super) fn new(n1: Hex32, side: Side, give: Hex32, want: Hex32) -> Self {
        Self {
            number: 0,
            n1,
            xid: None,
            side,
            peer: None,
            give,
            want,
            third_party: None,
            state: State::Open,
            seen: None,
            unreachable_unix_s: None,
            lost: None,
            gained: None,
            offer: None,
            story: Vec::new(),
        }
    }

    /// The other card or wallet, if it is known.
    pub(crate) fn peer_text(&self) -> &str {
        self.peer.as_deref().unwrap_or("unknown")
    }

    /// Its id, if it is known.
    pub(crate) fn peer_id(&self) -> Option<EntityId> {
        self.peer.as_deref()?.parse().ok()
    }

    /// The offer of the other side.
    pub(crate) fn received_offer(&self) -> Option<Offer> {
        Offer::from_param(&self.offer.as_ref()?.0).ok()
    }

    /// Where the card said last that it stands.
    pub(crate) fn stage(&self) -> Option<Stage> {
        self.seen.map(|seen| seen.stage)
    }

    /// Whether both owners agreed and no end is known.
    pub(crate) fn is_running(&self) -> bool {
        let running = [Stage::Wait, Stage::Resolving, Stage::Aborting];
        !self.state.is_final() && self.stage().is_some_and(|stage| running.contains(&stage))
    }

    /// How far it is, in a word for people.
    pub(crate) fn standing(&self) -> &'static str {
        match (self.state.is_final(), self.stage()) {
            (false, Some(Stage::Wait)) => "agreed, waiting for the other card",
            (false, Some(Stage::Resolving)) => "the third party is asked to resolve",
            (false, Some(Stage::Aborting)) => "the third party is asked to abort",
            _ => self.state.name(),
        }
    }

    pub(super) fn tell(&mut self, unix_s: u64, what: impl Into<String>) {
        let what = what.into();
        self.story.push(Step { unix_s, what });
    }

    /// The card's word on how it ended.
    pub(super) fn end(&mut self, unix_s: u64, state: State, result: &ExchangeResult) {
        self.state = state;
        self.xid = self.xid.or(result.xid.map(Hex32));
        self.lost = result.lost.map(Hex32);
        self.gained = result.gained.map(Hex32);
        let ending = self.ending();
        self.tell(unix_s, ending);
        self.forget_offer_if_over();
    }

    /// The offer is kept only as long as it can be accepted: others choose how long it is.
    pub(super) fn forget_offer_if_over(&mut self) {
        if self.state.is_final() {
            self.offer = None;
        }
    }

    fn ending(&self) -> String {
        let by = match (self.state, self.side) {
            (State::Completed, Side::Offered) => {
                "completed by the cards themselves; the commitment (m4) came"
            }
            (State::Completed, Side::Received) => {
                "completed by the cards themselves; the confirmation (m3) came, the commitment (m4) went out"
            }
            (State::Resolved, _) => "resolved by the third party",
            (State::Aborted, _) => "aborted by the third party",
            (state, _) => state.name(),
        };
        let vid = |vid: Option<Hex32>| vid.map_or_else(|| "nothing".into(), |vid| vid.short());
        match (self.lost, self.gained) {
            (None, None) => format!("{by}: nothing changed hands"),
            (lost, gained) => format!("{by}: gave {}, got {}", vid(lost), vid(gained)),
        }
    }
}
