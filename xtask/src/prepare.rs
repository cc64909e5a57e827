//! What the machine needs beside Rust, installed and announced.

use std::path::Path;

use crate::shell::{Result, cargo, command, exists, run};

/// A Debian package, and how to see that it is there.
struct Package {
    name: &'static str,
    probe: Probe,
}

enum Probe {
    /// A program that tells its version.
    Program(&'static str),
    /// A file, where there is no program or not in everybody's path.
    File(&'static str),
}

/// What every build needs, and the demonstration.
const PACKAGES: &[Package] = &[
    of_program("gcc", "cc"),
    of_program("python3", "python3"),
    of_program("git", "git"),
];

/// Readers: the PC/SC service, the library that `etp-card-proxy` is linked with, virtual readers,
/// and what people look at readers with.
const READERS: &[Package] = &[
    of_file("pcscd", "/usr/sbin/pcscd"),
    of_file("libpcsclite-dev", "/usr/include/PCSC/winscard.h"),
    of_program("pkg-config", "pkg-config"),
    of_file(
        "vsmartcard-vpcd",
        "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    ),
    of_file("pcsc-tools", "/usr/bin/pcsc_scan"),
    of_program("opensc", "opensc-tool"),
];

const fn of_program(name: &'static str, program: &'static str) -> Package {
    let probe = Probe::Program(program);
    Package { name, probe }
}

const fn of_file(name: &'static str, file: &'static str) -> Package {
    let probe = Probe::File(file);
    Package { name, probe }
}

impl Package {
    fn is_there(&self) -> bool {
        match self.probe {
            Probe::Program(program) => exists(program, "--version"),
            Probe::File(file) => Path::new(file).exists(),
        }
    }
}

/// Everything that `cargo xtask test` needs.
pub(crate) fn for_tests() -> Result {
    packages(PACKAGES)?;
    packages(READERS)?;
    if !exists("cargo-nextest", "--version") {
        println!("prepare: installing cargo-nextest from crates.io (once per machine)");
        run(cargo().args(["install", "--locked", "cargo-nextest"]))?;
    }
    Ok(())
}

/// Everything that `cargo xtask demo` needs.
pub(crate) fn for_demo() -> Result {
    packages(PACKAGES)
}

fn packages(needed: &[Package]) -> Result {
    let missing = needed.iter().filter(|package| !package.is_there());
    let missing: Vec<&str> = missing.map(|package| package.name).collect();
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
