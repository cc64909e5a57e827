//! No, silence, an answer too late, and an answer of somebody else.

use libetp::codec::to_vec;
use libetp::params::host::GuardAnswer;
use libetp::{Mtype, Verdict, VerdictCode};

use crate::program::Program;
use crate::scene::{Scene, said, stored};

/// Tickets and shards that a program guesses in another's place.
const GUESSES: u64 = 8;
const SHARDS: u64 = 4;

fn refused(verdict: &Verdict, words: &str) {
    assert_eq!(verdict.code, VerdictCode::Refused, "{verdict:?}");
    assert_eq!(verdict.detail, words);
}

#[test]
fn a_denied_offer_goes_back_to_the_card_that_made_it_and_changes_nothing() {
    let scene = Scene::set();
    scene.offer();
    let number = scene.asked()[0]["number"].to_string();
    let before = scene.traced("a", "undeliverable").len();
    said(&scene.b(&["deny", &number]), 0, &["Denied"]);
    let told = || Ok(scene.traced("a", "undeliverable").len() > before);
    scene.cast.a.wait_for("the refusal", told).unwrap();
    let undeliverable = scene.traced("a", "undeliverable").pop().unwrap();
    assert_eq!(undeliverable["dst"], scene.cast.a.card());
    said(&scene.b(&["deny", &number]), 2, &["answered already"]);
    assert!(scene.offers().is_empty());
    scene.cancel();
    scene.unchanged();
    assert_eq!(scene.cast.b.counter("guard-denied").unwrap(), 1);
}

#[test]
fn a_sender_learns_that_the_owner_said_no() {
    let scene = Scene::set();
    let mut senders = [Program::at(&scene.cast.a), Program::at(&scene.cast.a)];
    let to = &scene.cast.wallets[1];
    let sent = senders.each_mut().map(|it| it.send(to, Mtype::OFFER, b"x"));
    let both = || Ok(scene.asked().len() == 2);
    scene.cast.b.wait_for("both questions", both).unwrap();
    said(&scene.b(&["deny", "--all"]), 0, &["Denied: 2"]);
    for (sender, number) in senders.iter_mut().zip(sent) {
        let words = "ask-the-owner: may this card make you an offer?: the approver said no";
        refused(&sender.verdict(number), words);
    }
    said(&scene.b(&["deny", "--all"]), 0, &["Guard asks nothing"]);
}

#[test]
fn an_offer_that_nobody_answers_about_is_refused() {
    let scene = Scene::with_rules(|_, policy| {
        assert!(policy.contains("seconds = 600"));
        policy.replace("seconds = 600", "seconds = 1")
    });
    let mut sender = Program::at(&scene.cast.a);
    let number = sender.send(&scene.cast.wallets[1], Mtype::OFFER, b"x");
    let words = "ask-the-owner: may this card make you an offer?: nobody answered in time";
    refused(&sender.verdict(number), words);
    said(&scene.b(&["asks"]), 0, &["Guard asks nothing"]);
    said(&scene.b(&["allow", "1"]), 2, &["question 1", "wallet asks"]);
    assert_eq!(scene.cast.b.counter("guard-denied").unwrap(), 1);
}

#[test]
fn an_answer_that_guard_does_not_wait_for_is_an_error_and_loses_nothing() {
    let mut scene = Scene::set();
    let mut sender = Program::at(&scene.cast.a);
    let number = sender.send(&scene.cast.wallets[1], Mtype::OFFER, b"x");
    let asked = scene.asked();
    scene.cast.b.stop().unwrap();
    assert_eq!(sender.verdict(number).code, VerdictCode::ShuttingDown);
    scene.cast.b.restart().unwrap();
    said(&scene.b(&["allow", "77"]), 2, &["no question 77"]);
    assert_eq!(scene.asked()[0]["digest"], asked[0]["digest"]);
    let ask = asked[0]["number"].to_string();
    let words = ["waits for no answer", "started anew"];
    said(&scene.b(&["allow", &ask]), 6, &words);
    assert_eq!(scene.cast.b.counter("guard-answer-unasked").unwrap(), 1);
    said(&scene.b(&["asks"]), 0, &["Guard asks nothing"]);
    said(&scene.b(&["allow", &ask]), 2, &["answered already"]);
    assert_eq!(stored(&scene)["last_number"], asked[0]["number"]);
    scene.unchanged();
}

#[test]
fn a_program_that_answers_in_the_owners_place_is_refused_and_counted() {
    let scene = Scene::set();
    let mut sender = Program::at(&scene.cast.a);
    let sent = sender.send(&scene.cast.wallets[1], Mtype::OFFER, b"x");
    let asked = scene.asked();
    let digest = stored(&scene)["questions"][0]["digest"].clone();
    assert_eq!(digest, asked[0]["digest"]);
    let digest = libetp::id::parse_hex(digest.as_str().unwrap()).unwrap();
    let guard = format!("{}:4294967040", scene.cast.b.domain());
    let mut hostile = Program::at(&scene.cast.b);
    let asked_about = stored(&scene)["questions"][0]["ticket"].as_u64().unwrap();
    let near = asked_about - GUESSES..=asked_about + GUESSES;
    let tickets = (0..SHARDS).flat_map(|shard| near.clone().map(move |n| shard << 48 ^ n));
    let tickets: Vec<u64> = tickets.collect();
    assert!(tickets.contains(&asked_about));
    for &ticket in &tickets {
        let approve = true;
        let answer = to_vec(&GuardAnswer {
            ticket,
            digest,
            approve,
        });
        let number = hostile.send(&guard, Mtype::GUARD_ANSWER, &answer);
        let verdict = hostile.refusal(number).expect("refused");
        let words = "guard-answer-unasked: no message waits for this answer of yours";
        refused(&verdict, words);
        let number = sender.send(&guard, Mtype::GUARD_ANSWER, &answer);
        let verdict = sender.refusal(number).expect("refused");
        assert!(verdict.detail.starts_with("guard-answer: "), "{verdict:?}");
    }
    let counted = scene.cast.b.counter("guard-answer-unasked").unwrap();
    assert_eq!(counted, tickets.len() as u64);
    assert_eq!(scene.asked().len(), 1, "it still waits");
    said(&scene.b(&["deny", "1"]), 0, &["Denied"]);
    let words = "ask-the-owner: may this card make you an offer?: the approver said no";
    refused(&sender.verdict(sent), words);
}
