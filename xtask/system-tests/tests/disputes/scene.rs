//! One exchange between two wallets, and ways to get it stuck.

use serde_json::Value;
use system_tests::scenario::{Cast, Holding};
use system_tests::{Binaries, Deployment, Host, text};

/// Everybody, with one voucher at A and one at B.
pub(crate) struct Scene {
    pub(crate) deployment: Deployment,
    pub(crate) cast: Cast,
    goods: [String; 2],
    before: Vec<Holding>,
}

impl Scene {
    /// Deploys them.
    pub(crate) fn set() -> Self {
        let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
        let cast = Cast::assemble(&deployment).unwrap();
        let goods = [
            cast.issue(&cast.a, "a book").unwrap(),
            cast.issue(&cast.b, "a film").unwrap(),
        ];
        cast.warm_the_links().unwrap();
        let before = cast.holdings().unwrap();
        Self {
            deployment,
            cast,
            goods,
            before,
        }
    }

    /// A offers its voucher for B's, and B's wallet has the offer; its n1.
    pub(crate) fn offer(&self) -> String {
        let [give, want] = &self.goods;
        self.cast.offer_to_b(give, want).unwrap()
    }

    /// Both gave, host B is down; the offer's n1.
    pub(crate) fn cut_after_the_agreement(&mut self) -> String {
        let n1 = self.offer();
        let hanging = self.cast.accept_while_a_hangs(&n1).unwrap();
        self.cast.cut(hanging).unwrap();
        n1
    }

    /// Each has what the other had.
    pub(crate) fn traded(&self) {
        let mut swapped = self.before.clone();
        for holding in &mut swapped {
            holding.host = if holding.host == "a" { "b" } else { "a" }.into();
        }
        self.hold(swapped);
    }

    /// Each has what it had.
    pub(crate) fn unchanged(&self) {
        self.hold(self.before.clone());
    }

    fn hold(&self, mut expected: Vec<Holding>) {
        let mut held = self.cast.holdings().unwrap();
        held.sort();
        expected.sort();
        assert_eq!(held, expected);
    }

    /// What the third party says of an exchange.
    pub(crate) fn decision(&self, xid: &str) -> Value {
        self.cast.decision(xid).unwrap()["outcome"].clone()
    }
}

/// An owner's wallet ends an exchange, which has that outcome; its xid.
pub(crate) fn ends(host: &Host, order: &str, n1: &str, outcome: &str) -> String {
    let said = host.wallet(&[order, n1]).json().unwrap();
    assert_eq!(said["outcome"], outcome, "{said:#}");
    text(&said, "xid").unwrap()
}
