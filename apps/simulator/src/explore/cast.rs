//! Who takes part: two honest cards, third parties, and X, a broken card with a good certificate.

use etp_pki::Role;
use libetp::codec::List;
use libetp::digest::{Hash, tagged};
use libetp::params::Param;
use libetp::params::voucher::{IssueBegin, IssueChallenge, StartExchange, Vid, Voucher};
use libetp::{Domain, EntityId, Message};
use oncard_runtime::harness::{Bare, Effects};
use oncard_runtime::{MemoryStore, Program, Rejection, Store, StoreError};
use oncard_thirdparty::ThirdPartyProgram;
use oncard_voucher::VoucherProgram;

use super::config::{Config, Name};
use super::letter::Letter;
use crate::world::{Blank, Holder, WALLET_PORT, World, WorldError};

/// Cards A and B.
pub(crate) const CARDS: usize = 2;
/// Cards and third parties T1 and T2.
pub(crate) const ACTORS: usize = 4;
/// Which actors are third parties.
pub(crate) const THIRD_PARTIES: std::ops::Range<usize> = CARDS..ACTORS;
/// What the generator of every card gives, again and again: the worst there is.
const ENTROPY: [u8; 32] = [0; 32];

/// Why nobody can be brought together: never, unless the code is wrong.
#[derive(Debug, thiserror::Error)]
pub enum CastError {
    /// Keys and certificates.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A card cannot be opened.
    #[error(transparent)]
    Card(#[from] oncard_runtime::CardError),
    /// The memory failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A voucher was not taken.
    #[error("issuing the first vouchers: {0:?}")]
    Issue(Option<Rejection>),
}

/// One honest card, or one third party.
pub(crate) struct Actor {
    pub(crate) name: &'static str,
    /// A card's id; wallets have others.
    pub(crate) id: EntityId,
    /// Key id: a third party's is its service's.
    pub(crate) key: Hash,
    /// How it begins.
    pub(crate) memory: MemoryStore,
    /// Its key, for what a broken implementation would take from others.
    pub(crate) holder: Holder,
    bare: Bare,
}

impl Actor {
    /// What a message does; nothing if it is not carried out.
    pub(crate) fn handle(&self, memory: &MemoryStore, letter: &Letter) -> Option<Effects> {
        self.try_handle(memory, letter).ok()
    }

    fn try_handle(&self, memory: &MemoryStore, letter: &Letter) -> Result<Effects, Rejection> {
        self.bare.handle(memory, &letter.incoming(), ENTROPY)
    }

    pub(crate) fn wallet(&self) -> EntityId {
        wallet(self.id.domain)
    }
}

/// X: keys and no program.
pub(crate) struct Broken {
    pub(crate) id: EntityId,
    pub(crate) holder: Holder,
}

/// Everybody.
pub(crate) struct Cast {
    pub(crate) world: World,
    pub(crate) actors: [Actor; ACTORS],
    pub(crate) x: Broken,
    pub(crate) vouchers: Vec<(Name, Vid, Voucher)>,
    /// Whether T2 has T1's key.
    pub(crate) twins: bool,
}

impl Cast {
    /// Cards with the vouchers that a configuration gives them, issued by its issuer.
    ///
    /// # Errors
    /// [`CastError`] if the code does not go together.
    pub(crate) fn new(config: &Config, twins: bool) -> Result<Self, CastError> {
        let world = World::new("explore")?;
        let labels = [
            "third party 1",
            if twins {
                "third party 1"
            } else {
                "third party 2"
            },
        ];
        let keys = labels.map(|label| world.holder(Role::Service, label).map(|t| t.key_id()));
        let [key1, key2] = keys;
        let trusted = [key1?, key2?];
        let card = |name, label| card(&world, name, label, &trusted);
        let judge = |name, at: usize| judge(&world, name, at, labels[at]);
        let actors = [
            card("A", "card a")?,
            card("B", "card b")?,
            judge("T1", 0)?,
            judge("T2", 1)?,
        ];
        let x = broken(&world)?;
        let mut cast = Self {
            vouchers: vouchers(&world, config),
            world,
            actors,
            x,
            twins,
        };
        for (at, names) in config.held.iter().enumerate() {
            for name in names.chars() {
                cast.issue(at, name)?;
            }
        }
        Ok(cast)
    }

    /// The voucher of a name.
    pub(crate) fn voucher(&self, name: Name) -> &Voucher {
        let found = self.vouchers.iter().find(|(known, ..)| *known == name);
        &found.expect("configurations name the vouchers they use").2
    }

    /// The place of a voucher among all, if it is one that its issuer signed.
    pub(crate) fn index(&self, vid: &Vid) -> Option<usize> {
        self.vouchers.iter().position(|(_, known, _)| known == vid)
    }

    /// The name of a voucher.
    pub(crate) fn name(&self, vid: &Vid) -> Name {
        self.index(vid).map_or('?', |at| self.vouchers[at].0)
    }

    /// Which actor a key belongs to: of twins the first.
    pub(crate) fn by_key(&self, key: &Hash) -> Option<usize> {
        self.actors.iter().position(|actor| actor.key == *key)
    }

    /// The order of a card's owner to begin an exchange.
    pub(crate) fn start(&self, at: usize, give: Vid, want: Vid, to: EntityId) -> Letter {
        let third_party = &self.actors[CARDS];
        let order = StartExchange {
            vid1: give,
            vid2: want,
            pb: wallet(to.domain),
            third_party: third_party.key,
            third_party_ids: List(vec![third_party.id]),
        };
        Letter::new(self.actors[at].wallet(), &order)
    }

    fn issue(&mut self, at: usize, name: Name) -> Result<(), CastError> {
        let voucher = self.voucher(name).clone();
        let actor = &mut self.actors[at];
        let opened = actor.take(&Letter::new(actor.wallet(), &IssueBegin {}))?;
        let challenge = opened
            .iter()
            .find_map(|m| IssueChallenge::from_param(&m.param).ok());
        let challenge = challenge.ok_or(CastError::Issue(None))?;
        let issue = self.world.issue(voucher, &challenge);
        actor.take(&Letter::new(actor.wallet(), &issue))?;
        Ok(())
    }
}

impl Actor {
    /// Carries a message out.
    fn take(&mut self, letter: &Letter) -> Result<Vec<Message>, CastError> {
        let done = self.try_handle(&self.memory, letter);
        let effects = done.map_err(|rejection| CastError::Issue(Some(rejection)))?;
        self.memory.commit(&effects.writes)?;
        Ok(effects.sends)
    }
}

/// The wallet of a card's domain.
pub(crate) fn wallet(domain: Domain) -> EntityId {
    domain.entity(WALLET_PORT)
}

/// A number that X calls random.
pub(crate) fn nonce(label: &str) -> [u8; 32] {
    tagged("explore", &[&label.to_string()])
}

fn vouchers(world: &World, config: &Config) -> Vec<(Name, Vid, Voucher)> {
    let names = config.vouchers.chars().zip(0..);
    let vouchers = names.map(|(name, serial)| {
        let voucher = world.voucher(serial, name.to_string().as_bytes(), 0);
        (name, voucher.vid(), voucher)
    });
    vouchers.collect()
}

fn card(
    world: &World,
    name: &'static str,
    label: &str,
    trusted: &[Hash],
) -> Result<Actor, CastError> {
    let blank = world.card_among(label, trusted, None)?;
    let holder = world.card_holder(label, 0)?;
    actor(name, blank, Box::new(VoucherProgram), holder)
}

fn judge(world: &World, name: &'static str, at: usize, label: &str) -> Result<Actor, CastError> {
    let blank = world.card_among(&format!("card of T{}", at + 1), &[], Some(label))?;
    let holder = world.holder(Role::Service, label)?;
    let mut judge = actor(name, blank, Box::new(ThirdPartyProgram), holder)?;
    judge.key = judge.holder.key_id();
    Ok(judge)
}

fn actor(
    name: &'static str,
    blank: Blank,
    program: Box<dyn Program>,
    holder: Holder,
) -> Result<Actor, CastError> {
    Ok(Actor {
        name,
        id: blank.id(),
        key: blank.key,
        bare: Bare::new(&blank.memory, program, ENTROPY)?,
        memory: blank.memory,
        holder,
    })
}

fn broken(world: &World) -> Result<Broken, WorldError> {
    Ok(Broken {
        id: world.card("card x", 0)?.id(),
        holder: world.card_holder("card x", 0)?,
    })
}
