//! `{ over = "100/s", burst = 200, per = "source" }`.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use serde::Deserialize;
use toml::Spanned;

use crate::file::{Problem, Wrong};
use crate::table::limits::BURST_MAX;
use crate::table::read;

use super::Rate;
use super::bucket::Speed;

/// A rate as it stands in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::table) struct RateText {
    /// Messages in a unit of time.
    over: Spanned<String>,
    /// Messages at once; as many as come in a unit, if it is left out.
    burst: Option<Spanned<u64>>,
    /// Whose messages are counted together; `source`, if it is left out.
    per: Option<Spanned<String>>,
}

/// Whose messages are counted together: those with the same ...
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::table) enum Per {
    /// ... user, card or host that answers for them.
    Source,
    /// ... source id.
    Src,
    /// ... destination id.
    Dst,
    /// ... source domain.
    SrcDomain,
    /// ... remote host; others are not counted.
    Host,
    /// ... local user; others are not counted.
    Uid,
    /// All.
    All,
}

const PERS: [(&str, Per); 7] = [
    ("source", Per::Source),
    ("src", Per::Src),
    ("dst", Per::Dst),
    ("src_domain", Per::SrcDomain),
    ("host", Per::Host),
    ("uid", Per::Uid),
    ("all", Per::All),
];

/// In milliseconds.
const UNITS: [(&str, u64); 4] = [
    ("s", 1_000),
    ("min", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

const COUNTS: RangeInclusive<u64> = 1..=BURST_MAX;

impl Rate {
    /// # Errors
    ///
    /// What is wrong with the text.
    pub(in crate::table) fn compile(text: &RateText) -> Result<Self, Problem> {
        let over = read_over(text.over.get_ref());
        let (tokens, unit_ms) = over.map_err(|wrong| wrong.at(text.over.span()))?;
        let burst = match &text.burst {
            None => tokens,
            Some(burst) if COUNTS.contains(burst.get_ref()) => *burst.get_ref(),
            Some(burst) => {
                let what = format!("a burst has 1 to {BURST_MAX} messages");
                return Err(Problem::new(burst.span(), what));
            }
        };
        let per = match &text.per {
            None => Per::Source,
            Some(per) => read_per(per.get_ref()).map_err(|wrong| wrong.at(per.span()))?,
        };
        Ok(Self::new(per, Speed::new(tokens, unit_ms, burst)))
    }
}

impl RateText {
    /// Where it stands.
    pub(in crate::table) fn place(&self) -> Range<usize> {
        self.per.as_ref().map_or(self.over.span(), Spanned::span)
    }
}

impl fmt::Display for RateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = self.per.as_ref().map_or("source", |per| per.get_ref());
        write!(f, "over {} per {per}", self.over.get_ref())?;
        match &self.burst {
            Some(burst) => write!(f, " (burst {})", burst.get_ref()),
            None => Ok(()),
        }
    }
}

fn read_per(text: &str) -> Result<Per, Wrong> {
    read::choice(text, &PERS.map(|(name, _)| name)).map(|i| PERS[i].1)
}

fn read_over(text: &str) -> Result<(u64, u64), Wrong> {
    let parts = text.split_once('/');
    let parts = parts.and_then(|(count, unit)| Some((count.trim().parse().ok()?, unit.trim())));
    let Some((count, unit)) = parts else {
        let wrong = Wrong::new(format!("`{text}` is no rate"));
        return Err(wrong.help("write 100/s, 100/min, 100/h or 100/d"));
    };
    if !COUNTS.contains(&count) {
        let what = format!("a rate is over 1 to {BURST_MAX} messages in a unit of time");
        return Err(Wrong::new(what).help("to refuse every message, leave the rate out"));
    }
    read::choice(unit, &UNITS.map(|(name, _)| name)).map(|i| (count, UNITS[i].1))
}
