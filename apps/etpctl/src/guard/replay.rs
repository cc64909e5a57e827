//! `etpctl guard replay`.

use std::cell::RefCell;
use std::path::Path;

use guard_policies::capture::{self, Change, Replay as Replayed};
use guard_policies::{Facts, Outcome};
use serde_json::{Value, json};

use super::{Failure, Replay, offline};
use crate::control::{Report, print_report};

/// Changes that are shown; all are counted.
const SHOWN_MAX: usize = 1_000;

pub(super) fn run(arguments: &Replay, json: bool) -> Result<(), Failure> {
    let path = &arguments.capture;
    let chain = offline::chain(&arguments.rules)?;
    let after = |facts: &Facts<'_>| Outcome::of(&chain, facts);
    let (replayed, is_cut_off) = match &arguments.against {
        Some(old) => {
            let old = offline::chain(old)?;
            replay(path, |facts, _| Outcome::of(&old, facts), after)?
        }
        None => replay(path, |_, captured| captured.clone(), after)?,
    };
    let mut text = replayed.to_string();
    if is_cut_off {
        text += "\nthe capture was cut off: its last record is not whole";
    }
    let report = Report {
        text,
        json: value(&replayed, is_cut_off),
    };
    print_report(&report, json)?;
    match replayed.changed {
        0 => Ok(()),
        changed => Err(Failure::Changed {
            changed,
            all: replayed.judged,
        }),
    }
}

/// `before` is told what became of the message, too. And whether the capture ends within a record.
fn replay(
    path: &Path,
    before: impl Fn(&Facts<'_>, &Outcome) -> Outcome,
    after: impl Fn(&Facts<'_>) -> Outcome,
) -> Result<(Replayed, bool), Failure> {
    let mut reader = offline::capture(path)?;
    let became = RefCell::new(None);
    let captured = reader.by_ref().inspect(|it| {
        if let Ok(it) = it {
            became.replace(Some(it.outcome.clone()));
        }
    });
    let before = |facts: &Facts<'_>| match &*became.borrow() {
        Some(outcome) => before(facts, outcome),
        None => after(facts),
    };
    let replayed = capture::replay(captured, SHOWN_MAX, before, &after);
    let replayed = replayed.map_err(Failure::capture(path))?;
    Ok((replayed, reader.is_cut_off()))
}

fn value(replayed: &Replayed, is_cut_off: bool) -> Value {
    let changes: Vec<Value> = replayed.changes.iter().map(change).collect();
    json!({
        "messages": replayed.judged,
        "without_param": replayed.redacted,
        "changed": replayed.changed,
        "changes": changes,
        "cut_off": is_cut_off,
    })
}

fn change(change: &Change) -> Value {
    let header = change.record.header;
    json!({
        "at": change.at,
        "entry": change.record.entry.name(),
        "mtype": header.mtype.to_string(),
        "src": header.src.to_string(),
        "dst": header.dst.to_string(),
        "before": change.before.to_string(),
        "after": change.after.to_string(),
    })
}
