//! Compilers for WebAssembly: those of the machine where it has them, else Debian's, unpacked under
//! `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::kit::Kit;
use super::list::Language;
use crate::shell::{self, Result, command, output, target};

/// The target of modules in Rust.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compilers and the source of Rust's core library, for which Debian has no build for
/// WebAssembly.
const PACKAGES: &[&str] = &["rustc-web", "rust-web-src", "clang-22"];
/// How many seconds rustup has for the download; Debian's packages are the other way.
const RUSTUP_SECONDS_MAX: &str = "120";
const ADVICE: &str =
    "install compilers by hand: `rustup target add wasm32-unknown-unknown`, and clang and lld";

/// What compiles modules.
pub(super) struct Toolchain {
    /// Where Debian's compilers were unpacked, if one of the machine's is missing.
    prefix: Option<PathBuf>,
    has_rust_target: bool,
    has_clang: bool,
}

impl Toolchain {
    /// Looks for compilers; fetches what is missing, saying so.
    pub(super) fn find() -> Result<Self> {
        let has_rust_target = has_rust_target() || add_rust_target();
        let has_clang = has_clang();
        let prefix = match has_rust_target && has_clang {
            true => None,
            false => Some(debian().map_err(|error| format!("{error}; {ADVICE}"))?),
        };
        Ok(Self {
            prefix,
            has_rust_target,
            has_clang,
        })
    }

    /// A cargo that builds for [`TARGET`] when it gets the rest of its words, in a directory.
    pub(super) fn cargo_build(&self, kit: &Kit, directory: &Path) -> Result<Command> {
        let mut cargo = command("cargo");
        cargo.current_dir(directory).env_remove("CARGO");
        cargo.args(["build", "--release", "--target", TARGET]);
        let mut flags = format!(
            "-Clink-arg=-zstack-size=32768 --remap-path-prefix={}=. --remap-path-prefix={}=/registry",
            directory.display(),
            registry().display(),
        );
        if !self.has_rust_target {
            let prefix = self.prefix();
            let library = prefix.join("usr/lib/rustlib/src/rust");
            flags += &format!(" --remap-path-prefix={}=/rustc", library.display());
            cargo
                .args(["-Z", &format!("build-std={},panic_abort", kit.foundation)])
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTC", prefix.join("usr/bin/rustc"))
                .env("LD_LIBRARY_PATH", libraries(&prefix))
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker()?);
        }
        cargo.env("RUSTFLAGS", flags);
        Ok(cargo)
    }

    pub(super) fn clang(&self) -> Command {
        if self.has_clang {
            return command("clang");
        }
        let prefix = self.prefix();
        let mut clang = command(&prefix.join("usr/bin/clang-22").to_string_lossy());
        clang.env("LD_LIBRARY_PATH", libraries(&prefix));
        clang
    }

    /// A linker for WebAssembly.
    pub(super) fn linker(&self) -> Result<Command> {
        let mut linker = command(&linker()?.to_string_lossy());
        linker.args(["-flavor", "wasm"]);
        Ok(linker)
    }

    /// The first line in which a compiler names itself.
    pub(super) fn version(&self, language: Language) -> Result<String> {
        let mut compiler = match language {
            Language::C => self.clang(),
            Language::Rust if self.has_rust_target => command("rustc"),
            Language::Rust => {
                let prefix = self.prefix();
                let mut rustc = command(&prefix.join("usr/bin/rustc").to_string_lossy());
                rustc.env("LD_LIBRARY_PATH", libraries(&prefix));
                rustc
            }
        };
        let lines = output(compiler.arg("--version"))?;
        Ok(lines.lines().next().unwrap_or_default().to_owned())
    }

    fn prefix(&self) -> PathBuf {
        self.prefix.clone().unwrap_or_else(|| "/".into())
    }
}

fn has_rust_target() -> bool {
    let libraries = output(command("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    libraries.is_ok_and(|path| Path::new(path.trim()).exists())
}

/// Asks rustup, if it is there and its server answers in time.
fn add_rust_target() -> bool {
    let mut add = command("timeout");
    add.args([RUSTUP_SECONDS_MAX, "rustup", "target", "add", TARGET]);
    println!("prepare: rustup target add {TARGET}");
    shell::run(&mut add).is_ok() && has_rust_target()
}

fn has_clang() -> bool {
    let targets = output(command("clang").arg("--print-targets"));
    targets.is_ok_and(|targets| targets.contains("wasm32"))
}

/// Where cargo keeps the sources of other crates.
fn registry() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    home.unwrap_or_default().join("registry/src")
}

/// `rust-lld`, which comes with the compiler of Rust.
fn linker() -> Result<PathBuf> {
    let sysroot = output(command("rustc").args(["--print", "sysroot"]))?;
    let hosts = Path::new(sysroot.trim()).join("lib/rustlib");
    let entries = fs::read_dir(&hosts).map_err(|e| format!("{}: {e}", hosts.display()))?;
    let linkers = entries
        .flatten()
        .map(|host| host.path().join("bin/rust-lld"));
    let mut found = linkers.filter(|linker| linker.exists());
    found
        .next()
        .ok_or_else(|| format!("no rust-lld under {}; {ADVICE}", hosts.display()))
}

fn libraries(prefix: &Path) -> PathBuf {
    prefix.join("usr/lib/x86_64-linux-gnu")
}

/// Unpacks Debian's packages, once. Nothing is installed: `/usr` stays as it is.
fn debian() -> Result<PathBuf> {
    let home = target().join("wasm-toolchain");
    let (packages, prefix, done) = (home.join("packages"), home.join("root"), home.join("done"));
    if done.exists() {
        return Ok(prefix);
    }
    fs::create_dir_all(&packages).map_err(|e| format!("{}: {e}", packages.display()))?;
    let names = needed()?;
    println!(
        "prepare: downloading Debian packages of about 150 MB, once, to {}: {}",
        packages.display(),
        names.join(" ")
    );
    let mut download = command("apt-get");
    download.current_dir(&packages).arg("download").args(&names);
    shell::run(&mut download)?;
    let files = fs::read_dir(&packages).map_err(|e| format!("{}: {e}", packages.display()))?;
    for package in files.flatten() {
        let mut unpack = command("dpkg-deb");
        shell::run(unpack.arg("-x").arg(package.path()).arg(&prefix))?;
    }
    fs::write(&done, names.join("\n")).map_err(|e| format!("{}: {e}", done.display()))?;
    Ok(prefix)
}

/// The packages and what they depend on, without what is installed.
fn needed() -> Result<Vec<String>> {
    let plan = || {
        let mut plan = command("apt-get");
        plan.args([
            "install",
            "--print-uris",
            "--yes",
            "--no-install-recommends",
        ]);
        output(plan.args(PACKAGES))
    };
    let plan = plan().or_else(|_| {
        println!(
            "prepare: apt-get update, for lists that have {}",
            PACKAGES.join(" ")
        );
        shell::run(command("apt-get").args(["update", "--quiet"]))?;
        plan()
    })?;
    let files = plan
        .lines()
        .filter_map(|line| line.strip_prefix('\'')?.split(' ').nth(1));
    let dependencies = files.filter_map(|file| file.split('_').next());
    let mut names: Vec<String> = dependencies.map(str::to_owned).collect();
    names.extend(PACKAGES.iter().map(|&name| name.to_owned()));
    names.sort();
    names.dedup();
    Ok(names)
}
