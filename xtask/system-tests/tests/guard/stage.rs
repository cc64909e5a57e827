//! A host with rules, and programs that send and receive.

use std::time::Duration;

use libetp::client::blocking::{Capability, Connection};
use libetp::{EntityId, Mtype};
use serde_json::Value;
use system_tests::{Binaries, Deployment, Host, Output};

/// How long something may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Messages of a vendor's types, which nothing but rules looks at.
pub(crate) const PLAIN: Mtype = Mtype(0xC001);
pub(crate) const NOTED: Mtype = Mtype(0xC002);

pub(crate) struct Stage {
    pub(crate) host: Host,
    _deployment: Deployment,
}

impl Stage {
    /// A daemon with these rules.
    pub(crate) fn set(rules: &str) -> Self {
        let (deployment, mut host) = Self::prepare(rules);
        host.start(&[]).unwrap();
        Self {
            host,
            _deployment: deployment,
        }
    }

    /// A daemon with these rules, and with modules: name and WebAssembly text of each.
    pub(crate) fn set_with(rules: &str, modules: &[(&str, &str)]) -> Self {
        let (deployment, mut host) = Self::prepare(rules);
        write_modules(&host, modules);
        host.start(&[]).unwrap();
        Self {
            host,
            _deployment: deployment,
        }
    }

    /// A daemon with these rules and so many threads that serve its socket.
    pub(crate) fn set_on(rules: &str, io_threads: u32) -> Self {
        let (deployment, mut host) = Self::prepare(rules);
        host.serve_on(io_threads);
        host.start(&[]).unwrap();
        Self {
            host,
            _deployment: deployment,
        }
    }

    /// A host with these rules, not started yet.
    pub(crate) fn prepare(rules: &str) -> (Deployment, Host) {
        let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
        let third_party = deployment.enrol("service", "third-party").unwrap();
        let host = deployment.host("a", &third_party).unwrap();
        host.write_rules(&host.rules(), rules).unwrap();
        (deployment, host)
    }

    /// A program with an id.
    pub(crate) fn program(&self, name: &str) -> Capability {
        let connection = Connection::open(self.host.socket(), name).unwrap();
        connection.acquire(None, false).unwrap()
    }

    /// `etpctl guard ..`, which has to succeed.
    pub(crate) fn guard(&self, words: &[&str]) -> Value {
        let guard = self.host.etpctl(&["guard"]).args(words);
        guard.json().unwrap()
    }

    /// `etpctl guard ..`, however it ends.
    pub(crate) fn try_guard(&self, words: &[&str]) -> Output {
        let guard = self.host.etpctl(&["guard"]).args(words);
        guard.output().unwrap()
    }

    /// Loads these rules.
    pub(crate) fn reload(&self, rules: &str) -> Value {
        self.host.write_rules(&self.host.rules(), rules).unwrap();
        self.guard(&["reload"])
    }

    /// The only message that waits for an answer.
    pub(crate) fn held(&self) -> Value {
        let mut held = Value::Null;
        let waiting = || {
            held = self.guard(&["holds"])["holds"].clone();
            Ok(held.as_array().is_some_and(|all| !all.is_empty()))
        };
        self.host.wait_for("a message that waits", waiting).unwrap();
        assert_eq!(held.as_array().unwrap().len(), 1, "{held:#}");
        held[0].clone()
    }

    /// What a policy said how often.
    pub(crate) fn count(&self, policy: &str, what: &str) -> u64 {
        let list = self.guard(&["list"]);
        let policies = list["policies"].as_array().unwrap();
        let policy = policies.iter().find(|it| it["name"] == policy).unwrap();
        let counts = policy["counts"].as_array().unwrap();
        let count = counts.iter().find(|it| it[0] == what).unwrap();
        count[1].as_u64().unwrap()
    }
}

/// Puts modules beside the rule file, as `NAME.wasm`.
pub(crate) fn write_modules(host: &Host, modules: &[(&str, &str)]) {
    for (name, text) in modules {
        let module = wat::parse_str(text).unwrap();
        let path = host.path().join(name).with_extension("wasm");
        std::fs::write(path, module).unwrap();
    }
}

/// What is said of the next message of the program that is not delivered.
pub(crate) fn refusal(program: &mut Capability) -> String {
    use libetp::client::Event;
    match program.event_within(PATIENCE).unwrap() {
        Some(Event::Undelivered(told)) => told.verdict.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The param of the next message.
pub(crate) fn received(program: &mut Capability) -> Vec<u8> {
    let delivery = program.receive_within(PATIENCE).unwrap();
    delivery.expect("a message").message.param.to_vec()
}

/// Nothing of what was sent before the flush is there.
pub(crate) fn nothing_came(program: &mut Capability) {
    program.flush().unwrap();
    let delivery = program.held();
    assert!(delivery.is_none(), "{delivery:?}");
}

pub(crate) fn send(program: &mut Capability, to: EntityId, mtype: Mtype, param: &[u8]) {
    program.send(to, mtype, param).unwrap();
    program.flush().unwrap();
}
