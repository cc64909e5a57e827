//! Modules that are kept beside their sources, and the kit that they were made with.

use std::path::Path;

use etp_guard::limits as sdk;
use guard_policies::plugin::{Plugin, PluginSettings, limits};
use guard_policies::{Entry, Facts, Membership, Opinion, Policy};
use libetp::Mtype;
use libetp::digest::sha256;
use libetp::id::parse_hex;
use toml::{Table, Value};

use crate::support::{APP, HERE, Host, header};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Name, file and hash of each.
fn modules() -> Vec<(String, Vec<u8>, String)> {
    let list = include_str!("../../plugins/modules.toml");
    let list: Table = list.parse().expect("TOML");
    let modules = list["module"].as_array().expect("modules");
    let text = |module: &Value, key: &str| module[key].as_str().expect("text").to_owned();
    let read = |module: &Value| {
        let name = text(module, "name");
        let path = root().join(text(module, "source")).join(&name);
        let bytes = std::fs::read(path.with_extension("wasm")).expect("a module");
        (name, bytes, text(module, "sha256"))
    };
    modules.iter().map(read).collect()
}

#[test]
fn kept_modules_have_the_listed_hashes_and_load() {
    for (name, bytes, hash) in modules() {
        let settings = PluginSettings {
            sha256: parse_hex(&hash),
            ..PluginSettings::default()
        };
        assert_eq!(settings.sha256, Some(sha256(&bytes)), "{name}");
        Plugin::load(&bytes, &settings).expect(&name);
    }
}

/// Every name of a Rust source with what stands before it, as far as it could be a path.
fn sources_named_in(module: &[u8]) -> Vec<String> {
    let is_of_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"./_-".contains(byte);
    let runs = module.split(|byte| !is_of_path(byte));
    let sources = runs.filter(|run| run.windows(3).any(|part| part == b".rs"));
    let text = |run: &[u8]| String::from_utf8_lossy(run).into_owned();
    sources.map(text).collect()
}

#[test]
fn kept_modules_say_nothing_of_the_machine_that_made_them() {
    for (name, bytes, _) in modules() {
        let here = root().canonicalize().expect("the repository");
        let here = here.to_str().expect("a path in Unicode");
        for trace in ["/home/", "/root/", "/tmp/", "target/", here] {
            let is_there = bytes
                .windows(trace.len())
                .any(|part| part == trace.as_bytes());
            assert!(!is_there, "{name} has {trace} in it");
        }
        for source in sources_named_in(&bytes) {
            let kit = source.split_once("etp-guard/src/");
            let is_relative = kit.is_some_and(|(before, _)| !before.ends_with('/'));
            let is_known = is_relative || source.contains("/rustc/");
            assert!(is_known, "{name} has {source} in it");
        }
    }
}

#[test]
fn both_sides_have_the_same_limits() {
    assert_eq!(sdk::ABI, limits::ABI);
    assert_eq!(sdk::BUFFER_BYTES, limits::BUFFER_BYTES);
    assert_eq!(sdk::REASON_BYTES_MAX, limits::REASON_BYTES_MAX);
    assert_eq!(sdk::PARAM_BYTES_MAX, libetp::limits::PARAM_BYTES_MAX);
    let header = include_str!("../../sdk/c/guard.h");
    for (name, value) in [
        ("ABI", limits::ABI as usize),
        ("BUFFER_BYTES", limits::BUFFER_BYTES),
        ("REASON_BYTES_MAX", limits::REASON_BYTES_MAX),
        ("PARAM_BYTES_MAX", libetp::limits::PARAM_BYTES_MAX),
    ] {
        let line = format!("#define GUARD_{name} {value}\n");
        assert!(header.contains(&line), "{line}");
    }
}

/// What the plugin `mirror` says of a message from there.
fn mirrored(entry: Entry, mtype: Mtype, membership: Option<&Membership>) -> Vec<u8> {
    let (_, bytes, _) = modules().pop().expect("the last one is the mirror");
    let plugin = Plugin::load(&bytes, &PluginSettings::default()).expect("a plugin");
    let mut facts = Facts::new(entry, header(mtype), b"hello", &Host);
    facts.membership = membership;
    facts.now.tick_ms = 61_000;
    let opinion = plugin.judge(&facts).opinion;
    assert_eq!(plugin.take_log().lines, ["mirrored"]);
    match opinion {
        Ok(Opinion::Rewrite(param)) => param,
        other => panic!("{other:?}"),
    }
}

/// What `mirror` writes: numbers of eight bytes, and bytes after their length.
#[derive(Default)]
struct Expected(Vec<u8>);

impl Expected {
    fn numbers(mut self, numbers: &[u64]) -> Self {
        self.0
            .extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        self
    }

    fn bytes(self, bytes: Option<&[u8]>) -> Self {
        let len = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        let mut with_len = self.numbers(&[len]);
        with_len.0.extend(bytes.unwrap_or_default());
        with_len
    }

    fn ids(self, mtype: Mtype) -> Self {
        let header = header(mtype);
        let id = |id: libetp::EntityId| {
            let port = id.port.0.to_be_bytes();
            [id.domain.0.as_slice(), &port].concat()
        };
        self.bytes(Some(&id(header.src)))
            .bytes(Some(&id(header.dst)))
            .numbers(&[mtype.0.into()])
    }
}

#[test]
fn c_reads_what_was_written() {
    let membership = Membership {
        groups: vec![4, 27],
        cgroup: "/system.slice/shop.service".into(),
    };
    let custom = Mtype(0xc001);
    let app = |mtype, in_27, cgroup: Option<&[u8]>, param| {
        let start = Expected::default().numbers(&[0]).ids(mtype);
        let who = start.numbers(&[1, 1000, 100, 0, in_27, 0]).bytes(cgroup);
        who.bytes(None).numbers(&[61_000]).bytes(param).0
    };
    let hello: Option<&[u8]> = Some(b"hello");
    let cgroup: Option<&[u8]> = Some(b"/system.slice/shop.service");
    assert_eq!(
        mirrored(APP, custom, Some(&membership)),
        app(custom, 1, cgroup, hello)
    );
    assert_eq!(mirrored(APP, custom, None), app(custom, 0, None, hello));
    assert_eq!(
        mirrored(APP, Mtype::AUTH, Some(&membership)),
        app(Mtype::AUTH, 1, cgroup, None)
    );
    let host = [0xab; 32];
    for (number, entry, host) in [
        (1, Entry::Card(HERE), None),
        (2, Entry::Remote(host), Some(host.as_slice())),
        (3, Entry::Host, None),
    ] {
        let start = Expected::default().numbers(&[number]).ids(custom);
        let nobody = start.numbers(&[0; 6]).bytes(None).bytes(host);
        let expected = nobody.numbers(&[61_000]).bytes(hello).0;
        assert_eq!(mirrored(entry, custom, None), expected);
    }
}
