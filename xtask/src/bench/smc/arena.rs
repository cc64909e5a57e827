//! Hosts, their daemons, and sessions among them.

use std::thread;
use std::time::Duration;

use system_tests::pals::enrol;
use system_tests::reader::Slot;
use system_tests::{Deployment, Host, Peer};

use super::member::{Member, Told};
use super::tally::{Part, Span, Tally};
use super::task::Task;
use super::words;
use crate::bench::contender::cpu_us_of;
use crate::shell::Result;

/// Daemons that run, and their members' programs.
pub(super) struct Arena {
    hosts: Vec<Host>,
    members: Vec<Member>,
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
    /// So many; the last one's card is in that reader, if there is one.
    pub(super) fn assemble(at: &Deployment, n: usize, reader: Option<&Slot>) -> Result<Self> {
        let hosts = start(at, n, reader)?;
        let members = hosts.iter().map(|host| Member::at(host, at));
        let members = members.collect::<Result<Vec<_>>>()?;
        Ok(Self { hosts, members })
    }

    /// Gives each card the function, once and for all; how long that took for each.
    pub(super) fn load(&mut self, task: Task) -> Result<Vec<Duration>> {
        let module = task.shipped().module();
        let members = self.members.iter_mut();
        members.map(|member| member.load(module)).collect()
    }

    /// One session, from the first order to the last result.
    pub(super) fn session(&mut self, task: Task) -> Result<Session> {
        let (daemons, programs) = (self.daemons_cpu_us()?, cpu_us_of(std::process::id())?);
        let told = self.play(task)?;
        let daemons_cpu_us = self.daemons_cpu_us()? - daemons;
        let programs_cpu_us = cpu_us_of(std::process::id())? - programs;
        for (at, told) in told.iter().enumerate() {
            task.check(&told.result, at, self.members.len())?;
        }
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
    fn play(&mut self, task: Task) -> Result<Vec<Told>> {
        let descriptor = &task.descriptor(self.members.iter().map(Member::named).collect());
        thread::scope(|scope| {
            let members = self.members.iter_mut().enumerate();
            let playing = members.map(|(at, member)| {
                let input = task.input(at);
                scope.spawn(move || match at {
                    0 => member.open(descriptor, input),
                    _ => member.join(descriptor, input),
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

fn start(at: &Deployment, n: usize, reader: Option<&Slot>) -> Result<Vec<Host>> {
    let mut hosts = enrol(at, n).map_err(words)?;
    if let (Some(host), Some(slot)) = (hosts.last_mut(), reader) {
        host.put_into_reader(slot, &[], &[]);
    }
    let peers: Vec<Peer> = hosts.iter().map(|host| host.peer.clone()).collect();
    for (at, host) in hosts.iter_mut().enumerate() {
        let others = peers.iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<&Peer> = others.map(|(_, peer)| peer).collect();
        host.start(&others).map_err(words)?;
    }
    Ok(hosts)
}
