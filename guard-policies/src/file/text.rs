//! A rule file as it stands.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::chain::{Defaults, Mode, OnError};
use crate::table::{ConditionsText, RuleText};

/// The format that this program reads.
pub const VERSION: i64 = 1;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileText {
    pub(super) version: Spanned<i64>,
    #[serde(default)]
    pub(super) include: Vec<Spanned<PathBuf>>,
    pub(super) default: Option<Spanned<Defaults>>,
    pub(super) fuel: Option<Spanned<FuelText>>,
    #[serde(default)]
    pub(super) names: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) policy: Vec<Spanned<PolicyText>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FuelText {
    pub(super) per_second: u64,
    pub(super) burst: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Table,
    Expression,
    Plugin,
    Adversary,
}

/// Every key of every kind; those that have no effect on the policy's kind are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyText {
    pub(super) name: Spanned<String>,
    pub(super) kind: Spanned<Kind>,
    #[serde(default)]
    pub(super) on_error: OnError,
    #[serde(default)]
    pub(super) mode: Mode,
    #[serde(default)]
    pub(super) slow: bool,
    pub(super) when: Option<ConditionsText>,
    pub(super) hold: Option<HoldText>,
    #[serde(default)]
    pub(super) rewrite: Vec<Spanned<String>>,
    pub(super) rule: Option<Spanned<Vec<RuleText>>>,
    pub(super) pass_if: Option<Spanned<String>>,
    pub(super) drop_if: Option<Spanned<String>>,
    pub(super) refuse_if: Option<Spanned<String>>,
    pub(super) hold_if: Option<Spanned<String>>,
    pub(super) reason: Option<Spanned<String>>,
    pub(super) file: Option<Spanned<PathBuf>>,
    pub(super) sha256: Option<Spanned<String>>,
    pub(super) fuel: Option<Spanned<u64>>,
    pub(super) memory_kib: Option<Spanned<usize>>,
    pub(super) settings: Option<Spanned<toml::Table>>,
    pub(super) adversary: Option<Spanned<toml::Table>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldText {
    pub(super) approver: Option<Spanned<String>>,
    pub(super) seconds: Option<Spanned<u64>>,
}
