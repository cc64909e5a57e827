//! What the machine needs beside Rust, installed and announced.

use crate::shell::{Result, cargo, command, exists, run};

/// Programs of Debian packages: the program, how to probe for it, its package.
const PACKAGES: &[(&str, &str, &str)] = &[
    ("cc", "--version", "gcc"),
    ("python3", "--version", "python3"),
    ("git", "--version", "git"),
];

/// Everything that `cargo xtask test` needs.
pub(crate) fn for_tests() -> Result {
    packages()?;
    if !exists("cargo-nextest", "--version") {
        println!("prepare: installing cargo-nextest from crates.io (once per machine)");
        run(cargo().args(["install", "--locked", "cargo-nextest"]))?;
    }
    Ok(())
}

/// Everything that `cargo xtask demo` needs.
pub(crate) fn for_demo() -> Result {
    packages()
}

fn packages() -> Result {
    let missing = PACKAGES
        .iter()
        .filter(|(program, probe, _)| !exists(program, probe));
    let missing: Vec<&str> = missing.map(|(_, _, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("prepare: installing Debian packages: {}", missing.join(" "));
    run(command("apt-get").args(["update", "--quiet"]))
        .and_then(|()| {
            let mut install = command("apt-get");
            install
                .args(["install", "--yes", "--no-install-recommends"])
                .args(&missing);
            run(&mut install)
        })
        .map_err(|error| format!("{error}; install them by hand: {}", missing.join(" ")))
}
