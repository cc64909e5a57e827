//! Rule files and plugins as a daemon reads them: nobody else may be able to change them.

mod way;

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use guard_policies::file::Files;
use nix::fcntl::OFlag;
use nix::unistd::geteuid;

/// Group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Files that only root or the daemon's own user can change, or put another file in place of.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrustedFiles {
    /// Whether policies for experiments may be loaded.
    pub experiments: bool,
}

impl Files for TrustedFiles {
    fn allows_experiments(&self) -> bool {
        self.experiments
    }

    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
        way::check(path)?;
        // What is no file, such as a pipe, is not waited for.
        let file = File::options()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no file"));
        }
        if !is_own(&about) || about.mode() & WRITABLE_BY_OTHERS != 0 {
            let what = "others can change it: it must belong to root or the daemon's user, and \
                        be writable by its owner alone";
            return Err(denied(what));
        }
        guard_policies::file::read_bounded(file, bytes_max)
    }
}

/// Whether it belongs to root or the daemon's user.
fn is_own(about: &Metadata) -> bool {
    [0, geteuid().as_raw()].contains(&about.uid())
}

fn denied(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, what.into())
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_others_can_write_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("guard.toml");
        write(&path, "version = 1").unwrap();
        for (mode, is_read) in [(0o600, true), (0o644, true), (0o664, false), (0o602, false)] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(
                TrustedFiles::default().read(&path, 100).is_ok(),
                is_read,
                "{mode:o}"
            );
        }
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("guard.toml");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        for no_file in [pipe.as_path(), directory.path()] {
            TrustedFiles::default().read(no_file, 100).unwrap_err();
        }
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("guard.toml");
        write(&path, "version = 1").unwrap();
        assert_eq!(
            TrustedFiles::default().read(&path, 11).unwrap(),
            b"version = 1"
        );
        assert!(TrustedFiles::default().read(&path, 10).is_err());
    }
}
