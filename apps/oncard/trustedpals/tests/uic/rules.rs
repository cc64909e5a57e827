//! What a process does with what it is told, and what it says.

use oncard_trustedpals::uic::{Config, ConfigError, Halt, Mode, Report, Status, Uic};
use oncard_trustedpals::{MEMBERS_MAX, Members};

use crate::network::{Process, Setting, reports, run, stepped};

fn quiet(setting: &Setting) -> Vec<Vec<Members>> {
    vec![vec![Members::NONE; setting.n]; setting.rounds()]
}

#[test]
fn sizes_are_limited() {
    let config = |n, t, me| Config::new(n, t, me, Mode::Full);
    assert!(config(MEMBERS_MAX, MEMBERS_MAX / 2 - 1, MEMBERS_MAX - 1).is_ok());
    let (n, t) = (MEMBERS_MAX, MEMBERS_MAX / 2);
    assert_eq!(config(n, t, 0), Err(ConfigError::Majority { n, t }));
    let past = MEMBERS_MAX + 1;
    assert_eq!(config(past, 1, 0), Err(ConfigError::Members(past)));
    assert_eq!(config(3, 1, 3), Err(ConfigError::Me { me: 3, n: 3 }));
    assert_eq!(config(0, 0, 0), Err(ConfigError::Majority { n: 0, t: 0 }));
}

#[test]
fn without_faults_all_decide_in_the_second_round_and_those_that_hide_it_go_on() {
    for (mode, rounds) in [(Mode::Full, 4), (Mode::Stop, 2)] {
        let setting = Setting::new(7, 3, mode);
        for process in run(&setting, setting.processes(), &quiet(&setting)) {
            let decision = process.decision().unwrap();
            assert_eq!(decision.round, 2);
            assert_eq!(decision.values, (0..7).map(Some).collect::<Vec<_>>());
            assert_eq!(
                (process.round(), process.status()),
                (rounds, Status::Finished)
            );
            assert_eq!(process.report(), None);
        }
    }
}

#[test]
fn two_without_faults_decide_at_once() {
    let setting = Setting::new(2, 0, Mode::Full);
    for process in run(&setting, setting.processes(), &quiet(&setting)) {
        assert_eq!(process.decision().unwrap().round, 1);
    }
}

#[test]
fn the_largest_session_decides() {
    let setting = Setting::new(MEMBERS_MAX, MEMBERS_MAX / 2 - 1, Mode::Full);
    let processes = run(&setting, setting.processes(), &quiet(&setting));
    let all: Vec<_> = (0..MEMBERS_MAX as u8).map(Some).collect();
    assert!(
        processes
            .iter()
            .all(|it| it.decision().unwrap().values == all)
    );
}

/// The first of three after a round in which the second says what `change` makes of its report.
fn told(change: impl Fn(&mut Report<u8>)) -> Process {
    let setting = Setting::new(3, 1, Mode::Full);
    let processes = setting.processes();
    let mut said = reports(&processes);
    change(said[1].as_mut().unwrap());
    stepped(&processes[0], &said, Members::NONE)
}

#[test]
fn what_is_not_of_this_round_and_session_was_not_received() {
    let changes: [fn(&mut Report<u8>); 4] = [
        |report| report.round = 0,
        |report| report.round = 2,
        |report| report.values.push(None),
        |report| report.trusted = Members::first(4),
    ];
    for change in changes {
        assert_eq!(told(change).trusted(), Members::from_iter([0, 2]));
    }
    assert_eq!(told(|_| {}).trusted(), Members::first(3));
}

#[test]
fn two_inputs_of_one_member_end_it() {
    let process = told(|report| report.values[0] = Some(9));
    assert_eq!(process.status(), Status::Halted(Halt::Conflict(0)));
    assert_eq!(process.decision(), None);
}

#[test]
fn who_halts_after_its_decision_keeps_it() {
    let setting = Setting::new(5, 2, Mode::Full);
    let mut losses = quiet(&setting);
    losses[2][0] = Members::from_iter([1, 2, 3]);
    let processes = run(&setting, setting.processes(), &losses);
    assert_eq!(processes[0].status(), Status::Halted(Halt::SelfCheck));
    assert_eq!(processes[0].decision(), processes[4].decision());
}

#[test]
fn nothing_is_said_by_and_nothing_changes_a_process_that_is_over() {
    let config = Config::new(1, 0, 0, Mode::Full).unwrap();
    let mut alone = Uic::new(config, 7);
    alone.step(&[]);
    let over = alone.clone();
    alone.step(&[]);
    assert_eq!((alone.report(), &alone), (None, &over));
    assert_eq!(alone.decision().unwrap().values, [Some(7)]);
}
