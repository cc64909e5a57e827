//! Modules that are kept beside their sources.

use std::path::Path;

use libetp::text::hex;
use oncard_function::Module;
use toml::{Table, Value};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Name, bytes and listed hash of each.
fn modules() -> Vec<(String, Vec<u8>, String)> {
    let list: Table = include_str!("../../functions/modules.toml")
        .parse()
        .unwrap();
    let text = |module: &Value, key: &str| module[key].as_str().unwrap().to_owned();
    let read = |module: &Value| {
        let name = text(module, "name");
        let path = root().join(text(module, "source")).join(&name);
        let bytes = std::fs::read(path.with_extension("wasm")).unwrap();
        (name, bytes, text(module, "sha256"))
    };
    list["module"]
        .as_array()
        .unwrap()
        .iter()
        .map(read)
        .collect()
}

#[test]
fn kept_functions_have_the_listed_hashes_and_load() {
    assert_eq!(modules().len(), 5);
    for (name, bytes, hash) in modules() {
        let module = Module::load(&bytes).expect(&name);
        assert_eq!(hex(&module.hash()), hash, "{name}");
    }
}

#[test]
fn kept_functions_say_nothing_of_the_machine_that_made_them() {
    for (name, bytes, _) in modules() {
        let here = root().canonicalize().unwrap();
        let here = here.to_str().unwrap();
        for trace in ["/home/", "/root/", "/tmp/", "target/", ".cargo", here] {
            let mut parts = bytes.windows(trace.len());
            assert!(
                !parts.any(|part| part == trace.as_bytes()),
                "{name} has {trace} in it"
            );
        }
    }
}
