//! What a plugin is told of a message: `docs/protocol/guard-plugin.md`.

use libetp::codec::{Encode, Encoder, open_structure};
use libetp::digest::Hash;

use super::limits::{CGROUP_BYTES_MAX, GROUPS_MAX};
use crate::{Entry, Facts, Failure, Membership};

/// Version of the structure; its first field.
const VERSION: u8 = 1;
/// A field that is absent.
const NULL: Option<u8> = None;

/// The encoding of a message for `guard_check`. A secret param is left out.
///
/// # Errors
///
/// The program is in more groups, or in a longer control group, than a plugin is told of.
pub fn encode(facts: &Facts<'_>) -> Result<Vec<u8>, Failure> {
    check(facts.membership)?;
    let mut to = Encoder::new(Vec::with_capacity(256 + facts.size));
    open_structure(&mut to, 9);
    VERSION.encode(&mut to);
    entry(facts.entry).encode(&mut to);
    facts.header.src.encode(&mut to);
    facts.header.dst.encode(&mut to);
    facts.header.mtype.0.encode(&mut to);
    credentials(facts, &mut to);
    host(facts.entry).encode(&mut to);
    facts.now.tick_ms.encode(&mut to);
    facts.param().encode(&mut to);
    Ok(to.into_writer())
}

fn check(membership: Option<&Membership>) -> Result<(), Failure> {
    let fail = |what: String| Err(Failure(what.into()));
    match membership {
        Some(m) if m.groups.len() > GROUPS_MAX => fail(format!(
            "the program is in more than the {GROUPS_MAX} groups that a plugin is told of"
        )),
        Some(m) if m.cgroup.len() > CGROUP_BYTES_MAX => fail(format!(
            "the path of the program's control group has more than {CGROUP_BYTES_MAX} bytes"
        )),
        _ => Ok(()),
    }
}

fn entry(entry: Entry) -> u8 {
    match entry {
        Entry::App { .. } => 0,
        Entry::Card(_) => 1,
        Entry::Remote(_) => 2,
        Entry::Host => 3,
    }
}

/// The host that the message came from.
fn host(entry: Entry) -> Option<Hash> {
    match entry {
        Entry::Remote(host) => Some(host),
        _ => None,
    }
}

/// `[uid, gid, derived, groups, cgroup]` of a program, `null` for everybody else.
fn credentials(facts: &Facts<'_>, to: &mut Encoder) {
    let Entry::App { principal, derived } = facts.entry else {
        return NULL.encode(to);
    };
    open_structure(to, 5);
    principal.uid.encode(to);
    principal.gid.encode(to);
    derived.encode(to);
    let Some(Membership { groups, cgroup }) = facts.membership else {
        NULL.encode(to);
        return NULL.encode(to);
    };
    open_structure(to, groups.len() as u64);
    groups.iter().for_each(|group| group.encode(to));
    cgroup.encode(to);
}
