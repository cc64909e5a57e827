//! Modules, and messages for them.

use guard_policies::plugin::{Plugin, PluginSettings};
use guard_policies::{Answer, Entry, Facts, Locality, Policy, Principal};
use libetp::{Domain, Header, Mtype, Port};

/// Most of a plugin: two pages of memory with the buffer at their beginning.
pub(crate) const FRAME: &str = r#"
    (memory (export "memory") 2)
    (func (export "guard_abi") (result i32) i32.const 1)
    (func (export "guard_buf") (result i32) i32.const 0)
"#;

/// A module of these parts.
pub(crate) fn module(parts: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {parts})")).expect("WebAssembly text")
}

/// A module with memory, interface version and buffer, and these parts.
pub(crate) fn framed(parts: &str) -> Vec<u8> {
    module(&format!("{FRAME} {parts}"))
}

/// A plugin whose `guard_check` consists of these instructions.
pub(crate) fn checking(instructions: &str) -> Vec<u8> {
    framed(&check(instructions))
}

/// `guard_check` of these instructions.
pub(crate) fn check(instructions: &str) -> String {
    format!(r#"(func (export "guard_check") (param i32) (result i64) {instructions})"#)
}

/// A `guard_check` that passes everything.
pub(crate) const PASS: &str =
    r#"(func (export "guard_check") (param i32) (result i64) i64.const 0)"#;

pub(crate) fn load(module: &[u8]) -> Result<Plugin, String> {
    Plugin::load(module, &PluginSettings::default())
}

/// Why it does not load.
pub(crate) fn refused(module: &[u8]) -> String {
    load(module).err().expect("a module that is refused")
}

pub(crate) struct Host;

impl Locality for Host {
    fn is_local(&self, domain: Domain) -> bool {
        domain == HERE
    }

    fn is_owner(&self, _uid: u32, _domain: Domain) -> bool {
        true
    }
}

pub(crate) const HERE: Domain = Domain(*b"\x02here-it-is.");
pub(crate) const THERE: Domain = Domain(*b"\x02there-it-is");
pub(crate) const APP: Entry = Entry::App {
    principal: Principal {
        uid: 1000,
        gid: 100,
        pid: 4711,
    },
    derived: false,
};

pub(crate) fn header(mtype: Mtype) -> Header {
    Header {
        src: HERE.entity(Port(7)),
        dst: THERE.entity(Port(9)),
        mtype,
    }
}

/// A message of a program, of a type that nobody registered.
pub(crate) fn facts(param: &[u8]) -> Facts<'_> {
    Facts::new(APP, header(Mtype(0xc001)), param, &Host)
}

/// What a plugin says of that message.
pub(crate) fn ask(plugin: &Plugin, param: &[u8]) -> Answer {
    plugin.judge(&facts(param))
}

/// Why a plugin says nothing of it.
pub(crate) fn failure(plugin: &Plugin) -> String {
    let opinion = ask(plugin, b"param").opinion;
    opinion.expect_err("a failure").0.into_owned()
}
