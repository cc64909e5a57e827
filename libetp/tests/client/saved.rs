//! Durable capabilities: whatever crashes, the owner gets in again, and nobody else.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::daemon::{DOMAIN, FakeDaemon};
use libetp::client::blocking::{Capability, CapabilityFile, Connection};
use libetp::client::{self, ClientError, SavedCapability, SavedError};
use libetp::frame::body::RequestError;
use libetp::{EntityId, Port};

struct Owner {
    daemon: FakeDaemon,
    path: PathBuf,
    id: EntityId,
}

impl Owner {
    fn new() -> Self {
        let daemon = FakeDaemon::echo();
        let path = daemon.directory.path().join("capability");
        let capability = CapabilityFile::new(&path)
            .acquire(connect(&daemon), None)
            .unwrap();
        let id = capability.id();
        Self { daemon, path, id }
    }

    fn file(&self) -> client::CapabilityFile {
        client::CapabilityFile::new(&self.path)
    }

    fn stored(&self) -> SavedCapability {
        self.file().load().unwrap().unwrap()
    }

    fn resume(&self) -> Result<Capability, ClientError> {
        let resumed = CapabilityFile::new(&self.path).resume(connect(&self.daemon))?;
        Ok(resumed.unwrap())
    }

    fn gets_in(&self) {
        let mut capability = self.resume().unwrap();
        assert_eq!(capability.id(), self.id);
        assert!(capability.is_resumed());
        capability.flush().unwrap();
        assert!(!self.daemon.is_revoked(self.id));
    }
}

fn connect(daemon: &FakeDaemon) -> Connection {
    Connection::open(daemon.socket(), "test").unwrap()
}

#[test]
fn each_resume_changes_the_secret_and_forgets_the_old_one() {
    let owner = Owner::new();
    let first = owner.stored();
    owner.gets_in();
    let second = owner.stored();
    assert_ne!(first.secret(), second.secret());
    assert_eq!(second.fallback(), None);
    owner.gets_in();
}

#[test]
fn a_crash_before_the_new_secret_is_stored() {
    let owner = Owner::new();
    let stored = owner.stored();
    drop(connect(&owner.daemon).resume(&stored).unwrap());
    owner.gets_in();
}

#[test]
fn a_crash_after_the_new_secret_is_stored_and_before_anything_is_said() {
    let owner = Owner::new();
    let capability = connect(&owner.daemon).resume(&owner.stored()).unwrap();
    owner.file().store(capability.saved().unwrap()).unwrap();
    drop(capability);
    owner.gets_in();
    assert_eq!(owner.daemon.bad_secrets(), 0);
}

#[test]
fn a_crash_after_something_is_said_and_before_the_old_secret_is_forgotten() {
    let owner = Owner::new();
    let mut capability = connect(&owner.daemon).resume(&owner.stored()).unwrap();
    owner.file().store(capability.saved().unwrap()).unwrap();
    capability.flush().unwrap();
    drop(capability);
    assert!(owner.stored().fallback().is_some());
    owner.gets_in();
}

#[test]
fn a_crash_while_the_first_words_are_said() {
    let owner = Owner::new();
    owner.daemon.end_at_flush(true);
    assert!(matches!(owner.resume(), Err(ClientError::Disconnected)));
    owner.daemon.end_at_flush(false);
    owner.gets_in();
}

#[test]
fn a_daemon_that_lost_the_new_secret_gets_the_one_before() {
    let owner = Owner::new();
    let capability = connect(&owner.daemon).resume(&owner.stored()).unwrap();
    owner.file().store(capability.saved().unwrap()).unwrap();
    drop(capability);
    owner.daemon.lose_last_secret(owner.id);
    owner.gets_in();
    assert_eq!(owner.daemon.bad_secrets(), 1);
}

#[test]
fn a_file_from_a_backup_is_taken_for_theft() {
    let owner = Owner::new();
    let backup = owner.stored();
    owner.gets_in();
    owner.file().store(&backup).unwrap();
    let error = owner.resume().unwrap_err();
    assert_eq!(error.reason(), Some(RequestError::SecretReused));
    assert!(owner.daemon.is_revoked(owner.id));
}

#[test]
fn a_guessed_secret_is_refused_and_harms_nobody() {
    let owner = Owner::new();
    let guess = SavedCapability::new(owner.id, [9; 32]);
    let error = connect(&owner.daemon).resume(&guess).unwrap_err();
    assert_eq!(error.reason(), Some(RequestError::BadSecret));
    owner.gets_in();
}

#[test]
fn the_file_is_the_owners_alone_and_survives_a_torn_write() {
    let owner = Owner::new();
    let mode = std::fs::metadata(&owner.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let torn = owner.path.with_file_name(".capability.new");
    std::fs::write(&torn, b"half").unwrap();
    owner.gets_in();
    assert!(!torn.exists());
    std::fs::set_permissions(&owner.path, PermissionsExt::from_mode(0o640)).unwrap();
    let error = owner.file().load().unwrap_err();
    assert!(matches!(error, SavedError::Mode { mode: 0o640, .. }));
}

#[test]
fn nonsense_in_the_file_is_named() {
    let owner = Owner::new();
    for nonsense in [&b""[..], b"\xa0", b"nonsense", &[0x9f; 8000]] {
        client::replace_file(&owner.path, nonsense).unwrap();
        let error = owner.file().load().unwrap_err();
        assert!(matches!(error, SavedError::Format { .. }), "{error}");
    }
    let elsewhere = owner.path.with_file_name("elsewhere");
    std::os::unix::fs::symlink(&owner.path, &elsewhere).unwrap();
    let error = client::CapabilityFile::new(&elsewhere).load().unwrap_err();
    assert!(
        matches!(error, SavedError::Io { .. }),
        "links are not followed"
    );
    let none = client::CapabilityFile::new(owner.path.with_file_name("none"));
    assert_eq!(none.load().unwrap(), None);
}

#[test]
fn secrets_are_never_shown() {
    let saved = SavedCapability::new(DOMAIN.entity(Port(1)), [0xee; 32]);
    assert!(!format!("{saved:?}").contains("ee"));
    assert!(!format!("{saved:?}").contains("238"));
}
