//! What a modest user waits for while a plugin works on every message of a hostile one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;
use system_tests::{Binaries, Deployment, Failure, Host};

use crate::bench::cell::{median, number};
use crate::bench::contender::{Contender, Peer, pin};
use crate::shell::Result;

/// Both types end at the table rule; one of them meets a plugin before, which spends what it may.
const RULES: &str = r#"
version = 1
[[policy]]
name = "burns"
kind = "plugin"
file = "burns.wasm"
when = { mtype = "0xc00f" }
[[policy]]
name = "refuses"
kind = "table"
[[policy.rule]]
mtype = ["0xc00e", "0xc00f"]
then = "refuse"
reason = "unwanted"
"#;

const BURNS: &str = include_str!("../../../bench/guard/burns.wat");

/// Parameter bytes of every message, and round trips of a measurement.
const SIZE: &str = "200";
const COUNT: &str = "4000";

/// Where the daemon runs, and where everybody else does.
const DAEMON: &str = "0";
const PROGRAMS: &str = "1";

/// A daemon with the rules above.
pub(super) struct Arena {
    release: PathBuf,
    host: Host,
    _deployment: Deployment,
}

/// What a hostile user does meanwhile.
#[derive(Clone, Copy)]
enum Hostile {
    Nothing,
    /// Messages that a table rule refuses.
    Floods,
    /// As many, and the plugin is asked about each.
    Burns,
    /// The same, by a program that also takes its share of the modest programs' core.
    Competes,
}

/// A modest user's round trip. Microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Times {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Medians, with ratios taken within each round.
#[derive(Debug, Serialize)]
pub(super) struct Waits {
    /// Nobody else sends.
    pub(super) idle: Times,
    /// A hostile user's messages are refused by a table rule.
    pub(super) flooded: Times,
    /// The plugin works on each of them.
    pub(super) burning: Times,
    /// The same, with the kernel's favour for nobody.
    pub(super) competing: Times,
    /// Flooded to idle.
    pub(super) flooded_ratio: Times,
    /// Burning to idle.
    pub(super) burning_ratio: Times,
    /// Competing to idle.
    pub(super) competing_ratio: Times,
}

impl Arena {
    pub(super) fn open(release: &Path) -> Result<Self> {
        let words = |failure: Failure| failure.to_string();
        let deployment = Deployment::create(Binaries::in_directory(release)).map_err(words)?;
        let third_party = deployment.enrol("service", "third-party").map_err(words)?;
        let mut host = deployment.host("a", &third_party).map_err(words)?;
        let module = wat::parse_str(BURNS).map_err(|error| error.to_string())?;
        let path = host.path().join("burns.wasm");
        std::fs::write(path, module).map_err(|error| format!("burns.wasm: {error}"))?;
        host.write_rules(&host.rules(), RULES).map_err(words)?;
        host.start(&[]).map_err(words)?;
        Ok(Self {
            release: release.to_path_buf(),
            host,
            _deployment: deployment,
        })
    }

    /// The median of idle round trips, with everything on one core.
    pub(super) fn round_trip_us(&self) -> Result<f64> {
        pin(self.host.pid(), DAEMON)?;
        Ok(self.times(DAEMON, Hostile::Nothing)?.p50)
    }

    pub(super) fn waits(&self, rounds: usize) -> Result<Waits> {
        pin(self.host.pid(), DAEMON)?;
        use Hostile::{Burns, Competes, Floods, Nothing};
        let round = |_| -> Result<Round> {
            let times = |it| self.times(PROGRAMS, it);
            Ok([
                times(Nothing)?,
                times(Floods)?,
                times(Burns)?,
                times(Competes)?,
            ])
        };
        let rounds: Vec<Round> = (0..rounds).map(round).collect::<Result<_>>()?;
        Ok(summary(&rounds))
    }

    fn times(&self, cores: &str, hostile: Hostile) -> Result<Times> {
        let echo = Peer::start(self.peer(cores, &["echo"], None))?;
        let (echo, id) = echo.with_id(Contender::Dispatchd)?;
        let flood = self.flood(hostile, id.as_deref())?;
        let ping = ["ping", "--size", SIZE, "--count", COUNT];
        let ping = Peer::start(self.peer(cores, &ping, id.as_deref()))?;
        let line = ping.with_id(Contender::Dispatchd)?.0.finish()?;
        flood.map(Peer::stop).transpose()?;
        echo.finish()?;
        Ok(Times {
            p50: number(&line, "p50_us")?,
            p99: number(&line, "p99_us")?,
        })
    }

    fn flood(&self, hostile: Hostile, to: Option<&str>) -> Result<Option<Peer>> {
        let mtype = match hostile {
            Hostile::Nothing => return Ok(None),
            Hostile::Floods => "c00e",
            Hostile::Burns | Hostile::Competes => "c00f",
        };
        let words = ["flood", "--mtype", mtype, "--size", SIZE];
        let mut command = match hostile {
            Hostile::Competes => self.peer(PROGRAMS, &words, to),
            _ => with_idle_priority(&self.peer(PROGRAMS, &words, to)),
        };
        command.stdin(Stdio::piped());
        let flood = Peer::start(command)?;
        Ok(Some(flood.with_id(Contender::Dispatchd)?.0))
    }

    fn peer(&self, cores: &str, words: &[&str], to: Option<&str>) -> Command {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", cores]);
        command.arg(self.release.join("bench-peer")).args(words);
        command.arg(self.host.socket()).arg("--dispatchd");
        command.args(to.iter().flat_map(|to| ["--to", to]));
        command
    }
}

/// A program that runs only when no other on its core wants to.
fn with_idle_priority(program: &Command) -> Command {
    let mut command = Command::new("chrt");
    command.args(["--idle", "0"]).arg(program.get_program());
    command.args(program.get_args());
    command
}

/// Idle, flooded, burning, competing.
type Round = [Times; 4];

fn summary(rounds: &[Round]) -> Waits {
    let over = |value: &dyn Fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let times = |at: usize| Times {
        p50: over(&|round| round[at].p50),
        p99: over(&|round| round[at].p99),
    };
    let ratio = |at: usize| Times {
        p50: over(&|round| round[at].p50 / round[0].p50),
        p99: over(&|round| round[at].p99 / round[0].p99),
    };
    Waits {
        idle: times(0),
        flooded: times(1),
        burning: times(2),
        competing: times(3),
        flooded_ratio: ratio(1),
        burning_ratio: ratio(2),
        competing_ratio: ratio(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_a_round() {
        let round = |idle: f64, burning: f64| {
            [idle, idle, burning, idle].map(|us| Times {
                p50: us,
                p99: 2.0 * us,
            })
        };
        let waits = summary(&[round(1.0, 3.0), round(10.0, 10.0), round(100.0, 200.0)]);
        assert_eq!((waits.idle.p50, waits.burning.p99), (10.0, 20.0));
        assert_eq!(
            (waits.burning_ratio.p50, waits.flooded_ratio.p99),
            (2.0, 1.0)
        );
    }
}
