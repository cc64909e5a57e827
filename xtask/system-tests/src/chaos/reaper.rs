//! Kills what is to be killed when its time has come, and brings it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::script::{After, Blow, Home, PLACES, Part, Place, Victim};
use super::tally::Kills;
use crate::host::Host;
use crate::program::Failure;
use crate::reader::PcscService;
use crate::watch::Watch;

/// How often an event is looked for.
const LOOK: Duration = Duration::from_micros(200);

/// Has the hosts in hand.
#[derive(Debug)]
pub(super) struct Reaper {
    /// In order of [`PLACES`].
    pub(super) hosts: [Host; 3],
    /// Where some cards are, if they are in readers.
    service: Option<PcscService>,
    watches: [Watch; 3],
    answers: [Arc<AtomicU64>; 2],
    /// As many answers as there were when last counted.
    answered: [u64; 2],
}

impl Reaper {
    pub(super) fn new(
        hosts: [Host; 3],
        service: Option<PcscService>,
        answers: [Arc<AtomicU64>; 2],
    ) -> Self {
        let watches = PLACES.map(|place| Watch::new(hosts[place as usize].socket()));
        Self {
            hosts,
            service,
            watches,
            answers,
            answered: [0; 2],
        }
    }

    /// Deals the blows whose events come before `over`; what it killed.
    pub(super) fn reap(&mut self, blows: &[Blow], over: &AtomicBool) -> Result<Kills, Failure> {
        let mut kills = Kills::default();
        for blow in blows {
            if !self.wait(blow.after, over)? {
                break;
            }
            std::thread::sleep(blow.spread);
            for victim in &blow.victims {
                self.kill(*victim);
                kills.count(*victim);
            }
            std::thread::sleep(blow.down);
            self.bring_back(&blow.victims)?;
        }
        Ok(kills)
    }

    fn kill(&mut self, victim: Victim) {
        let host = &mut self.hosts[victim.place as usize];
        match victim.part {
            Part::Daemon => host.kill(),
            Part::Card => host.kill_card(),
            Part::Proxy => host.kill_proxy(),
            Part::Service => self.service.iter_mut().for_each(PcscService::kill),
        }
    }

    fn bring_back(&mut self, victims: &[Victim]) -> Result<(), Failure> {
        let is_service = |victim: &Victim| victim.part == Part::Service;
        if let Some(service) = self
            .service
            .as_mut()
            .filter(|_| victims.iter().any(is_service))
        {
            service.launch()?;
        }
        for victim in victims {
            let host = &mut self.hosts[victim.place as usize];
            host.launch_card()?;
            if victim.part == Part::Daemon {
                host.launch()?;
            }
        }
        Ok(())
    }

    /// Waits for an event; false if everything is over before.
    fn wait(&mut self, after: After, over: &AtomicBool) -> Result<bool, Failure> {
        let mut left = match after {
            After::Traced(_, count) | After::Answers(_, count) => count,
            After::Step(..) => 1,
        };
        self.passed(after);
        while left > 0 {
            if over.load(Ordering::Relaxed) {
                return Ok(false);
            }
            std::thread::sleep(LOOK);
            left = left.saturating_sub(self.passed(after));
            self.check_running()?;
        }
        Ok(true)
    }

    /// What passed of an event since the last call.
    fn passed(&mut self, after: After) -> usize {
        match after {
            After::Traced(place, _) => self.watches[place as usize].news().len(),
            After::Step(place, step) => {
                let news = self.watches[place as usize].news();
                news.iter().filter(|mtype| **mtype == step).count()
            }
            After::Answers(side, _) => {
                let now = self.answers[side as usize].load(Ordering::Relaxed);
                let before = std::mem::replace(&mut self.answered[side as usize], now);
                (now - before) as usize
            }
        }
    }

    /// Nobody but this one ends anything.
    pub(super) fn check_running(&mut self) -> Result<(), Failure> {
        self.service
            .iter_mut()
            .try_for_each(PcscService::check_running)?;
        self.hosts.iter_mut().try_for_each(Host::check_running)
    }

    /// `kill -9` of all that runs at one host, and its return.
    pub(super) fn strike(&mut self, place: Place) -> Result<(), Failure> {
        let host = &mut self.hosts[place as usize];
        host.kill();
        host.kill_card();
        host.launch_card()?;
        host.launch()
    }

    /// Gives the cards processes of their own, or puts them into the daemons: in order of [`PLACES`]. Cards in readers
    /// stay there.
    pub(super) fn house(&mut self, homes: [Home; 3]) -> Result<(), Failure> {
        let peers = self.hosts.each_ref().map(|host| host.peer.clone());
        for (at, host) in self.hosts.iter_mut().enumerate() {
            let serves = homes[at] == Home::Process;
            if homes[at] != Home::Reader && host.serves_card() != serves {
                host.kill();
                host.serve_card(serves);
                let others = (0..peers.len()).filter(|other| *other != at);
                let others: Vec<_> = others.map(|other| &peers[other]).collect();
                host.start(&others)?;
            }
        }
        Ok(())
    }
}
