//! Conditions and rules as they stand in a file.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::rate::RateText;
use super::window::TimesText;
use super::word::List;

/// Declares the fields of conditions once, for conditions alone and for rules, which have two
/// fields more. (`serde` flattens no structure that refuses unknown fields.)
macro_rules! conditions {
    ($($(#[$meta:meta])* $field:ident: $kind:ty,)*) => {
        /// What a message must be, all fields together. A field that is left out asks nothing;
        /// a field with a list asks for any of its values.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct ConditionsText {
            $($(#[$meta])* pub(super) $field: Option<$kind>,)*
        }

        /// Names of the fields of [`ConditionsText`].
        pub const FIELDS: &[&str] = &[$(stringify!($field)),*];

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct FlatRule {
            then: Spanned<String>,
            reason: Option<Spanned<String>>,
            $($field: Option<$kind>,)*
        }

        impl From<FlatRule> for RuleText {
            fn from(rule: FlatRule) -> Self {
                Self {
                    conditions: ConditionsText { $($field: rule.$field,)* },
                    then: rule.then,
                    reason: rule.reason,
                }
            }
        }

        impl fmt::Display for ConditionsText {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut and = "";
                $(if let Some(value) = &self.$field {
                    write!(f, "{and}{} = {value}", stringify!($field))?;
                    and = ", ";
                })*
                if and.is_empty() { f.write_str("everything") } else { Ok(()) }
            }
        }
    };
}

conditions! {
    /// Where it comes in: `app`, `card`, `remote`, `host`.
    entry: List,
    /// Its source: ids or names.
    src: List,
    /// Its destination: ids or names.
    dst: List,
    /// The domain of its source: digits, names, `local` or `foreign`.
    src_domain: List,
    /// The domain of its destination: digits, names, `local` or `foreign`.
    dst_domain: List,
    /// The port of its source: numbers or ranges.
    src_port: List,
    /// The port of its destination: numbers or ranges.
    dst_port: List,
    /// Its type: registered names, numbers, or ranges of either; `privileged` stands for all types
    /// that are registered as that.
    mtype: List,
    /// Its length on the wire in bytes, header included: numbers or ranges.
    size: List,
    /// The user of the program that sends it: numbers or ranges.
    uid: List,
    /// The primary group of that program: numbers or ranges.
    gid: List,
    /// Any group of that program: numbers or ranges.
    group: List,
    /// The control group of that program, or one above it.
    cgroup: List,
    /// The host that sends it: key ids or names.
    host: List,
    /// Whether the program's capability is a derived one.
    derived: bool,
    /// When it comes: windows of the day.
    time: TimesText,
    /// Whether there are more of them than this.
    rate: RateText,
}

impl ConditionsText {
    /// Where those stand that say where a message comes in.
    pub(super) fn place(&self) -> Range<usize> {
        let lists = [
            &self.entry,
            &self.uid,
            &self.gid,
            &self.group,
            &self.cgroup,
            &self.host,
        ];
        let places = lists.into_iter().flatten().map(|list| list.at.clone());
        let rate = self.rate.as_ref().map(RateText::place);
        let places = places.chain(rate);
        places
            .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
            .unwrap_or_default()
    }
}

/// A rule: what a message must be, and what then becomes of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "FlatRule")]
pub struct RuleText {
    /// What it must be.
    pub(super) conditions: ConditionsText,
    /// `pass`, `drop`, `refuse` or `hold`; or `next`: no rule of this table decides, but the next
    /// policy does.
    pub(super) then: Spanned<String>,
    /// What its sender or the operator is told.
    pub(super) reason: Option<Spanned<String>>,
}
