//! Processes that run in lockstep, and channels that lose messages.

use oncard_trustedpals::Members;
use oncard_trustedpals::uic::{Config, Mode, Report, Rules, Uic};

/// The input of a process is its own place.
pub(crate) type Process = Uic<u8>;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) n: usize,
    pub(crate) t: usize,
    pub(crate) mode: Mode,
    pub(crate) rules: Rules,
}

impl Setting {
    /// The algorithm itself.
    pub(crate) fn new(n: usize, t: usize, mode: Mode) -> Self {
        let rules = Rules::ALL;
        Self { n, t, mode, rules }
    }

    pub(crate) fn rounds(&self) -> usize {
        self.t + 1
    }

    pub(crate) fn processes(&self) -> Vec<Process> {
        self.trusting(&vec![Members::first(self.n); self.n])
    }

    /// Processes that trust these from the start.
    pub(crate) fn trusting(&self, trusted: &[Members]) -> Vec<Process> {
        let process = |(me, trusted): (usize, &Members)| {
            let config = Config::mutant(self.n, self.t, me, self.mode, self.rules);
            Uic::trusting(config.unwrap(), me as u8, *trusted)
        };
        trusted.iter().enumerate().map(process).collect()
    }
}

/// What all processes say in the next round.
pub(crate) fn reports(processes: &[Process]) -> Vec<Option<Report<u8>>> {
    processes.iter().map(Process::report).collect()
}

/// The process after a round in which it does not hear the `deaf_to`.
pub(crate) fn stepped(process: &Process, said: &[Option<Report<u8>>], deaf_to: Members) -> Process {
    let hears = |(from, report): (usize, &Option<Report<u8>>)| {
        report.clone().filter(|_| !deaf_to.contains(from))
    };
    let heard: Vec<_> = said.iter().enumerate().map(hears).collect();
    let mut process = process.clone();
    process.step(&heard);
    process
}

/// Whom each process does not hear in each round.
pub(crate) type Losses = Vec<Vec<Members>>;

/// Runs all rounds.
pub(crate) fn run(setting: &Setting, mut processes: Vec<Process>, losses: &Losses) -> Vec<Process> {
    for round in losses.iter().take(setting.rounds()) {
        let said = reports(&processes);
        let step = |(process, deaf_to): (&Process, &Members)| stepped(process, &said, *deaf_to);
        processes = processes.iter().zip(round).map(step).collect();
    }
    processes
}

/// The processes that `to` may be made not to hear: those on a channel with a faulty end.
pub(crate) fn lossy(setting: &Setting, faulty: Members, to: usize) -> Members {
    let others = (0..setting.n).filter(|from| *from != to);
    others
        .filter(|from| faulty.contains(*from) || faulty.contains(to))
        .collect()
}
