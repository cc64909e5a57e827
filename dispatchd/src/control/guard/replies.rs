//! Guard in the words of control replies.

use guard_policies::capture::{About, Writer};
use guard_policies::chain::{Link, Mode, OnError, Step};
use guard_policies::{Approver, Opinion};
use libetp::client::control::guard::{Chain, Held, Policy, Record, Reply};
use libetp::text::hex;

use super::GuardKeeper;
use super::page::{self, page};
use crate::router::{GuardRecord, HeldSnapshot};

impl GuardKeeper {
    pub(super) fn describe(&self) -> Chain {
        let chain = &self.guard.chain;
        let path = |path: &std::path::PathBuf| path.display().to_string();
        Chain {
            file: self.file.as_ref().map(path),
            generation: chain.generation,
            digest: hex(&chain.digest),
            defaults: defaults(chain),
            policies: u32::try_from(chain.links().len()).unwrap_or(u32::MAX),
            previous: self.previous.as_ref().map(|chain| chain.generation),
            shadow: self.shadow_file.as_ref().map(path),
            shadow_differs: self.watcher.differences(),
            watched: self.guard.watched.iter().map(ToString::to_string).collect(),
            is_captured: self.guard.is_captured,
        }
    }

    pub(super) fn policies(&self, after: usize) -> Reply {
        let chain = &self.guard.chain;
        Reply::Policies {
            generation: chain.generation,
            policies: page(chain.links().iter().skip(after).map(policy)),
        }
    }

    pub(super) fn explain(&self, policy: usize, after: usize) -> Reply {
        let chain = &self.guard.chain;
        let lines = chain.links().get(policy).map(Link::explain);
        let lines = lines.unwrap_or_default().into_iter().skip(after);
        Reply::Explained {
            generation: chain.generation,
            lines: page(lines.map(|it| page::line(&it))),
        }
    }
}

fn defaults(chain: &guard_policies::chain::Chain) -> Vec<(String, String)> {
    let words = chain.defaults().named();
    let words = words.map(|(entry, fallback)| (entry.to_owned(), fallback.to_owned()));
    words.to_vec()
}

fn policy(link: &Link) -> Policy {
    let counts = link.counts().named().into_iter();
    Policy {
        name: link.name.clone(),
        mode: match link.settings.mode {
            Mode::Enforce => "enforce",
            Mode::Shadow => "shadow",
        }
        .into(),
        on_error: match link.settings.on_error {
            OnError::Refuse => "refuse",
            OnError::Pass => "pass",
        }
        .into(),
        slow: link.settings.is_slow,
        quarantined: link.is_in_quarantine(),
        counts: counts.map(|(name, n)| (name.to_owned(), n)).collect(),
    }
}

pub(super) fn held(held: &HeldSnapshot) -> Held {
    Held {
        ticket: held.ticket.0,
        entry: held.entry.name().into(),
        src: held.header.src.to_string(),
        dst: held.header.dst.to_string(),
        mtype: held.header.mtype.0,
        bytes: u32::try_from(held.size).unwrap_or(u32::MAX),
        digest: hex(&held.digest),
        policy: held.reason.rule.to_string(),
        reason: held.reason.detail.to_string(),
        approver: match held.approver {
            Approver::Administrator => "administrator".into(),
            Approver::Entity(id) => id.to_string(),
        },
        left_ms: held.left_ms,
        behind: held.behind as u64,
    }
}

pub(super) fn record((sequence, record): &(u64, GuardRecord), payloads: bool) -> Record {
    page::record(payloads, |payloads| Record {
        sequence: *sequence,
        capture: capture(record, payloads),
        verdict: record.outcome.to_string(),
        differing: record.differing.as_ref().map(ToString::to_string),
        is_captured: record.is_captured,
        steps: record.steps.iter().map(step).collect(),
    })
}

fn step(step: &Step) -> (String, String) {
    let said = match &step.opinion {
        None => "does not apply".into(),
        Some(Err(failure)) => format!("failed: {failure}"),
        Some(Ok(opinion)) => opinion_words(opinion),
    };
    let shadow = if step.is_shadow { " (shadow)" } else { "" };
    let approved = if step.is_approved { " (approved)" } else { "" };
    let fuel = match step.fuel {
        0 => String::new(),
        fuel => format!(", fuel {fuel}"),
    };
    (
        step.policy.clone(),
        format!("{said}{approved}{fuel}{shadow}"),
    )
}

fn opinion_words(opinion: &Opinion) -> String {
    match opinion {
        Opinion::Indifferent => "indifferent".into(),
        Opinion::Pass => "pass".into(),
        Opinion::Drop(why) => format!("drop, {why}"),
        Opinion::Refuse(why) => format!("refuse, {why}"),
        Opinion::Hold(why) => format!("hold, {why}"),
        Opinion::Rewrite(param) => format!("rewrite, {} bytes", param.len()),
        Opinion::Disturb(how) => format!("disturb, {how:?}").to_lowercase(),
    }
}

fn capture(record: &GuardRecord, has_params: bool) -> Vec<u8> {
    let about = About {
        software: "dispatchd".into(),
        has_params,
    };
    let written = Writer::new(Vec::new(), &about).and_then(|mut writer| {
        writer.add(&record.record, &record.outcome, record.generation)?;
        writer.finish()
    });
    // Only one that nobody could read is not written.
    written.unwrap_or_default()
}
