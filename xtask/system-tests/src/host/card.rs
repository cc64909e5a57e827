//! The life of a host's card outside the daemon: in a process of its own, or in a reader.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Host;
use crate::kept::Kept;
use crate::program::{Failure, Program};
use crate::reader::{Slot, VirtualCard};

/// How long a process may take until it listens, before a test gives up.
const START_S_MAX: u64 = 60;

/// Where a host's card lives.
#[derive(Debug, Default)]
pub(super) enum CardHome {
    /// In the daemon.
    #[default]
    Daemon,
    /// In a process of its own.
    Process(Kept),
    /// In a reader, to which another process leads.
    Reader(Box<InReader>),
}

/// A card in a reader, and the process that leads there.
#[derive(Debug)]
pub(super) struct InReader {
    slot: Slot,
    card: VirtualCard,
    /// More words for `etp-card-proxy serve`.
    options: Vec<String>,
    proxy: Kept,
}

impl Host {
    /// Whether the card is not in the daemon.
    pub fn serves_card(&self) -> bool {
        !matches!(self.card_home, CardHome::Daemon)
    }

    /// Whether the card is in a reader.
    pub(super) fn is_in_reader(&self) -> bool {
        matches!(self.card_home, CardHome::Reader(_))
    }

    /// Gives the card a process of its own, or puts it into the daemon, from the next start on.
    pub fn serve_card(&mut self, serves: bool) {
        let process = || Kept::new("softcard serve", self.path().join("softcard.log"));
        self.card_home = match serves {
            true => CardHome::Process(process()),
            false => CardHome::Daemon,
        };
    }

    /// Puts the card into a reader, from the next start on. The options are more words for `softcard vpcd` and for
    /// `etp-card-proxy serve`.
    pub fn put_into_reader(&mut self, slot: &Slot, of_card: &[&str], of_proxy: &[&str]) {
        let directory = self.path().join("card");
        self.card_home = CardHome::Reader(Box::new(InReader {
            slot: slot.clone(),
            card: VirtualCard::new(&self.binaries, directory, slot, of_card),
            options: of_proxy.iter().map(ToString::to_string).collect(),
            proxy: Kept::new("etp-card-proxy", self.path().join("proxy.log")),
        }));
    }

    /// The card's section in the daemon's configuration.
    pub(super) fn card_section(&self) -> String {
        match self.card_home {
            CardHome::Daemon => "kind = \"soft\"\ndirectory = \"card\"\n".into(),
            CardHome::Process(_) | CardHome::Reader(_) => {
                "kind = \"process\"\nsocket = \"run/card.sock\"\n".into()
            }
        }
    }

    /// Starts what serves the card and does not run, and waits for nothing.
    ///
    /// # Errors
    /// [`Failure`] if there is no such program.
    pub fn launch_card(&mut self) -> Result<(), Failure> {
        let serve = self.binaries.program("softcard").arg("serve");
        let serve = serve.arg(self.path().join("card"));
        let serve = serve.arg("--socket").arg(self.card_socket());
        match &mut self.card_home {
            CardHome::Daemon => Ok(()),
            CardHome::Process(process) => process.launch(|| serve),
            CardHome::Reader(reader) => reader.card.insert(),
        }?;
        self.launch_proxy()
    }

    /// Starts the process that leads to the card's reader, if there is one that does not run.
    ///
    /// # Errors
    /// [`Failure`] if there is no such program.
    pub fn launch_proxy(&mut self) -> Result<(), Failure> {
        let program = self.binaries.program("etp-card-proxy").arg("serve");
        let socket = self.card_socket();
        let CardHome::Reader(reader) = &mut self.card_home else {
            return Ok(());
        };
        let place = format!("{}={}", socket.display(), reader.slot.reader);
        let program = program.arg("--card").arg(place);
        let program = reader.options.iter().fold(program, Program::arg);
        let program = reader.slot.client(program);
        reader.proxy.launch(|| program)
    }

    /// Starts what serves the card, and waits until it listens.
    pub(super) fn start_card(&mut self) -> Result<(), Failure> {
        self.launch_card()?;
        let deadline = Instant::now() + Duration::from_secs(START_S_MAX);
        while self.serves_card() && !self.card_socket().exists() {
            self.check_card()?;
            if Instant::now() > deadline {
                let late = |process: &Kept| Err(process.failure("does not listen"));
                return self.listener().map_or(Ok(()), late);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Whether what serves the card and was started still runs.
    pub(super) fn check_card(&mut self) -> Result<(), Failure> {
        match &mut self.card_home {
            CardHome::Daemon => Ok(()),
            CardHome::Process(process) => process.check(),
            CardHome::Reader(reader) => reader.card.check().and_then(|()| reader.proxy.check()),
        }
    }

    /// `kill -9` of the process that is the card, if there is one. A card in a reader is pulled with it.
    pub fn kill_card(&mut self) {
        match &mut self.card_home {
            CardHome::Daemon => {}
            CardHome::Process(process) => process.kill(),
            CardHome::Reader(reader) => reader.card.pull(),
        }
    }

    /// `kill -9` of the process that leads to the card's reader, if there is one.
    pub fn kill_proxy(&mut self) {
        if let CardHome::Reader(reader) = &mut self.card_home {
            reader.proxy.kill();
        }
    }

    /// Sends a signal to the process that is the card.
    ///
    /// # Errors
    /// [`Failure`] if there is no such process.
    pub fn signal_card(&self, signal: &str) -> Result<(), Failure> {
        match &self.card_home {
            CardHome::Daemon => Err(Failure::new("the card has no process")),
            CardHome::Process(process) => process.signal(signal),
            CardHome::Reader(reader) => reader.card.signal(signal),
        }
    }

    /// Where the words of what serves the card are.
    pub(super) fn card_logs(&self) -> Vec<PathBuf> {
        match &self.card_home {
            CardHome::Daemon => Vec::new(),
            CardHome::Process(process) => vec![process.log().into()],
            CardHome::Reader(reader) => vec![reader.card.log().into(), reader.proxy.log().into()],
        }
    }

    /// The process that serves the socket to the daemon.
    fn listener(&self) -> Option<&Kept> {
        match &self.card_home {
            CardHome::Daemon => None,
            CardHome::Process(process) => Some(process),
            CardHome::Reader(reader) => Some(&reader.proxy),
        }
    }

    fn card_socket(&self) -> PathBuf {
        self.path().join("run/card.sock")
    }
}
