//! Expressions as they stand in a rule file.

use serde::Deserialize;
use toml::Spanned;

use crate::Text;
use crate::file::Problem;
use crate::table::REASON_BYTES_MAX;

pub(super) const PASS: &str = "pass_if";
pub(super) const DROP: &str = "drop_if";
pub(super) const REFUSE: &str = "refuse_if";
pub(super) const HOLD: &str = "hold_if";

/// The expressions of a policy, asked in this order. The first that holds decides.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpressionText {
    /// What passes.
    pub pass_if: Option<Spanned<String>>,
    /// What ends here without a word.
    pub drop_if: Option<Spanned<String>>,
    /// What is refused.
    pub refuse_if: Option<Spanned<String>>,
    /// What somebody is asked about.
    pub hold_if: Option<Spanned<String>>,
    /// What is said of it.
    pub reason: Option<Spanned<String>>,
}

impl ExpressionText {
    pub(super) fn branches(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        let all = [
            (PASS, &self.pass_if),
            (DROP, &self.drop_if),
            (REFUSE, &self.refuse_if),
            (HOLD, &self.hold_if),
        ];
        all.into_iter()
            .filter_map(|(field, text)| Some((field, text.as_ref()?)))
    }

    pub(super) fn reason(&self) -> Result<Option<Text>, Problem> {
        let Some(reason) = &self.reason else {
            return Ok(None);
        };
        let text = reason.get_ref();
        if text.len() > REASON_BYTES_MAX {
            let what = format!("a reason has at most {REASON_BYTES_MAX} bytes");
            return Err(Problem::new(reason.span(), what));
        }
        Ok(Some(text.clone().into()))
    }
}
