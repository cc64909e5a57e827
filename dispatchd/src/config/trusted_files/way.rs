//! The way to a file: who can write to a directory on it can put another file in its place.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf, absolute};

use super::{WRITABLE_BY_OTHERS, denied, is_own};

/// Only the owner of what is in the directory removes it, whoever may write there.
const STICKY: u32 = 0o1000;
/// Symbolic links on one way, as in Linux.
const LINKS_MAX: usize = 40;

/// Goes to a file from the root, through symbolic links.
///
/// # Errors
///
/// The directory or link on the way that others can change, or that cannot be read.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let mut at = PathBuf::new();
    let mut ahead = steps(&absolute(path)?);
    let mut links = 0;
    while let Some(step) = ahead.pop() {
        match step {
            Step::Root => at = PathBuf::from("/"),
            Step::Up => drop(at.pop()),
            Step::Into(name) => {
                trusted(&at, &fs::metadata(&at)?)?;
                let next = at.join(name);
                let about = fs::symlink_metadata(&next)?;
                if !about.is_symlink() {
                    at = next;
                    continue;
                }
                links += 1;
                if links > LINKS_MAX || !is_own(&about) {
                    return Err(changeable(&next));
                }
                ahead.extend(steps(&fs::read_link(&next)?));
            }
        }
    }
    Ok(())
}

enum Step {
    Root,
    Up,
    Into(OsString),
}

/// The steps of a path, the first one last.
fn steps(path: &Path) -> Vec<Step> {
    let steps = path.components().rev();
    let step = |component: Component<'_>| match component {
        Component::RootDir => Some(Step::Root),
        Component::ParentDir => Some(Step::Up),
        Component::Normal(name) => Some(Step::Into(name.into())),
        Component::CurDir | Component::Prefix(_) => None,
    };
    steps.filter_map(step).collect()
}

fn trusted(directory: &Path, about: &Metadata) -> io::Result<()> {
    let is_shared = about.mode() & WRITABLE_BY_OTHERS != 0 && about.mode() & STICKY == 0;
    match is_own(about) && !is_shared {
        true => Ok(()),
        false => Err(changeable(directory)),
    }
}

fn changeable(path: &Path) -> io::Error {
    denied(format!(
        "others can put another file in its place: {} must belong to root or the daemon's user, \
         and be writable by its owner alone",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir, set_permissions, write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_directory_that_others_can_write_is_no_way() {
        let above = tempfile::tempdir().unwrap();
        let directory = above.path().join("rules");
        create_dir(&directory).unwrap();
        let file = directory.join("guard.toml");
        write(&file, "").unwrap();
        for (bits, is_way) in [
            (0o755, true),
            (0o775, false),
            (0o707, false),
            (0o1777, true),
        ] {
            mode(&directory, bits);
            assert_eq!(check(&file).is_ok(), is_way, "{bits:o}");
        }
        mode(&directory, 0o755);
        mode(above.path(), 0o777);
        check(&file).unwrap_err();
    }

    #[test]
    fn a_link_is_followed_through_every_directory_on_its_way() {
        let above = tempfile::tempdir().unwrap();
        let [open, own] = ["open", "own"].map(|name| above.path().join(name));
        for directory in [&open, &own] {
            create_dir(directory).unwrap();
        }
        write(own.join("rules"), "").unwrap();
        symlink("../own/rules", open.join("link")).unwrap();
        symlink("../open/link", own.join("guard.toml")).unwrap();
        let file = own.join("guard.toml");
        check(&file).unwrap();
        mode(&open, 0o777);
        check(&file).unwrap_err();
        check(&own.join("rules")).unwrap();
    }

    #[test]
    fn a_link_to_itself_ends() {
        let above = tempfile::tempdir().unwrap();
        let link = above.path().join("guard.toml");
        symlink(&link, &link).unwrap();
        check(&link).unwrap_err();
    }
}
