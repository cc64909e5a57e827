//! What `wallet init` found out and pinned.

use std::path::PathBuf;

use etp_pki::{Anchors, Role};
use libetp::client::CardPin;
use libetp::codec::List;
use libetp::{Domain, EntityId};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::home::Home;
use crate::values::{Hex32, as_text};

pub(crate) const FILE: &str = "wallet.json";

/// The wallet's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The daemon's socket.
    pub(crate) socket: PathBuf,
    /// This wallet.
    #[serde(with = "as_text")]
    pub(crate) id: EntityId,
    /// The pinned card.
    pub(crate) card: PinnedCard,
    /// Name of the scheme.
    pub(crate) scheme: String,
    /// Keys of the scheme's intermediates, in the order of the roles.
    pub(crate) anchors: Vec<Hex32>,
}

/// The card as its certificate, once verified, said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinnedCard {
    #[serde(with = "as_text")]
    pub(crate) domain: Domain,
    /// Key id.
    pub(crate) key: Hex32,
    /// X25519 key.
    pub(crate) agree: Hex32,
    /// SHA-256 of the certificate.
    pub(crate) certificate: Hex32,
    pub(crate) class: u8,
}

impl PinnedCard {
    pub(crate) fn pin(&self) -> CardPin {
        CardPin {
            domain: self.domain,
            certificate: self.certificate.0,
            agree: self.agree.0,
        }
    }
}

impl Settings {
    pub(crate) fn load(home: &Home) -> Result<Self, Failure> {
        home.load(FILE)?.ok_or_else(|| home.not_initialised())
    }

    pub(crate) fn anchors(&self) -> Anchors {
        debug_assert_eq!(self.anchors.len(), Role::ALL.len());
        Anchors {
            intermediates: List(self.anchors.iter().map(|key| key.0).collect()),
        }
    }
}
