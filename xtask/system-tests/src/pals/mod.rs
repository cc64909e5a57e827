//! Hosts whose owners compute together.

mod demonstration;
mod running;
mod wire;

pub use demonstration::{Auction, Member, Report, perform};
pub use running::Running;
pub use wire::{Mark, Wire, between_cards, mark};

use crate::deployment::{Deployment, text};
use crate::host::{Host, Peer};
use crate::program::Failure;

/// Hosts that know each other, each with a soft card and a member code.
#[derive(Debug)]
pub struct Parties {
    /// In order of members.
    pub hosts: Vec<Host>,
    codes: Vec<String>,
}

impl Parties {
    /// Makes `n` hosts, starts their daemons and gets each a member code.
    ///
    /// # Errors
    /// [`Failure`] of any program.
    pub fn assemble(at: &Deployment, n: usize) -> Result<Self, Failure> {
        Self::assemble_with(at, n, |_, _| Ok(()))
    }

    /// As [`assemble`](Self::assemble); each host is prepared before its daemon starts, and told all.
    ///
    /// # Errors
    /// [`Failure`] of any program or of the preparation.
    pub fn assemble_with(
        at: &Deployment,
        n: usize,
        prepare: impl Fn(&Host, &[Peer]) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let hosts = enrol(at, n)?;
        let peers: Vec<Peer> = hosts.iter().map(|host| host.peer.clone()).collect();
        hosts.iter().try_for_each(|host| prepare(host, &peers))?;
        let others = |at: usize| {
            let others = peers.iter().enumerate().filter(|(other, _)| *other != at);
            others.map(|(_, peer)| peer.clone()).collect()
        };
        Self::start(at, hosts, others)
    }

    /// Starts hosts that are enrolled, of which each knows the others by what that says.
    ///
    /// # Errors
    /// [`Failure`] of any program.
    pub fn start(
        at: &Deployment,
        mut hosts: Vec<Host>,
        others: impl Fn(usize) -> Vec<Peer>,
    ) -> Result<Self, Failure> {
        for (at, host) in hosts.iter_mut().enumerate() {
            let others = others(at);
            host.start(&others.iter().collect::<Vec<_>>())?;
        }
        let codes = hosts.iter().map(|host| code(host, at));
        let codes = codes.collect::<Result<_, _>>()?;
        Ok(Self { hosts, codes })
    }

    /// The first member invites all others, with `arguments` after its command.
    ///
    /// # Errors
    /// [`Failure`] if `pals` cannot be started.
    pub fn create(&self, what: &[&str], arguments: &[&str]) -> Result<Running, Failure> {
        let create = self.hosts[0].pals(what).args(&["create", "--json"]);
        let others = self.codes[1..].iter();
        let create = others.fold(create, |create, code| create.args(&["--with", code]));
        Running::start(create.args(arguments))
    }

    /// Another member joins.
    ///
    /// # Errors
    /// [`Failure`] if `pals` cannot be started.
    pub fn join(
        &self,
        member: usize,
        what: &[&str],
        arguments: &[&str],
    ) -> Result<Running, Failure> {
        let join = self.hosts[member].pals(what);
        let join = join.args(&["join", "--json", "--yes", "--from", &self.codes[0]]);
        Running::start(join.args(arguments))
    }

    /// A sealed-bid auction in which all members take part, the first with `arguments`; in order of members.
    ///
    /// # Errors
    /// [`Failure`] if `pals` cannot be started.
    pub fn auction(&self, bids: &[u64], arguments: &[&str]) -> Result<Vec<Running>, Failure> {
        let bids: Vec<String> = bids.iter().map(u64::to_string).collect();
        let first = [&["--bid", &bids[0]], arguments].concat();
        let mut members = vec![self.create(&["auction"], &first)?];
        for (member, bid) in bids.iter().enumerate().skip(1) {
            members.push(self.join(member, &["auction"], &["--bid", bid])?);
        }
        Ok(members)
    }
}

/// So many hosts with a soft card each, not started yet.
///
/// # Errors
/// [`Failure`] if `etpctl` refuses.
pub fn enrol(at: &Deployment, n: usize) -> Result<Vec<Host>, Failure> {
    let third_party = at.enrol("service", "third-party")?;
    let hosts = (0..n).map(|i| at.host(&format!("host-{i}"), &third_party));
    hosts.collect()
}

fn code(host: &Host, at: &Deployment) -> Result<String, Failure> {
    let init = host.pals(&["init", "--json", "--scheme"]);
    let init = init
        .arg(at.scheme_file())
        .arg("--socket")
        .arg(host.socket());
    text(&init.run()?.json()?, "member")
}

fn text_or_empty(document: &serde_json::Value, field: &str) -> String {
    document[field].as_str().unwrap_or_default().to_owned()
}
