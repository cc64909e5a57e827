//! Cases as they stand in a file.

use serde::Deserialize;
use toml::Spanned;

use crate::outcome::Decision;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CasesText {
    #[serde(default)]
    pub(super) case: Vec<CaseText>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EntryText {
    #[default]
    App,
    Card,
    Remote,
    Host,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseText {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) entry: EntryText,
    pub(super) uid: Option<Spanned<u32>>,
    pub(super) gid: Option<Spanned<u32>>,
    pub(super) groups: Option<Spanned<Vec<u32>>>,
    pub(super) cgroup: Option<Spanned<String>>,
    pub(super) derived: Option<Spanned<bool>>,
    pub(super) domain: Option<Spanned<String>>,
    pub(super) host: Option<Spanned<String>>,
    pub(super) src: Spanned<String>,
    pub(super) dst: Spanned<String>,
    pub(super) mtype: Spanned<String>,
    pub(super) param: Option<Spanned<toml::Table>>,
    pub(super) param_hex: Option<Spanned<String>>,
    pub(super) size: Option<usize>,
    pub(super) at: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) after_ms: u64,
    pub(super) src_local: Option<bool>,
    pub(super) dst_local: Option<bool>,
    pub(super) owner: Option<bool>,
    pub(super) repeat: Option<Spanned<u32>>,
    pub(super) expect: Decision,
    pub(super) policy: Option<String>,
    pub(super) reason: Option<String>,
}
