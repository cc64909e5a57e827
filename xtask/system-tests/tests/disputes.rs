//! Exchanges that two cards cannot end alone, as their owners end them: with a third party that may be
//! away, or come back from a crash.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use serde_json::Value;
use system_tests::scenario::{Cast, Holding};
use system_tests::{Binaries, Deployment, Host, text};

/// Everybody, with one voucher at A and one at B.
struct Scene {
    _deployment: Deployment,
    cast: Cast,
    goods: [String; 2],
    before: Vec<Holding>,
}

impl Scene {
    fn set() -> Self {
        let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
        let cast = Cast::assemble(&deployment).unwrap();
        let goods = [
            cast.issue(&cast.a, "a book").unwrap(),
            cast.issue(&cast.b, "a film").unwrap(),
        ];
        cast.warm_the_links().unwrap();
        let before = cast.holdings().unwrap();
        Self {
            _deployment: deployment,
            cast,
            goods,
            before,
        }
    }

    fn offer(&self) -> String {
        let [give, want] = &self.goods;
        self.cast.offer_to_b(give, want).unwrap()
    }

    /// Both gave, host B is down.
    fn cut_after_the_agreement(&mut self) -> String {
        let n1 = self.offer();
        let hanging = self.cast.accept_while_a_hangs(&n1).unwrap();
        self.cast.cut(hanging).unwrap();
        n1
    }

    fn traded(&self) {
        let mut swapped = self.before.clone();
        for holding in &mut swapped {
            holding.host = if holding.host == "a" { "b" } else { "a" }.into();
        }
        self.hold(swapped);
    }

    fn unchanged(&self) {
        self.hold(self.before.clone());
    }

    fn hold(&self, mut expected: Vec<Holding>) {
        let mut held = self.cast.holdings().unwrap();
        held.sort();
        expected.sort();
        assert_eq!(held, expected);
    }

    fn decision(&self, xid: &str) -> Value {
        self.cast.decision(xid).unwrap()["outcome"].clone()
    }
}

fn ends(host: &Host, order: &str, n1: &str, outcome: &str) -> String {
    let said = host.wallet(&[order, n1]).json().unwrap();
    assert_eq!(said["outcome"], outcome, "{said:#}");
    text(&said, "xid").unwrap()
}

#[test]
fn an_exchange_cut_after_the_agreement_is_resolved_for_both() {
    let mut scene = Scene::set();
    let n1 = scene.cut_after_the_agreement();
    let xid = ends(&scene.cast.a, "resolve", &n1, "resolved");
    scene.cast.b.restart().unwrap();
    assert_eq!(ends(&scene.cast.b, "abort", &n1, "resolved"), xid);
    assert_eq!(scene.decision(&xid), "resolved");
    scene.traded();
}

#[test]
fn an_agreement_that_nobody_took_is_aborted_for_both() {
    let mut scene = Scene::set();
    let n1 = scene.offer();
    scene.cast.accept_while_a_is_away(&n1).unwrap();
    let xid = ends(&scene.cast.b, "abort", &n1, "aborted");
    scene.cast.a_comes_back().unwrap();
    assert_eq!(ends(&scene.cast.a, "resolve", &n1, "aborted"), xid);
    assert_eq!(scene.decision(&xid), "aborted");
    scene.unchanged();
}

#[test]
fn a_dispute_outlasts_a_third_party_that_is_away() {
    let mut scene = Scene::set();
    let n1 = scene.cut_after_the_agreement();
    scene.cast.t.stop().unwrap();
    let resolve = scene.cast.a.wallet(&["resolve", &n1, "--timeout", "1"]);
    let away = resolve.output().unwrap();
    assert!(matches!(away.code, Some(5 | 7)), "{}", away.failure());
    assert!(away.stderr.contains("not lost"), "{}", away.failure());
    scene.cast.t.restart().unwrap();
    let xid = ends(&scene.cast.a, "resolve", &n1, "resolved");
    scene.cast.b.restart().unwrap();
    assert_eq!(ends(&scene.cast.b, "abort", &n1, "resolved"), xid);
    scene.traded();
}

#[test]
fn a_third_party_says_the_same_after_kill_9() {
    let mut scene = Scene::set();
    let n1 = scene.cut_after_the_agreement();
    let xid = ends(&scene.cast.a, "resolve", &n1, "resolved");
    scene.cast.t.kill();
    scene.cast.t.restart().unwrap();
    assert_eq!(scene.decision(&xid), "resolved");
    scene.cast.b.restart().unwrap();
    ends(&scene.cast.b, "abort", &n1, "resolved");
    let status = scene.cast.t.etpctl(&["t", "status"]).json().unwrap();
    assert_eq!(
        (&status["resolved"], &status["aborted"]),
        (&1.into(), &0.into())
    );
    scene.traded();
}

#[test]
fn a_card_killed_in_a_dispute_goes_on_with_it() {
    let mut scene = Scene::set();
    let n1 = scene.cut_after_the_agreement();
    scene.cast.t.stop().unwrap();
    let resolve = scene.cast.a.wallet(&["resolve", &n1, "--timeout", "0"]);
    resolve.output().unwrap();
    scene.cast.a.kill();
    scene.cast.t.restart().unwrap();
    scene.cast.a.restart().unwrap();
    ends(&scene.cast.a, "resolve", &n1, "resolved");
    scene.cast.b.restart().unwrap();
    ends(&scene.cast.b, "abort", &n1, "resolved");
    scene.traded();
}

#[test]
fn an_offer_taken_back_costs_nobody_anything_even_if_it_is_accepted() {
    let scene = Scene::set();
    let n1 = scene.offer();
    let cancelled = scene.cast.a.wallet(&["cancel", &n1]).json().unwrap();
    assert_eq!(cancelled["outcome"], "cancelled", "{cancelled:#}");
    scene.unchanged();
    let accept = ["accept", &n1, "--wait", "1", "--yes"];
    let accepted = scene.cast.b.wallet(&accept).json().unwrap();
    assert_eq!(accepted["outcome"], "aborted", "{accepted:#}");
    scene.unchanged();
}
