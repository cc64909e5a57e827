//! `etpctl ping`: a card or a host's diagnostics port answers, a program may.

use std::time::{Duration, Instant};

use libetp::client::ClientError;
use libetp::client::blocking::Capability;
use libetp::frame::body::RequestError;
use libetp::params::host::{Ping, Pong};
use libetp::{Domain, EntityId};
use serde_json::json;

use super::{Daemon, Failure, Report, aliases};

pub(super) fn run(daemon: &Daemon, arguments: &super::Ping) -> Result<Report, Failure> {
    let peer = aliases()?.resolve(&arguments.id)?;
    let mut capability = acquire(daemon, arguments.domain, peer)?;
    let timeout = Duration::from_secs(arguments.timeout);
    let mut times_us = Vec::new();
    for number in 0..arguments.count {
        match ping(&mut capability, peer, number, timeout) {
            Ok(time_us) => times_us.push(time_us),
            Err(ClientError::Timeout(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let _ = capability.release();
    let lost = arguments.count - times_us.len() as u32;
    match lost {
        0 => Ok(report(peer, &times_us)),
        _ => Err(Failure::Lost {
            sent: arguments.count,
            lost,
        }),
    }
}

/// An id to ping from. Of several cards, it is the one that is pinged, unless another is named.
fn acquire(daemon: &Daemon, named: Option<Domain>, peer: EntityId) -> Result<Capability, Failure> {
    match daemon.connect()?.acquire(named, false) {
        Err(error) if named.is_none() && error.reason() == Some(RequestError::NoSuchCard) => {
            let own = daemon.connect()?.acquire(Some(peer.domain), false);
            own.map_err(|_| error.into())
        }
        acquired => Ok(acquired?),
    }
}

/// How long the answer took, in microseconds.
fn ping(
    capability: &mut Capability,
    peer: EntityId,
    number: u32,
    timeout: Duration,
) -> Result<u64, ClientError> {
    let nonce = number.to_be_bytes().to_vec();
    let question = Ping { nonce };
    let same = |pong: &Pong| pong.nonce == question.nonce;
    let start = Instant::now();
    capability.call_where(peer, &question, timeout, same)?;
    Ok(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}

fn report(peer: EntityId, times_us: &[u64]) -> Report {
    let lines = times_us
        .iter()
        .map(|time| format!("{peer} answered in {time} us\n"));
    Report {
        text: lines.collect(),
        json: json!({ "id": peer.to_string(), "times_us": times_us }),
    }
}
