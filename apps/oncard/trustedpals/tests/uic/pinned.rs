//! One run of interest, step by step.

use oncard_trustedpals::Members;
use oncard_trustedpals::uic::{Halt, Mode, Rules, Status};

use crate::laws::check;
use crate::network::{Losses, Process, Setting, run};

/// Five processes, 0 and 1 faulty. In round 1 only 1 hears 0, and in round 2 nobody correct hears
/// either. After round 1 process 1 heard everybody, so it is stable, and in round 2 all correct ones still
/// trust it.
fn losses() -> Losses {
    let only = |members: &[usize]| members.iter().copied().collect::<Members>();
    let first = [&[][..], &[], &[0], &[0], &[0]];
    let second = [&[][..], &[0], &[0, 1], &[0, 1], &[0, 1]];
    [first, second, second]
        .map(|round| round.map(only).to_vec())
        .to_vec()
}

fn all(rules: Rules) -> (Setting, Vec<Process>) {
    let setting = Setting {
        rules,
        ..Setting::new(5, 2, Mode::Full)
    };
    let processes = run(&setting, setting.processes(), &losses());
    (setting, processes)
}

#[test]
fn a_faulty_process_that_alone_has_a_value_halts() {
    let (setting, processes) = all(Rules::ALL);
    check(&setting, Members::first(2), &processes).unwrap();
    assert_eq!(processes[1].status(), Status::Halted(Halt::SelfCheck));
    assert_eq!(processes[1].decision(), None);
    for correct in &processes[2..] {
        let values = &correct.decision().unwrap().values;
        assert_eq!(values, &[None, Some(1), Some(2), Some(3), Some(4)]);
    }
}

#[test]
fn without_confirmation_it_decides_with_the_value() {
    let confirm = false;
    let (setting, processes) = all(Rules {
        confirm,
        ..Rules::ALL
    });
    assert!(check(&setting, Members::first(2), &processes).is_err());
    let decision = processes[1].decision().unwrap();
    assert_eq!((decision.round, decision.values[0]), (2, Some(0)));
}
