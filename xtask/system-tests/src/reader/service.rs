//! The life of a private `pcscd`.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::driver::Driver;
use crate::program::{Failure, Program};

/// Slots of each driver.
const SLOTS: usize = 2;
/// How often other ports are tried, since somebody else may take them first.
const START_TRIES: usize = 10;
/// Takes its standard input, a listening socket, for descriptor 3, as a service manager gives it. Every line of
/// the log is written at once.
const LAUNCH: &str = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ \
     exec stdbuf -oL /usr/sbin/pcscd --foreground --debug --apdu --config \"$0\"";

/// A `pcscd` of one's own.
#[derive(Debug)]
pub struct PcscService {
    directory: PathBuf,
    drivers: Vec<Driver>,
    process: Option<Child>,
}

/// One reader of a service. A card behind it needs no more than this.
#[derive(Clone, Debug)]
pub struct Slot {
    /// What `pcscd` calls the reader.
    pub reader: String,
    /// Where the reader waits for its card.
    pub port: u16,
    /// The socket of the service, for the environment of its clients.
    pub socket: PathBuf,
}

impl Slot {
    /// Where the reader waits for its card, as `softcard vpcd` takes it.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Makes a program a client of this reader's service.
    #[must_use]
    pub fn client(&self, program: Program) -> Program {
        program.env("PCSCLITE_CSOCK_NAME", &self.socket)
    }
}

impl PcscService {
    /// Starts a service in a directory that is not there yet, with readers for so many cards. None is
    /// inserted.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be started, or has not as many readers as it should.
    pub fn start(directory: &Path, cards: usize) -> Result<Self, Failure> {
        let failed = Failure::io(directory.display());
        fs::create_dir_all(directory.join("configuration")).map_err(failed)?;
        let mut service = Self {
            directory: directory.into(),
            drivers: Vec::new(),
            process: None,
        };
        for _ in 0..START_TRIES {
            let drivers =
                (0..cards.div_ceil(SLOTS)).map(|number| Driver::prepare(directory, number));
            service.drivers = drivers.collect::<Result<_, _>>()?;
            service.launch()?;
            if service.readers()?.len() == service.drivers.len() * SLOTS {
                return Ok(service);
            }
            service.kill();
        }
        Err(Failure::new("pcscd does not get the ports of its readers"))
    }

    /// Starts it again with the readers that it had. Clients that were connected are not any more.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be started.
    pub fn launch(&mut self) -> Result<(), Failure> {
        self.launch_with(self.drivers.len())
    }

    /// Starts it again with the first readers only, two for each driver, as if the others were unplugged.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be started.
    pub fn launch_with(&mut self, drivers: usize) -> Result<(), Failure> {
        let drivers = self.drivers.iter().take(drivers);
        let sections: String = drivers.map(Driver::section).collect();
        let configuration = self.directory.join("configuration");
        fs::write(configuration.join("readers"), sections).map_err(Failure::io("configuration"))?;
        fs::remove_file(self.socket()).ok();
        // Clients that connect from now on wait until it is ready.
        let listener = UnixListener::bind(self.socket()).map_err(Failure::io("socket"))?;
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log());
        let log = log.map_err(Failure::io("log"))?;
        let mut command = Command::new("sh");
        command.args(["-c", LAUNCH]).arg(configuration);
        let command = command.stdin(OwnedFd::from(listener));
        let command = command.stdout(log).stderr(Stdio::null());
        self.process = Some(command.spawn().map_err(Failure::io("pcscd"))?);
        Ok(())
    }

    /// Whether it still runs if it was started.
    ///
    /// # Errors
    /// [`Failure`] if it ended by itself.
    pub fn check_running(&mut self) -> Result<(), Failure> {
        let process = self.process.as_mut();
        match process.is_some_and(|process| !matches!(process.try_wait(), Ok(None))) {
            true => Err(Failure::new("pcscd ended by itself")),
            false => Ok(()),
        }
    }

    /// The readers that it has, by name.
    ///
    /// # Errors
    /// [`Failure`] if it does not say.
    pub fn readers(&self) -> Result<Vec<String>, Failure> {
        let scan = Program::new("pcsc_scan".into()).args(&["-r"]);
        let said = scan.env("PCSCLITE_CSOCK_NAME", self.socket()).output()?;
        let names = said.stdout.lines().filter_map(|line| line.split_once(": "));
        Ok(names.map(|(_, name)| name.trim().to_owned()).collect())
    }

    /// The reader for a card, counted from 0.
    ///
    /// # Panics
    /// If it was started for fewer cards.
    pub fn slot(&self, card: usize) -> Slot {
        let driver = &self.drivers[card / SLOTS];
        Slot {
            reader: driver.reader(card % SLOTS),
            port: driver.port + (card % SLOTS) as u16,
            socket: self.socket(),
        }
    }

    /// Its log so far, with every APDU.
    pub fn log(&self) -> PathBuf {
        self.directory.join("pcscd.log")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("pcscd.sock")
    }
}

impl Drop for PcscService {
    fn drop(&mut self) {
        self.kill();
    }
}
