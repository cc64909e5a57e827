//! From a case file to messages.

use std::ops::Range;

use jiff::Timestamp;
use libetp::limits::HEADER_LEN;
use libetp::{EntityId, Header, Mtype};
use toml::Spanned;

use super::text::{CaseText, CasesText, EntryText};
use super::{CASE_FILE_BYTES_MAX, CASES_MAX, Case, Expected, REPEAT_MAX, param};
use crate::file::{self, Names, Problem};
use crate::{Entry, Membership, Now, Principal, Record};

/// 2026-01-01T12:00:00Z: when cases start that do not say it.
const START_UNIX_MS: u64 = 1_767_268_800_000;
/// The user whose program sends, if a case does not say it.
const UID: u32 = 1_000;

pub(super) fn cases(text: &str, names: &Names) -> Result<Vec<Case>, Problem> {
    if text.len() > CASE_FILE_BYTES_MAX {
        let what = format!("a case file has at most {CASE_FILE_BYTES_MAX} bytes");
        return Err(Problem::new(0..0, what));
    }
    let written: CasesText = toml::from_str(text)
        .map_err(|error| Problem::new(error.span().unwrap_or(0..0), error.message()))?;
    if written.case.len() > CASES_MAX {
        let what = format!("a case file has at most {CASES_MAX} cases");
        return Err(Problem::new(0..0, what));
    }
    let mut clock = Clock::default();
    let cases = written.case.iter();
    cases.map(|case| read(case, names, &mut clock)).collect()
}

/// Both clocks of the host.
#[derive(Clone, Copy)]
struct Clock {
    tick_ms: u64,
    unix_ms: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            tick_ms: 0,
            unix_ms: START_UNIX_MS,
        }
    }
}

impl Clock {
    fn pass(&mut self, case: &CaseText) -> Result<Now, Problem> {
        self.tick_ms = self.tick_ms.saturating_add(case.after_ms);
        self.unix_ms = self.unix_ms.saturating_add(case.after_ms);
        if let Some(at) = &case.at {
            let parsed = at.get_ref().parse::<Timestamp>().ok();
            let since = parsed.and_then(|it| u64::try_from(it.as_millisecond()).ok());
            self.unix_ms = since.ok_or_else(|| {
                Problem::new(at.span(), format!("`{}` is no time", at.get_ref()))
                    .help("write it so: 2026-03-01T22:30:00Z")
            })?;
        }
        Ok(Now {
            tick_ms: self.tick_ms,
            unix_s: self.unix_ms / 1_000,
        })
    }
}

fn read(case: &CaseText, names: &Names, clock: &mut Clock) -> Result<Case, Problem> {
    let now = clock.pass(case)?;
    let header = Header {
        src: word(&case.src, |it| names.entity(it))?,
        dst: word(&case.dst, |it| names.entity(it))?,
        mtype: word(&case.mtype, file::mtype)?,
    };
    let param = param_of(case, header.mtype, names)?;
    let entry = entry(case, header.src, names)?;
    let is_remote = matches!(entry, Entry::Remote(_));
    let is_dst_local = is_remote || header.src.domain == header.dst.domain;
    let is_dst_local = case.dst_local.unwrap_or(is_dst_local);
    let is_app = matches!(entry, Entry::App { .. });
    let record = Record {
        entry,
        membership: membership(case),
        header,
        size: case.size.unwrap_or(HEADER_LEN + param.len()),
        now,
        is_src_local: case.src_local.unwrap_or(!is_remote),
        is_dst_local,
        is_owner: case.owner.unwrap_or(is_app && is_dst_local),
        param: Some(param),
    };
    Ok(Case {
        name: case.name.get_ref().clone(),
        at: case.name.span(),
        record,
        repeat: repeat(case)?,
        expected: Expected {
            decision: case.expect,
            policy: case.policy.clone(),
            reason: case.reason.clone(),
        },
    })
}

fn word<T>(text: &Spanned<String>, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Problem> {
    read(text.get_ref()).map_err(|what| Problem::new(text.span(), what))
}

fn repeat(case: &CaseText) -> Result<u32, Problem> {
    match &case.repeat {
        None => Ok(1),
        Some(times) if (1..=REPEAT_MAX).contains(times.get_ref()) => Ok(*times.get_ref()),
        Some(times) => {
            let what = format!("a case is repeated 1 to {REPEAT_MAX} times");
            Err(Problem::new(times.span(), what))
        }
    }
}

fn param_of(case: &CaseText, mtype: Mtype, names: &Names) -> Result<Vec<u8>, Problem> {
    match (&case.param, &case.param_hex) {
        (None, None) => Ok(Vec::new()),
        (Some(fields), None) => param::encode(mtype, fields.get_ref(), names)
            .map_err(|what| Problem::new(fields.span(), what)),
        (None, Some(digits)) => word(digits, param::bytes),
        (Some(_), Some(digits)) => {
            let what = "a case has `param` or `param_hex`, not both";
            Err(Problem::new(digits.span(), what))
        }
    }
}

fn entry(case: &CaseText, src: EntityId, names: &Names) -> Result<Entry, Problem> {
    only_keys_of_its_entry(case)?;
    Ok(match case.entry {
        EntryText::App => {
            let uid = case.uid.as_ref().map_or(UID, |it| *it.get_ref());
            let principal = Principal {
                uid,
                gid: case.gid.as_ref().map_or(uid, |it| *it.get_ref()),
                pid: 1,
            };
            let derived = case.derived.as_ref().is_some_and(|it| *it.get_ref());
            Entry::App { principal, derived }
        }
        EntryText::Card => Entry::Card(match &case.domain {
            Some(domain) => word(domain, |it| names.domain(it))?,
            None => src.domain,
        }),
        EntryText::Remote => match &case.host {
            Some(host) => Entry::Remote(word(host, |it| names.host(it))?),
            None => {
                let what = "a case with entry = \"remote\" says which `host` it comes from";
                return Err(Problem::new(case.name.span(), what));
            }
        },
        EntryText::Host => Entry::Host,
    })
}

/// A key without effect is an error.
fn only_keys_of_its_entry(case: &CaseText) -> Result<(), Problem> {
    fn place<T>(it: &Option<Spanned<T>>) -> Option<Range<usize>> {
        it.as_ref().map(Spanned::span)
    }
    let keys = [
        ("uid", "app", place(&case.uid)),
        ("gid", "app", place(&case.gid)),
        ("groups", "app", place(&case.groups)),
        ("cgroup", "app", place(&case.cgroup)),
        ("derived", "app", place(&case.derived)),
        ("domain", "card", place(&case.domain)),
        ("host", "remote", place(&case.host)),
    ];
    let own = match case.entry {
        EntryText::App => "app",
        EntryText::Card => "card",
        EntryText::Remote => "remote",
        EntryText::Host => "host",
    };
    for (key, entry, place) in keys {
        if let Some(place) = place.filter(|_| entry != own) {
            let what = format!("`{key}` belongs to cases with entry = \"{entry}\"");
            return Err(Problem::new(place, what));
        }
    }
    Ok(())
}

fn membership(case: &CaseText) -> Option<Membership> {
    if !matches!(case.entry, EntryText::App) {
        return None;
    }
    let mut groups = match &case.groups {
        Some(groups) => groups.get_ref().clone(),
        None => Vec::new(),
    };
    groups.sort_unstable();
    let cgroup = case.cgroup.as_ref().map(|it| it.get_ref().clone());
    Some(Membership {
        groups,
        cgroup: cgroup.unwrap_or_default(),
    })
}
