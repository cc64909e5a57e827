//! The daemon's state of earlier versions stays readable for ever.
//!
//! `golden/v1` was made once by the ignored test and is never made again: a daemon that lost this test
//! lost its users' ids, and with its witnesses the notice of a card that was put back.

use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use dispatchd::state::{State, StatementRefusal, Witness};
use dispatchd::table::{CapabilityStore, StoredCapability};
use libetp::{Domain, Port};

/// One closed in order, and one as a power cut left it.
const STATES: [&str; 2] = ["closed", "power-cut"];
const OWN: Domain = Domain([2; 12]);
const RESTORED: Domain = Domain([3; 12]);
const FOREIGN: Domain = Domain([4; 12]);
const OWN_KEY: [u8; 32] = [0x22; 32];
const FOREIGN_KEY: [u8; 32] = [0x44; 32];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden/v1")
        .join(name)
}

/// A wallet that resumed often, and a program that never did.
fn capabilities() -> [StoredCapability; 2] {
    let wallet = StoredCapability {
        id: OWN.entity(Port(7)),
        uid: 1000,
        name: "wallet".into(),
        current: [1; 32],
        previous: Some([2; 32]),
        spent: vec![[3; 32], [4; 32]],
    };
    let other = StoredCapability {
        id: OWN.entity(Port(300)),
        uid: 0,
        name: "Grüße".into(),
        current: [5; 32],
        previous: None,
        spent: Vec::new(),
    };
    [wallet, other]
}

fn witnesses() -> [(Domain, Witness); 2] {
    let own = Witness {
        generation: 70_000,
        highest_port: 512,
        highest_number: 70_000 << 16 | 3,
        rollback_accepted: false,
    };
    let restored = Witness {
        rollback_accepted: true,
        ..own
    };
    [(OWN, own), (RESTORED, restored)]
}

fn fill(state: &mut State) {
    for capability in &capabilities() {
        state.put(capability).expect("stored");
    }
    for (domain, witness) in &witnesses() {
        state.set_witness(*domain, witness).expect("stored");
    }
    state.add_local_domain(OWN, OWN_KEY).expect("stored");
    state
        .add_local_domain(RESTORED, [0x33; 32])
        .expect("stored");
    state.raise_statement_number(&OWN_KEY, 9).expect("stored");
    state.suspend(RESTORED, 5).expect("stored");
    let accepted = state.accept_statement(FOREIGN, FOREIGN_KEY, 11);
    accepted.expect("stored");
}

#[test]
#[ignore = "made golden/v1, once; refuses to overwrite it"]
fn make_golden_state() {
    for name in STATES {
        let (directory, place) = (golden(name), tempfile::tempdir().expect("a directory"));
        assert!(!directory.exists(), "golden state is never made again");
        let mut state = State::open(&place.path().join("state")).expect("made");
        fill(&mut state);
        if name == STATES[0] {
            drop(state);
        }
        copy(&place.path().join("state"), &directory);
    }
}

/// What a daemon finds: a directory and files that only it can read.
fn copy(from: &Path, to: &Path) {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(to).expect("made");
    for file in fs::read_dir(from).expect("there") {
        let file = file.expect("readable");
        let copy = to.join(file.file_name());
        fs::copy(file.path(), &copy).expect("copied");
        fs::set_permissions(&copy, Permissions::from_mode(0o600)).expect("set");
    }
}

/// Two states are compared by all that can be asked of them.
fn check(state: &mut State) {
    assert_eq!(state.load().expect("readable"), capabilities());
    for (domain, witness) in witnesses() {
        assert_eq!(state.witness(domain).expect("readable"), Some(witness));
    }
    let local = state.local_domains().expect("readable");
    assert_eq!(local, [(OWN, OWN_KEY), (RESTORED, [0x33; 32])]);
    assert_eq!(state.suspension(RESTORED).expect("readable"), Some(5));
    assert_eq!(state.suspension(OWN).expect("readable"), None);
    let pinned = state.pinned_key(FOREIGN).expect("readable");
    assert_eq!(pinned, Some(FOREIGN_KEY));
    for (key, number) in [(OWN_KEY, 9), (FOREIGN_KEY, 11)] {
        assert_eq!(
            state.statement_number(&key).expect("readable"),
            Some(number)
        );
    }
}

#[test]
fn state_of_version_1_is_read_and_gone_on_with() {
    for name in STATES {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path().join("state");
        copy(&golden(name), &directory);
        let mut state = State::open(&directory).expect(name);
        check(&mut state);
        let [wallet, _] = capabilities();
        state.remove(wallet.id).expect("written");
        state.end_suspension(RESTORED).expect("written");
        let stale = state.accept_statement(FOREIGN, FOREIGN_KEY, 11);
        assert!(matches!(stale, Err(StatementRefusal::Stale { .. })));
        drop(state);
        let mut state = State::open(&directory).expect(name);
        assert_eq!(state.load().expect("readable").len(), 1);
        assert_eq!(state.suspension(RESTORED).expect("readable"), None);
        state.put(&wallet).expect("written");
        state.suspend(RESTORED, 5).expect("written");
        check(&mut state);
    }
}

#[test]
fn witnesses_of_version_1_still_tell_an_older_card() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("state");
    copy(&golden(STATES[1]), &directory);
    let state = State::open(&directory).expect("opens");
    let witness = state.witness(OWN).expect("readable").expect("known");
    let rollback = witness.judge(OWN, 70_000).expect_err("not above");
    assert_eq!((rollback.shown, rollback.seen), (70_000, 70_000));
    assert!(witness.judge(OWN, 70_001).is_ok());
    let accepted = state.witness(RESTORED).expect("readable").expect("known");
    assert!(accepted.judge(RESTORED, 1).is_ok());
}
