//! The home of `pals`, opened: its id resumed, the card pinned.

use std::time::Duration;

use card_owner::{Access, Orders, Owner, Settings, Version, as_hex};
use libetp::client::Trust;
use libetp::client::blocking::Capability;
use libetp::codec::{from_slice, to_vec};
use libetp::digest::Hash;
use libetp::params::pals::Descriptor;
use pals::MemberCode;
use serde::{Deserialize, Serialize};

use super::program::{Failure, Home};
use super::started::Started;

const FILE: &str = "session.json";

/// An open account.
pub(super) struct Account {
    pub(super) settings: Settings,
    pub(super) memory: Memory,
    pub(super) capability: Capability,
    trust: Trust,
}

/// What outlives a run.
pub(super) struct Memory {
    home: Home,
    records: Records,
}

/// What is remembered between two runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    version: Version,
    wrong_pin_unix_s: Option<u64>,
    /// The descriptor of the session that the card took last.
    #[serde(with = "as_hex")]
    descriptor: Vec<u8>,
    /// When its session was seen to start.
    #[serde(default)]
    started: Option<Started>,
}

impl Account {
    /// Opens home and connection.
    pub(super) fn open(access: &Access<'_>) -> Result<Self, Failure> {
        let home = Home::open(access.home)?;
        let settings = Settings::load(&home, access)?;
        let records = home.load(FILE)?.unwrap_or_default();
        let trust = card_owner::trust(access);
        let connection = card_owner::connect(&settings.socket, &trust)?;
        let capability = card_owner::resume(&home, connection)?;
        Ok(Self {
            settings,
            memory: Memory { home, records },
            capability,
            trust,
        })
    }

    /// Authenticates to the card with the PIN.
    pub(super) fn authenticate(&mut self, access: &Access<'_>) -> Result<Orders, Failure> {
        let secret = card_owner::secret(&mut self.capability, access)?;
        let owner = Owner {
            capability: &mut self.capability,
            card: self.settings.card.pin(),
            wrong_pin_unix_s: self.memory.records.wrong_pin_unix_s,
        };
        let connect = || card_owner::connect(&self.settings.socket, &self.trust);
        let keep = |wrong_pin_unix_s| {
            self.memory.records.wrong_pin_unix_s = wrong_pin_unix_s;
            self.memory.store()
        };
        Orders::open(owner, &secret, connect, keep)
    }

    /// By which others know this one.
    pub(super) fn code(&self) -> MemberCode {
        code(&self.settings)
    }
}

impl Memory {
    /// Remembers what the next result is of.
    pub(super) fn remember(&mut self, descriptor: &Descriptor) -> Result<(), Failure> {
        self.records.descriptor = to_vec(descriptor);
        self.store()
    }

    /// The session that the card took last.
    pub(super) fn remembered(&self) -> Option<Descriptor> {
        from_slice(&self.records.descriptor).ok()
    }

    /// Remembers that a session started so long ago, if its start was not remembered before.
    pub(super) fn remember_start(&mut self, session: &Hash, ago: Duration) -> Result<(), Failure> {
        if self.started(session).is_some() {
            return Ok(());
        }
        self.records.started = Started::ago(session, ago);
        self.store()
    }

    /// When a session started, if that is remembered.
    pub(super) fn started(&self, session: &Hash) -> Option<&Started> {
        let started = self.records.started.as_ref();
        started.filter(|started| started.is_of(session))
    }

    fn store(&self) -> Result<(), Failure> {
        self.home.store(FILE, &self.records)
    }
}

/// By which others know the member with these settings.
pub(super) fn code(settings: &Settings) -> MemberCode {
    MemberCode {
        key: settings.card.key.0,
        program: settings.id,
    }
}
