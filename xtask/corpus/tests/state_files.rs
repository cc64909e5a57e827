//! A daemon's real database, damaged in many places: refused by name, or harmless.
//!
//! The same of cards is in `apps/softcard/tests/store.rs`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use dispatchd::state::{State, StateError, Witness};
use dispatchd::table::{CapabilityStore, StoredCapability};
use libetp::{Domain, Port};

const DOMAIN: Domain = Domain([1; 12]);
const PAGE_BYTES: usize = 4_096;

struct Place {
    directory: PathBuf,
    _parent: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let parent = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let parent = parent.unwrap();
        let directory = parent.path().join("state");
        drop(State::open(&directory).unwrap());
        Self {
            directory,
            _parent: parent,
        }
    }

    fn database(&self) -> PathBuf {
        self.directory.join("state.redb")
    }

    /// What opening says of these bytes, and what is read then.
    fn open(&self, bytes: &[u8]) -> Result<Facts, StateError> {
        write(&self.database(), bytes);
        let _ = fs::remove_file(self.directory.join("damaged"));
        State::open(&self.directory).map(|mut state| facts(&mut state))
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

type Facts = (Vec<StoredCapability>, Option<u64>, Vec<(Domain, [u8; 32])>);

fn facts(state: &mut State) -> Facts {
    let witness = state.witness(DOMAIN).unwrap();
    let generation = witness.map(|witness| witness.generation);
    let domains = state.local_domains().unwrap();
    (state.load().unwrap(), generation, domains)
}

/// A database that was used, and what it says.
fn used(place: &Place) -> (Vec<u8>, Facts) {
    let mut state = State::open(&place.directory).unwrap();
    for port in 1..40 {
        let capability = StoredCapability {
            id: DOMAIN.entity(Port(port)),
            uid: 1_000,
            name: "wallet".into(),
            current: [1; 32],
            previous: None,
            spent: vec![[2; 32]],
        };
        state.put(&capability).unwrap();
    }
    let witness = Witness::of_number(9 << 16);
    state.raise_witnesses(&[(DOMAIN, witness)]).unwrap();
    state.add_local_domain(DOMAIN, [7; 32]).unwrap();
    let facts = facts(&mut state);
    drop(state);
    (fs::read(place.database()).unwrap(), facts)
}

#[test]
fn a_flipped_bit_is_refused_or_harmless() {
    let place = Place::new();
    let (whole, facts) = used(&place);
    let in_use = |at: &usize| {
        let page = at - at % PAGE_BYTES;
        whole[page..page + PAGE_BYTES].iter().any(|byte| *byte != 0)
    };
    let mut refused = 0;
    for at in (0..whole.len()).step_by(61).filter(in_use) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        match place.open(&bytes) {
            Ok(found) => assert!(found == facts, "byte {at}: something else was read"),
            Err(StateError::Corrupt { .. } | StateError::Damaged { .. }) => refused += 1,
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert!(refused > 100, "much of the file is in use: {refused}");
}

#[test]
fn a_file_that_was_cut_is_refused() {
    let place = Place::new();
    let (whole, _) = used(&place);
    for length in (0..whole.len()).step_by(whole.len() / 40) {
        match place.open(&whole[..length]) {
            Ok(_) => panic!("{length} bytes of {} were taken", whole.len()),
            Err(StateError::Corrupt { .. } | StateError::Damaged { .. }) => {}
            Err(other) => panic!("{length} bytes: {other}"),
        }
    }
}
