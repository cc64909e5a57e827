//! `etpctl scheme` as an administrator meets it.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use etp_pki::Role;
use etp_pki::scheme::{Request, Scheme, read_certificates};
use serde_json::Value;
use softcard::{DeviceKey, PUK_DIGITS, SoftCard};
use tempfile::TempDir;

const ROLES: [&str; 5] = ["host", "issuer", "redeemer", "service", "off-card"];

/// A scheme, and a file with a PIN.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("pin", "314159\n", 0o600);
        place.ok(&["init", &place.path("scheme"), "--name", "test"]);
        place
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let etpctl = env!("CARGO_BIN_EXE_etpctl");
        Command::new(etpctl)
            .args(["scheme", "--json"])
            .args(arguments)
            .output()
            .unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The words with which a command fails, in its one document.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        text(&document["error"], "message").to_owned()
    }

    /// `scheme enrol ROLE` into a directory of that name.
    fn enrol(&self, role: &str, out: &str, more: &[&str]) -> Value {
        let (scheme, out) = (self.path("scheme"), self.path(out));
        let arguments = ["enrol", role, "--scheme", &scheme, "--out", &out];
        self.ok(&[&arguments, more].concat())
    }

    fn card(&self, out: &str, more: &[&str]) -> Vec<String> {
        let (scheme, out, pin) = (self.path("scheme"), self.path(out), self.path("pin"));
        let arguments = [
            "enrol",
            "card",
            "--scheme",
            &scheme,
            "--out",
            &out,
            "--pin-file",
            &pin,
        ];
        arguments
            .iter()
            .chain(more)
            .map(|&argument| argument.to_owned())
            .collect()
    }

    fn card_ok(&self, out: &str, more: &[&str]) -> Value {
        let arguments = self.card(out, more);
        self.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn card_fails(&self, out: &str, more: &[&str]) -> String {
        let arguments = self.card(out, more);
        self.fails(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn text<'a>(document: &'a Value, field: &str) -> &'a str {
    document[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {document}"))
}

#[test]
fn a_scheme_with_everybody_in_it_is_in_order() {
    let place = Place::new();
    for role in ROLES {
        let made = place.enrol(role, role, &[]);
        assert_eq!(text(&made, "role"), role);
        let shown = place.ok(&["show", text(&made, "certificate")]);
        assert_eq!(text(&shown, "key"), text(&made, "key"));
        let key = fs::metadata(text(&made, "private_key")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
    place.card_ok("card", &[]);
    let checked = place.ok(&["check", &place.path("scheme")]);
    assert_eq!(
        (&checked["ok"], &checked["leaves"]),
        (&true.into(), &6.into())
    );
    let shown = place.ok(&["show", &place.path("scheme")]);
    assert_eq!(
        shown["intermediates"].as_array().unwrap().len(),
        Role::ALL.len()
    );
    assert_eq!(shown["issued"].as_array().unwrap().len(), 6);
}

#[test]
fn a_new_card_opens_and_is_what_was_said() {
    let place = Place::new();
    let host = place.enrol("host", "host", &[]);
    let service = place.enrol("service", "service", &[]);
    let (certificate, third) = (text(&host, "certificate"), text(&service, "key"));
    let made = place.card_ok("card", &["--host", certificate, "--third-party", third]);
    assert_eq!(text(&made, "host"), text(&host, "key"));
    assert_eq!(made["third_parties"], serde_json::json!([third]));
    assert_eq!(
        (&made["class"], text(&made, "at_rest")),
        (&0.into(), "none")
    );
    let card = SoftCard::open(Path::new(&place.path("card")), None).unwrap();
    assert_eq!(card.identity().domain.to_string(), text(&made, "domain"));
    assert_eq!(
        text(&made, "subject"),
        format!("urn:etp:domain:{}", text(&made, "domain"))
    );
}

#[test]
fn an_authority_may_assign_the_domain() {
    let place = Place::new();
    let domain = format!("01{}", "ab".repeat(11));
    assert_eq!(
        text(&place.card_ok("card", &["--domain", &domain]), "domain"),
        domain
    );
    let invented = format!("02{}", "ab".repeat(11));
    assert!(
        place
            .card_fails("other", &["--domain", &invented])
            .contains("follow from the keys")
    );
    assert!(!PathBuf::from(place.path("other")).exists());
}

#[test]
fn a_device_key_protects_a_card() {
    let place = Place::new();
    let key = place.path("device.key");
    assert_eq!(
        text(&place.card_ok("card", &["--device-key", &key]), "at_rest"),
        "device-key"
    );
    let directory = PathBuf::from(place.path("card"));
    assert!(SoftCard::open(&directory, None).is_err());
    let key = DeviceKey::load(Path::new(&key), &directory).unwrap();
    assert!(SoftCard::open(&directory, Some(key)).is_ok());
}

#[test]
fn only_a_hosts_certificate_is_a_host_and_only_a_services_a_third_party() {
    let place = Place::new();
    for role in ROLES {
        place.enrol(role, role, &[]);
    }
    place.card_ok("card", &[]);
    let issued = Scheme::open(place.path("scheme"))
        .unwrap()
        .issued()
        .unwrap();
    assert_eq!(issued.len(), Role::ALL.len());
    for (at, leaf) in issued.iter().enumerate() {
        let role = etp_pki::scheme::inspect(&leaf.der).unwrap().role;
        for (option, wanted) in [("--host", Role::Host), ("--third-party", Role::Service)] {
            let out = format!("{option}-{at}");
            if role == wanted {
                place.card_ok(&out, &[option, &leaf.name]);
            } else {
                let words = place.card_fails(&out, &[option, &leaf.name]);
                assert!(
                    words.contains(&format!("where {wanted} is required")),
                    "{words}"
                );
            }
        }
    }
}

#[test]
fn pins_are_read_from_private_files_only() {
    let place = Place::new();
    for mode in [0o640, 0o604] {
        place.write("pin", "314159", mode);
        assert!(place.card_fails("card", &[]).contains("chmod go="));
    }
    place.write("pin", "314\n", 0o600);
    assert!(
        place.card_fails("card", &[]).contains("PIN"),
        "shorter than four bytes"
    );
    place.write("pin", "3141\n", 0o600);
    place.card_ok("other", &[]);
}

#[test]
fn what_is_wrong_is_said() {
    let place = Place::new();
    place.card_ok("card", &[]);
    assert!(place.card_fails("card", &[]).contains("not empty"));
    assert!(place.card_fails("b", &["--class", "1"]).contains("--class"));
    assert!(
        place
            .card_fails("b", &["--third-party", "nobody"])
            .contains("neither a key id")
    );
    assert!(
        place
            .card_fails("b", &["--host", &place.path("none.der")])
            .contains("none.der")
    );
    place.enrol("host", "host", &[]);
    let again = [
        "enrol",
        "host",
        "--scheme",
        &place.path("scheme"),
        "--out",
        &place.path("host"),
    ];
    assert!(place.fails(&again).contains("exists already"));
    assert!(
        place
            .fails(&["show", &place.path("host")])
            .contains("etpctl scheme init")
    );
    assert!(
        place
            .fails(&["init", &place.path("scheme"), "--name", "test"])
            .contains("exists")
    );
    assert!(
        place
            .fails(&["init", &place.path("s2"), "--name", "a,b"])
            .contains("name")
    );
}

#[test]
fn check_finds_a_key_with_two_roles() {
    let place = Place::new();
    let host = place.enrol("host", "host", &[]);
    let leaf = read_certificates(Path::new(text(&host, "certificate")))
        .unwrap()
        .remove(0);
    let public = etp_pki::scheme::inspect(&leaf).unwrap().public;
    // An authority that does not know what another one of the scheme issued.
    for folder in ["other", "other/keys", "other/issued"] {
        fs::create_dir(place.path(folder)).unwrap();
        fs::set_permissions(place.path(folder), fs::Permissions::from_mode(0o700)).unwrap();
    }
    for file in ["scheme.toml", "keys/service.key"] {
        fs::copy(
            place.path(&format!("scheme/{file}")),
            place.path(&format!("other/{file}")),
        )
        .unwrap();
    }
    let other = Scheme::open(place.path("other")).unwrap();
    other
        .issue(Role::Service, &Request::key(public, 1))
        .unwrap();
    let output = place.run(&[
        "check",
        &place.path("scheme"),
        "--leaves",
        &place.path("other/issued"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["ok"], found["findings"].as_array().unwrap().len()),
        (&false.into(), 1)
    );
    assert!(text(&found["findings"][0], "problem").contains(text(&host, "key")));
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_etpctl"))
        .args(["scheme", "--json", "show", "/nowhere"])
        .stdout(writer)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(1), ""));
}

#[test]
fn a_puk_is_shown_once_or_filed_or_left_out() {
    let place = Place::new();
    let digits = |puk: &str| puk.len() == PUK_DIGITS && puk.bytes().all(|b| b.is_ascii_digit());
    let shown = place.card_ok("shown", &[]);
    assert!(digits(text(&shown, "puk")), "{shown}");
    let file = place.path("puk");
    let filed = place.card_ok("filed", &["--puk-file", &file]);
    assert!(filed["puk"].is_null(), "{filed}");
    let puk = fs::read_to_string(&file).unwrap();
    assert!(digits(&puk));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Another card's PUK is never overwritten, and without a card there is no file.
    let error = place.card_fails("again", &["--puk-file", &file]);
    assert!(error.contains("puk"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), puk);
    assert!(!Path::new(&place.path("again")).exists());
    let other = place.path("other-puk");
    fs::write(place.path("not-a-directory"), "").unwrap();
    place.card_fails("not-a-directory", &["--puk-file", &other]);
    assert!(!Path::new(&other).exists());
    let none = place.card_ok("none", &["--no-puk"]);
    assert!(none["puk"].is_null(), "{none}");
}
