//! `pals exchange` as its users call it, where no card is needed.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::process::Command;

use libetp::id::parse_hex;
use serde_json::Value;
use tempfile::TempDir;

const CONTRACT: &str = "what is bought\n";
/// Of the contract, with a key that `openssl genpkey` made: `openssl dgst -sha256 -binary`, then `openssl pkeyutl -sign
/// -rawin`.
const KEY: &str = "08df1c7391d3b13f095d183849db1720f0daed96471009a9cffe1fcc0d8f929d";
const SIGNATURE: &str = concat!(
    "9a05671667c985536c22b9b21fdb9c817442600c4730e88523a50e00dff1442b",
    "d02464b7c045132b4ea0de93a972192ca6526b1ae7a78433370ce5a53afe1706"
);
const HASH: &str = "afd45a50236f9c8e4e0136bde36cf8cad01e46b4473f3621df2aeb0f13a446da";

/// Exit code, and what is on standard output and standard error.
fn pals(directory: &Path, words: &[&str]) -> (i32, String, String) {
    let mut pals = Command::new(env!("CARGO_BIN_EXE_pals"));
    let pals = pals.current_dir(directory).arg("exchange").args(words);
    let output = pals.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let signature: [u8; 64] = parse_hex(SIGNATURE).unwrap();
    fs::write(directory.path().join("contract"), CONTRACT).unwrap();
    fs::write(directory.path().join("signature"), signature).unwrap();
    directory
}

#[test]
fn a_file_is_described_by_hash_and_length() {
    let directory = directory();
    let (code, text, _) = pals(directory.path(), &["describe", "contract"]);
    assert_eq!((code, text), (0, format!("sha256:{HASH}:15\n")));
    let (_, text, _) = pals(directory.path(), &["describe", "contract", "--json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["sha256"], HASH);
    assert_eq!(
        (&document["bytes"], &document["signer"]),
        (&15.into(), &Value::Null)
    );
}

#[test]
fn a_signature_is_described_by_key_and_document_and_checked_if_it_is_there() {
    let directory = directory();
    let of = ["--signature-of", "contract", "--key", KEY];
    let expected = format!("ed25519:{KEY}:{HASH}\n");
    for file in [&[][..], &["signature"]] {
        let (code, text, error) = pals(directory.path(), &[&["describe"], file, &of].concat());
        assert_eq!((code, text.as_str()), (0, expected.as_str()), "{error}");
    }
    let (code, _, error) = pals(
        directory.path(),
        &[&["describe", "contract"], &of[..]].concat(),
    );
    assert_eq!(code, 2);
    assert!(
        error.contains("contract is not what you are to give"),
        "{error}"
    );
    let wrong = ["describe", "--signature-of", "contract", "--key", &KEY[1..]];
    let (code, _, error) = pals(directory.path(), &wrong);
    assert!(
        code == 2 && error.contains("64 hexadecimal digits"),
        "{error}"
    );
}

#[test]
fn what_is_no_item_is_refused_with_what_to_do() {
    let directory = directory();
    let long = vec![1; 49_152 + 1];
    fs::write(directory.path().join("long"), &long).unwrap();
    fs::write(directory.path().join("most"), &long[1..]).unwrap();
    fs::write(directory.path().join("empty"), []).unwrap();
    assert_eq!(pals(directory.path(), &["describe", "most"]).0, 0);
    for (file, words) in [
        ("long", "exchange the key"),
        ("empty", "is empty"),
        ("nothing", "No such file"),
    ] {
        let (code, _, error) = pals(directory.path(), &["describe", file]);
        assert!(code == 2 && error.contains(words), "{error}");
    }
}

#[test]
fn each_member_is_said_with_what_is_wanted_of_it() {
    let directory = directory();
    let member = format!("{HASH}@02aabbccddeeff0011223344:7");
    let word = format!("sha256:{HASH}:15");
    let create = [
        "create", "--give", "contract", "--into", "got", "--with", &member,
    ];
    let twice = [&create[..], &["--with", &member, "--wants", &word]].concat();
    let (code, _, error) = pals(directory.path(), &twice);
    assert!(
        code == 2 && error.contains("--wants once after each --with"),
        "{error}"
    );
    let other = [&create[..], &["--wants", "sha256:7:7"]].concat();
    let (code, _, error) = pals(directory.path(), &other);
    assert!(code == 2 && error.contains("sha256:HASH:BYTES"), "{error}");
    let signature = format!("ed25519:{KEY}:{HASH}");
    let other = [&create[..], &["--wants", &word, "--as", &signature]].concat();
    let (code, _, error) = pals(directory.path(), &other);
    assert!(
        code == 2 && error.contains("is not what you are to give"),
        "{error}"
    );
    assert!(!directory.path().join("got").exists());
}
