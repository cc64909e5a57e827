//! Running other programs, and saying so.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What goes wrong in an xtask, in words.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Where cargo puts what it builds with the ordinary profile.
pub(crate) fn target() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root().join(target)
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
}

/// A program, started in the root of the workspace.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", name(command)))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{} failed: {status}", name(command))),
    }
}

/// Runs a command to its end, shows what it writes to standard error, and gives the lines.
pub(crate) fn run_reading_stderr(command: &mut Command) -> Result<Vec<String>> {
    let failed = |command: &Command, error: std::io::Error| format!("{}: {error}", name(command));
    let child = command.stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| failed(command, error))?;
    let mut lines = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr)
            .lines()
            .map_while(std::result::Result::ok)
        {
            eprintln!("{line}");
            lines.push(line);
        }
    }
    let status = child.wait().map_err(|error| failed(command, error))?;
    match status.success() {
        true => Ok(lines),
        false => Err(format!("{} failed: {status}", name(command))),
    }
}

/// Runs a command to its end; what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{}: {error}", name(command)))?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|e| format!("{}: {e}", name(command))),
        false => Err(format!("{} failed: {}", name(command), output.status)),
    }
}

/// Whether a program is there.
pub(crate) fn exists(program: &str, probe: &str) -> bool {
    exists_with(program, &[probe])
}

/// Whether a program is there and takes these words.
pub(crate) fn exists_with(program: &str, words: &[&str]) -> bool {
    Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
