//! Guard in the words of control replies.

use guard_policies::chain::{Fallback, Link, Mode, OnError, Step};
use guard_policies::{Approver, Opinion, Verdict};
use libetp::client::control::guard::{Chain, Held, Policy, Record};

use super::GuardKeeper;
use crate::remote::hex;
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
            policies: chain.links().iter().map(policy).collect(),
            previous: self.previous.as_ref().map(|chain| chain.generation),
            shadow: self.shadow_file.as_ref().map(path),
            shadow_differs: self.watcher.differences(),
            watched: self.guard.watched.iter().map(ToString::to_string).collect(),
            is_captured: self.guard.is_captured,
        }
    }
}

fn defaults(chain: &guard_policies::chain::Chain) -> Vec<(String, String)> {
    let defaults = chain.defaults();
    let word = |fallback| match fallback {
        Fallback::Pass => "pass",
        Fallback::Refuse => "refuse",
        Fallback::Drop => "drop",
    };
    let all = [
        ("app", defaults.app),
        ("card", defaults.card),
        ("remote", defaults.remote),
    ];
    let words = all.map(|(entry, fallback)| (entry.to_owned(), word(fallback).to_owned()));
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
        explain: link.explain(),
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
    Record {
        sequence: *sequence,
        capture: capture(record, payloads),
        verdict: words(&record.judgement.verdict),
        differing: record.differing.as_ref().map(words),
        steps: record.steps.iter().map(step).collect(),
    }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "pass".into(),
        Verdict::Drop(reason) => format!("drop, {reason}"),
        Verdict::Refuse(reason) => format!("refuse, {reason}"),
        Verdict::Hold(hold) => format!("hold, {}", hold.reason),
        Verdict::Slow(_) => "to the worker".into(),
    }
}

fn step(step: &Step) -> (String, String) {
    let said = match &step.opinion {
        None => "does not apply".into(),
        Some(Err(failure)) => format!("failed: {failure}"),
        Some(Ok(opinion)) => opinion_words(opinion),
    };
    let shadow = if step.is_shadow { " (shadow)" } else { "" };
    let fuel = match step.fuel {
        0 => String::new(),
        fuel => format!(", fuel {fuel}"),
    };
    (step.policy.clone(), format!("{said}{fuel}{shadow}"))
}

fn opinion_words(opinion: &Opinion) -> String {
    match opinion {
        Opinion::Indifferent => "indifferent".into(),
        Opinion::Pass => "pass".into(),
        Opinion::Drop(why) => format!("drop, {why}"),
        Opinion::Refuse(why) => format!("refuse, {why}"),
        Opinion::Hold(why) => format!("hold, {why}"),
        Opinion::Rewrite(param) => format!("rewrite, {} bytes", param.len()),
    }
}

fn capture(_record: &GuardRecord, _payloads: bool) -> Vec<u8> {
    Vec::new()
}
