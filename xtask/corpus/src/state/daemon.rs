//! The daemon's durable state.

use std::cell::OnceCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use dispatchd::state::{State, StateError};
use dispatchd::table::CapabilityStore;
use libetp::Domain;
use redb::{Database, TableDefinition};
use tempfile::TempDir;

use super::Write;

/// The tables of `docs/protocol/state.md`; `place` of a write counts them.
const TABLES: [&str; 6] = [
    "meta",
    "witness",
    "local-domains",
    "domain-keys",
    "statement-numbers",
    "capabilities",
];

/// A daemon refuses the state by name or works with it.
pub(crate) fn daemon(bytes: &[u8]) {
    thread_local! {
        static PLACE: OnceCell<Place> = const { OnceCell::new() };
    }
    let writes = Write::read_all(bytes);
    PLACE.with(|place| {
        let place = place.get_or_init(Place::new);
        place.put(&writes);
        match State::open(&place.directory) {
            Ok(mut state) => writes
                .iter()
                .for_each(|write| visit(&mut state, &write.key)),
            Err(error) => refused(&error),
        }
    });
}

/// Everything that a daemon does with what it finds under a key.
fn visit(state: &mut State, key: &[u8]) {
    let mut twelve = [0; 12];
    let common = key.len().min(12);
    twelve[..common].copy_from_slice(&key[..common]);
    let domain = Domain(twelve);
    if let Ok(capabilities) = state.load() {
        for capability in capabilities {
            state.put(&capability).expect("what was read can be kept");
        }
    }
    let _ = state.local_domains().inspect_err(refused);
    let _ = state.pinned_key(domain).inspect_err(refused);
    if let Ok(Some(witness)) = state.witness(domain).inspect_err(refused) {
        let _ = witness.judge(domain, witness.generation);
        state.raise_witnesses(&[(domain, witness)]).expect("known");
    }
    let _ = state.accept_rollback(domain).inspect_err(refused);
    let _ = state.accept_statement(domain, [7; 32], 1);
    let _ = state.add_local_domain(domain, [7; 32]);
}

/// Records cannot be blamed on the machine.
fn refused(error: &StateError) {
    let of_records = matches!(
        error,
        StateError::Corrupt { .. } | StateError::Version { .. }
    );
    assert!(of_records, "{error}");
}

/// A state directory that is made anew for every input.
struct Place {
    directory: PathBuf,
    /// The database of a new daemon.
    new: Vec<u8>,
    _parent: TempDir,
}

impl Place {
    fn new() -> Self {
        // Without a disk below, a run is a matter of microseconds.
        let memory = Path::new("/dev/shm");
        let parent = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir());
        let parent = parent.expect("a temporary directory");
        let directory = parent.path().join("state");
        drop(State::open(&directory).expect("a new state"));
        let new = fs::read(directory.join("state.redb")).expect("a database");
        Self {
            directory,
            new,
            _parent: parent,
        }
    }

    fn put(&self, writes: &[Write]) {
        let path = self.directory.join("state.redb");
        fs::write(&path, &self.new).expect("room for a database");
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&path, private).expect("an own file");
        let database = Database::open(&path).expect("a whole database");
        insert(&database, writes).expect("a database takes any bytes");
    }
}

fn insert(database: &Database, writes: &[Write]) -> Result<(), Box<dyn std::error::Error>> {
    let transaction = database.begin_write()?;
    for write in writes {
        let name = TABLES[usize::from(write.place) % TABLES.len()];
        let table = TableDefinition::<&[u8], &[u8]>::new(name);
        let mut table = transaction.open_table(table)?;
        match &write.value {
            Some(value) => drop(table.insert(write.key.as_slice(), value.as_slice())?),
            None => drop(table.remove(write.key.as_slice())?),
        }
    }
    Ok(transaction.commit()?)
}
