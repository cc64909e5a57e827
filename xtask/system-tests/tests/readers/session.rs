//! A session of secure computation in which one card is in a reader.

use std::time::Duration;

use serde_json::Value;
use system_tests::pals::{Parties, Running, enrol};
use system_tests::reader::PcscService;
use system_tests::{Binaries, Deployment, Host};

const NUMBERS: [i64; 3] = [-5, 7, 40];
/// Whose card is in a reader.
const IN_READER: usize = 1;

/// From the first packet of a session to its result, as a host saw it.
fn rounds_took(host: &Host) -> Duration {
    let trace = host.etpctl(&["trace", "--limit", "4096"]).json().unwrap();
    let messages = trace["messages"].as_array().unwrap();
    let is = |mtype: &'static str| move |message: &&Value| message["mtype"] == mtype;
    let first = messages.iter().find(is("session-packet")).unwrap();
    let last = messages.iter().rfind(is("session-result")).unwrap();
    let at = |message: &Value| Duration::from_micros(message["unix_us"].as_u64().unwrap());
    at(last) - at(first)
}

fn sum(parties: &Parties) -> Vec<Value> {
    let numbers = NUMBERS.map(|number| number.to_string());
    let sum = ["run", "sum"];
    let mut members = vec![parties.create(&sum, &["--value", &numbers[0]]).unwrap()];
    for (at, number) in numbers.iter().enumerate().skip(1) {
        members.push(parties.join(at, &sum, &["--value", number]).unwrap());
    }
    let document = |member: Running| {
        let output = member.end().unwrap();
        assert_eq!(output.code, Some(0), "{output:#?}");
        output.json().unwrap()
    };
    members.into_iter().map(document).collect()
}

#[test]
fn a_card_in_a_reader_computes_with_cards_in_daemons() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let service = PcscService::start(&deployment.path().join("pcscd"), 1).unwrap();
    let mut hosts = enrol(&deployment, NUMBERS.len()).unwrap();
    hosts[IN_READER].put_into_reader(&service.slot(0), &[], &[]);
    let peers: Vec<_> = hosts.iter().map(|host| host.peer.clone()).collect();
    let others = |at: usize| {
        let others = peers.iter().enumerate().filter(|(other, _)| *other != at);
        others.map(|(_, peer)| peer.clone()).collect()
    };
    let parties = Parties::start(&deployment, hosts, others).unwrap();
    let before = service.commands().unwrap().len();
    let members = sum(&parties);
    for member in &members {
        let (sum, count) = (&member["sum"], &member["count"]);
        assert_eq!((sum, count), (&"42".into(), &NUMBERS.len().into()));
    }
    let (rounds, after) = (
        &members[IN_READER]["rounds"],
        service.commands().unwrap().len(),
    );
    let each = rounds_took(&parties.hosts[IN_READER]) / rounds.as_u64().unwrap() as u32;
    println!(
        "{rounds} rounds, {each:?} each, {} commands to the card in the reader",
        after - before
    );
    assert!(after > before, "the card is not in the reader");
}
