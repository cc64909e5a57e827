//! The life of a host's daemon.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Host, Peer};
use crate::program::{Failure, Program};

/// How long a daemon may take until its card is live, before a test gives up.
const START_S_MAX: u64 = 60;
/// How long messages wait for a card in a reader: a test that is slow for once is no reason to give up.
const CARD_AWAY_MS_MAX: u32 = 600_000;
/// How much of a log is shown when its daemon failed.
const LAST_WORDS_LINES: usize = 40;

impl Host {
    /// Starts the daemon and waits until its card is live.
    ///
    /// # Errors
    /// [`Failure`] with the daemon's last words, if it ends before.
    pub fn start(&mut self, peers: &[&Peer]) -> Result<(), Failure> {
        self.start_expecting(peers, "live")
    }

    /// Starts the daemon and waits until its card is in that state.
    ///
    /// # Errors
    /// [`Failure`] with the daemon's last words, if it ends before.
    pub fn start_expecting(&mut self, peers: &[&Peer], state: &str) -> Result<(), Failure> {
        self.write_config(peers)?;
        self.start_card()?;
        self.launch()?;
        self.wait_until(state)
    }

    /// Starts the daemon without a card, and waits for nothing.
    ///
    /// # Errors
    /// [`Failure`] if there is no such program.
    pub fn launch_without_card(&mut self, peers: &[&Peer]) -> Result<(), Failure> {
        self.write_config(peers)?;
        self.launch()
    }

    /// Starts the daemon with the configuration of its last start and waits until its card is live.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> Result<(), Failure> {
        self.start_card()?;
        self.launch()?;
        self.wait_until("live")
    }

    /// Starts the daemon with the configuration of its last start, and waits for nothing.
    ///
    /// # Errors
    /// [`Failure`] if there is no such program.
    pub fn launch(&mut self) -> Result<(), Failure> {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log());
        let log = log.map_err(Failure::io("log"))?;
        let mut daemon = self.daemon_command().into_command();
        let daemon = daemon
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.daemon = Some(daemon.map_err(Failure::io("dispatchd"))?);
        Ok(())
    }

    /// Whether the daemon and the card's process that were started still run.
    ///
    /// # Errors
    /// [`Failure`] with its last words, if one ended by itself.
    pub fn check_running(&mut self) -> Result<(), Failure> {
        self.check_card()?;
        let ended = self
            .daemon
            .as_mut()
            .is_some_and(|daemon| !matches!(daemon.try_wait(), Ok(None)));
        match ended {
            true => Err(Failure::new(format!(
                "dispatchd of {} ended by itself:\n{}",
                self.name,
                self.last_words()
            ))),
            false => Ok(()),
        }
    }

    /// The ends of the logs of the daemon and of what serves its card.
    pub fn last_words(&self) -> String {
        let logs = [self.log()].into_iter().chain(self.card_logs());
        logs.map(|log| last_lines(&log)).collect()
    }

    /// Waits until its card is in that state.
    ///
    /// # Errors
    /// [`Failure`] with the daemon's last words, if it ends before.
    pub fn wait_until(&mut self, state: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(START_S_MAX);
        while !self.is_in(state) {
            self.check_running()?;
            if Instant::now() > deadline {
                return Err(Failure::new(format!(
                    "the card of {} is not {state}:\n{}",
                    self.name,
                    self.last_words()
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn is_in(&self, state: &str) -> bool {
        let Ok(status) = self.etpctl(&["status"]).json() else {
            return false;
        };
        let cards = status["cards"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        !cards.is_empty() && cards.iter().all(|card| card["state"] == state)
    }

    /// The command that starts its daemon.
    pub fn daemon_command(&self) -> Program {
        let daemon = self.binaries.program("dispatchd").arg("--config");
        daemon.arg(self.config())
    }

    fn config(&self) -> PathBuf {
        self.directory.join("dispatchd.toml")
    }

    fn write_config(&self, peers: &[&Peer]) -> Result<(), Failure> {
        let mut text = format!(
            "[daemon]\nsocket = \"run/dispatchd.sock\"\nstate = \"state\"\nio_threads = {}\n\n\
             [host]\ncertificate = \"identity/host.der\"\n\
             intermediate = \"identity/host-intermediate.der\"\nkey = \"identity/host.key\"\n\n\
             [scheme]\nfile = \"{}\"\n\n[remote]\nlisten = \"{}\"\n\n\
             [[card]]\nowners = [0, {}]\n{}",
            self.io_threads,
            self.scheme_file.display(),
            self.listen_address(),
            owner_of(&self.directory)?,
            self.card_section(),
        );
        for peer in peers {
            let address = peer
                .address
                .map(|address| format!("address = \"{address}\"\n"));
            let (key, address, domains) = (&peer.key, address.unwrap_or_default(), &peer.domains);
            text += &format!("\n[[peer]]\nkey = \"{key}\"\n{address}domains = {domains:?}\n");
        }
        if self.is_in_reader() {
            text += &format!("\n[limits]\ncard_away_ms_max = {CARD_AWAY_MS_MAX}\n");
        }
        if self.rules().exists() {
            text += "\n[guard]\nfile = \"guard.toml\"\n";
        }
        let path = self.config();
        fs::write(&path, text).map_err(Failure::io(path.display()))
    }

    /// The rule file of its daemon. There is one if it was written before the start.
    pub fn rules(&self) -> PathBuf {
        self.directory.join("guard.toml")
    }

    /// Writes a rule file that the daemon's user alone can change.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be written.
    pub fn write_rules(&self, path: &Path, text: &str) -> Result<(), Failure> {
        fs::write(path, text).map_err(Failure::io(path.display()))?;
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(path, private).map_err(Failure::io(path.display()))
    }

    /// Waits until something is seen of the daemon.
    ///
    /// # Errors
    /// [`Failure`] of the look, or with the daemon's last words, if it is never seen.
    pub fn wait_for(
        &self,
        what: &str,
        mut seen: impl FnMut() -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(START_S_MAX);
        while !seen()? {
            if Instant::now() > deadline {
                let (name, words) = (&self.name, self.last_words());
                return Err(Failure::new(format!(
                    "{what} was not seen at {name}:\n{words}"
                )));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Sends the daemon a signal.
    ///
    /// # Errors
    /// [`Failure`] if there is no daemon.
    pub fn signal(&self, signal: &str) -> Result<(), Failure> {
        let (option, pid) = (format!("-{signal}"), self.pid().to_string());
        let kill = Program::new("kill".into()).args(&[&option, &pid]);
        match self.daemon {
            Some(_) => kill.run().map(drop),
            None => Err(Failure::new(format!("{} has no daemon", self.name))),
        }
    }

    /// Ends the daemon as an administrator does, and waits.
    ///
    /// # Errors
    /// [`Failure`] if it does not end well.
    pub fn stop(&mut self) -> Result<(), Failure> {
        if self.daemon.is_some() {
            self.signal("TERM")?;
        }
        let Some(mut daemon) = self.daemon.take() else {
            return Ok(());
        };
        let status = daemon.wait().map_err(Failure::io("dispatchd"))?;
        match status.success() {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "dispatchd of {} ended with {status}",
                self.name
            ))),
        }
    }

    /// Ends the daemon as a power cut does.
    pub fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill().ok();
            daemon.wait().ok();
        }
    }

    /// Leaves the daemon running when this goes away.
    pub fn leave_running(&mut self) {
        self.daemon = None;
    }
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(LAST_WORDS_LINES)..].join("\n");
    format!("{}:\n{last}\n", log.display())
}

fn owner_of(path: &Path) -> Result<u32, Failure> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path)
        .map(|meta| meta.uid())
        .map_err(Failure::io(path.display()))
}
