//! `etpctl doctor`: each thing broken by itself, and the line that says so.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod support;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use etp_pki::Role;
use etp_pki::scheme::{Request, Scheme, now};
use libetp::client::control::card::{CardCertificate, CardDetails};
use libetp::client::control::{CardStatus, ControlReply, ControlRequest, LinkStatus, Status};
use serde_json::Value;
use support::serve;

const DOMAIN: &str = "02aabbccddeeff0011223344";
const DAY_S: u64 = 86_400;

/// A host on which everything is as it should be, and what its daemon says.
struct World {
    directory: tempfile::TempDir,
    _sockets: Vec<UnixListener>,
    status: Status,
    details: CardDetails,
    /// Whether a daemon runs.
    serves: bool,
    /// The socket of pcscd that the environment names.
    pcscd: Option<PathBuf>,
}

fn link(state: &str, address: &str) -> LinkStatus {
    LinkStatus {
        host: "ab".repeat(32),
        address: address.into(),
        state: state.into(),
        detail: "words".into(),
        ..LinkStatus::default()
    }
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let scheme = Scheme::create(at("scheme"), "test").unwrap();
        let host = scheme.enrol(Role::Host, |key| Request::host(key, 1));
        host.unwrap().write(&at("identity"), "host").unwrap();
        for (name, mode) in [("card", 0o700), ("state", 0o700), ("run", 0o755)] {
            fs::create_dir(at(name)).unwrap();
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        }
        File::create(at("state/state.redb")).unwrap();
        fs::create_dir_all(at("root/run/pcscd")).unwrap();
        let sockets = ["run/card.sock", "root/run/pcscd/pcscd.comm"]
            .map(|name| UnixListener::bind(at(name)).unwrap());
        let config = "[daemon]\nsocket = \"run/etp.sock\"\nstate = \"state\"\n\
             [host]\ncertificate = \"identity/host.der\"\nkey = \"identity/host.key\"\n\
             [scheme]\nfile = \"scheme/scheme.toml\"\n\
             [[card]]\nkind = \"soft\"\ndirectory = \"card\"\nowners = []\n\
             [[card]]\nkind = \"process\"\nsocket = \"run/card.sock\"\nowners = []\n";
        fs::write(at("dispatchd.toml"), config).unwrap();
        let card = CardStatus {
            domain: DOMAIN.into(),
            state: "live".into(),
            backend: "process".into(),
            place: "run/card.sock".into(),
            ..CardStatus::default()
        };
        let world = Self {
            status: Status {
                software: "dispatchd/0".into(),
                state: "running".into(),
                at_rest: "device-key".into(),
                cards: vec![card.clone()],
                links: vec![link("up", "192.0.2.1:4711")],
                ..Status::default()
            },
            details: CardDetails {
                status: card,
                server: "etp-card-proxy/0, reader 00 00".into(),
                server_pid: Some(7),
                certificate: Some(CardCertificate {
                    not_after_unix_s: now().unwrap() + 400 * DAY_S,
                    ..CardCertificate::default()
                }),
                ..CardDetails::default()
            },
            serves: true,
            pcscd: None,
            _sockets: sockets.into(),
            directory,
        };
        world.program("exit 0");
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What `dispatchd --check` does.
    fn program(&self, script: &str) {
        let path = self.at("dispatchd");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    fn card(&mut self, state: &str, detail: &str) {
        self.status.cards[0].state = state.into();
        self.status.cards[0].detail = detail.into();
    }

    fn run(&self, more: &[&str]) -> (i32, String) {
        if self.serves {
            let (status, details) = (self.status.clone(), self.details.clone());
            serve(&self.at("run"), move |request| match request {
                ControlRequest::Status => ControlReply::Status(Box::new(status.clone())),
                ControlRequest::Card { .. } => ControlReply::Card(Some(Box::new(details.clone()))),
                other => panic!("{other:?}"),
            });
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_etpctl"));
        command
            .env_clear()
            .envs(self.pcscd.iter().map(|path| ("PCSCLITE_CSOCK_NAME", path)));
        command.arg("doctor");
        command.arg("--config").arg(self.at("dispatchd.toml"));
        command.arg("--dispatchd").arg(self.at("dispatchd"));
        command.arg("--root").arg(self.at("root")).args(more);
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let said = String::from_utf8([stdout, stderr].concat()).unwrap();
        assert!(!said.contains('\u{1b}'), "{said}");
        (status.code().unwrap(), said)
    }
}

/// One thing is broken: this line says so, and how to mend it; nothing else is bad.
#[track_caller]
fn broken(breaks: impl FnOnce(&mut World), line: &str, mend: &str) -> String {
    let mut world = World::new();
    breaks(&mut world);
    let (code, said) = world.run(&[]);
    let found = said.lines().find(|found| found.starts_with(line));
    let found = found.unwrap_or_else(|| panic!("no line {line:?}:\n{said}"));
    assert!(found.contains(" -> ") && found.contains(mend), "{found}");
    let bad = said
        .lines()
        .filter(|found| found.starts_with("bad"))
        .count();
    assert_eq!(bad, usize::from(line.starts_with("bad")), "{said}");
    assert_eq!(code, i32::from(bad > 0), "{said}");
    said
}

#[test]
fn a_host_that_is_well_has_nothing_but_good_lines() {
    let (code, said) = World::new().run(&[]);
    assert!(
        said.lines().all(|line| line.starts_with("ok    ")),
        "{said}"
    );
    assert_eq!(code, 0);
    for what in [
        "configuration",
        "service",
        "card directory",
        "card socket",
        "card 02aabb",
        "reader of 02aabb",
        "pcscd",
        "scheme",
        "certificate of the host",
        "certificate of card",
        "clock",
        "link to abab",
    ] {
        let line = format!("ok    {what}");
        assert!(
            said.lines().any(|it| it.starts_with(&line)),
            "{what}: {said}"
        );
    }
}

#[test]
fn programs_read_the_same() {
    let mut world = World::new();
    world.card("gone", "evil\u{1b}[2J");
    let (code, said) = world.run(&["--json"]);
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &document["ok"]), (1, &Value::Bool(false)));
    let findings = document["findings"].as_array().unwrap();
    let bad: Vec<_> = findings.iter().filter(|it| it["level"] == "bad").collect();
    assert_eq!(bad.len(), 1);
    assert!(!bad[0]["mend"].as_str().unwrap().is_empty());
}

#[test]
fn configuration() {
    let gone = |world: &mut World| fs::remove_file(world.at("dispatchd.toml")).unwrap();
    let mut world = World::new();
    gone(&mut world);
    let (code, said) = world.run(&[]);
    assert_eq!(code, 1);
    assert!(
        said.contains("bad   configuration: ") && said.contains("--config"),
        "{said}"
    );
    let wrong =
        "echo 'dispatchd: x.toml:3:1: unknown key `a`\n  help: did you mean `b`?' >&2; exit 3";
    let said = broken(
        |world| world.program(wrong),
        "bad   configuration: x.toml:3:1: unknown key `a` help: did you mean `b`?",
        "--check",
    );
    assert!(said.contains("ok    service"), "{said}");
    let no_program = |world: &mut World| fs::remove_file(world.at("dispatchd")).unwrap();
    broken(no_program, "warn  configuration", "PATH");
}

#[test]
fn service_and_socket() {
    let stopped = |world: &mut World| world.serves = false;
    let said = broken(
        stopped,
        "bad   service: cannot connect",
        "systemctl start dispatchd",
    );
    for known in [
        "ok    card directory",
        "ok    card socket",
        "ok    scheme",
        "ok    clock",
    ] {
        assert!(said.contains(known), "{known} needs no daemon: {said}");
    }
    let draining = |world: &mut World| world.status.state = "draining".into();
    broken(draining, "warn  service", "start it");
    let open = |world: &mut World| world.status.at_rest = "none".into();
    broken(open, "warn  at rest", "device_key");
    let stranger = |world: &mut World| {
        world.serves = false;
        support::forbid(&world.at("run"));
    };
    let said = broken(stranger, "warn  service: it runs", "[admin] uids");
    assert!(said.contains("ok    scheme"), "{said}");
    // Whoever may write to the directory could replace both sockets in it.
    let world = World::new();
    fs::set_permissions(world.at("run"), Permissions::from_mode(0o777)).unwrap();
    let (code, said) = world.run(&[]);
    assert_eq!(code, 1);
    assert!(
        said.contains("bad   socket: ") && said.contains("0755"),
        "{said}"
    );
    assert!(
        said.contains("bad   card socket ") && said.contains("chmod 755"),
        "{said}"
    );
}

#[test]
fn cards() {
    let card = |state: &'static str| move |world: &mut World| world.card(state, "why");
    broken(
        card("absent"),
        "warn  card 02aabbccddeeff0011223344: absent: why",
        "into its reader",
    );
    broken(
        card("gone"),
        "bad   card 02aabbccddeeff0011223344: gone: why",
        "start the process",
    );
    broken(card("quarantined"), "bad   card 02aabb", "etpctl card info");
    broken(card("suspended"), "bad   card 02aabb", "etpctl card info");
    broken(card("starting"), "warn  card 02aabb", "wait");
    let embedded = |world: &mut World| {
        world.card("gone", "locked");
        world.status.cards[0].backend = "embedded".into();
        world.status.cards[0].queued = 1;
    };
    broken(
        embedded,
        "bad   card 02aabbccddeeff0011223344: gone, 1 message waiting",
        "open",
    );
    broken(
        |world| world.status.cards.clear(),
        "warn  cards",
        "[[card]]",
    );
}

#[test]
fn places_of_cards() {
    let mode = |mode| {
        move |world: &mut World| {
            fs::set_permissions(world.at("card"), Permissions::from_mode(mode)).unwrap();
        }
    };
    broken(mode(0o750), "bad   card directory", "chmod 700");
    broken(mode(0o701), "bad   card directory", "chmod 700");
    let missing = |world: &mut World| fs::remove_dir(world.at("card")).unwrap();
    broken(missing, "bad   card directory", "etpctl scheme enrol card");
    let file = |world: &mut World| {
        fs::remove_dir(world.at("card")).unwrap();
        File::create(world.at("card")).unwrap();
    };
    broken(file, "bad   card directory", "correct");
    let no_socket = |world: &mut World| fs::remove_file(world.at("run/card.sock")).unwrap();
    broken(no_socket, "bad   card socket", "softcard serve");
    let no_socket = |world: &mut World| {
        fs::remove_file(world.at("run/card.sock")).unwrap();
        File::create(world.at("run/card.sock")).unwrap();
    };
    broken(no_socket, "bad   card socket", "chmod 755");
}

#[test]
fn readers() {
    let stopped = |world: &mut World| {
        fs::remove_file(world.at("root/run/pcscd/pcscd.comm")).unwrap();
    };
    let mut world = World::new();
    stopped(&mut world);
    let (code, said) = world.run(&[]);
    let line = said.lines().find(|line| line.starts_with("ok    pcscd"));
    assert!(
        line.is_some_and(|it| it.contains("uses another one")) && code == 0,
        "{said}"
    );
    let without_card = |world: &mut World| {
        stopped(world);
        world.details.status.state = "absent".into();
    };
    broken(without_card, "bad   pcscd", "apt install pcscd");
    // Without a card in a reader nobody misses it.
    let mut world = World::new();
    stopped(&mut world);
    world.details.server = "softcard/0".into();
    let (code, said) = world.run(&[]);
    assert!(code == 0 && said.contains("ok    pcscd"), "{said}");
    let unasked = |world: &mut World| {
        stopped(world);
        world.details.server_pid = None;
        world.details.server = String::new();
    };
    broken(unasked, "warn  pcscd", "apt install pcscd");
    let policy = |world: &World| {
        let actions = world.at("root/usr/share/polkit-1/actions");
        fs::create_dir_all(&actions).unwrap();
        File::create(actions.join("org.debian.pcsc-lite.policy")).unwrap();
    };
    broken(|world| policy(world), "warn  polkit", "50-tenet-card.rules");
    let world = World::new();
    policy(&world);
    let rules = world.at("root/etc/polkit-1/rules.d");
    fs::create_dir_all(&rules).unwrap();
    fs::write(rules.join("50-a.rules"), "org.debian.pcsc-lite.access_card").unwrap();
    let (code, said) = world.run(&[]);
    assert!(code == 0 && said.contains("ok    polkit"), "{said}");
}

/// A pcscd of one's own is found where every program that uses PC/SC finds it.
#[test]
fn the_socket_that_the_environment_names_is_looked_at() {
    let own = |world: &mut World| {
        world.pcscd = Some(world.at("root/own.comm"));
        world.details.status.state = "absent".into();
    };
    let said = broken(own, "bad   pcscd", "PCSCLITE_CSOCK_NAME");
    assert!(said.contains("root/own.comm is not there"), "{said}");
    let mut world = World::new();
    own(&mut world);
    let _listener = UnixListener::bind(world.at("root/own.comm")).unwrap();
    let (code, said) = world.run(&[]);
    let line = said.lines().find(|line| line.starts_with("ok    pcscd"));
    assert!(
        line.is_some_and(|it| it.contains("own.comm")) && code == 0,
        "{said}"
    );
}

#[test]
fn certificates() {
    let missing = |world: &mut World| fs::remove_file(world.at("scheme/scheme.toml")).unwrap();
    broken(missing, "bad   scheme", "scheme.toml");
    let foreign = |world: &mut World| {
        let other = Scheme::create(world.at("other"), "other").unwrap();
        let host = other
            .enrol(Role::Host, |key| Request::host(key, 1))
            .unwrap();
        fs::remove_dir_all(world.at("identity")).unwrap();
        host.write(&world.at("identity"), "host").unwrap();
    };
    broken(foreign, "bad   certificate host", "etpctl scheme check");
    let missing = |world: &mut World| fs::remove_file(world.at("identity/host.der")).unwrap();
    broken(
        missing,
        "bad   certificate of the host",
        "etpctl scheme enrol host",
    );
    let ends_in = |days: i64| {
        move |world: &mut World| {
            let at = now()
                .unwrap()
                .checked_add_signed(days * DAY_S as i64)
                .unwrap();
            world.details.certificate.as_mut().unwrap().not_after_unix_s = at;
        }
    };
    broken(
        ends_in(-1),
        "bad   certificate of card",
        "etpctl scheme enrol card",
    );
    broken(
        ends_in(29),
        "warn  certificate of card",
        "etpctl scheme enrol card",
    );
    let mut world = World::new();
    ends_in(31)(&mut world);
    assert_eq!(world.run(&[]).0, 0);
    let unnamed = |world: &mut World| {
        let config = fs::read_to_string(world.at("dispatchd.toml")).unwrap();
        let config = config.replace("[scheme]\nfile = \"scheme/scheme.toml\"\n", "");
        fs::write(world.at("dispatchd.toml"), config).unwrap();
    };
    broken(unnamed, "warn  scheme", "[scheme] file");
}

#[test]
fn clock() {
    let future = |ahead_s| {
        move |world: &mut World| {
            let state = File::options()
                .write(true)
                .open(world.at("state/state.redb"));
            let at = SystemTime::now() + Duration::from_secs(ahead_s);
            state.unwrap().set_modified(at).unwrap();
        }
    };
    broken(future(DAY_S), "bad   clock", "timedatectl");
    let mut world = World::new();
    future(60)(&mut world);
    let (code, said) = world.run(&[]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn routes() {
    let down = |world: &mut World| world.status.links = vec![link("down", "192.0.2.1:4711")];
    broken(
        down,
        "bad   link to abababababababab: down at 192.0.2.1:4711: words",
        "[[peer]]",
    );
    let waits = |world: &mut World| world.status.links = vec![link("down", "")];
    broken(waits, "warn  link to abab", "[remote] listen");
}
