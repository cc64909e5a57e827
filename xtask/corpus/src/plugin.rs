//! Modules of plugins, and what plugins answer.

use std::sync::LazyLock;

use guard_policies::plugin::{Plugin, PluginSettings};
use guard_policies::{Entry, Facts, Opinion, Policy, Record};
use libetp::{Domain, Header, Mtype};

/// Fuel of a call: little, for fuzzing is to try many modules and not to run one for long.
const FUEL: u64 = 5_000;
/// Messages that a module is asked about.
const MESSAGES: usize = 3;

static HERE: Domain = Domain([1; 12]);
static SETTINGS: LazyLock<PluginSettings> = LazyLock::new(|| PluginSettings {
    fuel: FUEL,
    ..PluginSettings::default()
});
/// Takes the last eight bytes of a message for its answer, and what is in front of them for its output.
static LIAR: LazyLock<Plugin> = LazyLock::new(|| {
    let module = wat::parse_str(include_str!("liar.wat")).expect("WebAssembly text");
    Plugin::load(&module, &PluginSettings::default()).expect("a plugin")
});

/// A message from a card.
fn record(param: &[u8]) -> Record {
    let header = Header {
        src: HERE.card(),
        dst: HERE.card(),
        mtype: Mtype(0xc001),
    };
    struct Nowhere;
    impl guard_policies::Locality for Nowhere {
        fn is_local(&self, _: Domain) -> bool {
            false
        }
        fn is_owner(&self, _: u32, _: Domain) -> bool {
            false
        }
    }
    Facts::new(Entry::Card(HERE), header, param, &Nowhere).to_record()
}

/// The bytes are a module: one that loads spends no more than it may, whatever it does.
pub(crate) fn module(bytes: &[u8]) {
    let Ok(plugin) = Plugin::load(bytes, &SETTINGS) else {
        return;
    };
    let record = record(b"a message");
    for _ in 0..MESSAGES {
        let answer = plugin.judge(&record.facts());
        assert!(answer.fuel <= plugin.fuel_max());
        if let Ok(opinion) = answer.opinion {
            is_safe(&opinion);
        }
    }
    let shown = plugin.explain().join("");
    assert!(!shown.contains(char::is_control));
    let log = plugin.take_log();
    assert!(
        log.lines
            .iter()
            .all(|line| !line.contains(char::is_control))
    );
}

/// The bytes are a plugin's output and, the last eight, its answer.
pub(crate) fn answer(bytes: &[u8]) {
    let Some((output, number)) = bytes.split_last_chunk::<8>() else {
        return;
    };
    let number = u64::from_le_bytes(*number);
    let (code, len) = (number >> 32, (number & 0xffff_ffff) as usize);
    let mut param = vec![b'.'; PADDED.saturating_sub(output.len())];
    param.splice(0..0, output.iter().copied());
    param.extend(number.to_le_bytes());
    if param.len() > libetp::limits::PARAM_BYTES_MAX {
        return;
    }
    let opinion = LIAR.judge(&record(&param).facts()).opinion;
    let Ok(opinion) = opinion else {
        let is_text = std::str::from_utf8(&param[..len.min(param.len())]).is_ok();
        let is_fine = code == 4 || is_text && len <= 256;
        assert!(code > 4 || !is_fine || len > param.len() || (code == 0 && len > 0));
        return;
    };
    is_safe(&opinion);
    match opinion {
        Opinion::Indifferent => assert_eq!((code, len), (0, 0)),
        Opinion::Drop(_) => assert_eq!(code, 1),
        Opinion::Refuse(_) => assert_eq!(code, 2),
        Opinion::Hold(_) => assert_eq!(code, 3),
        Opinion::Rewrite(new) => assert_eq!((code, len), (4, new.len())),
        other => panic!("no plugin says {other:?}"),
    }
}

/// Shortest param whose length takes three bytes in an input, as the plugin expects.
const PADDED: usize = 256;

fn is_safe(opinion: &Opinion) {
    match opinion {
        Opinion::Drop(reason) | Opinion::Refuse(reason) | Opinion::Hold(reason) => {
            assert!(!reason.contains(char::is_control) && !reason.is_empty());
        }
        Opinion::Rewrite(param) => assert!(param.len() <= libetp::limits::PARAM_BYTES_MAX),
        _ => {}
    }
}
