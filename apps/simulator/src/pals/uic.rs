//! Uniform interactive consistency: agreement on the vector of inputs.

use oncard_trustedpals::Members;
use oncard_trustedpals::uic::{Config, ConfigError, Decision, Mode, Report, Status, Uic};

use super::{Attack, Claim, Ending, Hosts, Session, Trace};
use crate::dice::Dice;

/// Makes the configuration of a member of so many, so many of them faulty.
pub type Configure = fn(usize, usize, usize, Mode) -> Result<Config, ConfigError>;

/// Sessions of an agreement.
#[derive(Clone, Copy, Debug)]
pub struct Agreement {
    n: usize,
    t: usize,
    attack: Attack,
    configure: Configure,
}

impl Agreement {
    /// Of `n` members, of whose hosts at most `t` are corrupt and play like that.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(n: usize, t: usize, attack: Attack) -> Result<Self, ConfigError> {
        Self::configured(n, t, attack, Config::new)
    }

    /// The same with other rules.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn configured(
        n: usize,
        t: usize,
        attack: Attack,
        configure: Configure,
    ) -> Result<Self, ConfigError> {
        configure(n, t, 0, Mode::Full)?;
        Ok(Self {
            n,
            t,
            attack,
            configure,
        })
    }

    fn rounds(&self) -> u32 {
        self.t as u32 + 1
    }

    /// When every process with an honest host has decided, if `f` hosts are corrupt.
    fn bound(&self, f: usize) -> u32 {
        self.rounds().min(f as u32 + 2)
    }

    /// The input of each process is its own place.
    fn processes(&self, mode: Mode) -> Result<Vec<Uic<usize>>, ConfigError> {
        let process = |me| Ok(Uic::new((self.configure)(self.n, self.t, me, mode)?, me));
        (0..self.n).map(process).collect()
    }
}

impl Session for Agreement {
    fn run(&self, seed: u64, trace: &mut Trace) -> Result<Ending, String> {
        let mut dice = Dice::new(seed);
        let mode = match dice.chance(50) {
            true => Mode::Full,
            false => Mode::Stop,
        };
        let seed = dice.number();
        let mut hosts = Hosts::new(self.attack, self.n, self.t, self.rounds(), seed);
        let corrupt = Members::from_bits(hosts.corrupt());
        let mut processes = self.processes(mode).map_err(|error| error.to_string())?;
        trace.tell(|| format!("mode {mode:?}, corrupt hosts {corrupt:?}"));
        for round in 1..=self.rounds() {
            step(&mut processes, round, &mut hosts, trace);
        }
        self.check(corrupt, &processes)
    }

    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

fn step(processes: &mut [Uic<usize>], round: u32, hosts: &mut Hosts, trace: &mut Trace) {
    let said: Vec<Option<Report<usize>>> = processes.iter().map(Uic::report).collect();
    for (to, process) in processes.iter_mut().enumerate() {
        let hears = |(from, report): (usize, &Option<Report<usize>>)| {
            let report = report.clone()?;
            let is_lost = hosts.loses(round, from, to);
            trace.tell(|| format!("round {round}: {from} to {to}{}", lost(is_lost)));
            (!is_lost).then_some(report)
        };
        let heard: Vec<_> = said.iter().enumerate().map(hears).collect();
        process.step(&heard);
        trace.tell(|| told(round, to, process));
    }
}

fn lost(is_lost: bool) -> &'static str {
    if is_lost { ", lost" } else { "" }
}

fn told(round: u32, me: usize, process: &Uic<usize>) -> String {
    let trusted = process.trusted();
    let decided = match process.decision() {
        Some(decision) => format!(", decided {:?}", decision.values),
        None => String::new(),
    };
    match process.status() {
        Status::Halted(why) => format!("round {round}: {me} halted: {why:?}{decided}"),
        _ => format!("round {round}: {me} trusts {trusted:?}{decided}"),
    }
}

impl Agreement {
    /// Uniform agreement, validity and termination, in the number of rounds that is claimed.
    fn check(&self, corrupt: Members, processes: &[Uic<usize>]) -> Result<Ending, String> {
        let decisions: Vec<_> = processes.iter().map(Uic::decision).collect();
        let latest = self.latest(corrupt, &decisions)?;
        let mut others = decisions.iter().flatten();
        if let Some(first) = others.next()
            && let Some(other) = others.find(|it| it.values != first.values)
        {
            return Err(format!("agreement: {:?} and {:?}", first, other));
        }
        for decision in decisions.iter().flatten() {
            valid(corrupt, decision)?;
        }
        let (f, bound) = (corrupt.len(), self.bound(corrupt.len()));
        Ok(format!("{f} corrupt: decided by round {latest} of {bound}"))
    }

    /// In which round the last process with an honest host decided.
    fn latest(
        &self,
        corrupt: Members,
        decisions: &[Option<&Decision<usize>>],
    ) -> Result<u32, String> {
        let mut latest = 0;
        for (me, decision) in decisions.iter().enumerate() {
            match decision {
                _ if corrupt.contains(me) => {}
                None => return Err(format!("termination: {me} is correct and decides nothing")),
                Some(decision) => latest = latest.max(decision.round),
            }
        }
        match latest <= self.bound(corrupt.len()) {
            true => Ok(latest),
            false => Err(format!(
                "termination: a correct one decides in round {latest}"
            )),
        }
    }
}

fn valid(corrupt: Members, decision: &Decision<usize>) -> Result<(), String> {
    let is_right = |(member, value): (usize, &Option<usize>)| match value {
        None => corrupt.contains(member),
        Some(value) => *value == member,
    };
    match decision.values.iter().enumerate().all(is_right) {
        true => Ok(()),
        false => Err(format!("validity: {:?}", decision.values)),
    }
}
