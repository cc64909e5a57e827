//! Rules that change while programs send: every message is judged once, by one generation.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use libetp::EntityId;
use libetp::client::Event;
use libetp::client::blocking::Capability;
use system_tests::Failure;

use crate::stage::{PATIENCE, PLAIN, Stage, nothing_came};

/// Programs that send at the same time.
const PROGRAMS: usize = 4;
/// Messages that each has outstanding. All of them together may wait for a slow policy at once.
const WAVE: usize = 8;
/// Changes of the rules in a test.
const CHANGES: usize = 32;
/// Waves that every program sends between two changes at least.
const WAVES_BETWEEN: u64 = 2;

/// A message's length with the header is odd or even, and each of two policies refuses one kind.
/// The first of one file with the second of the other would let half of the messages pass.
fn rules(file: char, is_slow: bool) -> String {
    let kinds = match file {
        'a' => [("odd", 1), ("even", 0)],
        _ => [("even", 0), ("odd", 1)],
    };
    let policy = |(kind, rest)| {
        format!(
            r#"
[[policy]]
name = "{file}-{kind}"
kind = "expression"
slow = {is_slow}
refuse_if = "size % 2 == {rest}"
"#
        )
    };
    format!("version = 1\n{}", kinds.map(policy).concat())
}

/// Two files that are right, and two that are not: a word and a name that nobody knows.
fn broken(place: usize) -> &'static str {
    match place % 2 {
        0 => "version = 1\n[[policy]]\nname = \"all\"\nkind = \"tabel\"\n",
        _ => {
            "version = 1\n[[policy]]\nname = \"all\"\nkind = \"table\"\n\
             [[policy.rule]]\ndst = \"nobody-knows\"\nthen = \"pass\"\n"
        }
    }
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    waves: [AtomicU64; PROGRAMS],
}

/// How many messages each file refused.
type Tally = [u64; 2];

/// Sends wave after wave until it is stopped, and looks at the verdict of every message.
fn flood(mut program: Capability, to: EntityId, shared: &Shared, place: usize) -> Tally {
    let mut tally = [0; 2];
    while !shared.stop.load(Ordering::Relaxed) {
        let queue = |len| program.queue(to, PLAIN, &[0; WAVE][..len]).unwrap();
        let mut waiting: Vec<u64> = (0..WAVE).map(queue).collect();
        program.write_out().unwrap();
        while !waiting.is_empty() {
            let file = verdict(&mut program, &mut waiting);
            tally[file] += 1;
        }
        shared.waves[place].fetch_add(1, Ordering::Relaxed);
    }
    assert_eq!(program.flush().unwrap(), [], "a second verdict");
    tally
}

/// Which file refused the next message of those that wait for a verdict.
fn verdict(program: &mut Capability, waiting: &mut Vec<u64>) -> usize {
    let told = match program.event_within(PATIENCE).unwrap() {
        Some(Event::Undelivered(told)) => told,
        other => panic!("{other:?} while {waiting:?} wait"),
    };
    let at = waiting.iter().position(|it| *it == told.number);
    waiting.remove(at.expect("one verdict for each message"));
    let said = told.verdict.to_string();
    let file = ["a-", "b-"].iter().position(|file| said.contains(file));
    file.unwrap_or_else(|| panic!("{said}"))
}

/// Changes the rules of a daemon in every way there is.
struct Changer<'s> {
    stage: &'s Stage,
    is_slow: bool,
}

impl Changer<'_> {
    fn change(&self, place: usize) {
        match place % 4 {
            0 => self.reload("ab".as_bytes()[place / 4 % 2].into()),
            1 => self.signal("ba".as_bytes()[place / 4 % 2].into()),
            2 => drop(self.stage.guard(&["rollback"])),
            _ => self.fail(place / 4),
        }
    }

    /// As an editor does it: the file is never half there.
    fn write(&self, text: &str) {
        let (host, rules) = (&self.stage.host, self.stage.host.rules());
        let fresh: PathBuf = rules.with_extension("new");
        host.write_rules(&fresh, text).unwrap();
        std::fs::rename(fresh, rules).unwrap();
    }

    fn reload(&self, file: char) {
        self.write(&rules(file, self.is_slow));
        self.stage.guard(&["reload"]);
    }

    fn signal(&self, file: char) {
        self.write(&rules(file, self.is_slow));
        let newest = || self.stage.guard(&["list"])["generation"].as_u64().unwrap();
        let before = newest();
        self.stage.host.signal("HUP").unwrap();
        let loaded = || Ok(newest() != before);
        self.stage.host.wait_for("other rules", loaded).unwrap();
    }

    fn fail(&self, place: usize) {
        self.write(broken(place));
        let failed = self.stage.try_guard(&["reload"]);
        assert_eq!(failed.code, Some(1), "{}", failed.failure());
        self.stage.host.signal("HUP").unwrap();
    }
}

fn wait_for_waves(stage: &Stage, shared: &Shared) {
    let count = |it: &AtomicU64| it.load(Ordering::Relaxed);
    let before = shared.waves.each_ref().map(count);
    let went_on = || {
        let now = shared.waves.each_ref().map(count);
        let mut each = now.iter().zip(before);
        Ok::<_, Failure>(each.all(|(now, before)| *now >= before + WAVES_BETWEEN))
    };
    stage.host.wait_for("more messages", went_on).unwrap();
}

fn start(stage: &Stage, to: EntityId, shared: &Arc<Shared>) -> Vec<JoinHandle<Tally>> {
    let start = |place| {
        let (program, shared) = (stage.program("flood"), Arc::clone(shared));
        std::thread::spawn(move || flood(program, to, &shared, place))
    };
    (0..PROGRAMS).map(start).collect()
}

fn change_under_load(io_threads: u32, is_slow: bool) {
    let stage = Stage::set_on(&rules('b', is_slow), io_threads);
    let mut receiver = stage.program("receiver");
    let shared = Arc::new(Shared::default());
    let programs = start(&stage, receiver.id(), &shared);
    let changer = Changer {
        stage: &stage,
        is_slow,
    };
    for place in 0..CHANGES {
        wait_for_waves(&stage, &shared);
        changer.change(place);
    }
    shared.stop.store(true, Ordering::Relaxed);
    let tallies = programs.into_iter().map(|it| it.join().unwrap());
    let [a, b] = tallies.fold([0, 0], |sum, it| [sum[0] + it[0], sum[1] + it[1]]);
    nothing_came(&mut receiver);
    assert!(a > 0 && b > 0, "{a} by one file, {b} by the other");
    assert_eq!(stage.host.counter("guard-refused").unwrap(), a + b);
    let generations = stage.guard(&["list"])["generation"].as_u64().unwrap();
    assert!(generations > CHANGES as u64 / 4, "{generations}");
}

#[test]
fn rules_that_change_under_load_judge_every_message_once_and_whole() {
    for io_threads in [1, 3] {
        change_under_load(io_threads, false);
    }
}

#[test]
fn slow_rules_that_change_under_load_judge_every_message_once_and_whole() {
    for io_threads in [1, 3] {
        change_under_load(io_threads, true);
    }
}
