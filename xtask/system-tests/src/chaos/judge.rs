//! What must be so when nothing is open any more.

use std::collections::{BTreeMap, BTreeSet};

use libetp::params::voucher::{ExchangeResult, Outcome, Vid, Xid};

use super::tally::Results;
use super::trader::{name, short};
use crate::program::Failure;

/// Every voucher in exactly one card.
pub(super) fn once(all: &[Vid], held: [&[Vid]; 2]) -> Result<(), Failure> {
    let held: Vec<Vid> = held.concat();
    let copies = |vid: Vid| held.iter().filter(|held| **held == vid).count();
    for vid in all {
        let words = format!("voucher {} exists {} times", short(vid), copies(*vid));
        if copies(*vid) != 1 {
            return Err(Failure::new(words));
        }
    }
    match held.iter().find(|vid| !all.contains(vid)) {
        None => Ok(()),
        Some(vid) => Err(Failure::new(format!(
            "voucher {} came from nowhere",
            short(vid)
        ))),
    }
}

/// Both sides of an exchange either traded or did not.
pub(super) fn alike(one: &Results, other: &Results) -> Result<(), Failure> {
    for (exchange, mine) in one.iter().filter(|(_, result)| result.xid.is_some()) {
        let theirs = other.get(exchange);
        let same = theirs.map_or(!traded(mine), |theirs| traded(theirs) == traded(mine));
        if !same {
            return Err(Failure::new(format!(
                "{} ended unlike: {mine:?}, {theirs:?}",
                short(&exchange.0)
            )));
        }
    }
    Ok(())
}

/// Of all exchanges of one offer, one at most traded.
pub(super) fn traded_once(results: &Results) -> Result<(), Failure> {
    let traded = results.iter().filter(|(_, result)| traded(result));
    let mut offers = BTreeSet::new();
    for ((n1, _), _) in traded {
        if !offers.insert(n1) {
            return Err(Failure::new(format!("offer {} traded twice", short(n1))));
        }
    }
    Ok(())
}

fn traded(result: &ExchangeResult) -> bool {
    result.gained.is_some()
}

/// What the third party decided, remembered for ever.
#[derive(Debug, Default)]
pub(super) struct Verdicts(BTreeMap<Xid, u8>);

impl Verdicts {
    /// It decides once, and results of that exchange say what it decided.
    pub(super) fn hear(
        &mut self,
        xid: Xid,
        said: Option<u8>,
        results: &[Option<&ExchangeResult>],
    ) -> Result<(), Failure> {
        let known = self.0.get(&xid).copied();
        if let Some(said) = said {
            self.0.insert(xid, said);
        }
        let changed = known.is_some() && known != said;
        let by_it =
            |outcome: u8| [Outcome::Resolved as u8, Outcome::Aborted as u8].contains(&outcome);
        let mut of_xid = results.iter().flatten().filter(|r| r.xid == Some(xid));
        let contrary = of_xid.find(|result| match said {
            Some(said) if by_it(result.outcome) => result.outcome != said,
            Some(said) => said == Outcome::Aborted as u8,
            None => by_it(result.outcome),
        });
        let word = |outcome: Option<u8>| outcome.map_or("nothing", name);
        match (changed, contrary) {
            (false, None) => Ok(()),
            (true, _) => Err(Failure::new(format!(
                "the third party said {} about {} and now says {}",
                word(known),
                short(&xid),
                word(said)
            ))),
            (false, Some(result)) => Err(Failure::new(format!(
                "the third party says {} about {}, a card {}",
                word(said),
                short(&xid),
                name(result.outcome)
            ))),
        }
    }

    /// All that it ever decided on.
    pub(super) fn decided(&self) -> Vec<Xid> {
        self.0.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XID: Xid = [9; 32];

    fn result(outcome: Outcome, traded: bool) -> ExchangeResult {
        ExchangeResult {
            n1: [1; 32],
            xid: Some(XID),
            outcome: outcome as u8,
            lost: traded.then_some([2; 32]),
            gained: traded.then_some([3; 32]),
        }
    }

    #[test]
    fn a_copy_a_loss_and_a_stranger_are_found() {
        let (x, y) = ([1; 32], [2; 32]);
        assert!(once(&[x, y], [&[x], &[y]]).is_ok());
        assert!(once(&[x, y], [&[x], &[x, y]]).is_err());
        assert!(once(&[x, y], [&[x], &[]]).is_err());
        assert!(once(&[x], [&[x], &[y]]).is_err());
    }

    #[test]
    fn one_side_that_traded_alone_is_found() {
        let of = |result: ExchangeResult| BTreeMap::from([((result.n1, result.xid), result)]);
        let (traded, not) = (
            result(Outcome::Completed, true),
            result(Outcome::Aborted, false),
        );
        assert!(alike(&of(traded.clone()), &of(result(Outcome::Resolved, true))).is_ok());
        assert!(alike(&of(traded.clone()), &of(not.clone())).is_err());
        assert!(alike(&of(traded), &BTreeMap::new()).is_err());
        assert!(alike(&of(not), &BTreeMap::new()).is_ok());
    }

    #[test]
    fn an_offer_that_traded_twice_is_found() {
        let of = |xid: u8, traded: bool| {
            let xid = Some([xid; 32]);
            let outcome = if traded {
                Outcome::Completed
            } else {
                Outcome::Aborted
            };
            let result = ExchangeResult {
                xid,
                ..result(outcome, traded)
            };
            ((result.n1, xid), result)
        };
        assert!(traded_once(&BTreeMap::from([of(1, false), of(2, true)])).is_ok());
        assert!(traded_once(&BTreeMap::from([of(1, true), of(2, true)])).is_err());
    }

    #[test]
    fn a_third_party_that_changes_its_mind_or_is_contradicted_is_found() {
        let resolved = Some(Outcome::Resolved as u8);
        let aborted = Some(Outcome::Aborted as u8);
        let mut verdicts = Verdicts::default();
        assert!(verdicts.hear(XID, None, &[]).is_ok());
        assert!(verdicts.hear(XID, resolved, &[]).is_ok());
        assert!(verdicts.hear(XID, aborted, &[]).is_err());
        let contradicted = |said, result: ExchangeResult| {
            Verdicts::default()
                .hear(XID, said, &[Some(&result)])
                .is_err()
        };
        assert!(contradicted(aborted, result(Outcome::Completed, true)));
        assert!(contradicted(None, result(Outcome::Aborted, false)));
        assert!(!contradicted(resolved, result(Outcome::Completed, true)));
    }

    #[test]
    fn a_third_party_that_forgets_is_found() {
        let mut verdicts = Verdicts::default();
        verdicts.hear(XID, Some(Outcome::Aborted as u8), &[]).ok();
        assert!(verdicts.hear(XID, None, &[]).is_err());
    }
}
