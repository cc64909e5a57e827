//! Chains of one policy each, judging as they do in the daemon: conditions, strikes, fuel and counts
//! included.

use std::hint::black_box;
use std::io;
use std::path::Path;

use guard_policies::chain::Chain;
use guard_policies::file::{Files, load};

use crate::clock::Contender;
use crate::message;

const EXPRESSION: &str = r#"
kind = "expression"
refuse_if = 'entry == "remote" && size > 4000 || mtype == "offer" && src_domain == "070707070707070707070707"'
"#;

const PLUGIN: &str = "kind = \"plugin\"\nfile = \"module.wasm\"\n";

const MODULES: [(&str, &[u8]); 2] = [
    (
        "a plugin in Rust: one-per-minute",
        include_bytes!("../../../../guard-policies/plugins/one-per-minute/one-per-minute.wasm"),
    ),
    (
        "a plugin in C: newcomers",
        include_bytes!("../../../../guard-policies/plugins/newcomers/newcomers.wasm"),
    ),
];

/// A chain without policies, of an expression, and of each plugin. Built-in rules are what they are
/// compared with; they are in each of them.
pub(crate) fn contenders() -> Vec<Contender> {
    let mut contenders = vec![
        contender("a chain without policies", chain(None, &[])),
        contender("an expression", chain(Some(EXPRESSION), &[])),
    ];
    contenders.extend(MODULES.map(|(name, module)| plugin(name, module)));
    contenders
}

fn plugin(name: &str, module: &'static [u8]) -> Contender {
    let chain = chain(Some(PLUGIN), module);
    let fuel = || chain.links()[0].counts().fuel;
    chain.judge(&message::facts());
    let before = fuel();
    chain.judge(&message::facts());
    let name = format!("{name}, {} fuel", fuel() - before);
    contender(&name, chain)
}

fn contender(name: &str, chain: Chain) -> Contender {
    Contender {
        name: name.into(),
        judge: Box::new(move || {
            black_box(chain.judge(&black_box(message::facts())));
        }),
        base: 0,
    }
}

/// A chain of one policy, or of none. Fuel never ends: nobody waits in a bench.
fn chain(policy: Option<&str>, module: &'static [u8]) -> Chain {
    let policy = policy.map(|it| format!("[[policy]]\nname = \"it\"\n{it}"));
    let rules = format!(
        "version = 1\nfuel = {{ per_second = 1, burst = {} }}\n{}",
        i64::MAX,
        policy.unwrap_or_default()
    );
    let files = InMemory { rules, module };
    load(Path::new("guard.toml"), &files).expect("rules as above load")
}

struct InMemory {
    rules: String,
    module: &'static [u8],
}

impl Files for InMemory {
    fn read(&self, path: &Path, _: usize) -> io::Result<Vec<u8>> {
        match path.extension().is_some_and(|it| it == "wasm") {
            true => Ok(self.module.to_vec()),
            false => Ok(self.rules.clone().into_bytes()),
        }
    }
}
