//! Exchanges of one offer: after an abort its owner may accept the same offer anew.
//!
//! A wallet forgets an offer that is over, but another program of the same owner may have it still,
//! and records may come from a backup.

use super::{Exchange, Records, step};
use crate::values::Hex32;

impl Records {
    /// The exchange of these ids. If none is known by its xid, the newest of that offer whose xid is not known.
    pub(super) fn of(&self, n1: Hex32, xid: Option<Hex32>) -> Option<&Exchange> {
        self.position(n1, xid).map(|at| &self.exchanges[at])
    }

    pub(super) fn of_mut(&mut self, n1: Hex32, xid: Option<Hex32>) -> Option<&mut Exchange> {
        self.position(n1, xid).map(|at| &mut self.exchanges[at])
    }

    fn position(&self, n1: Hex32, xid: Option<Hex32>) -> Option<usize> {
        let exact = |known: &Exchange| known.n1 == n1 && known.xid == xid;
        let exact = self.exchanges.iter().rposition(exact);
        let may_be = |known: &Exchange| known.may_be(n1, xid);
        exact.or_else(|| self.exchanges.iter().rposition(may_be))
    }

    /// Another exchange of an offer that is known.
    pub(super) fn anew(&self, unix_s: u64, n1: Hex32) -> Option<Exchange> {
        let before = self.by_n1(n1)?;
        let what = format!("the offer of exchange {} was accepted anew", before.number);
        Some(Exchange {
            peer: before.peer.clone(),
            third_party: before.third_party.clone(),
            offer: before.offer.clone(),
            story: vec![step(unix_s, what)],
            ..Exchange::new(n1, before.side, before.give, before.want)
        })
    }

    /// Those one of whose ids begins with `text`; of one offer the newest, unless its xid does.
    pub(super) fn beginning(&self, text: &str) -> impl Iterator<Item = &Exchange> {
        let begins = move |id: Hex32| id.to_string().starts_with(text);
        let is_newest = |e: &Exchange| self.by_n1(e.n1).is_some_and(|new| new.number == e.number);
        let named =
            move |e: &&Exchange| e.xid.is_some_and(begins) || (begins(e.n1) && is_newest(e));
        self.exchanges.iter().filter(named)
    }
}

impl Exchange {
    /// Whether these can be its ids, as far as they are known.
    pub(super) fn may_be(&self, n1: Hex32, xid: Option<Hex32>) -> bool {
        let differ = self.xid.zip(xid).is_some_and(|(mine, other)| mine != other);
        self.n1 == n1 && !differ
    }
}
