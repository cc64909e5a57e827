//! Restored cards, lost state: named, never silently started afresh.

use libetp::client::control::CardStatus;
use libetp::codec;
use libetp::frame::body::{Acquire, Acquired, RequestError};
use libetp::frame::kind;
use libetp::params::host::Ping;
use libetp::{Mtype, VerdictCode};
use nix::sys::signal::Signal;

use crate::host::{Daemon, Host, Scheme};

fn stop(daemon: Daemon) {
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait().code(), Some(0));
}

fn card(daemon: &Daemon) -> CardStatus {
    daemon.connect().status().cards.remove(0)
}

fn accept(host: &Host) {
    let domain = host.domain.to_string();
    let (code, _, stderr) = host.run(&["--accept-rollback", &domain, "--confirm"]);
    assert_eq!(code, Some(0), "{stderr}");
}

/// A host whose card was restored from a snapshot after it went on; with its highest port.
fn restored() -> (Host, u32) {
    let host = Scheme::new().host();
    let daemon = host.start();
    stop(daemon);
    host.copy("card", "snapshot");
    let daemon = host.start();
    let port = daemon.connect().acquire(false).id.port.0;
    stop(daemon);
    host.copy("snapshot", "card");
    (host, port)
}

#[test]
fn a_restored_card_is_quarantined_and_the_way_out_is_told() {
    let (host, port) = restored();
    let daemon = host.start();
    let status = card(&daemon);
    assert_eq!(status.state, "quarantined");
    let command = format!("--accept-rollback {}", host.domain);
    assert!(status.detail.contains("card-rollback"), "{}", status.detail);
    assert!(status.detail.contains(&command), "{}", status.detail);
    assert!(host.log().contains(&command), "{}", host.log());
    let mut program = daemon.connect();
    let number = program.send(
        kind::ACQUIRE,
        &Acquire {
            domain: None,
            durable: false,
        },
    );
    assert_eq!(
        program.answer(number).verdict(),
        RequestError::CardGone as u16
    );
    let counters = program.status().counters;
    assert_eq!(counters.get("card-rollback"), Some(&1), "{counters:?}");

    let domain = host.domain.to_string();
    let (code, _, stderr) = host.run(&["--accept-rollback", &domain]);
    assert_eq!(code, Some(4), "the daemon still has the state: {stderr}");
    stop(daemon);
    let (code, _, stderr) = host.run(&["--accept-rollback", &domain]);
    assert_eq!(code, Some(2), "{stderr}");
    for told in [
        "vouchers",
        "third party",
        "PIN",
        "no port up to",
        "--confirm",
    ] {
        assert!(stderr.contains(told), "no {told} in: {stderr}");
    }
    let daemon = host.start();
    assert_eq!(card(&daemon).state, "quarantined", "nothing was changed");
    stop(daemon);
    accept(&host);

    let daemon = host.start();
    assert_eq!(card(&daemon).state, "live");
    let again = daemon.connect().acquire(false).id.port.0;
    assert!(
        again > port,
        "port {again} was reserved by a card that knew nothing of {port}"
    );
}

/// Who sends to a card in quarantine is told so, by name.
#[test]
fn messages_to_a_quarantined_card_come_back_by_name() {
    let host = Scheme::new().host();
    stop(host.start());
    host.copy("card", "snapshot");
    let daemon = host.start();
    let acquired = daemon.connect().acquire(true);
    stop(daemon);
    host.copy("snapshot", "card");
    let daemon = host.start();
    let mut program = daemon.connect();
    let resumed = program.resume(acquired.id, acquired.secret.unwrap());
    assert_eq!(resumed.kind, kind::ACQUIRED);
    let ping = codec::to_vec(&Ping { nonce: vec![1] });
    let number = program.message(host.domain.card(), Mtype::PING, &ping);
    let verdict = program.answer(number).verdict();
    assert_eq!(verdict, VerdictCode::Quarantined as u16);
    stop(daemon);
    accept(&host);
    let daemon = host.start();
    let mut program = daemon.connect();
    let secret = resumed.body::<Acquired>().secret.unwrap();
    program.resume(acquired.id, secret);
    program.message(host.domain.card(), Mtype::PING, &ping);
    assert_eq!(program.next().unwrap().message().header.mtype, Mtype::PONG);
}

/// One time that the daemon runs; the port that it hands out.
fn run_once(host: &Host) -> u32 {
    let daemon = host.start();
    let port = daemon.connect().acquire(false).id.port.0;
    stop(daemon);
    port
}

/// Every snapshot of the card with every snapshot of the daemon's state: what is older than its
/// witness is quarantined and goes on without repeating a port; what no witness betrays is
/// announced by its class, and repeats none as long as only one of the two was restored.
#[test]
fn every_older_snapshot_is_quarantined_or_announced() {
    const SNAPSHOTS: usize = 3;
    let host = Scheme::new().host();
    let mut ports = Vec::new();
    for snapshot in 0..SNAPSHOTS {
        ports.push(run_once(&host));
        host.copy("card", &format!("card-{snapshot}"));
        host.copy("state", &format!("state-{snapshot}"));
    }
    assert!(ports.is_sorted_by(|a, b| a < b), "{ports:?}");
    for card_of in 0..SNAPSHOTS {
        for state_of in 0..SNAPSHOTS {
            host.copy(&format!("card-{card_of}"), "card");
            host.copy(&format!("state-{state_of}"), "state");
            let seen = ports[card_of.max(state_of)];
            let daemon = host.start();
            let status = card(&daemon);
            let is_older = card_of < state_of;
            let wanted = if is_older { "quarantined" } else { "live" };
            assert_eq!(status.state, wanted, "card {card_of}, state {state_of}");
            stop(daemon);
            if is_older {
                accept(&host);
            }
            let daemon = host.start();
            let status = card(&daemon);
            assert_eq!((status.state.as_str(), status.class), ("live", 0));
            let port = daemon.connect().acquire(false).id.port.0;
            assert!(port > seen, "card {card_of}, state {state_of}: {port}");
            stop(daemon);
        }
    }
}

#[test]
fn an_accepted_rollback_is_accepted_once() {
    let (host, _) = restored();
    accept(&host);
    stop(host.start());
    host.copy("snapshot", "card");
    let daemon = host.start();
    assert_eq!(card(&daemon).state, "quarantined");
}

#[test]
fn accepting_for_a_card_that_was_never_here_is_an_error() {
    let host = Scheme::new().host();
    let (code, _, stderr) = host.run(&["--accept-rollback", "02aabbccddeeff0011223344"]);
    assert_eq!(code, Some(4));
    assert!(stderr.contains("was ever seen here"), "{stderr}");
}

#[test]
fn a_kill_at_any_time_is_no_rollback() {
    let host = Scheme::new().host();
    for _ in 0..5 {
        let daemon = host.start();
        daemon.connect().acquire(true);
        daemon.signal(Signal::SIGKILL);
        daemon.wait();
    }
    let daemon = host.start();
    assert_eq!(card(&daemon).state, "live");
    assert_eq!(
        daemon.connect().status().counters.get("card-rollback"),
        None
    );
}

#[test]
fn lost_or_broken_state_stops_the_daemon_by_name() {
    let host = Scheme::new().host();
    stop(host.start());
    let state = host.path("state/state.redb");
    let whole = std::fs::read(&state).unwrap();
    for (contents, words) in [
        (Some(b"nonsense".as_slice()), "is corrupt"),
        (None, "is missing"),
    ] {
        match contents {
            Some(contents) => std::fs::write(&state, contents).unwrap(),
            None => std::fs::remove_file(&state).unwrap(),
        }
        let (code, _, stderr) = host.run(&[]);
        assert_eq!(code, Some(4), "{stderr}");
        assert!(
            stderr.contains(words) && stderr.contains("state.redb"),
            "{stderr}"
        );
    }
    std::fs::write(&state, whole).unwrap();
    assert_eq!(card(&host.start()).state, "live");
}

#[test]
fn a_foreign_card_in_the_place_of_a_domain_is_another_domain() {
    let scheme = Scheme::new();
    let (host, other) = (scheme.host(), scheme.host());
    stop(host.start());
    std::fs::remove_dir_all(host.path("card")).unwrap();
    std::fs::rename(other.path("card"), host.path("card")).unwrap();
    let daemon = host.start();
    assert_eq!(card(&daemon).domain, other.domain.to_string());
    stop(daemon);
    let (code, ..) = host.run(&["--forget-domain", &host.domain.to_string()]);
    assert_eq!(code, Some(0));
    let (code, ..) = host.run(&["--forget-domain", &host.domain.to_string()]);
    assert_eq!(code, Some(4));
}

#[test]
fn a_card_of_another_scheme_is_quarantined() {
    let host = Scheme::new().host();
    let stranger = Scheme::new().host();
    std::fs::remove_dir_all(host.path("card")).unwrap();
    std::fs::rename(stranger.path("card"), host.path("card")).unwrap();
    let daemon = host.start();
    let status = card(&daemon);
    assert_eq!(status.state, "quarantined");
    assert!(
        status.detail.contains("card-certificate"),
        "{}",
        status.detail
    );
}

#[test]
fn one_card_in_two_sections_is_used_once() {
    let host = Scheme::new().host();
    host.copy("card", "copy");
    host.write_config("[[card]]\nkind = \"soft\"\ndirectory = \"copy\"\nowners = [0]\n");
    let daemon = host.start();
    let mut cards = daemon.connect().status().cards;
    cards.sort_by(|a, b| a.state.cmp(&b.state));
    assert_eq!(cards[0].state, "live");
    assert_eq!(cards[1].state, "quarantined");
    assert!(
        cards[1].detail.contains("card-twice"),
        "{}",
        cards[1].detail
    );
}
