//! Tier 0: table rules, which need no program.
//!
//! A [`Table`] is a list of rules. A rule is [`Conditions`], all of which a message must meet, and
//! what then becomes of it. The first rule whose conditions are met decides; if there is none, the
//! table is indifferent. Finding it costs the same however many rules are not met: the index finds
//! candidates by what the message has, see [`Table`].
//!
//! Conditions read the envelope and who sent it, never a param.

mod cgroup;
mod condition;
mod conditions;
mod index;
mod limits;
mod quantity;
mod rate;
mod read;
mod rules;
mod set;
mod text;
mod window;
mod word;

pub use conditions::Conditions;
pub use limits::{
    BURST_MAX, KEYS_MAX, KEYS_PER_SOURCE_MAX, LIST_VALUES_MAX, RATES_MAX, REASON_BYTES_MAX,
    RULES_MAX, TABLE_VALUES_MAX,
};
pub use rules::Table;
pub use text::{ConditionsText, FIELDS, RuleText};
