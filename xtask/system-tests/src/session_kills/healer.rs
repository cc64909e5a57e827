//! After a session: all that was touched is as before.

use std::thread;
use std::time::{Duration, Instant};

use libetp::EntityId;
use libetp::client::ClientError;
use libetp::client::blocking::{Capability, Connection};
use libetp::params::host::{Ping, Pong};
use serde_json::Value;

use super::endings::{End, Ending};
use crate::host::Host;
use crate::program::Failure;

/// After so long a link never comes up again.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a ping may take on a link that is up; a lost one is repeated.
const PONG: Duration = Duration::from_millis(400);
/// How long a ping rests that was turned away.
const REST: Duration = Duration::from_millis(20);

/// Waits until daemons and cards are there again, and asks each card how the session ended.
pub(super) fn heal(hosts: &mut [Host], touched: &[usize]) -> Result<Vec<(usize, Ending)>, Failure> {
    hosts.iter_mut().try_for_each(Host::check_running)?;
    for at in touched {
        hosts[*at].wait_until("live")?;
    }
    let later = touched.iter().map(|at| Ok((*at, ask(&hosts[*at])?)));
    later.collect()
}

/// How the session ended, says the card; one that still goes on is left.
fn ask(host: &Host) -> Result<Ending, Failure> {
    let status = host.pals(&["status", "--json"]).output()?;
    let stage = status.json()?["stage"].take();
    match stage {
        Value::String(_) => {
            host.pals(&["leave", "--json"]).run()?;
            Ok(Ending::Without("left".into()))
        }
        _ => Ok(End::of(&status).ending),
    }
}

/// Waits until every host hears every other host's card.
pub(super) fn reconnect(hosts: &[Host]) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    for host in hosts {
        let others = hosts.iter().filter(|other| other.name != host.name);
        let cards = others.map(card).collect::<Result<Vec<_>, _>>()?;
        let mut pinger = pinger(host)?;
        for card in cards {
            while !answers(&mut pinger, card).map_err(failed(host))? {
                if Instant::now() > deadline {
                    let words = format!("{} does not hear {card} any more", host.name);
                    return Err(Failure::new(words));
                }
            }
        }
        pinger.release().map_err(failed(host))?;
    }
    Ok(())
}

fn card(host: &Host) -> Result<EntityId, Failure> {
    let card = host.card();
    card.parse()
        .map_err(|error| Failure::new(format!("{card}: {error}")))
}

fn pinger(host: &Host) -> Result<Capability, Failure> {
    let connection = Connection::open(host.socket(), "pinger").map_err(failed(host))?;
    connection.acquire(None, false).map_err(failed(host))
}

fn failed(host: &Host) -> impl Fn(ClientError) -> Failure {
    move |error| Failure::new(format!("{}: {error}", host.name))
}

fn answers(pinger: &mut Capability, card: EntityId) -> Result<bool, ClientError> {
    let ping = Ping { nonce: Vec::new() };
    match pinger.call::<_, Pong>(card, &ping, PONG) {
        Ok(_) => Ok(true),
        Err(ClientError::Timeout(_)) => Ok(false),
        Err(ClientError::Undelivered(_)) => {
            thread::sleep(REST);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
