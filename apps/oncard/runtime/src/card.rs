//! A card: a store, on-card programs, and commands in.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use libetp::codec;
use libetp::exchange::{Command, StatusWord};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::context::{Identity, Personalised, Powered};
use crate::entropy::{Entropy, derive};
use crate::error::CardError;
use crate::exchange::{Session, bare};
use crate::limits::GENERATION_MAX;
use crate::memory::Memory;
use crate::outbox::Outbox;
use crate::owner::Owner;
use crate::pieces::Pieces;
use crate::pin::TriesLeft;
use crate::program::Program;
use crate::records::{self, HeadRecord, IdentityRecord};
use crate::seal;
use crate::service;
use crate::service_key::{self, ServiceIdentity};
use crate::store::Store;

/// What a card is given each time it is powered up.
#[derive(Clone)]
pub struct PowerUp {
    /// Random, never used before.
    pub entropy: [u8; 32],
    /// The key at rest, if the card was personalised with one.
    pub device_key: Option<[u8; 32]>,
}

impl From<[u8; 32]> for PowerUp {
    /// Entropy for a card without protection at rest.
    fn from(entropy: [u8; 32]) -> Self {
        Self {
            entropy,
            device_key: None,
        }
    }
}

impl Drop for PowerUp {
    fn drop(&mut self) {
        self.entropy.zeroize();
        self.device_key.zeroize();
    }
}

impl ZeroizeOnDrop for PowerUp {}

impl fmt::Debug for PowerUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PowerUp")
    }
}

/// How often something happened since power-up, by name.
#[derive(Default)]
pub(crate) struct Counters(BTreeMap<&'static str, u64>);

impl Counters {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

/// What a powered-up card knows beside its store; gone at the next power-up.
pub(crate) struct Ram {
    pub(crate) boot_id: [u8; 8],
    pub(crate) entropy: Entropy,
    pub(crate) head: HeadRecord,
    pub(crate) session: Option<Session>,
    pub(crate) pieces: Pieces,
    pub(crate) outbox: Outbox,
    pub(crate) owner: Owner,
    pub(crate) memory: Memory,
    pub(crate) counters: Counters,
}

impl Ram {
    fn load(store: &dyn Store, me: &Personalised, entropy: &[u8; 32]) -> Result<Self, CardError> {
        let head: HeadRecord = records::required(records::HEAD.load(store)?)?;
        let seed = derive(&me.secrets.fresh, "power-up/v1", entropy);
        let mut entropy = Entropy::new(&derive(&seed, "generation/v1", &head.generation));
        Ok(Self {
            boot_id: entropy.bytes(),
            entropy,
            head,
            session: None,
            pieces: Pieces::default(),
            outbox: Outbox::load(store)?,
            owner: Owner::default(),
            memory: Memory::default(),
            counters: Counters::default(),
        })
    }

    /// What programs have while the card has power.
    pub(crate) fn powered(&mut self) -> Powered<'_> {
        Powered {
            entropy: &mut self.entropy,
            memory: &mut self.memory,
        }
    }

    /// The number of the next transaction.
    pub(crate) fn next_generation(&self) -> Result<u64, CardError> {
        match self.head.generation {
            GENERATION_MAX.. => Err(CardError::WornOut),
            generation => Ok(generation + 1),
        }
    }
}

/// A card without its store.
pub(crate) struct Core {
    pub(crate) me: Personalised,
    pub(crate) programs: Vec<Box<dyn Program>>,
    pub(crate) ram: Ram,
}

/// A card. [`transmit`](Self::transmit) is the only way in.
pub struct Card<S> {
    store: S,
    core: Core,
    fault: Option<CardError>,
}

impl<S: Store> Card<S> {
    /// A card over a personalised store, powered up.
    ///
    /// # Errors
    /// [`CardError`] if the store holds no card, a damaged one, or one that does not open under
    /// the device key given; [`CardError::Clash`] if the programs get in each other's way.
    pub fn new(
        store: S,
        programs: Vec<Box<dyn Program>>,
        power: impl Into<PowerUp>,
    ) -> Result<Self, CardError> {
        check_programs(&programs)?;
        let power = power.into();
        let me = open(&store, &power)?;
        let ram = Ram::load(&store, &me, &power.entropy)?;
        Ok(Self {
            store,
            core: Core { me, programs, ram },
            fault: None,
        })
    }

    /// Resets the card: memory is gone, the store is what it is.
    ///
    /// # Errors
    /// As [`new`](Self::new); the card is mute then.
    pub fn power_up(&mut self, power: impl Into<PowerUp>) -> Result<(), CardError> {
        let power = power.into();
        let loaded = open(&self.store, &power)
            .and_then(|me| Ok((Ram::load(&self.store, &me, &power.entropy)?, me)));
        match loaded {
            Ok((ram, me)) => {
                self.core.ram = ram;
                self.core.me = me;
                self.fault = None;
                Ok(())
            }
            Err(error) => {
                self.fault = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Carries out a command APDU and gives the response APDU, status word included.
    ///
    /// A card whose storage failed is mute (6F00) until it is powered up again: what it holds in
    /// memory may not be what is in the store.
    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        if self.fault.is_some() {
            return bare(StatusWord::FAILED);
        }
        let whole = match self.core.ram.pieces.take(command) {
            Ok(whole) => whole,
            Err(answer) => return answer,
        };
        let done = match Command::of(&whole.apdu()) {
            Err(error) => Ok(bare(error.status_word())),
            Ok(Command::Select(select)) => Ok(self.core.select(select)),
            Ok(Command::Exchange(exchange)) => self.core.exchange(&mut self.store, &exchange),
        };
        let response = done.unwrap_or_else(|error| {
            self.fault = Some(error);
            bare(StatusWord::FAILED)
        });
        self.core.ram.pieces.give(response, whole.expected())
    }

    /// Who the card is.
    pub fn identity(&self) -> &Identity {
        &self.core.me.identity
    }

    /// The service that the card gives, if any.
    pub fn service(&self) -> Option<&ServiceIdentity> {
        self.core
            .me
            .service
            .as_ref()
            .map(|service| &service.identity)
    }

    /// How often the owner's secrets may still be tried. It costs no transaction.
    ///
    /// # Errors
    /// [`CardError`] if the store cannot be read.
    pub fn tries_left(&self) -> Result<TriesLeft, CardError> {
        TriesLeft::load(&self.store)
    }

    /// Whether the key at rest is held outside the store. If not, whoever reads the store has the
    /// card's keys, and the host must say so: `at-rest: none`.
    pub fn is_protected_at_rest(&self) -> bool {
        self.core.me.protected
    }

    /// Why the card is mute, if it is.
    pub fn fault(&self) -> Option<&CardError> {
        self.fault.as_ref()
    }

    /// What was ignored or refused since power-up, by name.
    pub fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.core
            .ram
            .counters
            .0
            .iter()
            .map(|(name, count)| (*name, *count))
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store, for whoever keeps it: the card must be powered up after a change.
    pub fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Takes the card apart.
    pub fn into_store(self) -> S {
        self.store
    }
}

/// Opens what personalisation wrote.
pub(crate) fn open(store: &dyn Store, power: &PowerUp) -> Result<Personalised, CardError> {
    let mut identity: IdentityRecord = records::required(records::IDENTITY.load(store)?)?;
    let sealed: Vec<u8> = records::required(records::SECRETS.load(store)?)?;
    let at_rest = identity.stored_key.or(power.device_key);
    let at_rest = Zeroizing::new(at_rest.ok_or(CardError::DeviceKey)?);
    let bound = Zeroizing::new(codec::to_vec(&identity));
    let secrets = seal::open(&at_rest, &bound, &sealed)?;
    let service = service_key::open(store, &at_rest, &bound)?;
    let protected = identity.stored_key.is_none();
    identity.stored_key.zeroize();
    Ok(Personalised {
        protected,
        identity: Identity {
            domain: identity.domain,
            key: identity.key,
            class: identity.class,
            certificate: identity.certificate,
        },
        anchors: identity.anchors,
        third_parties: identity.third_parties.0,
        secrets,
        service,
        at_rest,
    })
}

/// Families and tags, those of the service's key too, are each one program's alone.
fn check_programs(programs: &[Box<dyn Program>]) -> Result<(), CardError> {
    let mut families = service::FAMILIES.to_vec();
    let mut tags = service::TAGS.to_vec();
    let mut service_tags: Vec<&'static str> = Vec::new();
    for program in programs {
        let clash = |what: String| CardError::Clash {
            program: program.name(),
            what,
        };
        let family = program.family();
        if families.contains(&family) {
            return Err(clash(alloc::format!("family {family:02x}")));
        }
        if let Some(tag) = program.tags().iter().find(|tag| tags.contains(tag)) {
            return Err(clash(alloc::format!("tag `{tag}`")));
        }
        let mut of_service = program.service_tags().iter();
        if let Some(tag) = of_service.find(|tag| service_tags.contains(tag)) {
            return Err(clash(alloc::format!("service tag `{tag}`")));
        }
        families.push(family);
        tags.extend(program.tags());
        service_tags.extend(program.service_tags());
    }
    Ok(())
}
