//! Items of others, in files.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use libetp::codec::from_slice;
use libetp::params::pals::Exchanged;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::session::ended::no_result;
use crate::session::program::{Failure, Kind};
use crate::session::roster::Roster;

/// Where items will be written.
pub(super) struct Received {
    directory: PathBuf,
}

impl Received {
    /// Into a directory that is made if there is none, and where nothing is in the way.
    pub(super) fn into(directory: &Path, roster: &Roster) -> Result<Self, Failure> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory);
        made.map_err(|error| failure(directory, &error))?;
        let received = Self {
            directory: directory.to_path_buf(),
        };
        for member in others(roster) {
            let path = received.path(member);
            if path.symlink_metadata().is_ok() {
                let text = format!("{} is there already", path.display());
                return Err(Failure::new(Kind::Usage, text)
                    .hint("choose another directory with --into: nothing is overwritten"));
            }
        }
        Ok(received)
    }

    fn path(&self, member: usize) -> PathBuf {
        self.directory.join(format!("member-{member}"))
    }

    /// What the card told, but for the own item, to files of mode 600.
    pub(super) fn write(&self, result: &[u8], roster: &Roster) -> Result<(String, Value), Failure> {
        let exchanged: Option<Exchanged> = from_slice(result).ok();
        let exchanged = exchanged.filter(|it| it.items.0.len() == roster.n());
        let items = exchanged.ok_or_else(|| no_result(super::NAME))?.items.0;
        let items: Vec<_> = items.into_iter().map(Zeroizing::new).collect();
        let (mut lines, mut files) = (vec!["You got all items:".to_owned()], Vec::new());
        for member in others(roster) {
            let (path, item) = (self.path(member), &items[member]);
            create(&path, item).map_err(|error| {
                failure(&path, &error)
                    .hint("`pals exchange result --into DIR` writes all of them elsewhere")
            })?;
            let (name, shown) = (roster.names(&[member]), path.display().to_string());
            lines.push(format!("  {shown}: {} bytes from {name}", item.len()));
            files.push(json!({ "member": member, "file": shown, "bytes": item.len() }));
        }
        Ok((lines.join("\n"), json!({ "files": files })))
    }
}

fn others(roster: &Roster) -> Vec<usize> {
    roster.others_without(0)
}

fn create(path: &Path, item: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(item)?;
    file.sync_all()
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Kind::Other, format!("{}: {error}", path.display()))
}
