//! Power cuts at every commit of an exchange, on either side of it.

use libetp::params::voucher::{Agreement, Commitment, Confirmation};
use simulator::chip::Cut;

use crate::bench::{Pair, Seat, one};

/// Steps of an exchange after the orders were authenticated: what may be cut.
const STEPS: usize = 3;

fn cut(seat: &Seat, at: bool, side: Cut) {
    if at {
        seat.host.chip().plan_cut(0, side);
    }
}

/// m2, m3 and m4, with a cut while the card handles one of them. The host finds out whether the
/// command was carried out, and sends it again if not.
#[test]
fn a_cut_in_any_step_loses_nothing_and_repeats_nothing() {
    for step in 0..STEPS {
        for side in [Cut::Before, Cut::After] {
            let mut pair = Pair::new();
            let (card_a, card_b) = (pair.a.id(), pair.b.id());
            let m2: Agreement = pair.agreement();
            cut(&pair.a, step == 0, side);
            let m3: Confirmation = one(&pair.a.tell(card_b, m2));
            cut(&pair.b, step == 1, side);
            let m4: Commitment = one(&pair.b.tell(card_a, m3));
            cut(&pair.a, step == 2, side);
            pair.a.tell(card_b, m4);
            let (a, b) = (pair.a.holdings(), pair.b.holdings());
            assert!(
                a.held.contains(&pair.vid2) && a.running.is_empty(),
                "{step} {side:?}"
            );
            assert!(
                b.held.contains(&pair.vid1) && b.running.is_empty(),
                "{step} {side:?}"
            );
        }
    }
}

/// After a cut at `accept`, the card has either done nothing or everything; the owner, whom it no
/// longer knows, gives the order again.
#[test]
fn a_cut_at_accept_is_all_or_nothing() {
    for side in [Cut::Before, Cut::After] {
        let mut pair = Pair::new();
        let offer = pair.offer();
        cut(&pair.b, true, side);
        let first = pair.b.accept(&offer);
        let holdings = pair.b.holdings();
        let given = !holdings.held.contains(&pair.vid2);
        assert_eq!(given, holdings.running.len() == 1, "{side:?}");
        let again: Agreement = one(&pair.b.accept(&offer));
        let src = pair.b.id();
        assert_eq!(pair.a.tell(src, again).len(), 1, "{side:?} {first:?}");
    }
}
