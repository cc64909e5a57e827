//! Where log records go: the journal under systemd, else standard error.

use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Starts logging.
///
/// # Errors
/// In words, if the filter is none or the journal cannot be reached.
pub fn start(settings: &Log) -> Result<(), String> {
    let filter = settings.level.get_ref();
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("[log] level: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    let text = || tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Auto if is_journal() => {
            let journal = tracing_journald::layer().map_err(|error| format!("journal: {error}"))?;
            registry.with(journal).init();
        }
        LogFormat::Auto | LogFormat::Text => {
            registry
                .with(text().with_ansi(std::io::stderr().is_terminal()))
                .init();
        }
        LogFormat::Json => registry.with(text().json()).init(),
    }
    Ok(())
}

/// Whether standard error is connected to the journal, as `JOURNAL_STREAM` says.
fn is_journal() -> bool {
    let stream = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let stderr = std::fs::metadata("/proc/self/fd/2");
    stderr.is_ok_and(|stderr| names(&stream, stderr.dev(), stderr.ino()))
}

fn names(stream: &str, device: u64, inode: u64) -> bool {
    let Some((dev, ino)) = stream.split_once(':') else {
        return false;
    };
    dev.parse() == Ok(device) && ino.parse() == Ok(inode)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn the_journal_is_known_by_device_and_inode() {
        assert!(names("12:345", 12, 345));
        for other in ["", "12", "12:346", "13:345", "12:345:1", "x:345"] {
            assert!(!names(other, 12, 345), "{other}");
        }
    }
}
