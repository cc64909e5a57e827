use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use libetp::{Domain, Port};

use super::{State, StateError, StatementRefusal, Witness};
use crate::table::{CapabilityStore, StoredCapability};

const D: Domain = Domain([1; 12]);
const KEY: [u8; 32] = [7; 32];

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
    directory
}

fn error(path: &Path) -> String {
    State::open(path)
        .err()
        .expect("state must not open")
        .to_string()
}

fn capability() -> StoredCapability {
    StoredCapability {
        id: D.entity(Port(9)),
        uid: 1000,
        name: "wallet".into(),
        current: [1; 32],
        previous: Some([2; 32]),
        spent: vec![[3; 32], [4; 32]],
    }
}

#[test]
fn everything_survives_a_restart() {
    let directory = directory();
    let path = directory.path().join("state");
    let mut state = State::open(&path).unwrap();
    state.put(&capability()).unwrap();
    state
        .raise_witnesses(&[(D, Witness::of_number(5 << 16 | 2))])
        .unwrap();
    state.add_local_domain(D, KEY).unwrap();
    state.accept_statement(Domain([2; 12]), [8; 32], 3).unwrap();
    drop(state);

    let mut state = State::open(&path).unwrap();
    assert_eq!(state.load().unwrap(), [capability()]);
    let witness = state.witness(D).unwrap().unwrap();
    assert_eq!(
        (witness.generation, witness.highest_number),
        (5, 5 << 16 | 2)
    );
    assert_eq!(state.local_domains().unwrap(), [(D, KEY)]);
    assert_eq!(state.pinned_key(Domain([2; 12])).unwrap(), Some([8; 32]));
    assert_eq!(state.statement_number(&[8; 32]).unwrap(), Some(3));

    state.remove(D.entity(Port(9))).unwrap();
    drop(state);
    assert_eq!(State::open(&path).unwrap().load().unwrap(), []);
}

#[test]
fn files_are_for_the_owner_only_and_open_directories_are_refused() {
    let directory = directory();
    let path = directory.path().join("state");
    drop(State::open(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    let file = fs::metadata(path.join("state.redb")).unwrap();
    assert_eq!(file.mode() & 0o777, 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
    assert!(error(&path).contains("has mode 0750"), "{}", error(&path));
}

#[test]
fn a_second_daemon_is_refused() {
    let directory = directory();
    let _first = State::open(directory.path()).unwrap();
    assert!(error(directory.path()).contains("in use by another daemon"));
}

#[test]
fn a_database_that_is_gone_is_never_made_anew() {
    let directory = directory();
    drop(State::open(directory.path()).unwrap());
    fs::remove_file(directory.path().join("state.redb")).unwrap();
    for _ in 0..2 {
        assert!(error(directory.path()).contains("is missing although this directory was in use"));
    }
}

#[test]
fn garbage_and_damage_are_named_and_kept() {
    let directory = directory();
    let mut state = State::open(directory.path()).unwrap();
    for port in 1..200 {
        let id = D.entity(Port(port));
        state.put(&StoredCapability { id, ..capability() }).unwrap();
    }
    drop(state);
    let file = directory.path().join("state.redb");
    let whole = fs::read(&file).unwrap();

    fs::write(&file, b"nonsense").unwrap();
    assert!(
        error(directory.path()).contains("is corrupt"),
        "{}",
        error(directory.path())
    );
    assert_eq!(fs::read(&file).unwrap(), b"nonsense");

    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(
        error(directory.path()).contains("is corrupt"),
        "{}",
        error(directory.path())
    );

    let mut flipped = whole;
    let name = flipped.windows(6).position(|w| w == b"wallet").unwrap();
    flipped[name] ^= 1;
    fs::write(&file, &flipped).unwrap();
    for _ in 0..2 {
        let error = error(directory.path());
        assert!(
            error.contains("is corrupt") || error.contains("was damaged"),
            "{error}"
        );
    }
}

#[test]
fn another_format_is_named() {
    let directory = directory();
    drop(State::open(directory.path()).unwrap());
    let file = directory.path().join("state.redb");
    let database = redb::Database::open(&file).unwrap();
    let write = database.begin_write().unwrap();
    let meta = redb::TableDefinition::<&[u8], &[u8]>::new("meta");
    write
        .open_table(meta)
        .unwrap()
        .insert(b"format".as_slice(), [2u8].as_slice())
        .unwrap();
    write.commit().unwrap();
    drop(database);
    assert!(error(directory.path()).contains("has format 2, this program reads 1"));
}

#[test]
fn an_older_card_is_told_from_one_that_went_on() {
    let witness = Witness {
        generation: 10,
        highest_port: 512,
        ..Witness::default()
    };
    assert!(witness.judge(D, 11).is_ok());
    for shown in [0, 9, 10] {
        let rollback = witness.judge(D, shown).unwrap_err();
        assert_eq!((rollback.shown, rollback.seen), (shown, 10));
    }
}

#[test]
fn an_accepted_rollback_holds_once_and_never_lowers_ports() {
    let directory = directory();
    let state = State::open(directory.path()).unwrap();
    assert!(!state.accept_rollback(D).unwrap());
    let before = Witness {
        generation: 10,
        highest_port: 512,
        highest_number: 10 << 16,
        rollback_accepted: false,
    };
    state.raise_witnesses(&[(D, before)]).unwrap();
    assert!(state.accept_rollback(D).unwrap());
    let witness = state.witness(D).unwrap().unwrap();
    witness.judge(D, 4).unwrap();
    state.set_witness(D, &witness.accept(4, 256)).unwrap();
    let witness = state.witness(D).unwrap().unwrap();
    assert_eq!(
        (
            witness.generation,
            witness.highest_port,
            witness.highest_number
        ),
        (4, 512, 0)
    );
    assert!(witness.judge(D, 4).is_err());
}

#[test]
fn witnesses_never_sink() {
    let directory = directory();
    let state = State::open(directory.path()).unwrap();
    state
        .raise_witnesses(&[(D, Witness::of_number(9 << 16))])
        .unwrap();
    state
        .raise_witnesses(&[(D, Witness::of_number(3 << 16))])
        .unwrap();
    assert_eq!(state.witness(D).unwrap().unwrap().generation, 9);
}

#[test]
fn statements_only_go_up_and_keys_are_pinned() {
    let directory = directory();
    let state = State::open(directory.path()).unwrap();
    state.accept_statement(D, KEY, 4).unwrap();
    for number in [3, 4] {
        let refusal = state.accept_statement(D, KEY, number).unwrap_err();
        assert!(matches!(
            refusal,
            StatementRefusal::Stale { highest: 4, .. }
        ));
    }
    let refusal = state.accept_statement(D, [9; 32], 100).unwrap_err();
    assert!(matches!(refusal, StatementRefusal::AnotherKey(D)));
    assert_eq!(state.statement_number(&[9; 32]).unwrap(), None);
    state.accept_statement(D, KEY, 5).unwrap();
}

#[test]
fn a_local_domain_keeps_its_key_until_it_is_removed() {
    let directory = directory();
    let state = State::open(directory.path()).unwrap();
    state.add_local_domain(D, KEY).unwrap();
    state.add_local_domain(D, KEY).unwrap();
    assert!(matches!(
        state.add_local_domain(D, [9; 32]),
        Err(StateError::Pinned(D))
    ));
    assert!(state.remove_local_domain(D).unwrap());
    assert!(!state.remove_local_domain(D).unwrap());
    state.add_local_domain(D, [9; 32]).unwrap();
}

/// The tenth byte of a redb file says by a bit how it was committed last.
#[test]
fn every_change_is_committed_in_two_phases() {
    let directory = directory();
    let mut state = State::open(directory.path()).unwrap();
    state.put(&capability()).unwrap();
    let whole = fs::read(directory.path().join("state.redb")).unwrap();
    assert_eq!(whole[9] & 4, 4, "{:#04x}", whole[9]);
}
