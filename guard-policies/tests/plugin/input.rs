//! What a plugin is told: `docs/vectors/guard-plugin.json`.

use guard_policies::plugin::limits::{BUFFER_BYTES, CGROUP_BYTES_MAX, GROUPS_MAX, INPUT_BYTES_MAX};
use guard_policies::plugin::{PluginSettings, input};
use guard_policies::{Entry, Facts, Membership, Now, Opinion, Policy, Principal};
use libetp::Mtype;
use libetp::codec::canonical;
use libetp::id::parse_hex;
use libetp::limits::PARAM_BYTES_MAX;
use libetp::mtype::TABLE;
use serde_json::Value;

use crate::support::{APP, HERE, Host, checking, facts, header, load};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../docs/vectors/guard-plugin.json")).expect("JSON")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn membership() -> Membership {
    Membership {
        groups: vec![4, 27],
        cgroup: "/system.slice/shop.service".into(),
    }
}

/// The messages of the vectors, by name.
fn examples() -> Vec<(&'static str, Vec<u8>)> {
    let membership = membership();
    let now = Now {
        tick_ms: 61_000,
        unix_s: 0,
    };
    let of = |entry: Entry, mtype: Mtype, membership| {
        let mut facts = Facts::new(entry, header(mtype), b"hello", &Host);
        (facts.membership, facts.now) = (membership, now);
        input(&facts).expect("an input")
    };
    let derived = Entry::App {
        principal: Principal {
            uid: 0,
            gid: 0,
            pid: 1,
        },
        derived: true,
    };
    let custom = Mtype(0xc001);
    vec![
        ("from a program", of(APP, custom, Some(&membership))),
        (
            "from a program of which little is known",
            of(derived, custom, None),
        ),
        ("from a card", of(Entry::Card(HERE), custom, None)),
        (
            "from another host",
            of(Entry::Remote([0xab; 32]), custom, None),
        ),
        ("from the daemon", of(Entry::Host, custom, None)),
        (
            "with a secret param",
            of(APP, Mtype::AUTH, Some(&membership)),
        ),
    ]
}

#[test]
fn inputs_are_those_of_the_vectors() {
    let vectors = vectors();
    for (name, bytes) in examples() {
        canonical::validate(&bytes).expect("the one encoding");
        assert_eq!(vectors["inputs"][name], hex(&bytes), "{name}");
    }
    assert_eq!(
        vectors["inputs"].as_object().map(serde_json::Map::len),
        Some(6)
    );
}

#[test]
fn settings_are_those_of_the_vector() {
    let vector = &vectors()["settings"];
    let settings = PluginSettings {
        settings: vector["toml"]
            .as_str()
            .expect("text")
            .parse()
            .expect("TOML"),
        ..PluginSettings::default()
    };
    let complaining = crate::support::framed(
        r#"(func (export "guard_configure") (param i32) (result i32)
            (memory.copy (i32.const 1) (i32.const 0) (local.get 0))
            (i32.store8 (i32.const 0) (i32.const 0x3e))
            (i32.add (local.get 0) (i32.const 1)))
        (func (export "guard_check") (param i32) (result i64) i64.const 0)"#,
    );
    let refusal = guard_policies::plugin::Plugin::load(&complaining, &settings).err();
    let refusal = refusal.expect("its settings as its complaint");
    let hex = vector["bytes"].as_str().expect("text");
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect();
    canonical::validate(&bytes).expect("the one encoding");
    let shown: String = String::from_utf8_lossy(&bytes)
        .chars()
        .map(|c| match c.is_control() {
            true => c.escape_unicode().to_string(),
            false => c.to_string(),
        })
        .collect();
    assert_eq!(refusal.split_once('>').expect("the mark").1, shown);
}

/// A program in so many groups, at a control group of so many bytes, sends the largest param.
fn in_groups(groups: usize, cgroup: usize) -> Result<Vec<u8>, String> {
    let membership = Membership {
        groups: (0..groups).map(|group| u32::MAX - group as u32).collect(),
        cgroup: "x".repeat(cgroup),
    };
    let param = vec![0; PARAM_BYTES_MAX];
    let principal = Principal {
        uid: u32::MAX,
        gid: u32::MAX,
        pid: 1,
    };
    let entry = Entry::App {
        principal,
        derived: true,
    };
    let mut facts = Facts::new(entry, header(Mtype(0xffff)), &param, &Host);
    facts.membership = Some(&membership);
    facts.now.tick_ms = u64::MAX;
    input(&facts).map_err(|failure| failure.to_string())
}

#[test]
fn the_largest_input_fits_the_buffer() {
    let largest = in_groups(GROUPS_MAX, CGROUP_BYTES_MAX).expect("an input");
    assert_eq!(largest.len(), INPUT_BYTES_MAX);
    const { assert!(INPUT_BYTES_MAX <= BUFFER_BYTES) };
    let groups = in_groups(GROUPS_MAX + 1, 0).expect_err("too many");
    assert!(groups.contains("256 groups"), "{groups}");
    let cgroup = in_groups(0, CGROUP_BYTES_MAX + 1).expect_err("too long");
    assert!(cgroup.contains("1024 bytes"), "{cgroup}");
}

#[test]
fn a_program_of_which_too_much_is_known_makes_a_plugin_fail() {
    let plugin = load(&checking("i64.const 0")).expect("a module");
    let membership = Membership {
        groups: (0..=GROUPS_MAX as u32).collect(),
        ..Membership::default()
    };
    let mut facts = facts(b"x");
    facts.membership = Some(&membership);
    plugin.judge(&facts).opinion.expect_err("a failure");
}

#[test]
fn no_secret_param_is_in_an_input() {
    let canary = b"a-param-that-nobody-may-see";
    let is_in = |input: &[u8]| input.windows(canary.len()).any(|part| part == canary);
    let mut secrets = 0;
    for entry in TABLE {
        let facts = Facts::new(APP, header(entry.mtype), canary, &Host);
        let input = input(&facts).expect("an input");
        assert_eq!(is_in(&input), !entry.mtype.is_secret(), "{}", entry.mtype);
        secrets += usize::from(entry.mtype.is_secret());
    }
    assert!(secrets > 0);
}

#[test]
fn a_plugin_gets_exactly_the_input() {
    let echo = checking(
        "(memory.copy (i32.const 0) (i32.const 1) (i32.sub (local.get 0) (i32.const 1)))
        (i64.or (i64.const 0x400000000) (i64.extend_i32_u (i32.sub (local.get 0) (i32.const 1))))",
    );
    let plugin = load(&echo).expect("a module");
    let whole = input(&facts(b"param")).expect("an input");
    let opinion = plugin.judge(&facts(b"param")).opinion;
    assert_eq!(opinion, Ok(Opinion::Rewrite(whole[1..].to_vec())));
    assert_eq!(parse_hex::<1>("89"), Some([whole[0]]));
}

#[test]
fn the_page_shows_the_first_vector() {
    let page = include_str!("../../../docs/protocol/guard-plugin.md");
    let is_hex =
        |word: &&str| word.len().is_multiple_of(2) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let example = page.lines().filter_map(|line| line.strip_prefix("    "));
    let shown: String = example
        .flat_map(|line| line.split_whitespace().take_while(is_hex))
        .collect();
    assert_eq!(vectors()["inputs"]["from a program"], shown);
}
