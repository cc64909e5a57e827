//! `simulator run` for the protocols of TrustedPals.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use simulator::pals::exchange::{self, FairExchange};
use simulator::pals::smc::Computation;
use simulator::pals::uic::Agreement;
use simulator::pals::{Attack, Claim, Session, Tally, Trace, chart};

use crate::report::{self, Progress};
use crate::{Against, Protocol, Run};

/// What there is if the command line does not say.
const N: usize = 5;
const SLOTS: u32 = 20;

/// What is settled of the sessions, and by which protocol.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Numbers {
    /// Members (5 if not given). Not for vouchers.
    #[arg(long)]
    n: Option<usize>,
    /// Of how many of them the hosts may be corrupt: fewer than half if not given, all but one in an exchange. Not for
    /// vouchers.
    #[arg(long)]
    t: Option<usize>,
    /// In one of how many slots the agreement of an exchange begins (20 if not given).
    #[arg(long)]
    slots: Option<u32>,
}

/// What is written beside the summary.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Outputs {
    /// Draws endings and what theory says of them, as SVG. Not for vouchers.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Tells the first failed run, or the last one if there is none, round by round. Not for vouchers.
    #[arg(long)]
    trace: bool,
}

impl Numbers {
    pub(crate) fn are_given(&self) -> bool {
        self.n.is_some() || self.t.is_some() || self.slots.is_some()
    }

    fn words(&self) -> String {
        let word = |name: &str, value: Option<u64>| match value {
            Some(value) => format!(" --{name} {value}"),
            None => String::new(),
        };
        let (n, t) = (self.n.map(|it| it as u64), self.t.map(|it| it as u64));
        word("n", n) + &word("t", t) + &word("slots", self.slots.map(u64::from))
    }
}

impl Outputs {
    pub(crate) fn are_given(&self) -> bool {
        self.plot.is_some() || self.trace
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Summary {
    protocol: Protocol,
    adversary: Against,
    first_seed: u64,
    runs: u64,
    endings: Tally,
    claims: Vec<Claim>,
    failed_seed: Option<u64>,
    error: Option<String>,
}

/// Runs the sessions and prints how they ended.
///
/// # Errors
/// In words, why there are no such sessions.
pub(crate) fn run(run: &Run) -> Result<bool, String> {
    let session = session(run)?;
    let mut summary = run_all(run, &*session);
    judge(&mut summary);
    if run.outputs.trace {
        let seed = summary.failed_seed.unwrap_or(run.seed + summary.runs - 1);
        tell(&*session, seed);
    }
    if let Some(path) = &run.outputs.plot {
        plot(path, run, &summary)?;
    }
    match run.json {
        true => report::json(&summary),
        false => print(&summary),
    }
    Ok(summary.error.is_none())
}

fn session(run: &Run) -> Result<Box<dyn Session>, String> {
    let n = run.numbers.n.unwrap_or(N);
    let minority = n.saturating_sub(1) / 2;
    let t = run.numbers.t.unwrap_or(minority);
    let no = || {
        let (adversary, protocol) = (run.adversary.name(), run.protocol.name());
        format!("there is no adversary `{adversary}` for {protocol}")
    };
    if run.numbers.slots.is_some() && run.protocol != Protocol::Exchange {
        return Err("--slots are of an exchange".into());
    }
    Ok(match run.protocol {
        Protocol::Uic => {
            let attack = of_hosts(run.adversary).ok_or_else(no)?;
            Box::new(Agreement::new(n, t, attack).map_err(words)?)
        }
        Protocol::Smc => {
            let attack = of_hosts(run.adversary).ok_or_else(no)?;
            Box::new(Computation::new(n, t, attack).map_err(words)?)
        }
        Protocol::Exchange => {
            let attack = of_exchange(run.adversary).ok_or_else(no)?;
            let t = run.numbers.t.unwrap_or(n.saturating_sub(1));
            let slots = run.numbers.slots.unwrap_or(SLOTS);
            Box::new(FairExchange::new(n, t, slots, attack).map_err(words)?)
        }
        Protocol::Voucher => return Err("vouchers have no rounds".into()),
    })
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn of_hosts(against: Against) -> Option<Attack> {
    match against {
        Against::None => Some(Attack::None),
        Against::Random => Some(Attack::Random),
        Against::Chain => Some(Attack::Chain),
        Against::OneWay => Some(Attack::OneWay),
        Against::Replay | Against::Rush | Against::Withhold => None,
    }
}

fn of_exchange(against: Against) -> Option<exchange::Attack> {
    match against {
        Against::None => Some(exchange::Attack::None),
        Against::Random => Some(exchange::Attack::Random),
        Against::OneWay => Some(exchange::Attack::OneWay),
        Against::Rush => Some(exchange::Attack::Rush),
        Against::Withhold => Some(exchange::Attack::Withhold),
        Against::Replay | Against::Chain => None,
    }
}

fn run_all(run: &Run, session: &dyn Session) -> Summary {
    let mut summary = Summary {
        protocol: run.protocol,
        adversary: run.adversary,
        first_seed: run.seed,
        runs: 0,
        endings: Tally::default(),
        claims: session.claims(),
        failed_seed: None,
        error: None,
    };
    let progress = Progress::new(run.runs);
    for seed in run.seeds() {
        summary.runs += 1;
        match session.run(seed, &mut Trace::default()) {
            Ok(ending) => summary.endings.add(ending),
            Err(error) => {
                summary.failed_seed = Some(seed);
                summary.error = Some(format!("seed {seed}: {error}\n{}", again(run, seed)));
                break;
            }
        }
        progress.at(summary.runs, "");
    }
    progress.end();
    summary
}

fn again(run: &Run, seed: u64) -> String {
    format!(
        "again with: simulator run --protocol {} --adversary {}{} --runs 1 --seed {seed} --trace",
        run.protocol.name(),
        run.adversary.name(),
        run.numbers.words(),
    )
}

/// What was seen is to bear out what is claimed.
fn judge(summary: &mut Summary) {
    let endings = &summary.endings;
    let wrong = summary.claims.iter().find(|it| !endings.bears_out(it));
    if let (None, Some(claim)) = (&summary.error, wrong) {
        let seen = endings.frequency(&claim.ending);
        let most = if claim.is_most { "at most " } else { "" };
        summary.error = Some(format!(
            "`{}` in {seen:.5} of all runs, {most}{:.5} by theory",
            claim.ending, claim.frequency
        ));
    }
}

fn tell(session: &dyn Session, seed: u64) {
    let mut trace = Trace::kept();
    let ending = session.run(seed, &mut trace).unwrap_or_else(|error| error);
    eprintln!("seed {seed}:");
    trace.lines().iter().for_each(|line| eprintln!("  {line}"));
    eprintln!("  {ending}");
}

fn plot(path: &Path, run: &Run, summary: &Summary) -> Result<(), String> {
    let title = format!(
        "{}{}, adversary {}",
        run.protocol.name(),
        run.numbers.words(),
        run.adversary.name()
    );
    let svg = chart::svg(&title, &summary.endings, &summary.claims);
    fs::write(path, svg).map_err(|error| format!("{}: {error}", path.display()))
}

fn print(summary: &Summary) {
    println!(
        "{} runs of {}, adversary {}",
        summary.runs,
        summary.protocol.name(),
        summary.adversary.name()
    );
    for (ending, count) in summary.endings.endings() {
        let frequency = 100.0 * summary.endings.frequency(ending);
        println!("{count:>12} {frequency:>9.4} %  {ending}");
    }
    for claim in &summary.claims {
        let most = if claim.is_most { "at most" } else { "" };
        let frequency = 100.0 * claim.frequency;
        println!("{most:>12} {frequency:>9.4} %  {} (theory)", claim.ending);
    }
    report::verdict("what theory says", summary.error.as_deref());
}
