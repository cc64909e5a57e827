//! Fair exchange: everybody gets all items, or nobody any.

use libetp::digest::sha256;
use libetp::params::pals::Description;
use oncard_trustedpals::exchange::{Exchange, Outcome, Plan, PlanError, SEED_BYTES};
use oncard_trustedpals::party::{Content, Machine};
use zeroize::Zeroizing;

use super::{Claim, Cut, Ending, Hosts, Session, Trace};
use crate::dice::Dice;

/// How the corrupt hosts play. They all play together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// They do what they should.
    None,
    /// They lose one message in so many as there are rounds.
    Random,
    /// From a round on they forward nothing that their cards say.
    Withhold,
    /// From a round on one honest member hears one of their cards no more.
    OneWay,
    /// Before they forward anything of a round, they have their cards end it, and look. Once one has released the
    /// items, or in a round that they chose, they forward nothing more.
    Rush,
}

/// When a decision is handed out.
pub type Rule = fn(Plan) -> Plan;

/// Sessions of an exchange.
#[derive(Clone, Copy, Debug)]
pub struct FairExchange {
    n: usize,
    corrupt: usize,
    slots: u32,
    attack: Attack,
    rule: Rule,
}

/// Rounds in which the items are sent.
const SETUP_ROUNDS: u32 = 1;
/// Each run has its own seeds, which do for a session's id.
const SESSION: [u8; 32] = [0; 32];

const RELEASED: &str = "all have all items";
const REFUSED: &str = "nobody has any";
const UNFAIR: &str = "unfair: somebody has all, an honest one nothing";

impl FairExchange {
    /// Of `n` members, so many with corrupt hosts; the agreement is in one of so many slots.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn new(n: usize, corrupt: usize, slots: u32, attack: Attack) -> Result<Self, PlanError> {
        let all = Self {
            n,
            corrupt,
            slots,
            attack,
            rule: |plan| plan,
        };
        all.plan(0).map(|_| all)
    }

    /// The same with another rule of release.
    #[must_use]
    pub fn releasing(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    fn plan(&self, me: usize) -> Result<Plan, PlanError> {
        let items = (0..self.n).map(description).collect();
        let plan = Plan::new((self.corrupt, me), items, SETUP_ROUNDS, self.slots);
        plan.map(self.rule)
    }

    fn cards(&self, dice: &mut Dice) -> Result<Vec<Exchange>, String> {
        let mut card = |me: usize| {
            let seed: [u8; SEED_BYTES] = dice.bytes();
            let (seed, item) = (Zeroizing::new(seed), Zeroizing::new(item(me)));
            let plan = self.plan(me).map_err(|error| error.to_string())?;
            Ok(Exchange::new(plan, SESSION, seed, item))
        };
        (0..self.n).map(&mut card).collect()
    }

    /// In the middle, where any slot may have begun.
    fn chosen_round(&self) -> u32 {
        SETUP_ROUNDS + self.slots / 2 + 1
    }

    /// Corrupt ones, the first, cut in the chosen round.
    fn hosts(&self, seed: u64) -> Hosts {
        let (n, most) = (self.n, self.corrupt);
        let corrupt = omissions::first(most);
        let honest = omissions::first(n) & !corrupt;
        let cut = |from, to| {
            let round = self.chosen_round();
            omissions::Attack::Cut(Cut { round, from, to })
        };
        let attack = match self.attack {
            Attack::None => omissions::Attack::None,
            Attack::Random => omissions::Attack::Loses(self.slots),
            Attack::Withhold | Attack::Rush => cut(corrupt, honest),
            Attack::OneWay => cut(1, honest & omissions::first(most + 1)),
        };
        Hosts::new(attack, n, most, self.slots, seed)
    }

    /// With fewer than half of the hosts corrupt nothing is unfair; with more, what the odds say is.
    fn most_unfair(&self) -> f64 {
        let odds = self.plan(0).map(|plan| plan.odds());
        odds.map_or(0.0, |odds| f64::from(odds.window) / f64::from(odds.slots))
    }

    /// A cut is unfair in the rounds of the agreement until all have decided.
    fn unfair_by_cuts(&self) -> f64 {
        let rounds = if self.n == 2 { 1 } else { 2 };
        f64::from(rounds) / f64::from(self.slots)
    }

    fn ending(&self, cards: &[Exchange]) -> Ending {
        let honest = &cards[self.corrupt..];
        let ending = match (cards.iter().any(has_items), honest.iter().all(has_items)) {
            (false, _) => REFUSED,
            (true, true) => RELEASED,
            (true, false) => UNFAIR,
        };
        ending.into()
    }
}

fn item(member: usize) -> Vec<u8> {
    vec![member as u8]
}

fn description(member: usize) -> Description {
    let item = item(member);
    Description {
        bytes: item.len() as u32,
        hash: sha256(&item),
        signer: None,
    }
}

fn has_items(card: &Exchange) -> bool {
    matches!(card.outcome(), Some(Outcome::Released(_)))
}

impl Session for FairExchange {
    fn run(&self, seed: u64, trace: &mut Trace) -> Result<Ending, String> {
        let mut dice = Dice::new(seed);
        let cards = self.cards(&mut dice)?;
        let mut table = Table {
            of: self,
            cards,
            hosts: self.hosts(dice.number()),
        };
        while !table.cards.iter().all(Exchange::is_over) {
            table.round(trace);
        }
        let ending = self.ending(&table.cards);
        match ending == UNFAIR && self.most_unfair() == 0.0 {
            true => Err(ending),
            false => Ok(ending),
        }
    }

    fn claims(&self) -> Vec<Claim> {
        let most = self.most_unfair();
        let claim = |ending: &str, frequency, is_most| Claim {
            ending: ending.into(),
            frequency,
            is_most,
        };
        match self.attack {
            Attack::None => vec![claim(RELEASED, 1.0, false)],
            // Two hosts that look into their cards one after the other have one slot more.
            Attack::Withhold if self.corrupt + 1 == self.n => {
                vec![claim(UNFAIR, self.unfair_by_cuts(), false)]
            }
            _ => vec![claim(UNFAIR, most, true)],
        }
    }
}

/// The cards of a run.
struct Table<'s> {
    of: &'s FairExchange,
    cards: Vec<Exchange>,
    hosts: Hosts,
}

impl Table<'_> {
    fn round(&mut self, trace: &mut Trace) {
        let round = self.cards.iter().map(Exchange::round).min().unwrap_or(0) + 1;
        let said: Vec<Content> = self.cards.iter().map(Machine::content).collect();
        // Corrupt members are the first: when it is the others' turn, these have been looked at.
        for to in 0..self.cards.len() {
            self.look(round);
            let hears = |from: usize| {
                let is_lost = self.hosts.loses(round, from, to);
                if is_lost {
                    trace.tell(|| format!("round {round}: {from} to {to}, lost"));
                }
                (!is_lost).then(|| said[from].clone())
            };
            let heard: Vec<_> = (0..said.len()).map(hears).collect();
            self.cards[to].end_round(&heard);
            let outcome = self.cards[to].outcome();
            trace.tell(|| format!("round {round}: {to} has {outcome:?}"));
        }
    }

    /// Rushing hosts cut as soon as one of their cards has released the items.
    fn look(&mut self, round: u32) {
        let is_rush = self.of.attack == Attack::Rush;
        if is_rush && self.cards[..self.of.corrupt].iter().any(has_items) {
            self.hosts.cut_now(round);
        }
    }
}
