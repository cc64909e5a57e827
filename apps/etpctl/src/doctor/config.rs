//! The daemon's configuration: whether the daemon takes it, and what it names.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::finding::Finding;

/// What doctor wants to know of the configuration. Whether it is right is for the daemon to say.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) socket: PathBuf,
    pub(super) state: PathBuf,
    pub(super) scheme: Option<PathBuf>,
    pub(super) host_certificate: Option<PathBuf>,
    pub(super) cards: Vec<Home>,
}

/// A `[[card]]`.
#[derive(Clone, Debug)]
pub(super) enum Home {
    Soft { directory: PathBuf },
    Process { socket: PathBuf, uid: Option<u32> },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Text {
    daemon: DaemonText,
    host: HostText,
    scheme: SchemeText,
    card: Vec<CardText>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DaemonText {
    socket: Option<PathBuf>,
    state: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HostText {
    certificate: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SchemeText {
    file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CardText {
    directory: Option<PathBuf>,
    socket: Option<PathBuf>,
    uid: Option<u32>,
}

const WHAT: &str = "configuration";

/// Reads it, and has the daemon's program check it.
pub(super) fn examine(path: &Path, program: Option<&Path>) -> (Option<Config>, Vec<Finding>) {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let found = format!("{shown} cannot be read: {error}");
            let mend = "name it with --config, or run this as root or as the daemon's user";
            return (None, vec![Finding::bad(WHAT, found, mend)]);
        }
    };
    let config = toml::from_str::<Text>(&text).ok();
    let directory = path.parent().unwrap_or(Path::new(""));
    (
        config.map(|text| resolve(text, directory)),
        vec![check(path, program)],
    )
}

/// Paths in it are relative to its directory.
fn resolve(text: Text, directory: &Path) -> Config {
    let at = |path: PathBuf| directory.join(path);
    let or = |path: Option<PathBuf>, default: &str| at(path.unwrap_or_else(|| default.into()));
    let homes = text.card.into_iter().filter_map(|card| match card {
        CardText {
            socket: Some(socket),
            uid,
            ..
        } => Some(Home::Process {
            socket: at(socket),
            uid,
        }),
        CardText {
            directory: Some(directory),
            ..
        } => Some(Home::Soft {
            directory: at(directory),
        }),
        _ => None,
    });
    Config {
        cards: homes.collect(),
        socket: or(text.daemon.socket, "/run/tenet/dispatchd.sock"),
        state: or(text.daemon.state, "/var/lib/tenet/dispatchd"),
        scheme: text.scheme.file.map(at),
        host_certificate: text.host.certificate.map(at),
    }
}

/// `dispatchd --check`, which changes nothing.
fn check(path: &Path, program: Option<&Path>) -> Finding {
    let program = program.map_or_else(daemon_program, PathBuf::from);
    let output = Command::new(program)
        .arg("--config")
        .arg(path)
        .arg("--check")
        .output();
    match output {
        Ok(output) if output.status.success() => {
            Finding::ok(WHAT, format!("{} is good", path.display()))
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim().trim_start_matches("dispatchd: ");
            let found = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let mend = format!(
                "correct it and try `dispatchd --config {} --check`",
                path.display()
            );
            Finding::bad(WHAT, found, mend)
        }
        Err(error) => Finding::warn(
            WHAT,
            format!("dispatchd cannot be asked to check it: {error}"),
            "install dispatchd beside etpctl or in PATH",
        ),
    }
}

/// The one that was installed with this program, or that of the path.
fn daemon_program() -> PathBuf {
    let beside = std::env::current_exe().map(|exe| exe.with_file_name("dispatchd"));
    beside
        .ok()
        .filter(|path| path.exists())
        .unwrap_or_else(|| "dispatchd".into())
}
