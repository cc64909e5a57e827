//! The wallet as a user meets it when something is missing or wrong.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

struct User {
    directory: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wallet"));
        command.arg("--home").arg(self.path("home")).args(arguments);
        command.env_clear().current_dir(self.directory.path());
        command.stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Exit code, and what standard error says.
    fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    }

    /// The error of a command with `--json`.
    fn error(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(!output.status.success());
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["error"].clone()
    }

    /// A scheme, with an identity of each role in `papers`.
    fn papers(&self, roles: &[etp_pki::Role]) -> etp_pki::scheme::Scheme {
        let scheme = etp_pki::scheme::Scheme::open(self.scheme()).unwrap();
        for &role in roles {
            let identity = scheme
                .enrol(role, |key| etp_pki::scheme::Request::key(key, 1))
                .unwrap();
            identity.write(&self.path("papers"), role.name()).unwrap();
        }
        scheme
    }

    /// A home as `wallet init` leaves it, with a daemon that is not there.
    fn initialised(&self) {
        let home = self.path("home");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).unwrap();
        let key = "11".repeat(32);
        let settings = serde_json::json!({
            "socket": self.path("none.sock"),
            "id": "02aabbccddeeff0011223344:7",
            "card": {
                "domain": "02aabbccddeeff0011223344",
                "key": key, "agree": key, "certificate": key, "class": 0,
            },
            "scheme": "test",
            "anchors": [key, key, key, key, key, key],
        });
        fs::write(home.join("wallet.json"), settings.to_string()).unwrap();
    }

    fn scheme(&self) -> PathBuf {
        let directory = self.path("scheme");
        etp_pki::scheme::Scheme::create(&directory, "test").unwrap();
        directory
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn without_a_wallet_the_way_to_one_is_shown() {
    let user = User::new();
    for command in [
        &["list"][..],
        &["inbox"],
        &["history"],
        &["accept", "1"],
        &["resolve"],
        &["abort", "1"],
        &["cancel"],
        &["asks"],
        &["allow", "1"],
        &["deny", "--all"],
    ] {
        let (code, said) = user.fails(command);
        assert_eq!(code, 8, "{said}");
        assert!(said.contains("wallet init --scheme"), "{said}");
    }
    assert!(!user.path("home").exists(), "nothing is made on the way");
}

#[test]
fn without_a_daemon_the_user_is_told_which_and_what_to_do() {
    let user = User::new();
    user.initialised();
    let (code, said) = user.fails(&["list"]);
    assert_eq!(code, 3);
    assert!(
        said.contains("none.sock") && said.contains("dispatchd"),
        "{said}"
    );
    let error = user.error(&["history"]);
    assert_eq!(error["kind"], "daemon");
    assert!(error["hint"].as_str().unwrap().contains("--socket"));
}

#[test]
fn init_names_a_missing_scheme_and_a_missing_daemon() {
    let user = User::new();
    let (code, said) = user.fails(&["init", "--scheme", "nowhere.toml"]);
    assert_eq!(code, 2);
    assert!(said.contains("nowhere.toml"), "{said}");
    let scheme = user.scheme();
    let (code, said) = user.fails(&["init", "--scheme", text(&scheme), "--socket", "no.sock"]);
    assert_eq!(code, 3, "{said}");
    fs::write(user.path("file.sock"), "").unwrap();
    let (code, said) = user.fails(&["init", "--scheme", text(&scheme), "--socket", "file.sock"]);
    assert_eq!(code, 3);
    assert!(said.contains("not a socket"), "{said}");
}

#[test]
fn a_second_init_keeps_the_first() {
    let user = User::new();
    user.initialised();
    let scheme = user.scheme();
    let (code, said) = user.fails(&["init", "--scheme", text(&scheme)]);
    assert_eq!(code, 8);
    assert!(said.contains("02aabbccddeeff0011223344:7"), "{said}");
}

#[test]
fn a_home_that_others_can_enter_is_not_used() {
    let user = User::new();
    user.initialised();
    fs::set_permissions(user.path("home"), PermissionsExt::from_mode(0o750)).unwrap();
    let (code, said) = user.fails(&["history"]);
    assert_eq!(code, 8);
    assert!(said.contains("chmod 700"), "{said}");
}

#[test]
fn one_process_at_a_time_uses_a_home() {
    let user = User::new();
    user.initialised();
    let lock = fs::File::create(user.path("home/lock")).unwrap();
    lock.lock().unwrap();
    let (code, said) = user.fails(&["history"]);
    assert_eq!(code, 8);
    assert!(said.contains("another wallet process"), "{said}");
    drop(lock);
    assert_eq!(
        user.fails(&["history"]).0,
        3,
        "now only the daemon is missing"
    );
}

#[test]
fn damaged_files_are_named_and_left_alone() {
    let user = User::new();
    user.initialised();
    let records = user.path("home/records.json");
    for nonsense in ["", "{", "[]", "{\"exchanges\": 3}", "{\"unknown\": 1}"] {
        fs::write(&records, nonsense).unwrap();
        let (code, said) = user.fails(&["history"]);
        assert_eq!(code, 8, "{said}");
        assert!(said.contains("records.json"), "{said}");
        assert_eq!(fs::read_to_string(&records).unwrap(), nonsense);
    }
}

#[test]
fn questions_that_cannot_be_read_are_named_and_left_alone() {
    let user = User::new();
    user.initialised();
    let asks = user.path("home/asks.json");
    let newer = "{\"version\": 2, \"unheard\": []}";
    for text in ["", "[]", "{\"questions\": 3}", newer] {
        fs::write(&asks, text).unwrap();
        for command in [&["asks"][..], &["list"], &["allow", "1"]] {
            let (code, said) = user.fails(command);
            assert_eq!(code, 8, "{said}");
            assert!(said.contains("asks.json") && said.contains("move it away"));
        }
        assert_eq!(fs::read_to_string(&asks).unwrap(), text);
    }
}

#[test]
fn a_question_is_named_by_its_number_and_only_denied_with_all_others() {
    let user = User::new();
    user.initialised();
    for wrong in [
        &["allow"][..],
        &["allow", "--all"],
        &["allow", "one"],
        &["deny"],
        &["deny", "1", "--all"],
    ] {
        let (code, said) = user.fails(wrong);
        assert_eq!(code, 2, "{said}");
    }
}

#[test]
fn records_of_a_newer_wallet_are_named_and_left_alone() {
    let user = User::new();
    user.initialised();
    let records = user.path("home/records.json");
    let newer = "{\"unheard\": [], \"version\": 2, \"exchanges\": {}}";
    fs::write(&records, newer).unwrap();
    let (code, said) = user.fails(&["history"]);
    assert_eq!(code, 8);
    let expected = "records.json has version 2, this wallet reads 1";
    assert!(said.contains(expected), "{said}");
    assert_eq!(fs::read_to_string(&records).unwrap(), newer);
}

#[test]
fn redeemers_and_issuers_may_ask_for_a_voucher_and_nobody_else() {
    use etp_pki::Role::{Issuer, Redeemer, Service};
    let user = User::new();
    user.papers(&[Issuer, Redeemer, Service]);
    let vid = "44".repeat(32);
    let request = |identity: &str| {
        let words = ["redeemer", "request", "--vid", &vid, "-o", "request"];
        user.fails(&[&words[..], &["--identity", identity]].concat())
    };
    assert_eq!(request("papers/redeemer"), (0, String::new()));
    assert_eq!(request("papers/issuer"), (0, String::new()));
    let (code, said) = request("papers/service");
    assert_eq!(code, 9);
    assert!(said.contains("redeemer or issuer"), "{said}");
}

#[test]
fn an_issuer_needs_the_right_identity_and_a_challenge() {
    let user = User::new();
    let scheme = user.papers(&[etp_pki::Role::Issuer, etp_pki::Role::Redeemer]);
    fs::write(user.path("promise"), "Coffee\n").unwrap();
    let challenge = serde_json::json!({
        "challenge": "22".repeat(32), "card_key": "33".repeat(32), "wallet": "somebody",
    });
    fs::write(user.path("challenge"), challenge.to_string()).unwrap();
    let issue = |identity: &str, promise: &str, challenge: &str| {
        let words = [
            "issuer",
            "issue",
            "--identity",
            identity,
            "--promise",
            promise,
        ];
        user.run(
            &[
                &words[..],
                &["--to-challenge", challenge, "-o", "issued", "--json"],
            ]
            .concat(),
        )
    };
    let output = issue("papers/issuer", "promise", "challenge");
    assert!(output.status.success(), "{output:?}");
    let issued = fs::read(user.path("issued")).unwrap();
    let issued = <libetp::params::voucher::Issue as libetp::params::Param>::from_param(&issued);
    let issued = issued.unwrap();
    assert_eq!(issued.challenge, [0x22; 32]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        said["vid"],
        libetp::client::text::hex(&issued.voucher.vid())
    );
    let anchors = scheme.file().anchors();
    let certificate = &issued.issuer_certificate;
    let issuer = etp_pki::verify(certificate, etp_pki::Role::Issuer, &anchors).unwrap();
    let vid = issued.voucher.vid();
    issuer
        .check_signature("voucher", &vid, &issued.voucher.issuer_signature)
        .unwrap();

    let wrong_role = issue("papers/redeemer", "promise", "challenge");
    assert_eq!(wrong_role.status.code(), Some(9));
    assert_eq!(
        issue("papers/nobody", "promise", "challenge").status.code(),
        Some(9)
    );
    assert_eq!(
        issue("papers/issuer", "promise", "promise").status.code(),
        Some(2)
    );
    let most = libetp::limits::PROMISE_BYTES_MAX;
    fs::write(user.path("long"), vec![b'x'; most]).unwrap();
    assert!(issue("papers/issuer", "long", "challenge").status.success());
    fs::write(user.path("long"), vec![b'x'; most + 1]).unwrap();
    assert_eq!(
        issue("papers/issuer", "long", "challenge").status.code(),
        Some(2)
    );
}

#[test]
fn a_third_party_has_ids_that_are_read_before_the_daemon_is_asked() {
    let user = User::new();
    user.initialised();
    let id = "02aabbccddeeff0011223344:0";
    let most = libetp::limits::THIRD_PARTY_IDS_MAX;
    let with = |ids: &[&str]| {
        let named = ids.iter().flat_map(|id| ["--third-party-id", id]);
        user.fails(&["resolve"].into_iter().chain(named).collect::<Vec<_>>())
    };
    assert_eq!(with(&vec![id; most]).0, 3);
    let (code, said) = with(&vec![id; most + 1]);
    assert_eq!(code, 2);
    assert!(said.contains(&most.to_string()), "{said}");
    let (code, said) = with(&["nobody"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("nobody") && said.contains("etpctl t status"),
        "{said}"
    );
}

#[test]
fn consent_to_a_dispute_wants_a_wait_after_which_it_counts() {
    let user = User::new();
    user.initialised();
    let nothing = "00".repeat(32);
    let to = "02bbbbccddeeff0011223344:7";
    let words = ["offer", "--give", &nothing, "--want", &nothing, "--to", to];
    let offer =
        |more: &[&str]| user.fails(&[&words[..], &["--third-party", &nothing], more].concat());
    let (code, said) = offer(&["--yes"]);
    assert_eq!(code, 2);
    assert!(said.contains("--wait"), "{said}");
    assert_eq!(offer(&["--yes", "--wait", "1"]).0, 3);
}

#[test]
fn records_of_the_first_version_are_read() {
    let user = User::new();
    user.initialised();
    let vid = "44".repeat(32);
    let exchange = serde_json::json!({
        "number": 1, "n1": vid, "side": "offered", "peer": null, "give": vid, "want": vid,
        "state": "open", "offer": null, "story": [{ "unix_s": 1, "what": "offered" }],
    });
    let records = serde_json::json!({
        "exchanges": [exchange], "events": [], "offers_dropped": 0,
    });
    fs::write(user.path("home/records.json"), records.to_string()).unwrap();
    let (code, said) = user.fails(&["history"]);
    assert_eq!(code, 3, "only the daemon is missing: {said}");
}

/// As in `wallet history | head -1`: nothing is said about a reader that went.
#[test]
fn a_reader_that_went_is_no_failure() {
    let user = User::new();
    user.papers(&[etp_pki::Role::Redeemer]);
    let vid = "44".repeat(32);
    let request = "redeemer request --identity papers/redeemer -o request --vid";
    let request: Vec<&str> = request.split(' ').chain([vid.as_str()]).collect();
    for arguments in [&request[..], &["--print-man-page"], &["--help"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wallet"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.env_clear().current_dir(user.directory.path());
        let output = command.args(arguments).stdout(writer).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (said.as_str(), output.status.code()),
            ("", Some(0)),
            "{arguments:?}"
        );
    }
}

#[test]
fn wrong_words_end_with_2() {
    let user = User::new();
    let commands = [
        &["frobnicate"][..],
        &["offer", "--give", "ab"],
        &[
            "offer",
            "--give",
            "a",
            "--want",
            "zz",
            "--to",
            "x",
            "--third-party",
            "y",
        ],
        &["receive-issue", "file", "--output", "other"],
        &["resolve", "1", "2"],
        &["abort", "--timeout", "soon"],
    ];
    for command in commands {
        assert_eq!(user.fails(command).0, 2, "{command:?}");
    }
    let help = String::from_utf8(user.run(&["--help"]).stdout).unwrap();
    for code in 0..=9 {
        assert!(
            help.contains(&format!("\n   {code}  ")),
            "exit code {code} is documented"
        );
    }
}

#[test]
fn wrong_words_are_a_document_for_programs() {
    let user = User::new();
    for (words, named) in [
        (&["frobnicate"][..], "frobnicate"),
        (&["accept"], "<OFFER>"),
        (&["cancel", "1", "--no-such"], "--no-such"),
        (&[], "command"),
        (&["issuer"], "command"),
    ] {
        let error = user.error(words);
        assert_eq!(error["kind"], "usage", "{words:?}");
        assert!(
            error["message"].as_str().unwrap().contains(named),
            "{error}"
        );
        assert!(error["hint"].as_str().unwrap().contains("wallet --help"));
        assert_eq!(
            user.run(&[words, &["--json"]].concat()).status.code(),
            Some(2)
        );
    }
    let help = user.run(&["--json", "--help"]);
    assert!(help.status.success(), "help is no error");
    let (code, said) = user.fails(&["accept", "--", "--json", "x"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("Usage"),
        "a word after -- is no option: {said}"
    );
}

#[test]
fn the_manual_page_is_that_of_the_command_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_wallet"))
        .arg("--print-man-page")
        .output()
        .unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man/wallet.1");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.contains(".SS wallet offer"));
    let kept = fs::read_to_string(kept).unwrap();
    assert!(printed == kept, "run `cargo xtask codegen`");
}
