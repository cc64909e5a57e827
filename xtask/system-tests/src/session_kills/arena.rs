//! Hosts whose owners compute together, in one session after the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::cables::Cables;
use super::endings::{End, Ending};
use super::healer::{heal, reconnect};
use super::judge::{Trial, Verdict, judge};
use super::reaper::Reaper;
use super::script::{Script, corrupt_max, has_card_process};
use super::tally::{Blows, Tally};
use crate::binaries::Binaries;
use crate::deployment::Deployment;
use crate::pals::{Parties, Running, enrol};
use crate::program::{Failure, Output};
use crate::watch::Watch;

/// How long a round lasts at most, at first: some times what it takes on a busy machine.
const ROUND_MS: u64 = 400;
/// How often a session is played until it is decided, each time with rounds of twice the length.
const TRIES: u32 = 4;
/// How many rounds' time members have to join.
const JOIN_ROUNDS: u64 = 50;
/// After so long without an end, somebody waits for ever.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often somebody looks for the end.
const LOOK: Duration = Duration::from_millis(5);

/// Daemons that run, with links that can be cut, and their owners.
#[derive(Debug)]
pub struct Arena {
    // Before the hosts and their directory.
    watches: Vec<Watch>,
    parties: Parties,
    cables: Cables,
    deployment: Deployment,
    tally: Tally,
}

/// What is known when a session is over.
#[derive(Debug)]
struct Over {
    ends: Vec<End>,
    later: Vec<(usize, Ending)>,
    dealt: Blows,
    said: Vec<Output>,
}

impl Arena {
    /// Deploys so many hosts.
    ///
    /// # Errors
    /// [`Failure`] of the first program that does not do as it should.
    pub fn prepare(binaries: &Binaries, n: usize) -> Result<Self, Failure> {
        let deployment = Deployment::create(binaries.clone())?;
        let mut hosts = enrol(&deployment, n)?;
        for (at, host) in hosts.iter_mut().enumerate() {
            host.serve_card(has_card_process(at));
        }
        let cables = Cables::lay(hosts.iter().map(|host| host.peer.clone()).collect())?;
        let parties = Parties::start(&deployment, hosts, |at| cables.peers_of(at))?;
        let watches = parties.hosts.iter().map(|host| Watch::new(host.socket()));
        Ok(Self {
            watches: watches.collect(),
            parties,
            cables,
            deployment,
            tally: Tally::default(),
        })
    }

    /// What the sessions so far came to.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Plays one session until it is decided.
    ///
    /// # Errors
    /// [`Failure`] with the seed, what was said, and where the logs are kept.
    pub fn play(mut self, script: &Script) -> Result<Self, Failure> {
        for attempt in 0..TRIES {
            let round = Duration::from_millis(ROUND_MS << attempt);
            let over = match self.session(script, round) {
                Ok(over) => over,
                Err(failure) => return Err(self.report(script, &failure.to_string(), &[])),
            };
            self.tally.blows = self.tally.blows + over.dealt;
            let touched = script.touched();
            let corrupt = corrupt_max(script.numbers.len());
            let verdict = judge(&Trial {
                numbers: &script.numbers,
                corrupt,
                touched: &touched,
                ends: &over.ends,
                later: &over.later,
            });
            match verdict {
                Verdict::Violation(words) => return Err(self.report(script, &words, &over.said)),
                Verdict::Undecided(words) => {
                    eprintln!("seed {}, rounds of {round:?}: {words}", script.seed);
                    self.tally.repeated += 1;
                    continue;
                }
                Verdict::Unstarted => self.tally.unstarted += 1,
                Verdict::Right => {}
            }
            self.tally.beyond += usize::from(touched.len() > corrupt);
            self.tally.count(&over.ends);
            return Ok(self);
        }
        self.tally.undecided += 1;
        Ok(self)
    }

    fn session(&mut self, script: &Script, round: Duration) -> Result<Over, Failure> {
        reconnect(&self.parties.hosts)?;
        self.watches.iter_mut().for_each(|watch| drop(watch.news()));
        let programs = self.start(script, round)?;
        let dealt = self.fight(script, &programs, round)?;
        let touched = script.touched();
        let ended = programs.into_iter().map(|program| {
            let program = program.into_inner();
            program.unwrap_or_else(PoisonError::into_inner).end()
        });
        let said = ended.collect::<Result<Vec<_>, _>>()?;
        let later = heal(&mut self.parties.hosts, &touched)?;
        Ok(Over {
            ends: said.iter().map(End::of).collect(),
            later,
            dealt,
            said,
        })
    }

    /// The first member creates the session, all others join.
    fn start(&self, script: &Script, round: Duration) -> Result<Vec<Mutex<Running>>, Failure> {
        let round_ms = round.as_millis() as u64;
        let wait_s = (round_ms * JOIN_ROUNDS).div_ceil(1_000).to_string();
        let (round_ms, sum) = (round_ms.to_string(), ["run", "sum"]);
        let numbers: Vec<String> = script.numbers.iter().map(i64::to_string).collect();
        let common = |at: usize| vec!["--value", &numbers[at], "--wait", &wait_s];
        let terms = ["--at-least", "1", "--round-ms", &round_ms];
        let create = [common(0), terms.to_vec()].concat();
        let mut programs = vec![Mutex::new(self.parties.create(&sum, &create)?)];
        for at in 1..numbers.len() {
            programs.push(Mutex::new(self.parties.join(at, &sum, &common(at))?));
        }
        Ok(programs)
    }

    /// Deals all blows while the session runs, and waits until all programs have ended.
    fn fight(
        &mut self,
        script: &Script,
        programs: &[Mutex<Running>],
        round: Duration,
    ) -> Result<Blows, Failure> {
        let is_over = AtomicBool::new(false);
        let (cables, is_over) = (&self.cables, &is_over);
        thread::scope(|scope| {
            let hosts = self.parties.hosts.iter_mut().zip(&mut self.watches);
            let mut reapers = Vec::new();
            for (at, (host, watch)) in hosts.enumerate() {
                let Some(victim) = script.victims.iter().find(|it| it.host == at) else {
                    continue;
                };
                let reaper = Reaper {
                    at,
                    host,
                    watch,
                    cables,
                    program: &programs[at],
                    round,
                    is_over,
                };
                reapers.push(scope.spawn(move || reaper.deal(&victim.blows)));
            }
            let ended = wait_for_ends(programs);
            is_over.store(true, Ordering::SeqCst);
            let panicked = |_| Err(Failure::new("a reaper panicked"));
            let dealt = reapers
                .into_iter()
                .map(|reaper| reaper.join().unwrap_or_else(panicked))
                .try_fold(Blows::default(), |all, dealt| Ok(all + dealt?));
            ended.and(dealt)
        })
        // What took over in the meantime ends, too.
        .and_then(|dealt| wait_for_ends(programs).map(|()| dealt))
    }

    fn report(self, script: &Script, words: &str, said: &[Output]) -> Failure {
        let logs = self.deployment.keep();
        let said = said.iter().enumerate().map(|(at, output)| {
            let Output { stdout, stderr, .. } = output;
            format!("member {at}: {:?}\n{stdout}{stderr}", output.code)
        });
        Failure::new(format!(
            "seed {}: {words}\n{script:#?}\n{}\nlogs and cards are kept in {}\n\
             again with: TENET_SESSIONS=1 TENET_SESSIONS_SEED={} cargo nextest run --package system-tests \
             --test session_kills",
            script.seed,
            said.collect::<Vec<_>>().join("\n"),
            logs.path().display(),
            script.seed,
        ))
    }
}

fn wait_for_ends(programs: &[Mutex<Running>]) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    for (at, program) in programs.iter().enumerate() {
        let has_ended = || {
            let mut program = program.lock().unwrap_or_else(PoisonError::into_inner);
            program.has_ended()
        };
        while !has_ended()? {
            if Instant::now() > deadline {
                return Err(Failure::new(format!(
                    "the session of member {at} never ends"
                )));
            }
            thread::sleep(LOOK);
        }
    }
    Ok(())
}
