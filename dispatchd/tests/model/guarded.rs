//! Messages that wait for Guard: for an answer, for the worker, or behind one that does.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use dispatchd::table::{
    Directory, DomainState, Guard, HoldTicket, Input, Limits, PARKED_BYTES_MAX,
    PARKED_MESSAGES_MAX, PARKED_PER_SENDER_MAX,
};
use guard_policies::file::{Files, load};
use libetp::frame::body::VerdictBody;
use libetp::frame::kind;
use libetp::params::Param;
use libetp::params::host::{GuardAnswer, GuardAsk};
use libetp::{EntityId, Mtype, Port, VerdictCode, codec};
use proptest::prelude::*;

use crate::world::{Came, HOME, World};

const PASSED: Mtype = Mtype(0xC001);
const HELD: Mtype = Mtype(0xC00A);
const SLOW: Mtype = Mtype(0xC00B);
const SLOW_REFUSED: Mtype = Mtype(0xC00C);

const WAIT_MS: u64 = 60_000;

/// Holds what is `HELD`; asks a slow policy about the two that are slow.
const RULES: &str = r#"
version = 1
[[policy]]
name = "ask"
kind = "table"
hold = { approver = "APPROVER", seconds = 60 }
[[policy.rule]]
mtype = "0xc00a"
then = "hold"
reason = "is it wanted?"
[[policy]]
name = "slow"
kind = "table"
slow = true
when = { mtype = ["0xc00b", "0xc00c"] }
[[policy.rule]]
mtype = "0xc00c"
then = "refuse"
reason = "after long thought"
"#;

struct Text(String);

impl Files for Text {
    fn read(&self, _: &Path, _: usize) -> io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }
}

fn chain(generation: u64, rules: &str) -> Guard {
    loaded(generation, &Text(rules.into()))
}

pub(crate) fn loaded(generation: u64, files: &impl Files) -> Guard {
    let mut chain = load(Path::new("guard.toml"), files).unwrap();
    chain.generation = generation;
    Guard {
        chain: Arc::new(chain),
        ..Guard::default()
    }
}

fn asking(approver: &str) -> Guard {
    chain(1, &RULES.replace("APPROVER", approver))
}

/// A world with programs that have ids; each of a user of its own.
pub(crate) fn world(shards: u16, programs: usize) -> (World, Vec<EntityId>) {
    let mut world = World::new(shards, Limits::default());
    let mut id = |n: usize| {
        let program = world.connect(n % usize::from(shards), n as u32);
        world.acquire(program, false).id
    };
    let ids = (0..programs).map(&mut id).collect();
    world.set_guard(asking("administrator"));
    (world, ids)
}

pub(crate) fn send(
    world: &mut World,
    from: usize,
    to: EntityId,
    mtype: Mtype,
    param: &[u8],
) -> u64 {
    let mut body = to.to_bytes().to_vec();
    body.extend(mtype.0.to_be_bytes());
    body.extend(param);
    let number = world.say(from, kind::SEND, &body);
    world.settle();
    number
}

/// The params of the messages that came, in order.
pub(crate) fn params(came: &[Came]) -> Vec<&[u8]> {
    const BEFORE_PARAM: usize = 35;
    let delivered = came.iter().filter(|came| came.kind == kind::DELIVER);
    delivered.map(|came| &came.body[BEFORE_PARAM..]).collect()
}

/// The verdicts that came, by the number of the message.
pub(crate) fn verdicts(came: &[Came]) -> BTreeMap<u64, VerdictBody> {
    let verdicts = came.iter().filter(|came| came.kind == kind::VERDICT);
    let read = |came: &Came| (came.number, codec::from_slice(&came.body).unwrap());
    verdicts.map(read).collect()
}

fn only_ticket(world: &World) -> HoldTicket {
    let held = world.held();
    assert_eq!(held.len(), 1, "{held:?}");
    held[0].ticket
}

#[test]
fn a_held_message_waits_and_its_flow_behind_it_and_nobody_else() {
    let (mut world, ids) = world(1, 3);
    send(&mut world, 0, ids[1], HELD, b"1");
    send(&mut world, 0, ids[1], PASSED, b"2");
    send(&mut world, 0, ids[2], PASSED, b"3");
    assert!(params(&world.read_all(1)).is_empty());
    assert_eq!(params(&world.read_all(2)), [b"3"]);
    assert_eq!(world.held()[0].behind, 1);
    let ticket = only_ticket(&world);
    world.answer(ticket, true);
    assert_eq!(params(&world.read_all(1)), [b"1", b"2"]);
    assert!(world.held().is_empty());
    send(&mut world, 0, ids[1], PASSED, b"4");
    assert_eq!(params(&world.read_all(1)), [b"4"]);
}

#[test]
fn a_denied_message_is_refused_with_the_reason_and_its_flow_goes_on() {
    let (mut world, ids) = world(1, 2);
    let denied = send(&mut world, 0, ids[1], HELD, b"1");
    send(&mut world, 0, ids[1], PASSED, b"2");
    let ticket = only_ticket(&world);
    world.answer(ticket, false);
    let verdict = &verdicts(&world.read_all(0))[&denied];
    assert_eq!(verdict.code, VerdictCode::Refused as u16);
    assert_eq!(verdict.detail, "ask: is it wanted?: the approver said no");
    assert_eq!(params(&world.read_all(1)), [b"2"]);
}

#[test]
fn without_an_answer_it_is_refused_when_the_time_is_over_and_not_before() {
    let (mut world, ids) = world(1, 2);
    let sent = send(&mut world, 0, ids[1], HELD, b"1");
    world.pass_time(WAIT_MS - 1);
    assert_eq!(world.held()[0].left_ms, 1);
    world.pass_time(1);
    let verdict = &verdicts(&world.read_all(0))[&sent];
    assert!(
        verdict.detail.ends_with("nobody answered in time"),
        "{verdict:?}"
    );
    assert!(world.held().is_empty());
}

fn asked(world: &mut World, program: usize) -> GuardAsk {
    let came = world.read_all(program);
    let params = params(&came);
    assert_eq!(params.len(), 1, "{came:?}");
    GuardAsk::from_param(params[0]).unwrap()
}

fn answer(world: &mut World, from: usize, ask: &GuardAsk, approve: bool) -> u64 {
    let answer = codec::to_vec(&GuardAnswer {
        ticket: ask.ticket,
        digest: ask.digest,
        approve,
    });
    let guard = HOME.entity(Port::DIAGNOSTICS);
    send(world, from, guard, Mtype::GUARD_ANSWER, &answer)
}

#[test]
fn the_approver_is_asked_and_nobody_else_is_heard() {
    for shards in [1, 3] {
        let (mut world, ids) = world(shards, 4);
        world.set_guard(asking(&ids[2].to_string()));
        send(&mut world, 0, ids[1], HELD, b"1");
        world.settle();
        let ask = asked(&mut world, 2);
        assert_eq!((ask.src, ask.dst, ask.mtype), (ids[0], ids[1], HELD));
        assert_eq!(
            (ask.policy.as_str(), ask.reason.as_str()),
            ("ask", "is it wanted?")
        );
        let of_another_shard = GuardAsk {
            ticket: ask.ticket ^ 1 << 48,
            ..ask.clone()
        };
        let of_other_bytes = GuardAsk {
            digest: [0; 32],
            ..ask.clone()
        };
        let of_another_time = GuardAsk {
            ticket: ask.ticket + 1,
            ..ask.clone()
        };
        let unheard = [
            (3, &ask),
            (0, &ask),
            (2, &of_another_shard),
            (2, &of_other_bytes),
            (2, &of_another_time),
        ];
        for (from, ask) in unheard {
            let number = answer(&mut world, from, ask, true);
            let verdict = &verdicts(&world.read_all(from))[&number];
            assert!(verdict.detail.starts_with("guard-answer-unasked: "));
            assert!(params(&world.read_all(1)).is_empty());
        }
        let heard = answer(&mut world, 2, &ask, true);
        assert_eq!(params(&world.read_all(1)), [b"1"]);
        assert!(!verdicts(&world.read_all(2)).contains_key(&heard));
        let again = answer(&mut world, 2, &ask, true);
        assert!(verdicts(&world.read_all(2)).contains_key(&again));
    }
}

#[test]
fn an_approver_is_told_since_when_and_how_long_it_may_think() {
    let (mut world, ids) = world(1, 3);
    world.set_guard(asking(&ids[2].to_string()));
    world.pass_time(5_000);
    send(&mut world, 0, ids[1], HELD, b"1");
    let ask = asked(&mut world, 2);
    assert_eq!((ask.asked_unix_s, ask.wait_ms), (world.unix_s(), WAIT_MS));
}

/// A daemon that was started anew counts from the beginning.
#[test]
fn an_approval_of_before_a_restart_lets_no_other_message_in() {
    let ticket_and_digest = |param: &[u8]| {
        let (mut world, ids) = world(1, 3);
        world.set_guard(asking(&ids[2].to_string()));
        send(&mut world, 0, ids[1], HELD, param);
        let ask = asked(&mut world, 2);
        (world, ids, ask)
    };
    let (_, _, before) = ticket_and_digest(b"wanted");
    let (mut world, _, after) = ticket_and_digest(b"unwanted");
    assert_eq!(before.ticket, after.ticket);
    answer(&mut world, 2, &before, true);
    assert!(params(&world.read_all(1)).is_empty());
    answer(&mut world, 2, &after, true);
    assert_eq!(params(&world.read_all(1)), [b"unwanted"]);
}

#[test]
fn an_approval_does_not_outlive_the_rules_that_asked() {
    let (mut world, ids) = world(1, 2);
    let sent = send(&mut world, 0, ids[1], HELD, b"1");
    let ticket = only_ticket(&world);
    let stricter = RULES
        .replace("APPROVER", "administrator")
        .replace("then = \"hold\"", "then = \"refuse\"");
    world.set_guard(chain(2, &stricter));
    world.answer(ticket, true);
    assert!(verdicts(&world.read_all(0)).contains_key(&sent));
    assert!(params(&world.read_all(1)).is_empty());
}

#[test]
fn a_changed_rule_asks_again() {
    let (mut world, ids) = world(1, 2);
    send(&mut world, 0, ids[1], HELD, b"1");
    let ticket = only_ticket(&world);
    let changed = RULES
        .replace("APPROVER", "administrator")
        .replace("is it wanted?", "really?");
    world.set_guard(chain(2, &changed));
    world.answer(ticket, true);
    let again = only_ticket(&world);
    assert_ne!(again, ticket);
    world.answer(ticket, true);
    assert!(
        params(&world.read_all(1)).is_empty(),
        "a number is good once"
    );
    world.answer(again, true);
    assert_eq!(params(&world.read_all(1)), [b"1"]);
}

#[test]
fn what_waits_of_one_sender_is_bounded_and_takes_no_others_room() {
    let (mut world, ids) = world(1, 3);
    for _ in 0..PARKED_PER_SENDER_MAX {
        send(&mut world, 0, ids[1], HELD, b"1");
    }
    assert!(verdicts(&world.read_all(0)).is_empty());
    let past = send(&mut world, 0, ids[1], HELD, b"1");
    let verdict = &verdicts(&world.read_all(0))[&past];
    assert_eq!(verdict.code, VerdictCode::QuotaExceeded as u16);
    send(&mut world, 2, ids[1], HELD, b"2");
    assert!(verdicts(&world.read_all(2)).is_empty());
    let ticket = world.held()[0].ticket;
    world.answer(ticket, false);
    send(&mut world, 0, ids[1], HELD, b"1");
    assert_eq!(world.held().len(), 2);
}

#[test]
fn what_waits_of_all_senders_is_bounded_and_a_newcomer_finds_room() {
    let senders = PARKED_MESSAGES_MAX as usize / PARKED_PER_SENDER_MAX;
    let (mut world, ids) = world(1, senders + 1);
    let mut refused = 0;
    for sender in 0..senders {
        for _ in 0..PARKED_PER_SENDER_MAX {
            send(&mut world, sender, ids[0], HELD, b"1");
        }
        refused += verdicts(&world.read_all(sender)).len();
    }
    assert!(refused > 0, "all the room was given away");
    send(&mut world, senders, ids[0], HELD, b"1");
    assert!(verdicts(&world.read_all(senders)).is_empty());
}

#[test]
fn the_bytes_of_what_waits_are_bounded_too() {
    let (mut world, ids) = world(1, 9);
    let long = vec![0; 65_490];
    let most = PARKED_BYTES_MAX as usize / long.len();
    let mut held = 0;
    for sender in 0..8 {
        for _ in 0..PARKED_PER_SENDER_MAX {
            send(&mut world, sender, ids[0], HELD, &long);
        }
        held += PARKED_PER_SENDER_MAX - verdicts(&world.read_all(sender)).len();
    }
    assert!(held < most && held < 8 * PARKED_PER_SENDER_MAX, "{held}");
    send(&mut world, 8, ids[0], HELD, &long);
    assert!(verdicts(&world.read_all(8)).is_empty());
}

#[test]
fn a_slow_policy_is_asked_elsewhere_and_its_flow_waits() {
    let (mut world, ids) = world(1, 3);
    send(&mut world, 0, ids[1], SLOW, b"1");
    send(&mut world, 0, ids[1], PASSED, b"2");
    send(&mut world, 0, ids[2], PASSED, b"3");
    assert!(params(&world.read_all(1)).is_empty());
    assert_eq!(params(&world.read_all(2)), [b"3"]);
    world.judge_slow();
    assert_eq!(params(&world.read_all(1)), [b"1", b"2"]);
    let refused = send(&mut world, 0, ids[1], SLOW_REFUSED, b"4");
    world.judge_slow();
    let verdict = &verdicts(&world.read_all(0))[&refused];
    assert_eq!(verdict.detail, "slow: after long thought");
}

#[test]
fn what_an_older_chain_said_does_not_count() {
    let (mut world, ids) = world(1, 2);
    send(&mut world, 0, ids[1], SLOW, b"1");
    let stricter = RULES
        .replace("APPROVER", "administrator")
        .replace("mtype = \"0xc00c\"", "mtype = \"0xc00b\"");
    world.set_guard(chain(2, &stricter));
    world.judge_slow();
    assert!(params(&world.read_all(1)).is_empty());
    world.judge_slow();
    assert!(params(&world.read_all(1)).is_empty());
    assert_eq!(verdicts(&world.read_all(0)).len(), 1);
}

#[test]
fn at_the_end_everything_that_waits_goes_back() {
    let (mut world, ids) = world(1, 2);
    let first = send(&mut world, 0, ids[1], HELD, b"1");
    let second = send(&mut world, 0, ids[1], PASSED, b"2");
    world.shards[0].input(dispatchd::table::Input::ReturnMail);
    world.work();
    let verdicts = verdicts(&world.read_all(0));
    for number in [first, second] {
        assert_eq!(verdicts[&number].code, VerdictCode::ShuttingDown as u16);
    }
    assert!(world.held().is_empty());
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    Send { to: usize, mtype: Mtype },
    Answer { nth: usize, approve: bool },
    JudgeSlow,
    Reload,
    PassTime,
}

fn happens() -> impl Strategy<Value = Happens> {
    let mtype = prop::sample::select(vec![PASSED, HELD, SLOW, SLOW_REFUSED]);
    prop_oneof![
        4 => (1_usize..4, mtype).prop_map(|(to, mtype)| Happens::Send { to, mtype }),
        2 => (0_usize..4, any::<bool>()).prop_map(|(nth, approve)| Happens::Answer { nth, approve }),
        2 => Just(Happens::JudgeSlow),
        1 => Just(Happens::Reload),
        1 => Just(Happens::PassTime),
    ]
}

proptest! {
    /// Whatever happens in whatever order: every message ends once, delivered or with a verdict,
    /// and what is delivered of a flow is in order.
    #[test]
    fn every_message_ends_once_and_flows_keep_their_order(
        shards in 1_u16..3,
        all in prop::collection::vec(happens(), 1..60),
    ) {
        let (mut world, ids) = world(shards, 4);
        let mut sent = BTreeMap::new();
        let mut generation = 1;
        for happens in all {
            match happens {
                Happens::Send { to, mtype } => {
                    let serial = sent.len() as u16;
                    let number = send(&mut world, 0, ids[to], mtype, &serial.to_be_bytes());
                    sent.insert(number, (to, serial));
                }
                Happens::Answer { nth, approve } => {
                    if let Some(held) = world.held().get(nth) {
                        world.answer(held.ticket, approve);
                    }
                }
                Happens::JudgeSlow => world.judge_slow(),
                Happens::Reload => {
                    generation += 1;
                    let rules = RULES.replace("APPROVER", "administrator");
                    world.set_guard(chain(generation, &rules));
                }
                Happens::PassTime => world.pass_time(WAIT_MS / 2),
            }
            world.settle();
        }
        while !world.held().is_empty() || !world.slow.is_empty() {
            while !world.slow.is_empty() {
                world.judge_slow();
            }
            world.pass_time(WAIT_MS);
            world.settle();
        }
        let refused = verdicts(&world.read_all(0));
        let mut ended = refused.len();
        for to in 1..4 {
            let came = world.read_all(to);
            let serials: Vec<_> = params(&came)
                .iter()
                .map(|param| u16::from_be_bytes([param[0], param[1]]))
                .collect();
            prop_assert!(serials.is_sorted_by(|a, b| a < b), "{serials:?}");
            let mine = |serial| sent.values().any(|it| *it == (to, serial));
            prop_assert!(serials.iter().all(|&serial| mine(serial)));
            ended += serials.len();
        }
        prop_assert_eq!(ended, sent.len());
    }
}

#[test]
fn what_waits_does_not_enter_once_its_domain_is_suspended() {
    let (mut world, ids) = world(1, 3);
    let held = send(&mut world, 0, ids[1], HELD, b"1");
    let behind = send(&mut world, 0, ids[1], PASSED, b"2");
    let slow = send(&mut world, 0, ids[2], SLOW, b"3");
    let mut directory = Directory::default();
    let suspended = DomainState::Down(VerdictCode::Suspended);
    directory.local.insert(HOME, suspended);
    world.shards[0].input(Input::Directory(Arc::new(directory)));
    let ticket = only_ticket(&world);
    world.answer(ticket, true);
    world.judge_slow();
    let verdicts = verdicts(&world.read_all(0));
    for number in [held, behind, slow] {
        assert_eq!(verdicts[&number].code, VerdictCode::Suspended as u16);
        assert!(verdicts[&number].detail.contains("any more"));
    }
}
