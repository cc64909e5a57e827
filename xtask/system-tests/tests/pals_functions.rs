//! Functions among hosts: those that are shipped, one of a file, and what cards keep of them.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::path::{Path, PathBuf};

use libetp::digest::sha256;
use libetp::params::pals::{Functions, LoadFunction};
use libetp::text::hex;
use serde_json::{Value, json};
use system_tests::owner::Owner;
use system_tests::pals::{Parties, Running};
use system_tests::{Binaries, Deployment, Host};

/// A module of several pieces.
const PLAN: &[u8] = include_bytes!("../../../apps/pals/functions/plan/plan.wasm");

/// Gives all inputs, and what the session says, to everybody.
const ECHO: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "function_buffer") (param i32) (result i32) (i32.const 1024))
    (func (export "function_run") (param i32) (result i64)
        (i64.or (i64.shl (i64.const 1024) (i64.const 32)) (i64.extend_i32_u (local.get 0)))))"#;

fn deployment() -> Deployment {
    Deployment::create(Binaries::beside_this_program().unwrap()).unwrap()
}

/// What a member's `pals` printed in the end, if it ended well.
fn document(member: Running) -> Value {
    let output = member.end().unwrap();
    assert_eq!(output.code, Some(0), "{output:#?}");
    output.json().unwrap()
}

/// All members do `what`, each with its own words; what each was told.
fn session(parties: &Parties, what: &[&str], words: &[&[&str]]) -> Vec<Value> {
    let mut members = vec![parties.create(what, words[0]).unwrap()];
    for (at, words) in words.iter().enumerate().skip(1) {
        members.push(parties.join(at, what, words).unwrap());
    }
    members.into_iter().map(document).collect()
}

/// The functions that the card of a host keeps.
fn kept(host: &Host) -> Vec<Value> {
    let listed: Value = host.pals(&["function", "list"]).json().unwrap();
    listed["functions"].as_array().unwrap().clone()
}

fn module(deployment: &Deployment) -> (PathBuf, String) {
    let bytes = wat::parse_str(ECHO).unwrap();
    let path = deployment.path().join("echo.wasm");
    std::fs::write(&path, &bytes).unwrap();
    (path, hex(&sha256(&bytes)))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn key_figures_are_compared_among_five() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, 5).unwrap();
    let kpis = ["12.5,-3", "10,-1", "20.000001,-9", "15,-4", "7.25,-2"];
    let words = kpis.map(|kpis| ["--kpis", kpis]);
    let words = words.each_ref().map(|words| &words[..]);
    let members = session(&parties, &["benchmark"], &words);
    for member in &members {
        let first = &member["figures"][0];
        assert_eq!(
            (&member["function"], &member["count"]),
            (&json!("benchmark"), &json!(5))
        );
        assert_eq!(
            (&first["lower"], &first["median"], &first["upper"]),
            (&json!("10"), &json!("12.5"), &json!("15"))
        );
        // 64.750001 / 5, and nothing of the spread among so few.
        assert_eq!(first["mean"], "12.95");
        assert_eq!(first["deviation"], Value::Null);
    }
    let quarters = |figure: usize| -> Vec<u64> {
        let quarter = |it: &Value| it["figures"][figure]["quarter"].as_u64().unwrap();
        members.iter().map(quarter).collect()
    };
    assert_eq!(quarters(0), [2, 1, 4, 3, 1]);
    assert_eq!(quarters(1), [2, 4, 1, 1, 3]);
}

/// One makes for the other, who keeps half.
#[test]
fn a_plan_tells_each_site_its_own_part() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, 2).unwrap();
    let site = |name: &str, capacity: [u32; 2], demand: [u32; 2], lanes: Value| {
        let site = json!({
            "stock": [0], "effort": [2], "cost_to_make": [3], "cost_to_keep": [1],
            "capacity": capacity, "demand": [demand], "cost_to_send": lanes,
        });
        let path = deployment.path().join(name);
        std::fs::write(&path, site.to_string()).unwrap();
        path
    };
    let maker = site("maker.json", [13, 7], [0, 0], json!([null, 1]));
    let buyer = site("buyer.json", [0, 0], [4, 6], json!([null, null]));
    let words = [["--site", text(&maker)], ["--site", text(&buyer)]];
    let words = words.each_ref().map(|words| &words[..]);
    let members = session(&parties, &["plan"], &words);
    let of = |member: usize, period: usize, what: &str| {
        members[member]["activities"][period][what].clone()
    };
    // 13 units of capacity make 6 1/2, of which 2 1/2 are for the next period.
    assert_eq!([of(0, 0, "made"), of(0, 1, "made")], ["13/2", "7/2"]);
    let sent: Vec<Value> = (0..2).map(|period| of(0, period, "sent")).collect();
    let received: Vec<Value> = (0..2).map(|period| of(1, period, "received")).collect();
    for (sent, received) in sent.iter().zip(&received) {
        assert_eq!(sent[1], received[0]);
        assert_eq!((&sent[0], &received[1]), (&json!("0"), &json!("0")));
    }
    assert_eq!(of(1, 1, "kept"), "0");
    let small = site("small.json", [1, 1], [4, 6], json!([null, null]));
    let words = [["--site", text(&small)], ["--site", text(&buyer)]];
    let words = words.each_ref().map(|words| &words[..]);
    let members = session(&parties, &["plan"], &words);
    assert!(members.iter().all(|it| it["plan"] == "infeasible"));
}

#[test]
fn a_first_price_is_what_the_winner_bid_and_the_auctioneer_learns_who() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, 3).unwrap();
    let words: [&[&str]; 3] = [
        &["--auctioneer", "--first-price", "--reserve", "5"],
        &["--bid", "70"],
        &["--bid", "50"],
    ];
    let members = session(&parties, &["auction"], &words);
    let told = |it: &Value| (it["won"].clone(), it["winner"].clone(), it["price"].clone());
    assert_eq!(told(&members[0]), (json!(false), json!(1), json!(70)));
    assert_eq!(told(&members[1]), (json!(true), json!(1), json!(70)));
    assert_eq!(told(&members[2]), (json!(false), json!(null), json!(null)));
    for host in &parties.hosts {
        let kept = kept(host);
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(
            (&kept[0]["name"], &kept[0]["approved"]),
            (&json!("auction"), &json!(true))
        );
    }
}

/// A function that is not shipped: who has the file computes it, and who has not is told which it is.
#[test]
fn a_function_of_a_file_is_computed_by_who_has_it() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, 2).unwrap();
    let (file, hash) = module(&deployment);
    let create = ["--function", text(&file), "--input", "u8:1,2"];
    let create = |more: &[&str]| parties.create(&["run"], &[&create, more].concat()).unwrap();
    let unasked = create(&[]).end().unwrap();
    assert_eq!(unasked.code, Some(2), "{unasked:#?}");
    assert!(unasked.stderr.contains("UNKNOWN CODE"), "{unasked:#?}");
    assert_eq!(kept(&parties.hosts[0]).len(), 0);

    let mut first = create(&["--yes", "--parameters", "text:xyz"]);
    first.wait_for("waiting for members to join").unwrap();
    let join = |words: &[&str]| parties.join(1, &["run"], words).unwrap();
    let unknown = join(&["--input", "u8:3"]).end().unwrap();
    assert_eq!(unknown.code, Some(2));
    let error = &unknown.json().unwrap()["error"];
    assert_eq!(error["sha256"], hash.as_str());
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&hash), "{message}");
    let other = wat::parse_str(ECHO.replace("1024", "2048")).unwrap();
    let other_file = deployment.path().join("other.wasm");
    std::fs::write(&other_file, other).unwrap();
    let words = ["--input", "u8:3", "--function", text(&other_file)];
    assert_eq!(join(&words).end().unwrap().code, Some(2));

    let second = join(&["--input", "u8:3", "--function", text(&file)]);
    for (me, member) in [first, second].map(document).iter().enumerate() {
        assert_eq!(
            (&member["function"], &member["sha256"]),
            (&json!(null), &json!(hash))
        );
        let session = member["session"].as_str().unwrap();
        let told = format!("0002000{me}{session}000378797a00000002010102010300");
        assert_eq!(member["result"], told);
    }
}

#[test]
fn what_a_card_keeps_is_loaded_approved_listed_and_forgotten() {
    let deployment = deployment();
    let parties = Parties::assemble(&deployment, 2).unwrap();
    let host = &parties.hosts[0];
    let (file, hash) = module(&deployment);
    let order = |words: &[&str]| host.pals(&[&["function"], words].concat());
    assert_eq!(kept(host), Vec::<Value>::new());
    // Somebody began, and did not come to the end.
    let piece = LoadFunction::pieces(PLAN).next().unwrap();
    let mut owner = Owner::at(host, &deployment).unwrap();
    let _: Functions = owner.ask(&piece).unwrap();
    assert_eq!(kept(host)[0]["stored"], 32_768);
    let loaded = order(&["load", "plan"]).json().unwrap();
    assert_eq!(loaded["pieces"], 3);
    assert_eq!(order(&["load", "plan"]).json().unwrap()["pieces"], 0);
    assert_eq!(kept(host)[0]["approved"], false);
    let unasked = order(&["approve", text(&file)]).output().unwrap();
    assert_eq!(unasked.code, Some(2), "{unasked:#?}");
    order(&["approve", text(&file), "--yes"]).json().unwrap();
    order(&["approve", "plan"]).json().unwrap();
    let approved = kept(host);
    assert_eq!(approved.len(), 2);
    assert!(
        approved.iter().all(|it| it["approved"] == true),
        "{approved:?}"
    );
    order(&["forget", &hash]).json().unwrap();
    order(&["forget", "plan"]).json().unwrap();
    assert_eq!(kept(host), Vec::<Value>::new());
    let again = order(&["forget", "plan", "--json"]).output().unwrap();
    assert_eq!(again.code, Some(5), "{again:#?}");
    assert!(again.stdout.contains("pals function list"), "{again:#?}");
}
