//! An engine with a fault of its own.

use guard_policies::plugin::engine::{Bounds, Call, Engine, Instance, Module, Outline, Trap};
use guard_policies::plugin::{Log, Plugin, PluginSettings};
use guard_policies::{Opinion, Policy};

use crate::support::{PASS, ask, facts, framed};

/// Where it panics.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Compiling,
    Starting,
    Judging,
}

impl Engine for At {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn compile(&self, _: &[u8], _: Bounds) -> Result<Box<dyn Module>, String> {
        assert!(*self != Self::Compiling, "on purpose");
        Ok(Box::new(*self))
    }
}

impl Module for At {
    fn outline(&self) -> Outline {
        Outline::default()
    }

    fn instantiate(&self) -> Result<Box<dyn Instance>, String> {
        assert!(*self != Self::Starting, "on purpose");
        Ok(Box::new(Falling(vec![0; 70_000])))
    }
}

/// Its memory.
struct Falling(Vec<u8>);

impl Instance for Falling {
    fn call(&mut self, call: Call, _: u64) -> (Result<i64, Trap>, u64) {
        let len = match call {
            Call::Check(len) => len,
            other => return (Ok(i64::from(other == Call::Abi)), 0),
        };
        assert!(self.0[len as usize - 1] != b'!', "on purpose");
        (Ok(0), 1)
    }

    fn memory(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn is_configurable(&self) -> bool {
        false
    }

    fn take_log(&mut self) -> Log {
        Log::default()
    }
}

#[test]
fn a_panic_of_the_engine_keeps_a_module_from_loading_and_no_more() {
    for at in [At::Compiling, At::Starting] {
        let loaded = Plugin::load_on(&at, &framed(PASS), &PluginSettings::default());
        let refusal = loaded.err().expect("a refusal");
        assert!(refusal.contains("fault of the engine"), "{refusal}");
    }
}

#[test]
fn a_panic_of_the_engine_is_a_failure_on_one_message() {
    let settings = PluginSettings::default();
    let plugin = Plugin::load_on(&At::Judging, &framed(PASS), &settings).expect("a plugin");
    let answer = plugin.judge(&facts(b"fall down!"));
    assert!(answer.opinion.is_err());
    assert!((settings.fuel..=plugin.fuel_max()).contains(&answer.fuel));
    assert_eq!(ask(&plugin, b"get up").opinion, Ok(Opinion::Indifferent));
}
