//! What must hold of every run.

use oncard_trustedpals::Members;
use oncard_trustedpals::uic::Decision;

use crate::network::{Process, Setting};

/// What a run did wrong.
pub(crate) type Violation = String;

/// Every correct process decides in time, all that decide decide the same, and nothing is lost of a correct one.
pub(crate) fn check(
    setting: &Setting,
    faulty: Members,
    processes: &[Process],
) -> Result<(), Violation> {
    for (me, process) in processes.iter().enumerate() {
        check_one(setting, faulty, me, process)?;
    }
    agree(processes)
}

/// All that decide decide the same, and uniform consensus is on somebody's input.
pub(crate) fn agree(processes: &[Process]) -> Result<(), Violation> {
    let mut decisions = processes.iter().filter_map(Process::decision);
    let Some(first) = decisions.next() else {
        return Ok(());
    };
    match decisions.find(|it| it.values != first.values) {
        None => consensus(processes),
        Some(other) => Err(format!("agreement: {first:?} and {other:?}")),
    }
}

fn consensus(processes: &[Process]) -> Result<(), Violation> {
    let decisions = processes.iter().filter_map(Process::decision);
    let mut values: Vec<Option<&u8>> = decisions.map(Decision::consensus).collect();
    values.dedup();
    match values.as_slice() {
        [Some(value)] if usize::from(**value) < processes.len() => Ok(()),
        _ => Err(format!("uniform consensus: {values:?}")),
    }
}

/// What must hold of one process whatever the others do.
pub(crate) fn check_one(
    setting: &Setting,
    faulty: Members,
    me: usize,
    process: &Process,
) -> Result<(), Violation> {
    match process.decision() {
        None if faulty.contains(me) => Ok(()),
        None => Err(format!("termination: correct {me} decides nothing")),
        Some(decision) => {
            let is_late = decision.round as usize > (faulty.len() + 2).min(setting.rounds());
            if is_late && !faulty.contains(me) {
                return Err(format!("{me} decides in round {}", decision.round));
            }
            valid(faulty, decision)
        }
    }
}

fn valid(faulty: Members, decision: &Decision<u8>) -> Result<(), Violation> {
    for (member, value) in decision.values.iter().enumerate() {
        let is_right = match value {
            None => faulty.contains(member),
            Some(value) => usize::from(*value) == member,
        };
        if !is_right {
            return Err(format!("validity: {value:?} for {member}"));
        }
    }
    Ok(())
}
