//! What an expression may ask of a message, apart from its fields.

use cel::common::types::{CelBool, CelInt, CelList, CelNull, CelString};
use cel::common::value::Val;

use libetp::text::hex;

use super::types::{Type, Typed, Word};
use crate::{Entry, Facts, Principal};

type Value<'f> = Box<dyn Val + 'f>;

/// A variable. All of them: [`VARIABLES`].
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) typed: fn() -> Typed,
    pub(super) value: for<'f> fn(&Facts<'f>) -> Value<'f>,
}

macro_rules! variables {
    ($($name:ident: $typed:expr, $value:expr;)*) => {
        pub(super) const VARIABLES: &[Variable] = &[$(
            Variable { name: stringify!($name), typed: || $typed, value: |facts| $value(facts) },
        )*];
    };
}

variables! {
    entry: Type::Text(Word::Entry).always(), |f: &Facts<'_>| text(f.entry.name());
    src: Type::Text(Word::Id).always(), |f: &Facts<'_>| text(f.header.src);
    dst: Type::Text(Word::Id).always(), |f: &Facts<'_>| text(f.header.dst);
    src_domain: Type::Text(Word::Domain).always(), |f: &Facts<'_>| text(f.header.src.domain);
    dst_domain: Type::Text(Word::Domain).always(), |f: &Facts<'_>| text(f.header.dst.domain);
    src_port: Type::Int.always(), |f: &Facts<'_>| int(f.header.src.port.0);
    dst_port: Type::Int.always(), |f: &Facts<'_>| int(f.header.dst.port.0);
    src_local: Type::Bool.always(), |f: &Facts<'_>| truth(f.host.is_local(f.header.src.domain));
    dst_local: Type::Bool.always(), |f: &Facts<'_>| truth(f.host.is_local(f.header.dst.domain));
    mtype: Type::Text(Word::Mtype).always(), |f: &Facts<'_>| text(f.header.mtype);
    size: Type::Int.always(), |f: &Facts<'_>| int(bounded(f.size as u64));
    host: Type::Text(Word::Host).or_null(), |f: &Facts<'_>| host(f);
    derived: Type::Bool.always(), |f: &Facts<'_>| truth(is_derived(f));
    owner: Type::Bool.always(), |f: &Facts<'_>| truth(is_owner(f));
    uid: Type::Int.or_null(), |f: &Facts<'_>| principal(f, |it| it.uid);
    gid: Type::Int.or_null(), |f: &Facts<'_>| principal(f, |it| it.gid);
    groups: Type::List(Box::new(Type::Int)).always(), |f: &Facts<'_>| groups(f);
    cgroup: Type::Text(Word::Any).always(), |f| cgroup(f);
    tick_ms: Type::Int.always(), |f: &Facts<'_>| int(bounded(f.now.tick_ms));
    unix_s: Type::Int.always(), |f: &Facts<'_>| int(bounded(f.now.unix_s));
}

/// The variable of that name.
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

fn text<'f>(shown: impl ToString) -> Value<'f> {
    Box::new(CelString::from(shown.to_string()))
}

fn int<'f>(number: impl Into<i64>) -> Value<'f> {
    Box::new(CelInt::from(number.into()))
}

fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn truth<'f>(truth: bool) -> Value<'f> {
    Box::new(CelBool::from(truth))
}

fn host<'f>(facts: &Facts<'_>) -> Value<'f> {
    match facts.entry {
        Entry::Remote(host) => text(hex(&host)),
        _ => Box::new(CelNull),
    }
}

fn principal<'f>(facts: &Facts<'_>, of: fn(Principal) -> u32) -> Value<'f> {
    match facts.entry {
        Entry::App { principal, .. } => int(of(principal)),
        _ => Box::new(CelNull),
    }
}

fn is_derived(facts: &Facts<'_>) -> bool {
    matches!(facts.entry, Entry::App { derived: true, .. })
}

fn is_owner(facts: &Facts<'_>) -> bool {
    match facts.entry {
        Entry::App { principal, .. } => facts.host.is_owner(principal.uid, facts.header.dst.domain),
        _ => false,
    }
}

fn groups<'f>(facts: &Facts<'_>) -> Value<'f> {
    let groups = facts.membership.map(|it| it.groups.as_slice());
    let groups = groups.unwrap_or_default().iter().map(|&group| int(group));
    Box::new(CelList::from(groups.collect::<Vec<_>>()))
}

fn cgroup<'f>(facts: &Facts<'f>) -> Value<'f> {
    let cgroup = facts.membership.map(|it| it.cgroup.as_str());
    Box::new(CelString::from(cgroup.unwrap_or_default()))
}
