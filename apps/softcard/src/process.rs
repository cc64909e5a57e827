//! What every process that serves a card does.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::sys::signal::{SigSet, Signal};
use softcard::{AtRest, DeviceKey, SoftCard};

/// Where a card is, and what opens it.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The card's directory
    directory: PathBuf,
    /// The card's device key, if it has one
    #[arg(long, value_name = "FILE")]
    device_key: Option<PathBuf>,
}

impl Place {
    /// Opens the card, and says so if nothing protects it at rest.
    ///
    /// # Errors
    /// In words, why it does not open.
    pub(crate) fn open(&self) -> Result<SoftCard, String> {
        let key = self.device_key.as_deref();
        let key = key.map(|path| DeviceKey::load(path, &self.directory));
        let key = key.transpose().map_err(words)?;
        let card = SoftCard::open(&self.directory, key).map_err(words)?;
        if card.at_rest() == AtRest::None {
            let directory = self.directory.display();
            eprintln!("softcard: at rest: none: whoever copies {directory} has the card's keys");
        }
        Ok(card)
    }
}

/// A stream whose other end is closed when a signal asks this process to end. To be called before there is any
/// other thread.
///
/// # Errors
/// In words, what the system refused.
pub(crate) fn stop_at_signals() -> Result<UnixStream, String> {
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    // Before any other thread, so that none of them is ended by one.
    signals.thread_block().map_err(words)?;
    let (stop, stopped) = UnixStream::pair().map_err(words)?;
    let waiting = std::thread::Builder::new().name("signals".into());
    let waiting = waiting.spawn(move || {
        // It fails only for a set that is none.
        let _ = signals.wait();
        drop(stop);
    });
    waiting.map_err(words)?;
    Ok(stopped)
}

pub(crate) fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
