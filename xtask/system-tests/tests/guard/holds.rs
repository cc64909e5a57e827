//! Messages that wait until somebody answers.

use libetp::client::blocking::Capability;
use libetp::params::Param;
use libetp::params::host::{GuardAnswer, GuardAsk};
use libetp::{EntityId, Port};

use crate::stage::{NOTED, PLAIN, Stage, nothing_came, received, refusal, send};

/// Holds messages of type `PLAIN`.
fn rules(approver: &str, seconds: u32) -> String {
    format!(
        r#"
version = 1
[[policy]]
name = "ask"
kind = "table"
hold = {{ approver = "{approver}", seconds = {seconds} }}
[[policy.rule]]
entry = "app"
mtype = "0xc001"
then = "hold"
reason = "is it wanted?"
"#
    )
}

/// A message of type `PLAIN` waits, and two of another behind it.
fn three_wait(stage: &Stage, sender: &mut Capability, to: EntityId) -> String {
    send(sender, to, PLAIN, b"1");
    send(sender, to, NOTED, b"2");
    send(sender, to, NOTED, b"3");
    let held = stage.held();
    assert_eq!(held["behind"], 2, "{held:#}");
    assert_eq!(held["src"], sender.id().to_string());
    assert_eq!(held["reason"], "is it wanted?");
    assert_eq!(held["approver"], "administrator");
    held["ticket"].to_string()
}

#[test]
fn an_approved_message_goes_on_and_those_behind_it_in_their_order() {
    let stage = Stage::set(&rules("administrator", 3_600));
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    let mut other = stage.program("other");
    let ticket = three_wait(&stage, &mut sender, receiver.id());
    send(&mut sender, other.id(), NOTED, b"elsewhere");
    assert_eq!(received(&mut other), b"elsewhere");
    send(&mut other, receiver.id(), NOTED, b"from elsewhere");
    assert_eq!(received(&mut receiver), b"from elsewhere");
    nothing_came(&mut receiver);
    stage.guard(&["approve", &ticket]);
    for param in [b"1", b"2", b"3"] {
        assert_eq!(received(&mut receiver), param);
    }
    let again = stage.try_guard(&["approve", &ticket]);
    assert_eq!(again.code, Some(1), "{}", again.failure());
    assert_eq!(stage.host.counter("guard-approved").unwrap(), 1);
    assert_eq!(
        stage.count("ask", "held"),
        2,
        "when it came, and when it was approved"
    );
}

#[test]
fn a_denied_message_is_refused_and_those_behind_it_go_on() {
    let stage = Stage::set(&rules("administrator", 3_600));
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    let ticket = three_wait(&stage, &mut sender, receiver.id());
    stage.guard(&["deny", &ticket]);
    let said = refusal(&mut sender);
    assert!(
        said.contains("ask: is it wanted?: the approver said no"),
        "{said}"
    );
    for param in [b"2", b"3"] {
        assert_eq!(received(&mut receiver), param);
    }
    assert_eq!(stage.host.counter("guard-denied").unwrap(), 1);
}

#[test]
fn without_an_answer_a_message_is_refused_and_those_behind_it_go_on() {
    let stage = Stage::set(&rules("administrator", 1));
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    send(&mut sender, receiver.id(), PLAIN, b"1");
    send(&mut sender, receiver.id(), NOTED, b"2");
    let said = refusal(&mut sender);
    assert!(said.contains("nobody answered in time"), "{said}");
    assert_eq!(received(&mut receiver), b"2");
    assert_eq!(stage.guard(&["holds"])["holds"], serde_json::json!([]));
}

#[test]
fn a_program_is_asked_and_its_answer_counts_and_nobody_elses() {
    let stage = Stage::set("version = 1\n");
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    let (mut approver, mut stranger) = (stage.program("approver"), stage.program("stranger"));
    stage.reload(&rules(&approver.id().to_string(), 3_600));
    send(&mut sender, receiver.id(), PLAIN, b"1");
    let ask = GuardAsk::from_param(&received(&mut approver)).unwrap();
    assert_eq!((ask.src, ask.dst), (sender.id(), receiver.id()));
    assert_eq!((ask.mtype, ask.policy.as_str()), (PLAIN, "ask"));
    let answer = GuardAnswer {
        ticket: ask.ticket,
        digest: ask.digest,
        approve: true,
    };
    let guard = receiver.id().domain.entity(Port::DIAGNOSTICS);
    stranger.send_param(guard, &answer).unwrap();
    let said = refusal(&mut stranger);
    assert!(
        said.contains("no message waits for this answer of yours"),
        "{said}"
    );
    nothing_came(&mut receiver);
    approver.send_param(guard, &answer).unwrap();
    assert_eq!(received(&mut receiver), b"1");
}

#[test]
fn an_approval_under_other_rules_is_judged_by_those() {
    let stage = Stage::set(&rules("administrator", 3_600));
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    send(&mut sender, receiver.id(), PLAIN, b"1");
    let ticket = stage.held()["ticket"].to_string();
    let stricter = rules("administrator", 3_600).replace("\"hold\"", "\"refuse\"");
    stage.reload(&stricter);
    stage.guard(&["approve", &ticket]);
    let said = refusal(&mut sender);
    assert!(said.contains("ask: is it wanted?"), "{said}");
    nothing_came(&mut receiver);
}

#[test]
fn what_waits_when_the_daemon_ends_goes_back_to_its_sender() {
    let mut stage = Stage::set(&rules("administrator", 3_600));
    let (mut sender, receiver) = (stage.program("sender"), stage.program("receiver"));
    send(&mut sender, receiver.id(), PLAIN, b"1");
    stage.held();
    stage.host.stop().unwrap();
    let said = refusal(&mut sender);
    assert!(said.contains("shutting-down"), "{said}");
}
