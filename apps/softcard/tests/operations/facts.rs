//! What a card's store says, without what is drawn at random or counts commands: equal for two cards
//! to which the same was done, as often.

use std::collections::BTreeSet;

use libetp::params::voucher::Vid;
use oncard_voucher::records::{
    Committed, Count, Exchange, Finished, Given, Held, KINDS, OpenIssue, OpenOffer, Record,
    Redemption, Wanted,
};

use crate::support::run::Dump;

const RUNTIME: u8 = 0x01;
/// Of the runtime: the verifier of the PIN, which is salted at random.
const PIN: u8 = 3;
/// Of the runtime: the head, the count of fresh values, and messages that wait for the host.
const EACH_COMMAND: [u8; 3] = [5, 8, 0x20];

/// Sorted lines, one for each record that says something.
pub(crate) fn facts(store: &Dump, old: &Dump) -> Vec<String> {
    let mut facts: Vec<String> = store
        .iter()
        .filter_map(|(key, value)| fact(key, value, old))
        .collect();
    facts.sort();
    facts
}

fn fact(key: &[u8], value: &[u8], old: &Dump) -> Option<String> {
    match key {
        [RUNTIME, kind, ..] if EACH_COMMAND.contains(kind) => None,
        [RUNTIME, PIN] => Some(format!(
            "new PIN: {}",
            old.get(key) != Some(&value.to_vec())
        )),
        [oncard_voucher::FAMILY, kind, ..] => Some(voucher_fact(*kind, value)),
        _ => Some(format!("{key:02x?} {value:02x?}")),
    }
}

fn voucher_fact(kind: u8, value: &[u8]) -> String {
    assert!(KINDS.contains(&kind));
    match kind {
        Held::KIND => format!("held {:02x?}", read::<Held>(value).voucher.vid()),
        Given::KIND => format!("given {:02x?}", read::<Given>(value).held.voucher.vid()),
        Wanted::KIND => format!("wanted {:02x?}", read::<Wanted>(value).held.voucher.vid()),
        OpenOffer::KIND => {
            let offer: OpenOffer = read(value);
            format!("offer {:02x?} {:02x?}", offer.vid1, offer.vid2)
        }
        Exchange::KIND => {
            let running: Exchange = read(value);
            format!(
                "{:?} {:?} {:02x?}",
                running.side, running.stage, running.vid1
            )
        }
        Finished::KIND => {
            let result = read::<Finished>(value).result;
            format!("result {} {:02x?}", result.outcome, result.gained)
        }
        Redemption::KIND => format!("redeemed {:02x?}", read::<Redemption>(value).body.vid),
        Count::KIND => format!("count {}", read::<Count>(value).vouchers),
        OpenIssue::KIND => "open for an issue".to_owned(),
        Committed::KIND => format!("committed {}", read::<Committed>(value).order),
        kind => panic!("a kind of record without a fact: {kind}"),
    }
}

fn read<R: Record>(value: &[u8]) -> R {
    R::from_value(value).expect("a record")
}

/// Where vouchers are: held somewhere, given or still to be had in a running exchange, redeemed.
#[derive(Debug, Default)]
pub(crate) struct Custody {
    held: Vec<Vid>,
    given: BTreeSet<Vid>,
    wanted: BTreeSet<Vid>,
    redeemed: BTreeSet<Vid>,
}

impl Custody {
    pub(crate) fn of<'d>(stores: impl IntoIterator<Item = &'d Dump>) -> Self {
        let mut custody = Self::default();
        for (key, value) in stores.into_iter().flatten() {
            match key[..] {
                [oncard_voucher::FAMILY, Held::KIND, ..] => {
                    custody.held.push(read::<Held>(value).voucher.vid());
                }
                [oncard_voucher::FAMILY, Given::KIND, ..] => {
                    custody
                        .given
                        .insert(read::<Given>(value).held.voucher.vid());
                }
                [oncard_voucher::FAMILY, Wanted::KIND, ..] => {
                    custody
                        .wanted
                        .insert(read::<Wanted>(value).held.voucher.vid());
                }
                [oncard_voucher::FAMILY, Redemption::KIND, ..] => {
                    custody.redeemed.insert(read::<Redemption>(value).body.vid);
                }
                _ => {}
            }
        }
        custody
    }

    /// How many vouchers there are. A card that gave one in a running exchange has a right to one: to that
    /// or to the other.
    pub(crate) fn count(&self) -> usize {
        self.held.len() + self.given.len() + self.redeemed.len()
    }

    /// No voucher is lost since then, and none is there twice.
    pub(crate) fn check_after(&self, before: &Self, what: &str) {
        let held: BTreeSet<Vid> = self.held.iter().copied().collect();
        assert_eq!(held.len(), self.held.len(), "{what}: a voucher twice");
        assert!(
            held.is_disjoint(&self.redeemed),
            "{what}: held and redeemed"
        );
        for vid in before.held.iter().chain(&before.given) {
            let places = [&held, &self.given, &self.wanted, &self.redeemed];
            let is_there = places.iter().any(|place| place.contains(vid));
            assert!(is_there, "{what}: a voucher is lost");
        }
    }
}
