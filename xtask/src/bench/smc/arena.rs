//! Hosts, their daemons, and auctions among them.

use std::thread;

use libetp::params::pals::{AuctionTerms, Descriptor};
use pals::{COVER_ROUNDS, Computation, Proposal};
use system_tests::{Deployment, Host, Peer};

use super::member::{Member, Told};
use super::tally::{Part, Span, Tally};
use super::words;
use crate::bench::contender::cpu_us_of;
use crate::shell::Result;

/// Nobody may miss a round because the machine is slow: rounds end when all packets are in.
const ROUND_MS: u32 = 20_000;

/// Daemons that run, and their members' programs.
pub(super) struct Arena {
    hosts: Vec<Host>,
    members: Vec<Member>,
    descriptor: Descriptor,
}

/// What a session took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    pub(super) rounds: u32,
    pub(super) setup: Part,
    pub(super) computing: Part,
    pub(super) daemons_cpu_us: f64,
    pub(super) programs_cpu_us: f64,
}

impl Arena {
    pub(super) fn assemble(at: &Deployment, n: usize) -> Result<Self> {
        let hosts = start(at, n)?;
        let members = hosts.iter().map(|host| Member::at(host, at));
        let members = members.collect::<Result<Vec<_>>>()?;
        let proposal = Proposal {
            members: members.iter().map(Member::named).collect(),
            computation: Computation::Auction(AuctionTerms {
                reserve: 1,
                auctioneer: None,
                is_price_public: false,
            }),
            min_class: 0,
            corrupt: None,
            cover_rounds: COVER_ROUNDS,
            round_ms: ROUND_MS,
        };
        Ok(Self {
            hosts,
            members,
            descriptor: proposal.descriptor(),
        })
    }

    /// One auction, from the first order to the last result.
    pub(super) fn session(&mut self) -> Result<Session> {
        let (daemons, programs) = (self.daemons_cpu_us()?, cpu_us_of(std::process::id())?);
        let told = self.play()?;
        let daemons_cpu_us = self.daemons_cpu_us()? - daemons;
        let programs_cpu_us = cpu_us_of(std::process::id())? - programs;
        check(&told, &self.descriptor)?;
        let span = Span::of(&told).ok_or("a session without members")?;
        let mut tally = Tally::new(span);
        self.hosts.iter().try_for_each(|host| tally.add(host))?;
        let (setup, computing) = tally.parts();
        Ok(Session {
            rounds: told[0].rounds,
            setup,
            computing,
            daemons_cpu_us,
            programs_cpu_us,
        })
    }

    /// All at once, each on a thread; the first one opens.
    fn play(&mut self) -> Result<Vec<Told>> {
        let descriptor = &self.descriptor;
        thread::scope(|scope| {
            let members = self.members.iter_mut().enumerate();
            let playing = members.map(|(at, member)| {
                let bid = 1_000 + at as u64;
                scope.spawn(move || match at {
                    0 => member.open(descriptor, bid),
                    _ => member.join(descriptor, bid),
                })
            });
            let playing: Vec<_> = playing.collect();
            let ended = playing.into_iter().map(|member| member.join());
            ended
                .map(|told| told.map_err(|_| "a member panicked".to_owned())?)
                .collect()
        })
    }

    fn daemons_cpu_us(&self) -> Result<f64> {
        self.hosts.iter().map(|host| cpu_us_of(host.pid())).sum()
    }
}

fn start(at: &Deployment, n: usize) -> Result<Vec<Host>> {
    let third_party = at.enrol("service", "third-party").map_err(words)?;
    let hosts = (0..n).map(|i| at.host(&format!("host-{i}"), &third_party));
    let mut hosts = hosts
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(words)?;
    let peers: Vec<Peer> = hosts.iter().map(|host| host.peer.clone()).collect();
    for (at, host) in hosts.iter_mut().enumerate() {
        let others = peers.iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<&Peer> = others.map(|(_, peer)| peer).collect();
        host.start(&others).map_err(words)?;
    }
    Ok(hosts)
}

/// The highest bid is the last member's, the price that of the one before.
fn check(told: &[Told], descriptor: &Descriptor) -> Result {
    let n = descriptor.members.0.len();
    let price = 1_000 + n as u64 - 2;
    for (at, told) in told.iter().enumerate() {
        let wins = at == n - 1;
        let right = told.won == wins && told.price == wins.then_some(price);
        if !right {
            return Err(format!("member {at} was told another end: {told:?}"));
        }
    }
    Ok(())
}
