//! Exchanges between hosts: daemons, soft cards and `pals` as people run them.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ed25519_dalek::{Signer, SigningKey};
use libetp::digest::sha256;
use libetp::text::hex;
use serde_json::{Value, json};
use system_tests::pals::{Parties, Running};
use system_tests::{Binaries, Deployment};

const N: usize = 3;
const CONTRACT: &[u8] = b"what is bought, and for how much\n";

/// Three members: a key, a file and a signature.
struct Trade {
    parties: Parties,
    items: [Vec<u8>; N],
    /// By which the others know them.
    words: [String; N],
    _deployment: Deployment,
}

impl Trade {
    fn new() -> Self {
        let binaries = Binaries::beside_this_program().unwrap();
        let deployment = Deployment::create(binaries).unwrap();
        let parties = Parties::assemble(&deployment, N).unwrap();
        let key = SigningKey::from_bytes(&[9; 32]);
        let signature = key.sign(&sha256(CONTRACT)).to_bytes();
        let items = [vec![0xA5; 32], vec![b'x'; 5_000], signature.to_vec()];
        let trade = Self {
            words: [(); N].map(|()| String::new()),
            parties,
            items,
            _deployment: deployment,
        };
        (0..N).for_each(|at| fs::write(trade.give(at), &trade.items[at]).unwrap());
        fs::write(trade.path(2, "contract"), CONTRACT).unwrap();
        let words = [0, 1, 2].map(|at| trade.describe(at, &key));
        Self { words, ..trade }
    }

    fn path(&self, at: usize, name: &str) -> String {
        let path: PathBuf = self.parties.hosts[at].path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn give(&self, at: usize) -> String {
        self.path(at, "item")
    }

    /// As each member does it; the third gives a signature.
    fn describe(&self, at: usize, key: &SigningKey) -> String {
        let give = self.give(at);
        let public = hex(&key.verifying_key().to_bytes());
        let contract = self.path(2, "contract");
        let of_signature = ["--signature-of", &contract, "--key", &public];
        let mut words = vec!["exchange", "describe", &give];
        words.extend(of_signature.iter().filter(|_| at == 2));
        let told: Value = self.parties.hosts[at].pals(&words).json().unwrap();
        told["description"].as_str().unwrap().to_owned()
    }

    fn create(&self, into: &str, further: &[&str]) -> Running {
        let (give, into) = (self.give(0), self.path(0, into));
        let [_, second, third] = &self.words;
        let arguments = [
            "--give", &give, "--into", &into, "--wants", second, "--wants", third,
        ];
        let arguments = [&arguments[..], further].concat();
        self.parties.create(&["exchange"], &arguments).unwrap()
    }

    fn join(&self, at: usize, into: &str) -> Running {
        let others = (0..N).filter(|other| *other != at);
        let wants: Vec<&str> = others.map(|other| &*self.words[other]).collect();
        self.join_for(at, into, &wants, &["--slots", "4"])
    }

    fn join_for(&self, at: usize, into: &str, wants: &[&str], further: &[&str]) -> Running {
        let (give, into) = (self.give(at), self.path(at, into));
        let mut arguments = vec!["--give", &give, "--into", &into];
        arguments.extend(wants.iter().flat_map(|word| ["--wants", word]));
        arguments.extend(further);
        self.parties.join(at, &["exchange"], &arguments).unwrap()
    }

    /// Whether a member has all items of the others in that directory, for itself alone.
    fn has_all(&self, at: usize, into: &str) -> bool {
        let others = (0..N).filter(|other| *other != at);
        let mut others =
            others.map(|other| (other, self.path(at, into) + &format!("/member-{other}")));
        others.all(|(other, path)| {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            mode == 0o600 && fs::read(&path).unwrap() == self.items[other]
        })
    }
}

#[test]
fn three_hosts_exchange_a_key_a_file_and_a_signature() {
    let trade = Trade::new();
    let create = trade.create("got", &["--slots", "12"]);
    let members = [create, trade.join(1, "got"), trade.join(2, "got")];
    for (at, member) in members.into_iter().enumerate() {
        let output = member.end().unwrap();
        assert_eq!(output.code, Some(0), "{output:#?}");
        assert!(output.stderr.contains("nothing are 3 in 12"), "{output:#?}");
        let document: Value = output.json().unwrap();
        assert_eq!(
            (&document["outcome"], &document["missed"]),
            (&json!("result"), &json!([]))
        );
        assert_eq!(document["files"].as_array().unwrap().len(), N - 1);
        assert!(trade.has_all(at, "got"), "{document}");
    }
    // Once more, and nothing is overwritten.
    let host = &trade.parties.hosts[1];
    let (got, again) = (trade.path(1, "got"), trade.path(1, "again"));
    let output = host
        .pals(&["exchange", "result", "--into", &got])
        .output()
        .unwrap();
    assert_eq!(output.code, Some(2), "{output:#?}");
    assert!(
        output.stderr.contains("nothing is overwritten"),
        "{output:#?}"
    );
    host.pals(&["exchange", "result", "--into", &again])
        .run()
        .unwrap();
    assert!(trade.has_all(1, "again") && trade.has_all(1, "got"));
}

/// The third host stands still from the start on.
#[test]
fn where_one_is_missing_nobody_gets_anything() {
    let trade = Trade::new();
    let create = trade.create("got", &["--slots", "12", "--round-ms", "300"]);
    let mut missing = trade.join(2, "got");
    missing.wait_for("waiting for the start").unwrap();
    missing.signal("STOP").unwrap();
    let members = [create, trade.join(1, "got")];
    for (at, member) in members.into_iter().enumerate() {
        let output = member.end().unwrap();
        assert_eq!(output.code, Some(1), "{output:#?}");
        let error = &output.json().unwrap()["error"];
        assert_eq!(error["outcome"], "refused", "{error}");
        let text = error["message"].as_str().unwrap();
        assert!(text.starts_with("refused: nobody got anything"), "{text}");
        assert!(text.contains("member 2"), "{text}");
        let got = fs::read_dir(trade.path(at, "got")).unwrap();
        assert_eq!(got.count(), 0);
    }
}

#[test]
fn who_has_another_item_than_is_wanted_is_told_and_does_not_join() {
    let trade = Trade::new();
    let create = trade.create("got", &["--slots", "12", "--wait", "5"]);
    fs::write(trade.give(1), b"something else").unwrap();
    let output = trade.join(1, "got").end().unwrap();
    assert_eq!(output.code, Some(2), "{output:#?}");
    let error = &output.json().unwrap()["error"];
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("is not what you are to give")
    );
    assert_eq!(error["description"], trade.words[1]);
    let output = create.end().unwrap();
    assert_eq!(output.json().unwrap()["error"]["missing"], json!([1, 2]));
}

/// Nobody is asked here, so each has to say what it wants.
#[test]
fn who_joins_unasked_gets_what_it_wants_or_takes_no_part() {
    let trade = Trade::new();
    let create = trade.create("got", &["--slots", "4", "--wait", "5"]);
    let [key, file, signature] = trade.words.each_ref().map(String::as_str);
    let slots = ["--slots", "4"];
    for (wants, further, why) in [
        (&[key][..], &slots[..], "which you did not say"),
        (&[key, file], &slots, "nobody gives"),
        (&[key, signature, signature], &slots, "nobody gives"),
        (&[key, signature], &["--slots", "5"], "you want 5"),
    ] {
        let output = trade.join_for(1, "got", wants, further).end().unwrap();
        assert_eq!(output.code, Some(2), "{output:#?}");
        assert!(output.stdout.contains(why), "{output:#?}");
    }
    assert_eq!(create.end().unwrap().code, Some(7));
}
