//! Plugins, on the engine that is shipped.

use std::hint::black_box;

use guard_policies::Policy;
use guard_policies::plugin::{Plugin, PluginSettings};

use crate::clock::Contender;
use crate::message;

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

/// The built-in rules are what they are compared with.
pub(crate) fn contenders() -> impl Iterator<Item = Contender> {
    MODULES.into_iter().map(|(name, module)| {
        let plugin = Plugin::load(module, &PluginSettings::default()).expect("a shipped plugin");
        let [_, fuel] = [(); 2].map(|()| plugin.judge(&message::facts()).fuel);
        let judge = move || {
            black_box(plugin.judge(&black_box(message::facts())));
        };
        Contender {
            name: format!("{name}, {fuel} fuel"),
            judge: Box::new(judge),
            base: 0,
        }
    })
}
