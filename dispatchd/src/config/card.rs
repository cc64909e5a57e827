//! `[[card]]`: a soft card in the daemon, or a card that another process serves.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

/// `[[card]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "CardText")]
pub struct Card {
    /// What it is made of and where.
    pub home: CardHome,
    /// Users who may authenticate to it.
    pub owners: Vec<u32>,
}

/// What a card is made of and where.
#[derive(Clone, Debug, PartialEq)]
pub enum CardHome {
    /// Software, embedded in the daemon.
    Soft {
        /// Where its state is.
        directory: Spanned<PathBuf>,
        /// The key that protects its state at rest.
        device_key: Option<Spanned<PathBuf>>,
    },
    /// Served by another process.
    Process {
        /// Where it listens.
        socket: Spanned<PathBuf>,
        /// A user whose process is trusted, beside root and the daemon's own.
        uid: Option<u32>,
    },
}

impl Card {
    /// Where it is, for people: a directory or a socket.
    pub fn place(&self) -> &Spanned<PathBuf> {
        match &self.home {
            CardHome::Soft { directory, .. } => directory,
            CardHome::Process { socket, .. } => socket,
        }
    }

    /// Every path in the section.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut Spanned<PathBuf>> {
        let (place, key) = match &mut self.home {
            CardHome::Soft {
                directory,
                device_key,
            } => (directory, device_key.as_mut()),
            CardHome::Process { socket, .. } => (socket, None),
        };
        std::iter::once(place).chain(key)
    }
}

/// The section as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardText {
    kind: CardKind,
    owners: Vec<u32>,
    #[serde(default)]
    directory: Option<Spanned<PathBuf>>,
    #[serde(default)]
    device_key: Option<Spanned<PathBuf>>,
    #[serde(default)]
    socket: Option<Spanned<PathBuf>>,
    #[serde(default)]
    uid: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CardKind {
    Soft,
    Process,
}

impl TryFrom<CardText> for Card {
    type Error = &'static str;

    fn try_from(text: CardText) -> Result<Self, &'static str> {
        let home = match text.kind {
            CardKind::Soft if text.socket.is_some() || text.uid.is_some() => {
                return Err("`socket` and `uid` are for a card of kind \"process\"");
            }
            CardKind::Soft => CardHome::Soft {
                directory: text.directory.ok_or("missing key `directory`")?,
                device_key: text.device_key,
            },
            CardKind::Process if text.directory.is_some() || text.device_key.is_some() => {
                return Err(
                    "`directory` and `device_key` are for a card of kind \"soft\": those of \
                            a process are told to the process",
                );
            }
            CardKind::Process => CardHome::Process {
                socket: text.socket.ok_or("missing key `socket`")?,
                uid: text.uid,
            },
        };
        Ok(Self {
            home,
            owners: text.owners,
        })
    }
}
