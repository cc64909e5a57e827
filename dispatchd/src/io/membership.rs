//! Groups and control group of the process that connected, for Guard.
//!
//! They are read from `/proc` when it connects. A descriptor of the process itself proves
//! afterwards that what was read is not another process that got its number; kernels before 6.5
//! give none, and there the number alone must do.

use std::fs;
use std::io;
use std::os::fd::AsFd;

use guard_policies::Membership;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt};

/// Where the unified hierarchy is in `/proc/PID/cgroup`.
const UNIFIED: &str = "0::";

/// Supplementary groups of which rules are asked. A user can bring together tens of thousands, and
/// each message would be held against all of them.
const GROUPS_MAX: usize = 1_024;

/// What the kernel says of the process at the other end.
///
/// # Errors
///
/// The process has ended, is in more than [`GROUPS_MAX`] groups, or `/proc` does not show it. It
/// must not count as one in no group: whoever connects can see to it that its process ends.
pub(super) fn membership(stream: &impl AsFd, pid: i32) -> io::Result<Membership> {
    let process = match getsockopt(stream, sockopt::PeerPidfd) {
        Ok(process) => Some(process),
        Err(Errno::ENOPROTOOPT | Errno::EINVAL) => None,
        Err(error) => return Err(error.into()),
    };
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let cgroup = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
    if process.is_some_and(|process| has_ended(&process)) {
        return Err(Errno::ESRCH.into());
    }
    Ok(Membership {
        groups: bounded(groups(&status))?,
        cgroup: unified(&cgroup),
    })
}

fn bounded(groups: Vec<u32>) -> io::Result<Vec<u32>> {
    match groups.len() > GROUPS_MAX {
        true => Err(io::Error::other(format!(
            "the program is in {} groups; {GROUPS_MAX} are the limit",
            groups.len()
        ))),
        false => Ok(groups),
    }
}

fn has_ended(process: &impl AsFd) -> bool {
    let mut fds = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
    !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(0))
}

fn groups(status: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    let numbers = line.unwrap_or_default().split_whitespace();
    let mut groups: Vec<u32> = numbers.filter_map(|number| number.parse().ok()).collect();
    groups.sort_unstable();
    groups
}

fn unified(cgroup: &str) -> String {
    let line = cgroup.lines().find_map(|line| line.strip_prefix(UNIFIED));
    line.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn own_groups_are_those_that_the_kernel_says() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let found = membership(&ours, std::process::id() as i32).unwrap();
        let mut groups: Vec<_> = nix::unistd::getgroups().unwrap();
        groups.sort_unstable_by_key(|group| group.as_raw());
        let groups: Vec<_> = groups.iter().map(|group| group.as_raw()).collect();
        assert_eq!(found.groups, groups);
    }

    #[test]
    fn files_of_proc_are_read_as_the_kernel_writes_them() {
        assert_eq!(
            groups("Uid:\t1\t1\nGroups:\t1000 27 4 \nX:\t9"),
            [4, 27, 1000]
        );
        assert_eq!(groups("Uid:\t1"), [0; 0]);
        let both = "1:name=systemd:/old\n0::/system.slice/shop.service\n";
        assert_eq!(unified(both), "/system.slice/shop.service");
        assert_eq!(unified("1:cpu:/x\n"), "");
    }

    #[test]
    fn of_a_process_in_too_many_groups_nothing_is_known() {
        let at_limit = vec![7; GROUPS_MAX];
        assert_eq!(bounded(at_limit.clone()).unwrap(), at_limit);
        bounded(vec![7; GROUPS_MAX + 1]).unwrap_err();
    }

    #[test]
    fn a_process_that_ended_has_none() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        assert!(membership(&ours, i32::MAX).is_err());
    }
}
