//! Things that go wrong, as a user meets them: named, in bounded time, and nothing lost.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::fs;
use std::path::{Path, PathBuf};

use system_tests::scenario::Cast;
use system_tests::{Binaries, Deployment, Host, Output};

fn cast() -> (Deployment, Cast) {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let cast = Cast::assemble(&deployment).unwrap();
    (deployment, cast)
}

fn refused(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, Some(code), "{}", output.failure());
    let said = output.stderr.to_lowercase() + &output.stdout.to_lowercase();
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
}

fn offer(host: &Host, to: &str) -> Output {
    let nothing = "00".repeat(32);
    let words = ["offer", "--give", &nothing, "--want", &nothing, "--to", to];
    host.wallet(&words)
        .args(&["--third-party", &nothing])
        .output()
        .unwrap()
}

#[test]
fn a_wrong_pin_says_how_many_tries_are_left_and_the_right_one_restores_them() {
    let (deployment, cast) = cast();
    let wrong = deployment.path().join("wrong");
    fs::copy(deployment.pin_file(), &wrong).unwrap();
    fs::write(&wrong, "000000").unwrap();
    let list = |pin: std::path::PathBuf| {
        cast.a
            .wallet(&["list", "--pin-file"])
            .arg(pin)
            .output()
            .unwrap()
    };
    refused(&list(wrong.clone()), 4, &["pin", "2"]);
    refused(&list(wrong), 4, &["pin", "1"]);
    assert_eq!(list(deployment.pin_file()).code, Some(0));
}

#[test]
fn three_wrong_pins_block_the_card_even_for_the_right_one() {
    let (deployment, cast) = cast();
    let wrong = deployment.path().join("wrong");
    fs::copy(deployment.pin_file(), &wrong).unwrap();
    fs::write(&wrong, "000000").unwrap();
    for left in ["left: 2", "left: 1", "blocked"] {
        let guess = cast
            .a
            .wallet(&["list", "--pin-file"])
            .arg(&wrong)
            .output()
            .unwrap();
        refused(&guess, 4, &["pin", left]);
    }
    let right = cast.a.wallet(&["list"]).output().unwrap();
    assert!(matches!(right.code, Some(4 | 6)), "{}", right.failure());
}

#[test]
fn a_wallet_that_asks_the_daemon_of_another_host_keeps_its_home() {
    let (_deployment, cast) = cast();
    let elsewhere = cast.a.wallet(&["list", "--socket"]).arg(cast.b.socket());
    let words = ["is this the daemon of `wallet init`"];
    refused(&elsewhere.output().unwrap(), 8, &words);
    assert_eq!(cast.a.wallet(&["list"]).output().unwrap().code, Some(0));
}

#[test]
fn a_card_states_only_the_host_that_its_owner_enrolled_by_certificate() {
    let (deployment, mut cast) = cast();
    let enrol = |host: &Host, name: &str| {
        let file = deployment.path().join(name);
        host.wallet(&["enrol-host"]).arg(file).output().unwrap()
    };
    deployment.enrol("issuer", "press").unwrap();
    refused(
        &enrol(&cast.a, "press/issuer.der"),
        9,
        &["role", "host.der"],
    );
    refused(&enrol(&cast.a, "nowhere"), 2, &["host.der"]);
    let ping = |cast: &Cast| {
        cast.a
            .etpctl(&["ping", "--timeout", "30", &cast.b.card()])
            .output()
            .unwrap()
    };
    assert_eq!(ping(&cast).code, Some(0), "nothing was changed");

    let elsewhere = deployment.enrol("host", "elsewhere").unwrap();
    let enrolled = enrol(&cast.a, "elsewhere/host.der");
    assert_eq!(enrolled.code, Some(0), "{}", enrolled.failure());
    assert!(enrolled.stdout.contains(&elsewhere), "{}", enrolled.stdout);
    cast.b.stop().unwrap();
    cast.b.restart().unwrap();
    refused(&ping(&cast), 6, &["not-enrolled", "enrol-host"]);
}

/// A file of mode 600 with a PIN or PUK in it.
fn secret(deployment: &Deployment, name: &str, text: &str) -> PathBuf {
    let path = deployment.path().join(name);
    fs::copy(deployment.pin_file(), &path).unwrap();
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_blocked_card_gets_a_new_pin_by_its_puk() {
    let (deployment, cast) = cast();
    let file = |name: &str, text: &str| secret(&deployment, name, text);
    let (wrong, new) = (file("wrong", "000000"), file("new", "8642"));
    let list = |pin: &Path| {
        let list = cast.a.wallet(&["list", "--pin-file"]).arg(pin);
        list.output().unwrap()
    };
    for left in ["left: 2", "one try is left", "blocked"] {
        refused(&list(&wrong), 4, &["pin", left]);
    }
    let pin = cast.a.wallet(&["pin", "--new-pin-file"]).arg(&new);
    refused(&pin.output().unwrap(), 4, &["blocked", "wallet unblock"]);
    let unblock = |puk: &Path| {
        let unblock = cast.a.wallet(&["unblock", "--puk-file"]).arg(puk);
        unblock.arg("--new-pin-file").arg(&new)
    };
    let guess = unblock(&file("guess", "0000 0000 0000 0000")).output();
    refused(&guess.unwrap(), 4, &["puk", "left: 9"]);
    let done = unblock(&cast.a.path().join("puk")).json().unwrap();
    assert_eq!(done["tries_left"], 3, "{done:#}");
    assert_eq!(done["puk_tries_left"], 10, "{done:#}");
    assert_eq!(list(&new).code, Some(0), "{}", list(&new).failure());
}

#[test]
fn whoever_knows_the_pin_changes_it() {
    let (deployment, cast) = cast();
    let new = secret(&deployment, "new", "8642");
    let asked = cast.a.wallet(&["pin"]).output().unwrap();
    refused(&asked, 2, &["--new-pin-file"]);
    let short = secret(&deployment, "short", "123");
    let short = cast.a.wallet(&["pin", "--new-pin-file"]).arg(short);
    refused(&short.output().unwrap(), 2, &["at least 4"]);
    let done = cast.a.wallet(&["pin", "--new-pin-file"]).arg(&new);
    assert_eq!(done.json().unwrap()["pin"], "set");
    let old = cast.a.wallet(&["list"]).output().unwrap();
    refused(&old, 4, &["pin", "left: 2"]);
    let list = cast.a.wallet(&["list", "--pin-file"]).arg(&new);
    assert_eq!(list.output().unwrap().code, Some(0));
}

#[test]
fn an_unknown_destination_and_a_stopped_host_are_told_apart() {
    let (_deployment, mut cast) = cast();
    let nowhere = "02ffffffffffffffffffffff:4294967040";
    refused(
        &cast.a.etpctl(&["ping", nowhere]).output().unwrap(),
        6,
        &["unknown-destination"],
    );
    let diagnostics = format!("{}:4294967040", cast.b.domain());
    assert_eq!(
        cast.a
            .etpctl(&["ping", &diagnostics])
            .output()
            .unwrap()
            .code,
        Some(0)
    );
    cast.b.stop().unwrap();
    let unreachable = cast
        .a
        .etpctl(&["ping", &diagnostics, "--timeout", "60"])
        .output()
        .unwrap();
    refused(&unreachable, 6, &["host-unreachable"]);
}

#[test]
fn a_card_that_comes_first_when_links_are_up_is_reached_by_other_hosts() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let key = deployment.enrol("service", "service").unwrap();
    let [mut a, mut b] = ["a", "b"].map(|name| deployment.host(name, &key).unwrap());
    b.serve_card(true);
    b.launch_without_card(&[&a.peer]).unwrap();
    a.start(&[&b.peer]).unwrap();
    let is_up = || Ok(b.counter("link-up").unwrap_or(0) > 0);
    b.wait_for("the link", is_up).unwrap();
    b.launch_card().unwrap();
    b.wait_until("live").unwrap();
    a.etpctl(&["ping", &b.card()]).run().unwrap();
}

/// The process of a card is killed, and started anew when its link has been given up long ago.
#[test]
fn what_is_for_a_card_whose_process_was_killed_waits_until_there_is_one_again() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let key = deployment.enrol("service", "service").unwrap();
    let mut host = deployment.host("a", &key).unwrap();
    host.serve_card(true);
    host.start(&[]).unwrap();
    let card = |host: &Host| -> serde_json::Value {
        let mut cards: serde_json::Value = host.etpctl(&["card", "list"]).json().unwrap();
        cards["cards"][0].take()
    };
    // From here on it has reserved ports: without any, there is no id to ping from.
    host.etpctl(&["ping", &host.card()]).run().unwrap();
    for round in 1..=2 {
        host.kill_card();
        let is_gone = || Ok(card(&host)["state"] == "gone");
        host.wait_for("the loss", is_gone).unwrap();
        let ping = host.etpctl(&["ping", &host.card(), "--timeout", "60"]);
        let ping = std::thread::spawn(move || ping.run());
        let waits = || Ok(card(&host)["queued"] == 1);
        host.wait_for("the ping", waits).unwrap();
        host.launch_card().unwrap();
        ping.join().unwrap().unwrap();
        assert_eq!(host.counter("card-lost").unwrap(), round);
    }
    assert_eq!(host.counter("card-gone").unwrap(), 0);
    let config = host.path().join("dispatchd.toml");
    let config = config.to_str().unwrap();
    let told = host.etpctl(&["doctor", "--config", config]).run().unwrap();
    assert!(!told.stdout.contains("bad  "), "{}", told.stdout);
}

#[test]
fn a_wallet_whose_card_is_away_says_so_and_what_becomes_of_the_order() {
    let (_deployment, mut cast) = cast();
    let peer = cast.b.peer.clone();
    cast.a.stop().unwrap();
    cast.a.serve_card(true);
    cast.a.start(&[&peer]).unwrap();
    cast.a.kill_card();
    let is_lost = || Ok(cast.a.counter("card-lost")? == 1);
    cast.a.wait_for("the loss", is_lost).unwrap();
    let output = cast.a.wallet(&["list"]).output().unwrap();
    refused(&output, 7, &["the card is gone", "waits up to 60 s"]);
}

#[test]
fn without_a_daemon_the_wallet_says_what_to_do() {
    let (_deployment, mut cast) = cast();
    cast.a.stop().unwrap();
    refused(
        &cast.a.wallet(&["list"]).output().unwrap(),
        3,
        &["dispatchd"],
    );
}

#[test]
fn an_order_that_the_card_refuses_changes_nothing() {
    let (_deployment, cast) = cast();
    cast.issue(&cast.a, "a book").unwrap();
    let before = cast.holdings().unwrap();
    let output = offer(&cast.a, &cast.wallets[1]);
    assert_ne!(output.code, Some(0), "{}", output.failure());
    assert_eq!(cast.holdings().unwrap(), before);
}

#[test]
fn killed_daemons_come_back_with_ids_and_vouchers() {
    let (_deployment, mut cast) = cast();
    let vouchers = [
        cast.issue(&cast.a, "a book").unwrap(),
        cast.issue(&cast.b, "a film").unwrap(),
    ];
    let before = cast.holdings().unwrap();
    let (a, b) = (cast.a.peer.clone(), cast.b.peer.clone());
    cast.a.kill();
    cast.b.kill();
    cast.b.start(&[&a]).unwrap();
    cast.a.start(&[&b]).unwrap();
    assert_eq!(cast.holdings().unwrap(), before);
    let n1 = cast.offer_and_accept(&vouchers[0], &vouchers[1]).unwrap();
    assert_eq!(cast.result(&cast.a, &n1).unwrap()["state"], "completed");
    assert_eq!(cast.result(&cast.b, &n1).unwrap()["state"], "completed");
}

#[test]
fn a_restored_backup_of_the_card_is_quarantined_by_name() {
    let (deployment, mut cast) = cast();
    let (card, backup) = (cast.a.path().join("card"), deployment.path().join("backup"));
    cast.a.stop().unwrap();
    copy(&card, &backup);
    let b = cast.b.peer.clone();
    cast.a.start(&[&b]).unwrap();
    cast.issue(&cast.a, "a book").unwrap();
    cast.a.stop().unwrap();
    fs::remove_dir_all(&card).unwrap();
    copy(&backup, &card);
    assert!(cast.a.start_expecting(&[&b], "quarantined").is_ok());
    let status = cast.a.etpctl(&["status"]).json().unwrap();
    let detail = status["cards"][0]["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(!detail.is_empty(), "{status:#}");
    let list = cast.a.wallet(&["list"]).output().unwrap();
    assert_ne!(list.code, Some(0), "{}", list.failure());
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
