//! Writes `docs/vectors/certificates.json`.
//!
//! `cargo run -p etp-pki --example vectors --features issue`

use std::path::Path;

#[path = "../tests/all/support/mod.rs"]
mod support;

fn main() -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(support::vectors::PATH);
    std::fs::write(path, support::vectors::text())
}
