//! Two hosts with a voucher each; at B, offers wait for the word of the wallet's owner.

use std::fs;

use serde_json::Value;
use system_tests::scenario::{Cast, Holding};
use system_tests::{Binaries, Deployment, Output, text};

/// The policy as it is shipped.
const POLICY: &str = include_str!("../../../../guard-policies/policies/ask-the-owner/policy.toml");
/// Whom it asks until somebody writes a wallet's id there.
const SOMEBODY: &str = "010101010101010101010101:7";
const REST: &str = "\n[default]\napp = \"pass\"\ncard = \"pass\"\nremote = \"pass\"\n";

/// Everybody, with one voucher at A and one at B.
pub(crate) struct Scene {
    pub(crate) cast: Cast,
    goods: [String; 2],
    before: Vec<Holding>,
    _deployment: Deployment,
}

impl Scene {
    /// Deploys them, with the shipped policy at B.
    pub(crate) fn set() -> Self {
        Self::with_rules(|_, policy| policy)
    }

    /// Deploys them, with what `change` makes of the shipped policy at B.
    pub(crate) fn with_rules(change: impl FnOnce(&Cast, String) -> String) -> Self {
        let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
        let mut cast = Cast::assemble(&deployment).unwrap();
        let goods = [
            cast.issue(&cast.a, "a book").unwrap(),
            cast.issue(&cast.b, "a film").unwrap(),
        ];
        let before = cast.holdings().unwrap();
        assert!(POLICY.contains(SOMEBODY));
        let rules = change(&cast, POLICY.replace(SOMEBODY, &cast.wallets[1])) + REST;
        cast.b.stop().unwrap();
        cast.b.write_rules(&cast.b.rules(), &rules).unwrap();
        let peers = [cast.a.peer.clone(), cast.t.peer.clone()];
        cast.b.start(&peers.each_ref()).unwrap();
        let scene = Self {
            cast,
            goods,
            before,
            _deployment: deployment,
        };
        scene.wait_for_links();
        scene
    }

    fn wait_for_links(&self) {
        let Cast { a, b, t, .. } = &self.cast;
        for (from, to) in [(a, b), (b, a), (b, t)] {
            let diagnostics = format!("{}:4294967040", to.domain());
            let answers = || {
                let ping = from.etpctl(&["ping", &diagnostics]).output()?;
                Ok(ping.code == Some(0))
            };
            from.wait_for("a link", answers).unwrap();
        }
    }

    /// A offers its voucher for B's to a wallet; the offer's n1.
    pub(crate) fn offer_to(&self, wallet: &str) -> String {
        let [give, want] = &self.goods;
        let offer = self.cast.offer_command_to(wallet, give, want).json();
        text(&offer.unwrap(), "n1").unwrap()
    }

    /// As [`offer_to`](Self::offer_to), to B's wallet.
    pub(crate) fn offer(&self) -> String {
        self.offer_to(&self.cast.wallets[1])
    }

    /// What B's wallet is asked; it waits for a question.
    pub(crate) fn asked(&self) -> Vec<Value> {
        let asks = self.cast.b.wallet(&["asks", "--wait"]).json().unwrap();
        asks["asks"].as_array().unwrap().clone()
    }

    /// What B's wallet was offered so far.
    pub(crate) fn offers(&self) -> Vec<Value> {
        let inbox = self.cast.b.wallet(&["inbox"]).json().unwrap();
        inbox["offers"].as_array().unwrap().clone()
    }

    /// A command of B's wallet.
    pub(crate) fn b(&self, words: &[&str]) -> Output {
        self.cast.b.wallet(words).output().unwrap()
    }

    /// Messages of a type that passed A or B, in the daemon's own words.
    pub(crate) fn traced(&self, host: &str, mtype: &str) -> Vec<Value> {
        let host = if host == "a" {
            &self.cast.a
        } else {
            &self.cast.b
        };
        let trace = host.etpctl(&["trace"]).json().unwrap();
        let messages = trace["messages"].as_array().unwrap().iter();
        let of_type = messages.filter(|message| message["mtype"] == mtype);
        of_type.cloned().collect()
    }

    /// A takes its offer back.
    pub(crate) fn cancel(&self) {
        let cancelled = self.cast.a.wallet(&["cancel"]).json().unwrap();
        assert_eq!(cancelled["outcome"], "cancelled", "{cancelled:#}");
    }

    /// Each has what it had, and B's card agreed to nothing.
    pub(crate) fn unchanged(&self) {
        self.hold(self.before.clone());
        assert!(self.traced("b", "agreement").is_empty());
    }

    /// Each has what the other had.
    pub(crate) fn traded(&self) {
        let mut swapped = self.before.clone();
        for holding in &mut swapped {
            holding.host = if holding.host == "a" { "b" } else { "a" }.into();
        }
        self.hold(swapped);
    }

    fn hold(&self, mut expected: Vec<Holding>) {
        let mut held = self.cast.holdings().unwrap();
        held.sort();
        expected.sort();
        assert_eq!(held, expected);
    }
}

/// A command ended with that code and said all these words.
pub(crate) fn said(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, Some(code), "{}", output.failure());
    let said = output.stdout.clone() + &output.stderr;
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
}

/// What lies in B's file of questions.
pub(crate) fn stored(scene: &Scene) -> Value {
    let file = scene.cast.b.path().join("wallet/asks.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}
