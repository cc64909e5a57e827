//! Exchanges that two cards cannot end alone, as their owners end them: with a third party that may be
//! away, or come back from a crash.

use crate::scene::{Scene, ends};

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
    let list = scene.cast.a.wallet(&["list"]).json().unwrap();
    assert_eq!(list["vouchers"].as_array().unwrap().len(), 0);
    assert_eq!(list["set_aside"][0]["n1"], n1, "{list:#}");
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
