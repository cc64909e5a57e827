//! One host: its identity, its card, its daemon and its wallet.

mod address;
mod card;
mod daemon;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::Value;

use crate::binaries::Binaries;
use crate::deployment::{Deployment, text};
use crate::program::{Failure, Program};
use address::free_address;
use card::CardHome;

/// What other hosts know of a host.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Key id of the host.
    pub key: String,
    /// Where it listens; `None` for a host that only dials.
    pub address: Option<SocketAddr>,
    /// The domains of its cards.
    pub domains: Vec<String>,
}

/// One host.
#[derive(Debug)]
pub struct Host {
    /// What it is called in output.
    pub name: String,
    /// What others know of it.
    pub peer: Peer,
    directory: PathBuf,
    scheme_file: PathBuf,
    pin_file: PathBuf,
    binaries: Binaries,
    daemon: Option<Child>,
    card_home: CardHome,
    io_threads: u32,
}

/// What a host's card is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CardKind<'k> {
    /// A card that trusts the third party of that key.
    Of(&'k str),
    /// The card that is the third party: the directory of its service.
    ThirdParty(&'k Path),
}

impl Host {
    pub(crate) fn enrol(at: &Deployment, name: &str, kind: CardKind<'_>) -> Result<Self, Failure> {
        let directory = at.path().join(name);
        let etpctl = |role: &str, out: &str| {
            let enrol = at
                .binaries()
                .program("etpctl")
                .args(&["scheme", "enrol", role]);
            enrol
                .arg("--scheme")
                .arg(at.scheme())
                .arg("--out")
                .arg(directory.join(out))
        };
        let host = etpctl("host", "identity").json()?;
        let card = etpctl("card", "card")
            .arg("--host")
            .arg(directory.join("identity/host.der"));
        let card = match kind {
            CardKind::Of(third_party) => card.args(&["--third-party", third_party]),
            CardKind::ThirdParty(service) => card.arg("--service").arg(service),
        };
        let card = card.arg("--puk-file").arg(directory.join("puk"));
        let card = card.arg("--pin-file").arg(at.pin_file());
        let domain = text(&card.json()?, "domain")?;
        let peer = Peer {
            key: text(&host, "key")?,
            address: Some(free_address()?),
            domains: vec![domain],
        };
        Ok(Self {
            name: name.to_owned(),
            peer,
            directory,
            scheme_file: at.scheme_file(),
            pin_file: at.pin_file(),
            binaries: at.binaries().clone(),
            daemon: None,
            card_home: CardHome::default(),
            io_threads: 1,
        })
    }

    /// Gives the daemon so many threads that serve its socket, from the next start on.
    pub fn serve_on(&mut self, io_threads: u32) {
        self.io_threads = io_threads;
    }

    /// The domain of its card.
    pub fn domain(&self) -> &str {
        &self.peer.domains[0]
    }

    /// Where its daemon listens for other hosts.
    pub fn listen_address(&self) -> String {
        self.peer
            .address
            .map(|address| address.to_string())
            .unwrap_or_default()
    }

    /// The id of its card.
    pub fn card(&self) -> String {
        format!("{}:0", self.domain())
    }

    /// Where its files are.
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// Its daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("run/dispatchd.sock")
    }

    /// Process id of its daemon; 0 while there is none.
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Child::id)
    }

    /// The daemon's log so far.
    pub fn log(&self) -> PathBuf {
        self.directory.join("dispatchd.log")
    }

    /// `etpctl` against this daemon.
    pub fn etpctl(&self, arguments: &[&str]) -> Program {
        self.binaries
            .program("etpctl")
            .arg("--socket")
            .arg(self.socket())
            .args(arguments)
    }

    /// The wallet of this host's user.
    pub fn wallet(&self, arguments: &[&str]) -> Program {
        self.wallet_without_pin(&["--pin-file"])
            .arg(&self.pin_file)
            .args(arguments)
    }

    /// A command of the host's wallet that asks for the PIN.
    pub fn wallet_without_pin(&self, arguments: &[&str]) -> Program {
        let home = self.directory.join("wallet");
        let wallet = self.binaries.program("wallet").arg("--home").arg(home);
        wallet.args(arguments)
    }

    /// `pals` of this host's user.
    pub fn pals(&self, arguments: &[&str]) -> Program {
        let pals = self.binaries.program("pals").arg("--home");
        let pals = pals.arg(self.directory.join("pals"));
        pals.arg("--pin-file").arg(&self.pin_file).args(arguments)
    }

    /// What the daemon's counter of that name says.
    ///
    /// # Errors
    /// [`Failure`] if the daemon does not answer.
    pub fn counter(&self, name: &str) -> Result<u64, Failure> {
        let status: Value = self.etpctl(&["status"]).json()?;
        Ok(status["counters"][name].as_u64().unwrap_or(0))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}
