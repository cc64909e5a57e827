//! What `init` found out and pinned.

use std::path::PathBuf;

use etp_pki::{Anchors, Role};
use libetp::client::CardPin;
use libetp::codec::List;
use libetp::{Domain, EntityId};
use serde::{Deserialize, Serialize};

use crate::values::{Hex32, as_text};
use crate::{Access, Failure, Home, Program};

/// The settings of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The daemon's socket.
    pub socket: PathBuf,
    /// This program.
    #[serde(with = "as_text")]
    pub id: EntityId,
    /// The pinned card.
    pub card: PinnedCard,
    /// Name of the scheme.
    pub scheme: String,
    /// Keys of the scheme's intermediates, in the order of the roles.
    pub anchors: Vec<Hex32>,
}

/// The card as its certificate, once verified, said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedCard {
    #[serde(with = "as_text")]
    /// Its domain.
    pub domain: Domain,
    /// Key id.
    pub key: Hex32,
    /// X25519 key.
    pub agree: Hex32,
    /// SHA-256 of the certificate.
    pub certificate: Hex32,
    /// How well it is protected, as its certificate says; 0 is software.
    pub class: u8,
}

impl PinnedCard {
    /// What orders to it are given with.
    pub fn pin(&self) -> CardPin {
        CardPin {
            domain: self.domain,
            certificate: self.certificate.0,
            agree: self.agree.0,
        }
    }
}

impl Settings {
    /// Those of a home, with the socket that the command line says.
    ///
    /// # Errors
    /// If there are none.
    pub fn load<P: Program>(home: &Home<P>, access: &Access<'_>) -> Result<Self, Failure<P>> {
        let mut settings = Self::find(home)?.ok_or_else(|| home.not_initialised())?;
        if let Some(socket) = access.socket {
            settings.socket = socket.into();
        }
        Ok(settings)
    }

    pub(crate) fn find<P: Program>(home: &Home<P>) -> Result<Option<Self>, Failure<P>> {
        home.load(&file::<P>())
    }

    pub(crate) fn store<P: Program>(&self, home: &Home<P>) -> Result<(), Failure<P>> {
        home.store(&file::<P>(), self)
    }

    /// The keys that certificates of the scheme are signed with.
    pub fn anchors(&self) -> Anchors {
        debug_assert_eq!(self.anchors.len(), Role::ALL.len());
        Anchors {
            intermediates: List(self.anchors.iter().map(|key| key.0).collect()),
        }
    }
}

fn file<P: Program>() -> String {
    format!("{}.json", P::NAME)
}
