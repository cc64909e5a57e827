//! A peer in another language: the Python client, with the standard library only.

use std::path::Path;
use std::process::Command;

use system_tests::{Binaries, Deployment};

#[test]
fn the_python_client_acquires_sends_and_receives() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let third_party = deployment.enrol("service", "third-party").unwrap();
    let mut host = deployment.host("a", &third_party).unwrap();
    host.start(&[]).unwrap();
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/client.py");
    let mut python = Command::new("python3");
    python
        .arg(client)
        .arg("--socket")
        .arg(host.socket())
        .arg("selftest");
    let output = python.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{words}{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
