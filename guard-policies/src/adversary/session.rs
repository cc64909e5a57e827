//! Packets of a session that corrupt hosts lose, by a strategy.

use std::sync::{Mutex, PoisonError};

use libetp::params::Param;
use libetp::params::pals::Packet;
use libetp::{Domain, EntityId, Mtype};
use omissions::{Attack, Cut, Hosts, MEMBERS_MAX, Set, first};
use serde::Deserialize;

use crate::{Answer, Facts, Opinion, Policy};

/// What corrupt hosts do to a session, as it stands in the rule file of each of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionText {
    /// The domains of all cards, in order of members.
    pub cards: Vec<String>,
    /// Whose hosts are corrupt, counted from 0.
    pub corrupt: Vec<usize>,
    /// How they play.
    pub attack: AttackText,
    /// Where their randomness starts; the same at all of them.
    #[serde(default)]
    pub seed: u64,
    /// `one-way` begins in one of so many rounds.
    #[serde(default)]
    pub rounds: Option<u32>,
    /// Rounds that pass before they begin: a `chain` is one of the agreement, behind the cover rounds.
    #[serde(default)]
    pub after: u32,
    /// The round in which `cut` and `withhold` begin, from 1.
    #[serde(default)]
    pub round: Option<u32>,
    /// Who does not hear the corrupt ones any more, in a `cut`.
    #[serde(default)]
    pub victims: Option<Vec<usize>>,
}

/// How corrupt hosts play, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttackText {
    /// [`Attack::Random`].
    Random,
    /// [`Attack::Chain`].
    Chain,
    /// [`Attack::OneWay`].
    OneWay,
    /// From a round on they forward nothing that their cards say to other members' cards.
    Withhold,
    /// From a round on chosen members hear nothing of their cards.
    Cut,
}

impl SessionText {
    fn set(&self, members: &[usize]) -> Result<Set, String> {
        let n = self.cards.len();
        match members.iter().find(|member| **member >= n) {
            Some(member) => Err(format!("there is no member {member} among {n} cards")),
            None => Ok(members.iter().fold(0, |set, member| set | 1 << member)),
        }
    }

    fn attack(&self, corrupt: Set) -> Result<Attack, String> {
        let cut = |to: Set| {
            let round = self.round.filter(|round| *round > 0);
            let round = round.ok_or("`cut` and `withhold` need `round`, from 1")?;
            let from = corrupt;
            Ok(Attack::Cut(Cut { round, from, to }))
        };
        let is_cut = matches!(self.attack, AttackText::Cut | AttackText::Withhold);
        if self.round.is_some() && !is_cut {
            return Err("`round` is for `cut` and `withhold`".into());
        }
        if self.rounds.is_some() != (self.attack == AttackText::OneWay) {
            return Err("`rounds` is for `one-way`, which needs it".into());
        }
        match (self.attack, &self.victims) {
            (AttackText::Cut, Some(victims)) => cut(self.set(victims)?),
            (AttackText::Cut, None) => Err("`cut` needs `victims`".into()),
            (_, Some(_)) => Err("`victims` are of a `cut`".into()),
            (AttackText::Random, None) => Ok(Attack::Random),
            (AttackText::Chain, None) => Ok(Attack::Chain),
            (AttackText::OneWay, None) => Ok(Attack::OneWay),
            (AttackText::Withhold, None) => cut(first(self.cards.len()) & !corrupt),
        }
    }
}

/// Loses packets of a session by a strategy.
#[derive(Debug)]
pub struct SessionAdversary {
    cards: Vec<EntityId>,
    hosts: Mutex<Hosts>,
    words: String,
}

impl SessionAdversary {
    /// The adversary of one of the corrupt hosts.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn new(text: &SessionText) -> Result<Self, String> {
        let n = text.cards.len();
        if !(2..=MEMBERS_MAX).contains(&n) {
            return Err(format!("a session has 2 to {MEMBERS_MAX} cards"));
        }
        let card = |domain: &String| match domain.parse::<Domain>() {
            Ok(domain) => Ok(domain.card()),
            Err(error) => Err(format!("{domain}: {error}")),
        };
        let corrupt = text.set(&text.corrupt)?;
        let (attack, rounds) = (text.attack(corrupt)?, text.rounds.unwrap_or(0));
        let hosts = Hosts::corrupt_are(corrupt, attack, n, rounds, text.seed);
        Ok(Self {
            cards: text.cards.iter().map(card).collect::<Result<_, _>>()?,
            hosts: Mutex::new(hosts.after(text.after)),
            words: format!("{:?} by members {:?}", attack, text.corrupt),
        })
    }

    /// Whether a message is one of the session that is lost.
    fn loses(&self, facts: &Facts<'_>) -> Option<bool> {
        let place = |id: EntityId| self.cards.iter().position(|card| *card == id);
        let (from, to) = (place(facts.header.src)?, place(facts.header.dst)?);
        let round = match facts.header.mtype {
            Mtype::SESSION_HANDSHAKE => 0,
            Mtype::SESSION_PACKET => {
                let packet = Packet::from_param(facts.param()?).ok()?;
                u32::from_be_bytes(packet.round)
            }
            _ => return None,
        };
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Some(hosts.loses(round, from, to))
    }
}

impl Policy for SessionAdversary {
    fn judge(&self, facts: &Facts<'_>) -> Answer {
        let opinion = match self.loses(facts) {
            Some(true) => Opinion::Drop("the adversary".into()),
            _ => Opinion::Indifferent,
        };
        opinion.into()
    }

    fn can_fail(&self) -> bool {
        false
    }

    fn is_experiment(&self) -> bool {
        true
    }

    fn explain(&self) -> Vec<String> {
        vec![format!("an adversary of a session: {}", self.words)]
    }
}
