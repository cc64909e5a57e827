//! The plugins that are shipped, as modules and, where they are in Rust, natively too.

use std::path::{Path, PathBuf};

use guard_policies::cases;
use guard_policies::chain::{Chain, Defaults, FuelLimits, Link, Settings};
use guard_policies::file::Names;
use guard_policies::plugin::{Plugin, PluginSettings};
use guard_policies::{Entry, Facts, Opinion, Outcome, Policy};
use libetp::{EntityId, Header, Mtype, Port};
use proptest::prelude::*;

use crate::native;
use crate::one_per_minute::OnePerMinute;
use crate::support::{APP, HERE, Host, THERE};

/// Directory of modules that were just built, instead of those that are kept.
const BUILT: &str = "GUARD_PLUGINS";

fn read(name: &str) -> Vec<u8> {
    let kept = || {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("plugins")
            .join(name)
    };
    let directory = std::env::var_os(BUILT).map_or_else(kept, PathBuf::from);
    let path = directory.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn settings(toml: &str) -> PluginSettings {
    PluginSettings {
        settings: toml.parse().expect("TOML"),
        ..PluginSettings::default()
    }
}

fn shipped(name: &str) -> Plugin {
    Plugin::load(&read(name), &settings("")).expect("a plugin")
}

/// What a plugin says of a message of `size` bytes of param at that second.
fn judge(plugin: &Plugin, entry: Entry, src: EntityId, second: u64, size: usize) -> Opinion {
    let param = vec![0; size];
    let header = Header {
        src,
        dst: THERE.card(),
        mtype: Mtype(0xc001),
    };
    let mut facts = Facts::new(entry, header, &param, &Host);
    facts.now.tick_ms = 1_000 * second;
    plugin.judge(&facts).opinion.expect("an opinion")
}

fn is_refused(opinion: &Opinion) -> bool {
    matches!(opinion, Opinion::Refuse(_))
}

#[test]
fn one_per_minute_lets_a_source_send_once_a_minute() {
    let plugin = shipped("one-per-minute");
    let ask = |port, second| judge(&plugin, APP, HERE.entity(Port(port)), second, 5);
    assert_eq!(ask(1, 100), Opinion::Indifferent);
    assert!(is_refused(&ask(1, 159)));
    assert_eq!(ask(2, 159), Opinion::Indifferent);
    assert_eq!(ask(1, 160), Opinion::Indifferent);
}

#[test]
fn one_per_minute_takes_seconds_and_nothing_else() {
    let module = read("one-per-minute");
    let load = |toml| Plugin::load(&module, &settings(toml));
    let plugin = load("seconds = 5").expect("a plugin");
    let ask = |second| judge(&plugin, APP, HERE.card(), second, 5);
    assert_eq!(ask(100), Opinion::Indifferent);
    assert!(is_refused(&ask(104)));
    assert_eq!(ask(105), Opinion::Indifferent);
    for (wrong, complaint) in [
        ("seconds = 0", "`seconds` is no number in its range"),
        ("seconds = \"5\"", "`seconds` is no number in its range"),
        ("minutes = 1", "`minutes` is no setting of this plugin"),
    ] {
        let refusal = load(wrong).err().expect("a refusal");
        assert_eq!(
            refusal,
            format!("it does not take its settings: {complaint}")
        );
    }
}

#[test]
fn newcomers_send_short_messages_until_they_are_known() {
    let plugin = shipped("newcomers");
    let ask = |host: u8, size| judge(&plugin, Entry::Remote([host; 32]), THERE.card(), 0, size);
    assert!(is_refused(&ask(1, 1_001)));
    for _ in 0..10 {
        assert_eq!(ask(1, 1_000), Opinion::Indifferent);
    }
    assert_eq!(ask(1, 65_000), Opinion::Indifferent);
    assert!(is_refused(&ask(2, 65_000)), "another host");
    for host in 3..=70 {
        ask(host, 5);
    }
    assert!(is_refused(&ask(1, 65_000)), "forgotten");
    assert_eq!(
        judge(&plugin, APP, HERE.card(), 0, 65_000),
        Opinion::Indifferent
    );
}

/// A chain of the one policy.
fn chain(name: &str, plugin: Plugin) -> Chain {
    let settings = Settings::default();
    let link = Link::new(name.into(), [0; 32], None, settings, Box::new(plugin));
    Chain::new(
        vec![link],
        Defaults::default(),
        FuelLimits::default(),
        [0; 32],
    )
}

/// What the cases of a shipped plugin say to a chain: how many fail, and the report.
fn report(name: &str, chain: &Chain) -> (usize, String) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let path = directory.join(name).join("cases.toml");
    let text = std::fs::read_to_string(path).expect("cases");
    let cases = cases::parse(&text, &Names::default()).expect("cases that can be read");
    let report = cases::run(&cases, |facts| Outcome::of(chain, facts));
    (report.failures(), report.to_string())
}

#[test]
fn their_cases_hold_on_the_engine_and_natively() {
    for name in ["one-per-minute", "newcomers"] {
        let (failures, words) = report(name, &chain(name, shipped(name)));
        assert_eq!(failures, 0, "{name}: {words}");
        let nothing = Chain::default();
        assert!(
            report(name, &nothing).0 > 0,
            "{name}: the cases ask for nothing"
        );
    }
    let name = "one-per-minute";
    let native = native::load::<OnePerMinute>(&read(name), &settings("")).expect("a plugin");
    let engine = chain(name, shipped(name));
    assert_eq!(report(name, &chain(name, native)), report(name, &engine));
}

#[test]
fn they_stay_far_below_their_limits() {
    for name in ["one-per-minute", "newcomers"] {
        let plugin = shipped(name);
        for number in 0..200_u32 {
            let header = Header {
                src: THERE.entity(Port(number)),
                dst: HERE.card(),
                mtype: Mtype(0xc001),
            };
            let mut host = [0; 32];
            host[..4].copy_from_slice(&number.to_be_bytes());
            let facts = Facts::new(Entry::Remote(host), header, &[0; 200], &Host);
            let answer = plugin.judge(&facts);
            assert!(
                answer.fuel < 20_000,
                "{name} spends {} of 50000",
                answer.fuel
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_plugin_says_the_same_natively(
        seconds in 1_u64..100,
        messages in prop::collection::vec((0_u32..40, 0_u64..30, 0_usize..200), 1..200),
    ) {
        let settings = settings(&format!("seconds = {seconds}"));
        let module = read("one-per-minute");
        let engine = Plugin::load(&module, &settings).expect("a plugin");
        let native = native::load::<OnePerMinute>(&module, &settings).expect("a type");
        let mut second = 0;
        for (port, later, size) in messages {
            second += later;
            let src = HERE.entity(Port(port));
            let answers = [&engine, &native].map(|plugin| judge(plugin, APP, src, second, size));
            prop_assert_eq!(&answers[0], &answers[1]);
        }
    }
}
