//! The gate alone, with time passed in.

use remote_proxy::gate::{Admission, Gate, Grounds, Judgement};
use remote_proxy::link::{Now, Outgoing};
use remote_proxy::{Counter, Limits, MemoryStatementStore};

use crate::support::{Card, HostKey, World, message, unix_now};

struct Stage {
    world: World,
    gate: Gate,
    store: MemoryStatementStore,
    host: HostKey,
    card: Card,
}

impl Stage {
    fn set() -> Self {
        let world = World::new();
        Self {
            gate: Gate::new(Limits::default()),
            store: MemoryStatementStore::default(),
            host: world.host(102),
            card: world.card(12),
            world,
        }
    }

    fn outgoing(&self, number: u64) -> Outgoing {
        let to = self.world.card(11).entity(1);
        let message = message(self.card.entity(1), to, vec![]);
        Outgoing { number, message }
    }

    fn admit(&mut self, ms: u64, host: &HostKey, number: u64) -> Admission {
        let outgoing = self.outgoing(number);
        self.gate
            .admit(at(ms), host.key, outgoing, || [number as u8; 32])
    }

    fn answer(&mut self, ms: u64, host: &HostKey, number: u64, nonce: u8) -> Judgement {
        let statement = self.card.statement(host.key, number, [nonce; 32]);
        let grounds = Grounds {
            anchors: &self.world.anchors(),
            store: &mut self.store,
        };
        let domain = self.card.domain;
        self.gate
            .answer(at(ms), host.key, domain, Some(&statement), grounds)
    }
}

fn at(ms: u64) -> Now {
    let unix_s = unix_now();
    Now { ms, unix_s }
}

#[test]
fn a_statement_holds_for_a_day_and_for_one_host() {
    let mut stage = Stage::set();
    let (host, other) = (stage.host.clone(), stage.world.host(103));
    assert_eq!(stage.admit(0, &host, 1), Admission::Ask([1; 32]));
    assert_eq!(stage.admit(1, &host, 2), Admission::Parked);
    let parked = vec![stage.outgoing(1), stage.outgoing(2)];
    assert_eq!(stage.answer(2, &host, 1, 1), Judgement::Enter(parked));
    let day_ms = Limits::default().statement_valid_ms;
    let last = 2 + day_ms - 1;
    let (third, fourth) = (stage.outgoing(3), stage.outgoing(4));
    assert_eq!(stage.admit(last, &host, 3), Admission::Enter(third));
    assert_eq!(stage.admit(last, &other, 9), Admission::Ask([9; 32]));
    assert_eq!(stage.admit(last + 1, &host, 4), Admission::Ask([4; 32]));
    assert_eq!(
        stage.answer(last + 2, &host, 2, 4),
        Judgement::Enter(vec![fourth])
    );
}

#[test]
fn a_failed_question_is_not_asked_again_for_a_while() {
    let mut stage = Stage::set();
    let host = stage.host.clone();
    let limits = Limits::default();
    assert_eq!(stage.admit(0, &host, 1), Admission::Ask([1; 32]));
    assert!(
        stage
            .gate
            .overdue(at(limits.statement_ms_max - 1))
            .is_none()
    );
    let end = stage.gate.deadline_ms().unwrap();
    let (overdue, _, judgement) = stage.gate.overdue(at(end)).unwrap();
    assert_eq!(overdue, host.key);
    assert!(matches!(
        judgement,
        Judgement::Refused(_, Counter::StatementTimeout, _)
    ));
    let again = end + limits.statement_refused_ms;
    let refused = stage.admit(again - 1, &host, 2);
    assert!(matches!(
        refused,
        Admission::Refused(_, Counter::NotEnrolled, _)
    ));
    assert_eq!(stage.admit(again, &host, 3), Admission::Ask([3; 32]));
}

#[test]
fn a_restart_of_the_host_forgets_its_domains_and_its_questions() {
    let mut stage = Stage::set();
    let host = stage.host.clone();
    assert_eq!(stage.admit(0, &host, 1), Admission::Ask([1; 32]));
    assert_eq!(stage.gate.forget(host.key), (vec![stage.card.domain], 1));
    assert!(matches!(
        stage.answer(1, &host, 1, 1),
        Judgement::Ignored(Counter::StatementUnasked, _)
    ));
    assert_eq!(stage.admit(2, &host, 2), Admission::Ask([2; 32]));
    assert!(matches!(stage.answer(3, &host, 2, 2), Judgement::Enter(_)));
    assert_eq!(stage.gate.forget(host.key), (vec![], 0));
    assert_eq!(stage.admit(4, &host, 3), Admission::Ask([3; 32]));
}

#[test]
fn refused_domains_are_remembered_up_to_the_limit_only() {
    let mut stage = Stage::set();
    let host = stage.host.clone();
    let max = Limits::default().parked_domains_max;
    let anchors = stage.world.anchors();
    for seed in 0..=max as u8 {
        stage.card = stage.world.card(seed + 100);
        assert!(matches!(stage.admit(0, &host, 1), Admission::Ask(_)));
        let grounds = Grounds {
            anchors: &anchors,
            store: &mut stage.store,
        };
        let domain = stage.card.domain;
        let judgement = stage.gate.answer(at(0), host.key, domain, None, grounds);
        assert!(matches!(
            judgement,
            Judgement::Refused(_, Counter::StatementNone, _)
        ));
    }
    let mut asked_again = 0;
    for seed in 0..=max as u8 {
        stage.card = stage.world.card(seed + 100);
        asked_again += usize::from(matches!(stage.admit(1, &host, 1), Admission::Ask(_)));
    }
    assert_eq!(asked_again, 1);
}
