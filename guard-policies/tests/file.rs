//! Rule files: what loads, and what is said of what does not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use guard_policies::chain::{Chain, Fallback, Mode, OnError, POLICIES_MAX};
use guard_policies::file::{FILE_BYTES_MAX, Files, HOLD_SECONDS_MAX, INCLUDES_MAX, load};
use guard_policies::{Approver, Entry, Facts, Locality, Membership, Principal, Verdict};
use libetp::{Domain, Header, Mtype, Port};

#[derive(Default)]
struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
        let found = self.0.get(path).cloned();
        let bytes = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        match bytes.len() > bytes_max {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(bytes),
        }
    }
}

fn files(all: &[(&str, &str)]) -> Memory {
    let entry = |(path, text): &(&str, &str)| {
        (Path::new("/etc/tenet").join(path), text.as_bytes().to_vec())
    };
    Memory(all.iter().map(entry).collect())
}

fn load_all(all: &[(&str, &str)]) -> Result<Chain, String> {
    let path = Path::new("/etc/tenet/guard.toml");
    load(path, &files(all)).map_err(|error| error.to_string())
}

fn load_text(text: &str) -> Result<Chain, String> {
    load_all(&[("guard.toml", text)])
}

fn error_of(text: &str) -> String {
    load_text(text).expect_err("it loaded")
}

struct Home;

impl Locality for Home {
    fn is_local(&self, domain: Domain) -> bool {
        domain == Domain([1; 12])
    }

    fn is_owner(&self, _: u32, _: Domain) -> bool {
        false
    }
}

fn verdict(chain: &Chain, mtype: Mtype) -> Verdict {
    let principal = Principal {
        uid: 1_000,
        gid: 7,
        pid: 9,
    };
    let entry = Entry::App {
        principal,
        derived: false,
    };
    let id = |port| Domain([1; 12]).entity(Port(port));
    let header = Header {
        src: id(5),
        dst: id(6),
        mtype,
    };
    chain.judge(&Facts::new(entry, header, b"", &Home)).verdict
}

const REFUSE_TALK: &str = r#"
[[policy]]
name = "no-talk"
kind = "table"
[[policy.rule]]
mtype = "0xc001"
then = "refuse"
reason = "no talking"
"#;

fn with_version(text: &str) -> String {
    format!("version = 1\n{text}")
}

#[test]
fn a_file_becomes_a_chain_that_judges() {
    let chain = load_text(&with_version(REFUSE_TALK)).unwrap();
    let Verdict::Refuse(reason) = verdict(&chain, Mtype(0xC001)) else {
        panic!("not refused");
    };
    assert_eq!(reason.to_string(), "no-talk: no talking");
    assert_eq!(verdict(&chain, Mtype(0xC002)), Verdict::Pass);
}

#[test]
fn every_setting_of_a_policy_is_taken_over() {
    let bank = "010203040506070809101112:9";
    let chain = load_text(&format!(
        r#"
        version = 1
        [default]
        remote = "drop"
        [names]
        bank = "{bank}"
        [[policy]]
        name = "ask"
        kind = "table"
        on_error = "pass"
        mode = "shadow"
        slow = true
        hold = {{ approver = "bank", seconds = {HOLD_SECONDS_MAX} }}
        [[policy.rule]]
        mtype = "offer"
        then = "hold"
        reason = "is it wanted?"
        "#
    ));
    let chain = chain.unwrap();
    let settings = &chain.links()[0].settings;
    assert_eq!(settings.on_error, OnError::Pass);
    assert_eq!(settings.mode, Mode::Shadow);
    assert!(settings.is_slow);
    assert_eq!(
        settings.hold.approver,
        Approver::Entity(bank.parse().unwrap())
    );
    assert_eq!(settings.hold.wait_ms, HOLD_SECONDS_MAX * 1_000);
    assert_eq!(chain.defaults().remote, Fallback::Drop);
    assert_eq!(chain.defaults().app, Fallback::Pass);
}

#[test]
fn includes_come_first_and_share_names() {
    let main = with_version(&format!(
        "include = [\"more/pass.toml\"]\n[names]\nme = \"010101010101010101010101:5\"\n{REFUSE_TALK}"
    ));
    let included = with_version(
        "[[policy]]\nname = \"mine\"\nkind = \"table\"\n[[policy.rule]]\nsrc = \"me\"\nthen = \"pass\"",
    );
    let all = [("guard.toml", main.as_str()), ("more/pass.toml", &included)];
    let chain = load_all(&all).unwrap();
    let names: Vec<_> = chain
        .links()
        .iter()
        .map(|link| link.name.as_str())
        .collect();
    assert_eq!(names, ["mine", "no-talk"]);
    assert_eq!(verdict(&chain, Mtype(0xC001)), Verdict::Pass);
}

#[test]
fn errors_name_the_file_the_line_and_what_to_do() {
    let included = "version = 1\n\n[[policy]]\nname = \"x\"\nkind = \"table\"\n\
                    [[policy.rule]]\nsrc = \"nobody\"\nthen = \"pass\"";
    let main = "version = 1\ninclude = [\"x.toml\"]";
    let error = load_all(&[("guard.toml", main), ("x.toml", included)]).unwrap_err();
    assert!(error.starts_with("/etc/tenet/x.toml:7:"), "{error}");
    assert!(error.contains("nobody"), "{error}");
    let error = error_of("version = 1\n[[polcy]]\n");
    assert!(
        error.contains("guard.toml:2") && error.contains("did you mean `policy`"),
        "{error}"
    );
}

#[test]
fn what_does_not_resolve_does_not_load() {
    let policy = |body: &str| with_version(&format!("[[policy]]\nname = \"x\"\n{body}"));
    let rule = "kind = \"table\"\n[[policy.rule]]\nthen = \"pass\"\n";
    for (text, expected) in [
        ("version = 2".into(), "version 2 is not known"),
        ("".into(), "missing key `version`"),
        (with_version("include = [\"gone.toml\"]"), "cannot be read"),
        (policy("kind = \"table\""), "has no `rule`"),
        (policy("kind = \"plugin\""), "has no `file`"),
        (
            policy("kind = \"plugin\"\nfile = \"gone.wasm\""),
            "gone.wasm",
        ),
        (policy("kind = \"expression\""), "pass_if"),
        (
            policy("kind = \"expression\"\nrefuse_if = \"sizes > 3\""),
            "sizes",
        ),
        (
            policy("kind = \"table\"\nrefuse_if = \"true\""),
            "`refuse_if` means nothing",
        ),
        (
            policy(&format!("rewrite = [\"ping\"]\n{rule}")),
            "only a plugin",
        ),
        (
            policy(&format!("hold = {{ approver = \"nobody\" }}\n{rule}")),
            "nobody",
        ),
        (
            policy(&format!("hold = {{ seconds = 0 }}\n{rule}")),
            "`seconds`",
        ),
        (
            policy(&format!(
                "hold = {{ seconds = {} }}\n{rule}",
                HOLD_SECONDS_MAX + 1
            )),
            "`seconds`",
        ),
        (
            policy("kind = \"plugin\"\nfile = \"p.wasm\"\nrewrite = [\"offer\"]"),
            "cannot be rewritten",
        ),
        (
            policy("kind = \"plugin\"\nfile = \"p.wasm\"\nrewrite = [\"auth\"]"),
            "cannot be rewritten",
        ),
        (with_version("[names]\nme = \"who\""), "no id"),
        (
            with_version("[names]\nlocal = \"010101010101010101010101\""),
            "a word of rule files",
        ),
        (
            with_version(&format!("{REFUSE_TALK}{REFUSE_TALK}")),
            "two policies `no-talk`",
        ),
        (
            with_version(&REFUSE_TALK.replace("no-talk", "not-owner")),
            "name of a built-in rule",
        ),
        (
            with_version(&REFUSE_TALK.replace("no-talk", "no talk")),
            "letters, digits",
        ),
    ] {
        let error = error_of(&text);
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[test]
fn an_included_file_includes_nothing_and_sets_no_defaults() {
    let main = "version = 1\ninclude = [\"x.toml\"]";
    for (included, expected) in [
        ("version = 1\ninclude = [\"y.toml\"]", "includes no other"),
        ("version = 1\n[default]\napp = \"drop\"", "main rule file"),
        (
            "version = 1\n[fuel]\nper_second = 1\nburst = 1",
            "main rule file",
        ),
    ] {
        let error = load_all(&[("guard.toml", main), ("x.toml", included)]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_numbers_of_policies_and_includes_are_limited() {
    let policies = |count: usize| {
        let policy = |n| REFUSE_TALK.replace("no-talk", &format!("p{n}"));
        with_version(&(0..count).map(policy).collect::<String>())
    };
    assert_eq!(
        load_text(&policies(POLICIES_MAX)).unwrap().links().len(),
        POLICIES_MAX
    );
    assert!(error_of(&policies(POLICIES_MAX + 1)).contains("limit"));
    let includes = |count: usize| {
        let list: Vec<_> = (0..count).map(|_| "\"empty.toml\"").collect();
        with_version(&format!("include = [{}]", list.join(", ")))
    };
    let load_includes = |count| {
        let main = includes(count);
        load_all(&[("guard.toml", &main), ("empty.toml", "version = 1")])
    };
    assert!(load_includes(INCLUDES_MAX).is_ok());
    assert!(load_includes(INCLUDES_MAX + 1).is_err());
}

const SILENT: &str = r#"
(module
  (memory (export "memory") 2)
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32) i32.const 0)
  (func (export "guard_check") (param i32) (result i64) i64.const 0))"#;

#[test]
fn a_plugin_that_no_source_could_ever_pay_is_refused() {
    let load_with = |burst: u64| {
        let text = format!(
            "version = 1\n[fuel]\nper_second = 1\nburst = {burst}\n[[policy]]\nname = \"dear\"\n\
             kind = \"plugin\"\nfile = \"silent.wasm\"\nfuel = 9000"
        );
        let mut memory = files(&[("guard.toml", &text)]);
        let module = wat::parse_str(SILENT).unwrap();
        memory.0.insert("/etc/tenet/silent.wasm".into(), module);
        load(Path::new("/etc/tenet/guard.toml"), &memory).map_err(|error| error.to_string())
    };
    let cost = load_with(1_000_000).unwrap().links()[0].fuel_max();
    assert!(cost >= 9_000);
    assert_eq!(load_with(cost).err(), None);
    let error = load_with(cost - 1).unwrap_err();
    let said = format!("`dear` may take {cost} fuel");
    assert!(error.contains(&said), "{error}");
    assert!(error.contains("guard.toml:2"), "{error}");
}

#[test]
fn a_file_has_a_longest_length() {
    let padded = |len: usize| {
        let head = "version = 1\n#";
        format!("{head}{}", "x".repeat(len - head.len()))
    };
    assert!(load_text(&padded(FILE_BYTES_MAX)).is_ok());
    assert!(load_text(&padded(FILE_BYTES_MAX + 1)).is_err());
}

#[test]
fn the_digest_of_a_chain_changes_with_any_of_its_files() {
    let digest = |text: &str| load_text(text).unwrap().digest;
    let text = with_version(REFUSE_TALK);
    assert_eq!(digest(&text), digest(&text));
    assert_ne!(digest(&text), digest(&text.replace("no talking", "quiet")));
}

#[test]
#[cfg(not(feature = "experiment"))]
fn an_ordinary_build_has_no_adversary() {
    let error = error_of(&with_version(
        "[[policy]]\nname = \"x\"\nkind = \"adversary\"",
    ));
    assert!(error.contains("no adversary"), "{error}");
}

#[test]
fn an_approval_counts_only_as_long_as_names_mean_the_same() {
    let first = |shop: &str, file: &str| {
        let main =
            format!("version = 1\ninclude = [\"ask.toml\"]\n[names]\nshop = \"{shop}\"\n{file}");
        let ask = "version = 1\n[[policy]]\nname = \"ask\"\nkind = \"table\"\n\
                   [[policy.rule]]\ndst = \"shop\"\nthen = \"hold\"";
        let chain = load_all(&[("guard.toml", &main), ("ask.toml", ask)]).unwrap();
        chain.links()[0].digest
    };
    let shop = "020000000000000000000001:7";
    assert_eq!(first(shop, ""), first(shop, "[default]\napp = \"drop\""));
    assert_ne!(first(shop, ""), first("020000000000000000000001:8", ""));
}

#[test]
fn a_program_of_unknown_groups_passes_no_policy_that_asks_for_them() {
    let principal = Principal {
        uid: 1000,
        gid: 100,
        pid: 9,
    };
    let derived = false;
    let header = |mtype| Header {
        src: Domain([1; 12]).entity(Port(5)),
        dst: Domain([1; 12]).entity(Port(6)),
        mtype,
    };
    let unknown = |mtype| Facts::new(Entry::App { principal, derived }, header(mtype), b"", &Home);
    let known = |mtype| {
        let mut facts = unknown(mtype);
        facts.membership = Some(
            const {
                &Membership {
                    groups: Vec::new(),
                    cgroup: String::new(),
                }
            },
        );
        facts
    };
    let talk = Mtype(0xc001);
    let policy = |text: &str| load_text(&format!("version = 1\n[[policy]]\nname = \"p\"\n{text}"));
    for asking in [
        "kind = \"table\"\n[[policy.rule]]\ngroup = 27\nthen = \"refuse\"",
        "kind = \"table\"\n[[policy.rule]]\nmtype = \"pong\"\ncgroup = \"/a\"\nthen = \"refuse\"",
        "kind = \"table\"\nwhen = { group = 27 }\n[[policy.rule]]\nthen = \"refuse\"",
        "kind = \"table\"\nslow = true\nwhen = { cgroup = \"/a\" }\n[[policy.rule]]\nthen = \"drop\"",
        "kind = \"expression\"\nrefuse_if = \"27 in groups\"",
        "kind = \"expression\"\nrefuse_if = \"cgroup.startsWith('/a')\"",
    ] {
        let chain = policy(asking).unwrap();
        assert_eq!(chain.judge(&known(talk)).verdict, Verdict::Pass, "{asking}");
        let verdict = chain.judge(&unknown(talk)).verdict;
        let Verdict::Refuse(reason) = &verdict else {
            panic!("{asking}: {verdict:?}");
        };
        assert!(reason.detail.starts_with("guard-failed: "), "{reason}");
    }
    let others = [
        "kind = \"table\"\n[[policy.rule]]\ngid = 27\nthen = \"refuse\"",
        "kind = \"table\"\nwhen = { mtype = \"pong\", group = 27 }\n[[policy.rule]]\nthen = \"refuse\"",
        "kind = \"table\"\nmode = \"shadow\"\n[[policy.rule]]\ngroup = 27\nthen = \"refuse\"",
        "kind = \"table\"\non_error = \"pass\"\n[[policy.rule]]\ngroup = 27\nthen = \"refuse\"",
    ];
    for other in others {
        let chain = policy(other).unwrap();
        assert_eq!(
            chain.judge(&unknown(talk)).verdict,
            Verdict::Pass,
            "{other}"
        );
    }
}
