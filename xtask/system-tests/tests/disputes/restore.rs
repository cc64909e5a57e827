//! Cards restored from backups in the middle of exchanges: a host that knows better names them, and
//! nothing is there twice.

use std::path::Path;

use system_tests::{Host, Output};

use crate::scene::{Scene, ends};

fn quarantined(output: &Output) {
    let said = format!("{}{}", output.stdout, output.stderr);
    assert_ne!(output.code, Some(0), "{}", output.failure());
    assert!(said.contains("quarantined"), "{}", output.failure());
}

/// The card of a running host becomes an older one; the newest goes to `aside`.
fn roll_back(host: &mut Host, backup: &Path, aside: &Path) {
    host.stop().unwrap();
    host.replace_card(backup, aside).unwrap();
    host.launch().unwrap();
    host.wait_until("quarantined").unwrap();
}

fn put_back(host: &mut Host, newest: &Path, aside: &Path) {
    host.stop().unwrap();
    host.replace_card(newest, aside).unwrap();
    host.restart().unwrap();
}

#[test]
fn a_backup_from_before_an_exchange_gives_no_voucher_twice() {
    let mut scene = Scene::set();
    let at = scene.deployment.path().to_owned();
    let (backup, newest) = (at.join("backup"), at.join("newest"));
    let a = &mut scene.cast.a;
    a.stop().unwrap();
    a.back_up_card(&backup).unwrap();
    a.restart().unwrap();
    let n1 = scene.offer();
    scene.cast.b.wallet(&["accept", &n1]).run().unwrap();
    let a = &mut scene.cast.a;
    roll_back(a, &backup, &newest);
    quarantined(&a.wallet(&["list"]).output().unwrap());
    quarantined(&a.wallet(&["resolve", &n1]).output().unwrap());
    let ping = scene.cast.b.etpctl(&["ping", &scene.cast.a.card()]);
    quarantined(&ping.output().unwrap());
    put_back(&mut scene.cast.a, &newest, &backup);
    scene.traded();
}

#[test]
fn a_third_party_restored_from_a_backup_decides_nothing() {
    let mut scene = Scene::set();
    let at = scene.deployment.path().to_owned();
    let (backup, newest) = (at.join("backup"), at.join("newest"));
    let n1 = scene.cut_after_the_agreement();
    let t = &mut scene.cast.t;
    t.stop().unwrap();
    t.back_up_card(&backup).unwrap();
    t.restart().unwrap();
    let xid = ends(&scene.cast.a, "resolve", &n1, "resolved");
    roll_back(&mut scene.cast.t, &backup, &newest);
    scene.cast.b.restart().unwrap();
    let abort = scene.cast.b.wallet(&["abort", &n1, "--timeout", "1"]);
    quarantined(&abort.output().unwrap());
    put_back(&mut scene.cast.t, &newest, &backup);
    assert_eq!(ends(&scene.cast.b, "abort", &n1, "resolved"), xid);
    assert_eq!(scene.decision(&xid), "resolved");
    scene.traded();
}
