//! Scheme, host, card and daemon.

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use etp_pki::scheme::{Request, Scheme as Authority};
use etp_pki::{Anchors, Role};
use libetp::Domain;
use libetp::digest::Hash;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use softcard::{KeyPair, NewCard, PinCost, SoftCard};

use crate::program::Program;

/// The owner's PIN of every card.
pub(crate) const PIN: &[u8] = b"1234";
/// The PUK of every card.
pub(crate) const PUK: &[u8] = b"1357924680135792";

/// How long a command that should end may take.
const END_TIME_MAX: Duration = Duration::from_secs(60);

/// A scheme in a directory.
pub(crate) struct Scheme {
    directory: tempfile::TempDir,
    authority: Authority,
}

impl Scheme {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::create(directory.path().join("scheme"), "test").unwrap();
        Self {
            directory,
            authority,
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("scheme/scheme.toml")
    }

    pub(crate) fn anchors(&self) -> Anchors {
        self.authority.file().anchors()
    }

    /// A host with one soft card, which is enrolled for it.
    pub(crate) fn host(&self) -> Host {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let epoch = self.authority.file().epoch;
        let identity = self
            .authority
            .enrol(Role::Host, |key| Request::host(key, epoch))
            .unwrap();
        identity
            .write(&directory.path().join("identity"), "host")
            .unwrap();
        let key = etp_pki::key_id(&identity.key().verifying_key().to_bytes());
        let domain = self.card(&directory.path().join("card"), key);
        fs::copy(self.file(), directory.path().join("scheme.toml")).unwrap();
        let host = Host {
            directory,
            key,
            domain,
        };
        host.write_config("");
        host
    }

    /// Makes a card that is enrolled for a host.
    pub(crate) fn card(&self, directory: &Path, host_key: Hash) -> Domain {
        let keys = KeyPair::generate().unwrap();
        let public = keys.public();
        let request = Request::card(public.sign, public.agree, self.authority.file().epoch);
        let certificate = self.authority.issue(Role::Card, &request).unwrap();
        let new = NewCard {
            keys,
            certificate,
            anchors: self.authority.file().anchors(),
            third_parties: vec![],
            host_key: Some(host_key),
            pin: PIN.to_vec().into(),
            puk: Some(PUK.to_vec().into()),
            pin_cost: PinCost::LEAST,
            service: None,
            device_key: None,
        };
        SoftCard::create(directory, new).unwrap().identity().domain
    }
}

/// What is in a host's directory.
pub(crate) struct Host {
    directory: tempfile::TempDir,
    pub(crate) key: Hash,
    pub(crate) domain: Domain,
}

impl Host {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("run/s")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("dispatchd.toml")
    }

    /// The usual configuration, and more.
    pub(crate) fn write_config(&self, more: &str) {
        let text = format!(
            "[daemon]\nsocket = \"run/s\"\nstate = \"state\"\n\
             [host]\ncertificate = \"identity/host.der\"\nkey = \"identity/host.key\"\n\
             [scheme]\nfile = \"scheme.toml\"\n\
             [[card]]\nkind = \"soft\"\ndirectory = \"card\"\nowners = [0]\n{more}"
        );
        fs::write(self.config(), text).unwrap();
    }

    /// The daemon's command line.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dispatchd"));
        command
            .arg("--config")
            .arg(self.config())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end: exit code, standard output and error. One that does not end is
    /// killed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = self.command(arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let pid = Pid::from_raw(child.id().try_into().unwrap());
        let (ended, guard) = mpsc::channel::<()>();
        let guard = std::thread::spawn(move || {
            if guard.recv_timeout(END_TIME_MAX) == Err(RecvTimeoutError::Timeout) {
                kill(pid, Signal::SIGKILL).unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(ended);
        guard.join().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Starts the daemon and waits until it says that it is ready.
    pub(crate) fn start(&self) -> Daemon {
        self.start_by(self.command(&["--ready-fd", "1"]))
    }

    /// Starts the daemon by a command of the test.
    pub(crate) fn start_by(&self, mut command: Command) -> Daemon {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut ready = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        let daemon = Daemon {
            child,
            socket: self.socket(),
        };
        assert_eq!(ready, "READY=1\n", "{}", self.log());
        daemon
    }

    pub(crate) fn log(&self) -> String {
        let mut log = String::new();
        File::open(self.path("log"))
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        log
    }

    /// Copies a directory, the card's or the daemon's state, to or from a snapshot.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let _ = fs::remove_dir_all(self.path(to));
        fs::create_dir(self.path(to)).unwrap();
        fs::set_permissions(self.path(to), Permissions::from_mode(0o700)).unwrap();
        for entry in fs::read_dir(self.path(from)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), self.path(to).join(entry.file_name())).unwrap();
        }
    }
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Daemon {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// A connection that has said hello.
    pub(crate) fn connect(&self) -> Program {
        Program::connect(&self.socket)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
