//! What a redeemer believes of a card.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::fs;
use std::process::{Command, Output};

use ed25519_dalek::{Signer as _, SigningKey};
use etp_pki::Role;
use etp_pki::scheme::{Request, Scheme};
use libetp::codec::{from_slice, to_vec};
use libetp::digest::signature_input;
use libetp::params::voucher::{Redeem, RedeemBody, Redeemed};
use tempfile::TempDir;

/// A redeemer with its papers, and what it asked of a card.
struct Redeemer {
    directory: TempDir,
    scheme: Scheme,
    request: Redeem,
}

impl Redeemer {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let scheme = Scheme::create(directory.path().join("scheme"), "test").unwrap();
        let identity = scheme.enrol(Role::Redeemer, |key| Request::key(key, 1));
        identity
            .unwrap()
            .write(directory.path(), "redeemer")
            .unwrap();
        let vid = "44".repeat(32);
        let ask = ["request", "--vid", &vid, "-o", "request"];
        let asked = run(&directory, &ask);
        assert!(asked.status.success(), "{asked:?}");
        let request = from_slice(&fs::read(directory.path().join("request")).unwrap()).unwrap();
        Self {
            directory,
            scheme,
            request,
        }
    }

    /// The answer of a card of that class, which signs whatever it likes.
    fn answered_by(&self, class: u8) {
        let key = SigningKey::from_bytes(&[class + 1; 32]);
        let card = Request::card(key.verifying_key().to_bytes(), [9; 32], 1);
        let certificate = self.scheme.issue(Role::Card, &Request { class, ..card });
        let redeemer = etp_pki::scheme::inspect(&self.request.redeemer_certificate);
        let body = RedeemBody {
            vid: self.request.vid,
            challenge: self.request.challenge,
            redeemer: redeemer.unwrap().key,
        };
        let answer = Redeemed {
            vid: body.vid,
            challenge: body.challenge,
            redeemer: body.redeemer,
            signature: key.sign(&signature_input("redeemed", &body)).to_bytes(),
            certificate: certificate.unwrap(),
        };
        fs::write(self.directory.path().join("answer"), to_vec(&answer)).unwrap();
    }

    fn check(&self, min_class: &[&str]) -> Output {
        let words = ["check", "--request", "request", "answer", "-o", "receipt"];
        let scheme = ["--scheme", "scheme/scheme.toml"];
        run(&self.directory, &[&words[..], &scheme, min_class].concat())
    }
}

fn run(directory: &TempDir, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wallet"));
    command.arg("redeemer").args(words).env_clear();
    command.args(["--identity", "redeemer", "--json"]);
    command.current_dir(directory.path()).output().unwrap()
}

#[test]
fn a_card_of_a_lower_class_than_the_voucher_demands_redeems_nothing() {
    let redeemer = Redeemer::new();
    for (class, demanded, is_good) in [(0, 0, true), (0, 1, false), (1, 1, true), (1, 2, false)] {
        redeemer.answered_by(class);
        let checked = redeemer.check(&["--min-class", &demanded.to_string()]);
        let said = String::from_utf8(checked.stdout).unwrap();
        let code = if is_good { 0 } else { 9 };
        assert_eq!(
            checked.status.code(),
            Some(code),
            "{class} {demanded}: {said}"
        );
        let receipt = redeemer.directory.path().join("receipt");
        assert_eq!(fs::remove_file(receipt).is_ok(), is_good);
    }
}

#[test]
fn the_class_of_the_card_is_told() {
    let redeemer = Redeemer::new();
    redeemer.answered_by(1);
    let said = redeemer.check(&[]).stdout;
    let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
    assert_eq!(said["class"], 1);
}
