//! Cards, owners and the network between them; the adversary moves, the checker watches.

use std::collections::BTreeMap;

use libetp::params::voucher::{Vid, Xid};
use libetp::{Domain, EntityId, Message};
use oncard_runtime::MemoryStore;

use crate::checker::{Checker, Violation};
use crate::chip::{Cut, LostWrite};
use crate::dice::Dice;
use crate::holdings::{self, Holdings};
use crate::host::{CardHost, HostError};
use crate::network::Network;
use crate::party::{Around, Manner, Party};
use crate::wallet::Wallet;
use crate::world::{Blank, WALLET_PORT, World};

/// Most deliveries until a room has to be at rest.
const DELIVERIES_MAX: usize = 10_000;

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// A rule was broken.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The third party broke the rules towards its host.
    #[error("third party: {0}")]
    ThirdParty(HostError),
    /// A card broke the rules towards its host.
    #[error("card {0}: {1}")]
    Host(usize, HostError),
}

/// A place where cards meet.
pub struct Room<'w> {
    /// Issuer, redeemer, third party.
    pub world: &'w World,
    /// Each card in its host.
    pub hosts: Vec<CardHost>,
    /// The third party in its host.
    pub third_party: CardHost,
    /// Each card's owner.
    pub parties: Vec<Party>,
    /// What is between them.
    pub network: Network,
    /// Watches.
    pub checker: Checker,
    /// Chance.
    pub dice: Dice,
    serial: u64,
    index: BTreeMap<Domain, usize>,
    /// Where it is reached.
    pub third_party_id: EntityId,
    seen_commits: Vec<u64>,
}

/// What cards and network looked like when a run began.
pub struct Start<'s> {
    /// The cards.
    pub blanks: &'s [Blank],
    /// The third party's card.
    pub third_party: &'s Blank,
    /// What was sent before.
    pub history: &'s [Message],
    /// The vouchers that were issued before.
    pub issued: &'s [Vid],
    /// What the cards lose.
    pub lost: &'static [LostWrite],
}

impl<'w> Room<'w> {
    /// A room with these cards, each with its owner.
    ///
    /// # Errors
    /// [`RunError`] if a card cannot be powered up, or what it holds is wrong already.
    pub fn new(
        world: &'w World,
        start: &Start<'_>,
        manner: Manner,
        seed: u64,
    ) -> Result<Self, RunError> {
        let mut dice = Dice::new(seed);
        let mut checker = Checker::new(start.blanks.len());
        start.issued.iter().for_each(|vid| checker.issued(*vid));
        let third_party = CardHost::new(start.third_party, dice.fork());
        let mut room = Self {
            world,
            third_party: third_party.map_err(RunError::ThirdParty)?,
            third_party_id: start.third_party.id(),
            hosts: Vec::new(),
            parties: Vec::new(),
            network: Network::with_history(start.history.to_vec()),
            checker,
            serial: start.issued.len() as u64,
            index: BTreeMap::new(),
            seen_commits: vec![u64::MAX; start.blanks.len()],
            dice: dice.fork(),
        };
        for (at, blank) in start.blanks.iter().enumerate() {
            room.seat(at, blank, start.lost, manner, &mut dice)?;
        }
        Ok(room)
    }

    fn seat(
        &mut self,
        at: usize,
        blank: &Blank,
        lost: &'static [LostWrite],
        manner: Manner,
        dice: &mut Dice,
    ) -> Result<(), RunError> {
        let host = CardHost::with_lost_writes(blank, lost, dice.fork());
        self.hosts
            .push(host.map_err(|error| RunError::Host(at, error))?);
        let wallet = Wallet::new(blank, dice.fork());
        self.parties.push(Party::new(wallet, manner));
        self.index.insert(blank.domain, at);
        self.observe(at)
    }

    /// The memory of a card as it is.
    pub fn memory(&self, at: usize) -> MemoryStore {
        self.hosts[at].chip().memory()
    }

    /// Delivers one message: to a card in one APDU, to a wallet at once, to others never.
    ///
    /// # Errors
    /// [`RunError`] if a rule is broken by it.
    pub fn deliver(&mut self, message: Message) -> Result<(), RunError> {
        let dst = message.header.dst;
        if dst == self.third_party_id {
            let said = self.third_party.deliver(message);
            self.say(said.map_err(RunError::ThirdParty)?);
            return self.observe_third_party();
        }
        let Some(&at) = self.index.get(&dst.domain) else {
            return Ok(());
        };
        if dst.is_card() {
            let said = self.hosts[at].deliver(message);
            self.say(said.map_err(|error| RunError::Host(at, error))?);
            return self.observe(at);
        }
        if dst.port == WALLET_PORT {
            let (party, mut around) = self.around(at);
            let said = party.hear(&message, &mut around);
            self.say(said);
        }
        Ok(())
    }

    /// Delivers everything, flow by flow in order, until nothing is on its way.
    ///
    /// # Errors
    /// [`RunError`] if a rule is broken, or the room does not come to rest.
    pub fn drain(&mut self) -> Result<usize, RunError> {
        for count in 0..DELIVERIES_MAX {
            match self.network.take_in_order(&mut self.dice) {
                Some(message) => self.deliver(message)?,
                None => return Ok(count),
            }
        }
        Err(Violation::Stuck("messages without end".into()).into())
    }

    /// Lets an owner say what it has to say.
    pub fn poll(&mut self, at: usize) {
        let said = self.parties[at].wallet.poll();
        self.say(said);
    }

    /// Lets an owner act on its own.
    pub fn act(&mut self, at: usize) {
        let own: Vec<Vid> = self.checker.card(at).held.iter().copied().collect();
        let others = self.wanted(at);
        let (party, mut around) = self.around(at);
        let said = party.act(&own, &others, &mut around);
        self.say(said);
    }

    /// Plans a power cut for a card's next transactions.
    pub fn plan_cut(&mut self, at: usize) {
        let cut = self.side_of_a_commit();
        let skipped = self.dice.below(2) as u32;
        self.hosts[at].chip().plan_cut(skipped, cut);
    }

    /// Resets the third party.
    ///
    /// # Errors
    /// [`RunError::ThirdParty`] if it does not come up again.
    pub fn reboot_third_party(&mut self) -> Result<(), RunError> {
        let host = &mut self.third_party;
        let said = host.reboot().and_then(|()| host.settle());
        self.say(said.map_err(RunError::ThirdParty)?);
        self.observe_third_party()
    }

    /// Plans a power cut for the third party's next transaction.
    pub fn plan_cut_of_third_party(&mut self) {
        let cut = self.side_of_a_commit();
        self.third_party.chip().plan_cut(0, cut);
    }

    /// An owner has its card ask the third party about a running exchange.
    pub fn dispute(&mut self, at: usize, xid: Xid) {
        if let Some(run) = self.checker.card(at).running.get(&xid) {
            self.parties[at].dispute(xid, run.side, self.third_party_id);
        }
    }

    /// Resets a card.
    ///
    /// # Errors
    /// [`RunError::Host`] if it does not come up again.
    pub fn reboot(&mut self, at: usize) -> Result<(), RunError> {
        let said = self.hosts[at]
            .reboot()
            .and_then(|()| self.hosts[at].settle());
        self.say(said.map_err(|error| RunError::Host(at, error))?);
        self.observe(at)
    }

    /// What others' cards hold, and the wallets there.
    fn wanted(&self, at: usize) -> Vec<(Vid, EntityId)> {
        let others = (0..self.hosts.len()).filter(|other| *other != at);
        let held = |other: usize| {
            self.checker
                .card(other)
                .held
                .iter()
                .map(move |vid| (other, vid))
        };
        others
            .flat_map(held)
            .map(|(other, vid)| (*vid, self.parties[other].wallet.id))
            .collect()
    }

    fn say(&mut self, messages: Vec<Message>) {
        messages
            .into_iter()
            .for_each(|message| self.network.send(message));
    }

    /// Reads a card's memory, if there was a transaction since the last time.
    fn observe(&mut self, at: usize) -> Result<(), RunError> {
        let commits = self.hosts[at].chip().commits();
        if self.seen_commits[at] == commits {
            return Ok(());
        }
        self.seen_commits[at] = commits;
        let holdings = self.hosts[at].chip().read(Holdings::read);
        let holdings = holdings.map_err(Violation::Damaged)?;
        Ok(self.checker.observe(at, holdings)?)
    }

    fn side_of_a_commit(&mut self) -> Cut {
        match self.dice.chance(50) {
            true => Cut::Before,
            false => Cut::After,
        }
    }

    fn observe_third_party(&mut self) -> Result<(), RunError> {
        let decided = self.third_party.chip().read(holdings::decided);
        let decided = decided.map_err(Violation::Damaged)?;
        Ok(self.checker.observe_third_party(decided)?)
    }

    fn around(&mut self, at: usize) -> (&mut Party, Around<'_>) {
        let around = Around {
            world: self.world,
            at,
            third_party: self.third_party_id,
            checker: &mut self.checker,
            dice: &mut self.dice,
            serial: &mut self.serial,
        };
        (&mut self.parties[at], around)
    }
}
