//! The command line: what it prints, how it ends, how it is started by others.

use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use crate::host::Scheme;

fn print(argument: &str) -> String {
    let command = &mut Command::new(env!("CARGO_BIN_EXE_dispatchd"));
    let output = command.arg(argument).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_good_configuration_passes_the_check_without_a_trace() {
    let host = Scheme::new().host();
    let (code, stdout, stderr) = host.run(&["--check"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.starts_with("configuration is good\n"), "{stdout}");
    assert!(!host.path("state").exists() && !host.path("run").exists());
}

#[test]
fn the_check_names_every_error_with_its_line() {
    let host = Scheme::new().host();
    std::fs::remove_dir_all(host.path("card")).unwrap();
    std::fs::remove_file(host.path("identity/host.der")).unwrap();
    let (code, _, stderr) = host.run(&["--check"]);
    assert_eq!(code, Some(3), "{stderr}");
    let file = host.config().display().to_string();
    assert!(stderr.contains(&format!("{file}:5:15: ")), "{stderr}");
    assert!(stderr.contains("host.der"), "{stderr}");
    assert!(stderr.contains(&format!("{file}:11:13: ")), "{stderr}");
    assert!(stderr.contains("/card is not a directory"), "{stderr}");
    assert_eq!(
        host.run(&[]).0,
        Some(3),
        "the daemon does not start with it either"
    );
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let host = Scheme::new().host();
    let key = host.path("identity/host.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, stderr) = host.run(&["--check"]);
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("host.key"), "{stderr}");
}

#[test]
fn identities_of_other_schemes_and_peers_that_are_oneself_are_refused() {
    let (host, stranger) = (Scheme::new().host(), Scheme::new().host());
    std::fs::rename(stranger.path("scheme.toml"), host.path("scheme.toml")).unwrap();
    let (code, _, stderr) = host.run(&["--check"]);
    assert_eq!(code, Some(3));
    assert!(
        stderr.contains("not signed by the scheme's intermediate for role host"),
        "{stderr}"
    );

    let host = Scheme::new().host();
    let own = libetp::text::hex(&host.key);
    host.write_config(&format!("[[peer]]\nkey = \"{own}\"\n"));
    let (code, _, stderr) = host.run(&["--check"]);
    assert_eq!(code, Some(3));
    assert!(
        stderr.contains("this is the key of this host itself"),
        "{stderr}"
    );
}

#[test]
fn unknown_keys_stop_the_daemon_with_a_suggestion() {
    let host = Scheme::new().host();
    host.write_config("ownres = [1]\n");
    let (code, _, stderr) = host.run(&[]);
    assert_eq!(code, Some(3));
    assert!(stderr.contains(":13:1: unknown key `ownres`"), "{stderr}");
    assert!(
        stderr.ends_with("help: did you mean `owners`?\n"),
        "{stderr}"
    );
}

#[test]
fn what_is_printed_is_toml() {
    assert_eq!(
        print("--print-default-config"),
        dispatchd::config::DEFAULT_TEXT
    );
    assert!(print("--print-limits").parse::<toml::Table>().is_ok());
    assert!(print("--version").starts_with("dispatchd "));
    let help = print("--help");
    for taught in [
        "--check",
        "--accept-rollback",
        "Exit codes",
        "Signals",
        "etpctl scheme",
    ] {
        assert!(help.contains(taught), "{taught}");
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    let output = Command::new(env!("CARGO_BIN_EXE_dispatchd"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// As a service manager does it: the socket is file descriptor 3 and the environment says so.
#[test]
fn a_socket_that_is_handed_over_is_served_and_left() {
    let host = Scheme::new().host();
    std::fs::create_dir(host.path("run")).unwrap();
    let listener = UnixListener::bind(host.socket()).unwrap();
    let script = "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\" 3<&0";
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_dispatchd"));
    command
        .arg("--config")
        .arg(host.config())
        .args(["--ready-fd", "1"]);
    command.stdin(Stdio::from(OwnedFd::from(listener)));
    let daemon = host.start_by(command);
    daemon.connect().acquire(false);
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(daemon.wait().code(), Some(0), "{}", host.log());
    assert!(host.socket().exists(), "it belongs to the service manager");
}

#[test]
fn a_ready_fd_that_is_not_open_is_an_error() {
    let host = Scheme::new().host();
    let (code, _, stderr) = host.run(&["--ready-fd", "77"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("--ready-fd 77"), "{stderr}");
}

#[test]
fn logs_can_be_json_lines() {
    let host = Scheme::new().host();
    host.write_config("[log]\nformat = \"json\"\n");
    let daemon = host.start();
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    daemon.wait();
    let log = host.log();
    assert!(
        log.lines()
            .all(|line| line.starts_with('{') && line.ends_with('}')),
        "{log}"
    );
    assert!(log.contains("\"event\":\"ready\""), "{log}");
}
