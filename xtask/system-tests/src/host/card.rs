//! The life of a host's card in a process of its own.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::Host;
use crate::program::Failure;

/// How long a card process may take until it listens, before a test gives up.
const START_S_MAX: u64 = 60;

/// Where a host's card lives.
#[derive(Debug, Default)]
pub(super) enum CardHome {
    /// In the daemon.
    #[default]
    Daemon,
    /// In a process of its own, while there is one.
    Process(Option<Child>),
}

impl Host {
    /// Whether the card has a process of its own.
    pub fn serves_card(&self) -> bool {
        matches!(self.card_home, CardHome::Process(_))
    }

    /// Gives the card a process of its own, or puts it into the daemon, from the next start on.
    pub fn serve_card(&mut self, serves: bool) {
        self.kill_card();
        self.card_home = match serves {
            true => CardHome::Process(None),
            false => CardHome::Daemon,
        };
    }

    /// The card's section in the daemon's configuration.
    pub(super) fn card_section(&self) -> String {
        match self.card_home {
            CardHome::Daemon => "kind = \"soft\"\ndirectory = \"card\"\n".into(),
            CardHome::Process(_) => "kind = \"process\"\nsocket = \"run/card.sock\"\n".into(),
        }
    }

    /// Starts the card's process, if it has one that does not run, and waits for nothing.
    ///
    /// # Errors
    /// [`Failure`] if there is no such program.
    pub fn launch_card(&mut self) -> Result<(), Failure> {
        let CardHome::Process(None) = self.card_home else {
            return Ok(());
        };
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.card_log());
        let program = self.binaries.program("softcard").arg("serve");
        let program = program.arg(self.path().join("card")).arg("--socket");
        let mut command = program.arg(self.card_socket()).into_command();
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.stderr(log.map_err(Failure::io("log"))?).spawn();
        self.card_home = CardHome::Process(Some(process.map_err(Failure::io("softcard"))?));
        Ok(())
    }

    /// Starts the card's process, if it has one that does not run, and waits until it listens.
    pub(super) fn start_card(&mut self) -> Result<(), Failure> {
        self.launch_card()?;
        let deadline = Instant::now() + Duration::from_secs(START_S_MAX);
        while self.serves_card() && !self.card_socket().exists() {
            self.check_card()?;
            if Instant::now() > deadline {
                return Err(self.no_card("does not listen"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Whether the card's process that was started still runs.
    pub(super) fn check_card(&mut self) -> Result<(), Failure> {
        let ended = match &mut self.card_home {
            CardHome::Process(Some(process)) => !matches!(process.try_wait(), Ok(None)),
            _ => false,
        };
        match ended {
            true => Err(self.no_card("ended by itself")),
            false => Ok(()),
        }
    }

    fn no_card(&self, what: &str) -> Failure {
        let words = fs::read_to_string(self.card_log()).unwrap_or_default();
        Failure::new(format!(
            "the card process of {} {what}:\n{words}",
            self.name
        ))
    }

    /// `kill -9` of the card's process, if there is one.
    pub fn kill_card(&mut self) {
        if let CardHome::Process(process) = &mut self.card_home
            && let Some(mut process) = process.take()
        {
            process.kill().ok();
            process.wait().ok();
        }
    }

    fn card_socket(&self) -> PathBuf {
        self.path().join("run/card.sock")
    }

    fn card_log(&self) -> PathBuf {
        self.path().join("softcard.log")
    }
}
