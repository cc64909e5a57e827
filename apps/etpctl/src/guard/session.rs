//! Questions and orders to the daemon about Guard.

use libetp::client::blocking::Connection;
use libetp::client::control::guard::{Chain, Held, Policy, Record, Reply, Request};
use libetp::client::control::{ControlReply, ControlRequest};

use super::Failure;
use crate::control::{self, Daemon};

/// A connection, and what is asked over it. Lists are asked for until they are whole: an answer
/// has room for a part.
pub(super) struct Session {
    connection: Connection,
}

impl Session {
    pub(super) fn open(daemon: &Daemon) -> Result<Self, Failure> {
        let connection = daemon.connect()?;
        Ok(Self { connection })
    }

    /// Name and version of the daemon.
    pub(super) fn daemon(&self) -> &str {
        self.connection.daemon()
    }

    fn ask(&mut self, request: Request) -> Result<Reply, Failure> {
        match self.connection.control(&ControlRequest::Guard(request))? {
            ControlReply::Guard(Reply::Failed(why)) => Err(Failure::NotDone(why)),
            ControlReply::Guard(reply) => Ok(reply),
            _ => Err(other()),
        }
    }

    /// Has something done; what the daemon says of it.
    pub(super) fn order(&mut self, request: Request) -> Result<String, Failure> {
        match self.ask(request)? {
            Reply::Done(words) => Ok(words),
            _ => Err(other()),
        }
    }

    /// The chain.
    pub(super) fn chain(&mut self) -> Result<Chain, Failure> {
        match self.ask(Request::Chain)? {
            Reply::Chain(chain) => Ok(*chain),
            _ => Err(other()),
        }
    }

    /// Its policies.
    pub(super) fn policies(&mut self, chain: &Chain) -> Result<Vec<Policy>, Failure> {
        let mut all: Vec<Policy> = Vec::new();
        while all.len() < chain.policies as usize {
            let after = all.len() as u32;
            let Reply::Policies {
                generation,
                policies,
            } = self.ask(Request::Policies { after })?
            else {
                return Err(other());
            };
            if generation != chain.generation || policies.is_empty() {
                return Err(Failure::Replaced);
            }
            all.extend(policies);
        }
        Ok(all)
    }

    /// What one of them consists of.
    pub(super) fn explain(&mut self, chain: &Chain, policy: u32) -> Result<Vec<String>, Failure> {
        let mut all: Vec<String> = Vec::new();
        loop {
            let after = all.len() as u32;
            let Reply::Explained { generation, lines } =
                self.ask(Request::Explain { policy, after })?
            else {
                return Err(other());
            };
            if generation != chain.generation {
                return Err(Failure::Replaced);
            }
            if lines.is_empty() {
                return Ok(all);
            }
            all.extend(lines);
        }
    }

    /// Messages that wait for an answer.
    pub(super) fn held(&mut self) -> Result<Vec<Held>, Failure> {
        let mut all: Vec<Held> = Vec::new();
        loop {
            let after = all.last().map_or(0, |held| held.ticket);
            let Reply::Held(held) = self.ask(Request::Held { after })? else {
                return Err(other());
            };
            match held.last() {
                Some(last) if last.ticket > after => all.extend(held),
                _ => return Ok(all),
            }
        }
    }

    /// Some of what was recorded after a number.
    pub(super) fn records(&mut self, after: u64, payloads: bool) -> Result<Vec<Record>, Failure> {
        let request = Request::Records {
            after,
            limit: u32::MAX,
            payloads,
        };
        match self.ask(request)? {
            Reply::Records(records) => Ok(records),
            _ => Err(other()),
        }
    }
}

fn other() -> Failure {
    control::Failure::OtherAnswer.into()
}
