//! Sessions of secure computation between hosts: daemons, soft cards and `pals` as people run them.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use serde_json::{Value, json};
use system_tests::pals::{Parties, Running, Wire, between_cards, mark, perform};
use system_tests::{Binaries, Deployment};

const N: usize = 3;

fn deployment() -> Deployment {
    Deployment::create(Binaries::beside_this_program().unwrap()).unwrap()
}

/// What a member's `pals` printed in the end, if it ended well.
fn document(member: Running) -> Value {
    let output = member.end().unwrap();
    assert_eq!(output.code, Some(0), "{output:#?}");
    output.json().unwrap()
}

fn auction(parties: &Parties, bids: &[u64]) -> Vec<Value> {
    let members = parties.auction(bids, &[]).unwrap();
    members.into_iter().map(document).collect()
}

/// Who won and at which price, as a member is told.
fn told(member: &Value) -> (bool, Option<u64>) {
    (member["won"] == true, member["price"].as_u64())
}

#[test]
fn the_highest_bid_wins_at_the_second_price_and_what_hosts_see_is_the_same_for_all_bids() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, N).unwrap();
    let mut seen: Vec<Vec<Wire>> = Vec::new();
    for (bids, expected) in [
        (
            [30, 70, 50],
            [(false, None), (true, Some(50)), (false, None)],
        ),
        (
            [u64::MAX, 1, 0],
            [(true, Some(1)), (false, None), (false, None)],
        ),
    ] {
        let marks: Vec<_> = parties.hosts.iter().map(|it| mark(it).unwrap()).collect();
        let members = auction(&parties, &bids);
        let results: Vec<_> = members.iter().map(told).collect();
        assert_eq!(results, expected);
        assert!(members.iter().all(|it| it["missed"] == json!([])));
        let hosts = parties.hosts.iter().zip(marks);
        seen.push(
            hosts
                .map(|(host, at)| between_cards(host, at).unwrap())
                .collect(),
        );
    }
    let rounds = 2 + 2 + 1;
    let packets = seen[0][0].values().flatten();
    let packets = packets.filter(|(mtype, _)| mtype == "session-packet");
    assert_eq!(packets.count(), 2 * (N - 1) * rounds);
    assert_eq!(seen[0], seen[1]);
}

/// The third member has bid most and its host is gone before the cards agree on the bids.
#[test]
fn a_host_that_dies_in_the_middle_changes_nothing_for_the_others() {
    let deployment = deployment();
    let mut parties = Parties::assemble(&deployment, N).unwrap();
    let mut create = parties.create(&["auction"], &["--bid", "30"]).unwrap();
    let mut dying = parties.join(2, &["auction"], &["--bid", "70"]).unwrap();
    dying.wait_for("waiting for the start").unwrap();
    dying.signal("STOP").unwrap();
    let other = parties.join(1, &["auction"], &["--bid", "50"]).unwrap();
    create
        .wait_for("nothing came in time from member 2")
        .unwrap();
    parties.hosts[2].kill();
    drop(dying);
    let members = [create, other].map(document);
    assert_eq!(
        members.each_ref().map(told),
        [(false, None), (true, Some(30))]
    );
    for member in &members {
        let missed = member["missed"].as_array().unwrap();
        assert!(!missed.is_empty());
        assert!(
            missed.iter().all(|round| round["members"] == json!([2])),
            "{member}"
        );
    }
}

/// Five hosts, one of them omits and one dies; and the same five again, after one card lost its session with its power.
#[test]
fn the_demonstration_ends_as_it_has_to() {
    let report = perform(&deployment()).unwrap();
    assert!(
        report.same_on_the_wire && report.as_it_had_to,
        "{report:#?}"
    );
}

#[test]
fn who_does_not_join_is_named_and_who_leaves_can_begin_again() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, N).unwrap();
    let create = parties
        .create(&["run", "sum"], &["--value", "-5", "--wait", "1"])
        .unwrap();
    let output = create.end().unwrap();
    assert_eq!(output.code, Some(7), "{output:#?}");
    assert_eq!(output.json().unwrap()["error"]["missing"], json!([1, 2]));
    let mut left = parties.create(&["run", "sum"], &["--value", "-5"]).unwrap();
    left.wait_for("waiting for members").unwrap();
    left.signal("INT").unwrap();
    let output = left.end().unwrap();
    assert_eq!(output.json().unwrap()["error"]["outcome"], "left");
    let create = parties.create(&["run", "sum"], &["--value", "-5"]).unwrap();
    let joining = [(1, "7"), (2, "40")];
    let joining = joining.map(|(at, value)| {
        parties
            .join(at, &["run", "sum"], &["--value", value])
            .unwrap()
    });
    for member in [create].into_iter().chain(joining) {
        let document = document(member);
        assert_eq!(
            (&document["count"], &document["sum"]),
            (&json!(3), &json!("42"))
        );
    }
    let again: Value = parties.hosts[1].pals(&["result"]).json().unwrap();
    assert_eq!(again["sum"], "42");
}

/// No deadline passes: rounds last a minute, and only the third member holds all up.
#[test]
fn a_program_that_was_killed_is_replaced_and_its_member_computes_on() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, N).unwrap();
    let sum = ["run", "sum"];
    let create = parties
        .create(&sum, &["--value", "-5", "--round-ms", "60000"])
        .unwrap();
    let mut standing = parties.join(2, &sum, &["--value", "40"]).unwrap();
    standing.wait_for("waiting for the start").unwrap();
    standing.signal("STOP").unwrap();
    let mut killed = parties.join(1, &sum, &["--value", "7"]).unwrap();
    killed.wait_for("round 1 of").unwrap();
    killed.signal("KILL").unwrap();
    assert_eq!(killed.end().unwrap().code, None);
    let attend = parties.hosts[1].pals(&["attend", "--json"]);
    let mut attend = Running::start(attend).unwrap();
    attend.wait_for("round 1 of").unwrap();
    standing.signal("CONT").unwrap();
    for member in [create, attend, standing] {
        let document = document(member);
        assert_eq!(document["sum"], "42");
        assert_eq!(document["missed"], json!([]));
    }
}
