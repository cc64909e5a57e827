//! The processes in the middle, and how a cell is measured through them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use system_tests::{Binaries, Deployment, Host};

use super::cell::{Cell, Kind, Sample, number};
use crate::shell::Result;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Contender {
    Relay,
    Dispatchd,
}

/// The relay and a daemon with its card, both running.
pub(crate) struct Arena {
    release: PathBuf,
    relay: Child,
    host: Host,
    deployment: Deployment,
}

impl Arena {
    pub(crate) fn open(release: &Path) -> Result<Self> {
        let words = |failure: system_tests::Failure| failure.to_string();
        let binaries = Binaries::in_directory(release);
        let deployment = Deployment::create(binaries).map_err(words)?;
        let third_party = deployment.enrol("service", "third-party").map_err(words)?;
        let mut host = deployment.host("a", &third_party).map_err(words)?;
        host.start(&[]).map_err(words)?;
        let relay = Command::new(release.join("bench-peer"))
            .arg("relay")
            .arg(deployment.path().join("relay.sock"))
            .spawn()
            .map_err(|error| format!("relay: {error}"))?;
        Ok(Self {
            release: release.to_path_buf(),
            relay,
            host,
            deployment,
        })
    }

    pub(crate) fn measure(&self, contender: Contender, cell: Cell) -> Result<Sample> {
        let middle = self.pid(contender);
        pin(middle, cell.cores())?;
        let before = cpu_us_of(middle)?;
        let far = self.peer(contender, cell, Side::Far, None)?;
        let (far, id) = far.with_id(contender)?;
        let near = self
            .peer(contender, cell, Side::Near, id.as_deref())?
            .with_id(contender)?
            .0;
        let near = near.finish()?;
        let far = far.finish()?;
        let per_message = |us: f64| us / cell.count() as f64;
        let middle_cpu_us = per_message(cpu_us_of(middle)? - before);
        let far_cpu_us = match cell.kind {
            Kind::RoundTrip { .. } => per_message(number(&far, "cpu_us")?),
            Kind::Flow { .. } => number(&far, "cpu_us")?,
        };
        let value = number(
            &near,
            if cell.is_round_trip() {
                "p50_us"
            } else {
                "per_s"
            },
        )?;
        let p99 = near["p99_us"].as_f64().unwrap_or(f64::NAN);
        let cpu_us = number(&near, "cpu_us")? + far_cpu_us + middle_cpu_us;
        Ok(Sample {
            value,
            p99,
            cpu_us,
            middle_cpu_us,
        })
    }

    fn pid(&self, contender: Contender) -> u32 {
        match contender {
            Contender::Relay => self.relay.id(),
            Contender::Dispatchd => self.host.pid(),
        }
    }

    fn peer(&self, contender: Contender, cell: Cell, side: Side, to: Option<&str>) -> Result<Peer> {
        let socket = match contender {
            Contender::Relay => self.deployment.path().join("relay.sock"),
            Contender::Dispatchd => self.host.socket(),
        };
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", cell.cores()])
            .arg(self.release.join("bench-peer"));
        command.args(cell.words(side)).arg(socket);
        if contender == Contender::Dispatchd {
            command.arg("--dispatchd");
        }
        if let Some(to) = to {
            command.args(["--to", to]);
        }
        Peer::start(command)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.relay.kill().ok();
        self.relay.wait().ok();
    }
}

#[derive(Clone, Copy)]
enum Side {
    Near,
    Far,
}

impl Cell {
    fn is_round_trip(self) -> bool {
        matches!(self.kind, Kind::RoundTrip { .. })
    }

    fn cores(self) -> &'static str {
        match self.kind {
            Kind::RoundTrip { .. } => "0",
            Kind::Flow { cores, .. } => cores,
        }
    }

    fn count(self) -> usize {
        match self.kind {
            Kind::RoundTrip { count } | Kind::Flow { count, .. } => count,
        }
    }

    fn words(self, side: Side) -> Vec<String> {
        let size = self.size;
        let words = match (self.kind, side) {
            (Kind::RoundTrip { .. }, Side::Far) => "echo".to_owned(),
            (Kind::RoundTrip { count }, Side::Near) => {
                format!("ping --size {size} --count {count}")
            }
            (Kind::Flow { count, group, .. }, Side::Far) => {
                format!("sink --count {count} --group {group}")
            }
            (
                Kind::Flow {
                    count,
                    group,
                    batch,
                    ..
                },
                Side::Near,
            ) => {
                format!("source --size {size} --count {count} --group {group} --batch {batch}")
            }
        };
        words.split(' ').map(str::to_owned).collect()
    }
}

/// A peer that runs.
pub(super) struct Peer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Peer {
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("taskset (util-linux): {error}"))?;
        let stdout = child
            .stdout
            .take()
            .ok_or("a peer without standard output")?;
        Ok(Self {
            child,
            lines: BufReader::new(stdout),
        })
    }

    /// Through dispatchd a peer says its id first.
    pub(super) fn with_id(mut self, contender: Contender) -> Result<(Self, Option<String>)> {
        if contender == Contender::Relay {
            return Ok((self, None));
        }
        let mut line = String::new();
        self.lines
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        Ok((self, Some(line.trim().to_owned())))
    }

    /// Ends its standard input, and waits until it ends.
    pub(super) fn stop(mut self) -> Result<Value> {
        drop(self.child.stdin.take());
        self.finish()
    }

    pub(super) fn finish(mut self) -> Result<Value> {
        let mut text = String::new();
        self.lines
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
        self.child.wait().map_err(|error| error.to_string())?;
        let line = text.lines().last().ok_or("a peer ended without a word")?;
        serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))
    }
}

pub(super) fn pin(pid: u32, cores: &str) -> Result {
    let pid = pid.to_string();
    let mut taskset = Command::new("taskset");
    taskset
        .args(["--all-tasks", "--cpu-list", "--pid", cores, &pid])
        .stdout(Stdio::null());
    crate::shell::run(&mut taskset)
}

/// CPU time of a running process so far, user and system.
pub(super) fn cpu_us_of(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let fields = stat
        .rsplit_once(") ")
        .map(|(_, fields)| fields)
        .unwrap_or_default();
    let ticks = |at: usize| {
        fields
            .split(' ')
            .nth(at)
            .and_then(|field| field.parse::<f64>().ok())
    };
    let ticks = ticks(11)
        .zip(ticks(12))
        .ok_or_else(|| format!("{path}: not understood"))?;
    Ok((ticks.0 + ticks.1) * US_PER_TICK)
}

/// Linux counts CPU time for user space in hundredths of a second.
const US_PER_TICK: f64 = 10_000.0;
