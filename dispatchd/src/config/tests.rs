use std::path::Path;

use super::{Config, ConfigError, DEFAULT_TEXT, Loaded};

fn parse(text: &str) -> Result<Loaded, ConfigError> {
    Loaded::parse(Path::new("d.toml"), text.to_owned())
}

#[test]
fn the_printed_defaults_are_the_defaults() {
    assert_eq!(parse(DEFAULT_TEXT).unwrap().config, Config::default());
    assert_eq!(parse("").unwrap().config, Config::default());
    let limits = Config::default().limits;
    assert_eq!(limits.table(), crate::table::Limits::default());
    assert_eq!(limits.connections(), crate::io::QuotaLimits::default());
}

/// Uncomments the optional keys, so that their names and the comments cannot drift apart.
#[test]
fn every_key_that_the_defaults_mention_exists() {
    let is_key = |line: &str| line.contains(" = ") || line.starts_with("[[");
    let uncommented = DEFAULT_TEXT
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if is_key(key) => key,
            _ => line,
        });
    let mut text = uncommented.collect::<Vec<_>>().join("\n");
    text = text.replacen("\"...\"", &format!("\"{}\"", "ab".repeat(32)), 1);
    text = text.replacen("\"...\"", "\"01aabbccddeeff0011223344\"", 1);
    let config = parse(&text).unwrap().config;
    assert!(config.host.intermediate.is_some() && config.scheme.file.is_some());
    assert_eq!(config.card[0].get_ref().owners, [1000]);
    assert_eq!(config.peer[0].get_ref().domains().count(), 1);
}

#[test]
fn relative_paths_start_at_the_file() {
    let text = "[daemon]\nsocket = \"run/s\"\nstate = \"/var/s\"\n".to_owned();
    let loaded = Loaded::parse(Path::new("/etc/tenet/d.toml"), text).unwrap();
    assert_eq!(
        loaded.config.daemon.socket.get_ref(),
        Path::new("/etc/tenet/run/s")
    );
    assert_eq!(loaded.config.daemon.state.get_ref(), Path::new("/var/s"));
}

const KEY: &str = "abababababababababababababababababababababababababababababababab";

/// Each bad configuration with the whole message that a person reads.
fn assert_errors(cases: &[(String, &str)]) {
    for (text, expected) in cases {
        let error = parse(text).expect_err(text);
        assert_eq!(error.to_string(), *expected, "\n{text}");
    }
}

const LINK: &str = "[host]\ncertificate = \"c\"\nkey = \"k\"\n[scheme]\nfile = \"s\"\n";
const SCHEME: &str = "[scheme]\nfile = \"s\"\n";
const CARD: &str = "[[card]]\nkind = \"soft\"\nowners = []\ndirectory = \"c\"\n";
const PROCESS: &str = "[[card]]\nkind = \"process\"\nowners = []\nsocket = \"s\"\n";
const DOMAINS: &str = "domains = [\"01aabbccddeeff0011223344\"]\n";

#[test]
fn wrong_names_and_values_say_where_and_what() {
    assert_errors(&[
        (
            "[daemon]\nsoket = \"x\"\n".into(),
            "d.toml:2:1: unknown key `soket`, expected one of `socket`, `socket_mode`, `state`, \
             `io_threads`\n  help: did you mean `socket`?",
        ),
        (
            "[deamon]\n".into(),
            "d.toml:1:2: unknown key `deamon`, expected one of `daemon`, `host`, `scheme`, \
             `admin`, `card`, `guard`, `remote`, `peer`, `limits`, `log`\n  help: did you mean `daemon`?",
        ),
        (
            "[admin]\nzzz = 1\n".into(),
            "d.toml:2:1: unknown key `zzz`, expected `uids`",
        ),
        (
            "[daemon]\n\nio_threads = \"two\"\n".into(),
            "d.toml:3:14: invalid type: string \"two\", expected a nonzero u32",
        ),
        (
            "[daemon]\nio_threads = 0\n".into(),
            "d.toml:2:14: invalid value: integer `0`, expected a nonzero u32",
        ),
        (
            "[daemon]\nsocket_mode = \"0777\"\n".into(),
            "d.toml:2:15: `0777` is not a socket mode: write \"0666\", \"0660\" or \"0600\"",
        ),
        (
            "[remote]\npq = \"of\"\n".into(),
            "d.toml:2:6: unknown variant `of`, expected `require`",
        ),
        (
            "[log]\nformat = \"jsn\"\n".into(),
            "d.toml:2:10: unknown variant `jsn`, expected one of `auto`, `text`, `json`\n  \
             help: did you mean `json`?",
        ),
        (
            "[log]\nlevel = \"loud\"\n".into(),
            "d.toml:2:9: `loud` is not a log level\n  help: error, warn, info, debug, trace, off, \
             or target=level,..",
        ),
        (
            "[[card]]\nkind = \"soft\"\nowners = []\n".into(),
            "d.toml:1:1: missing key `directory`",
        ),
        (
            "[[card]]\nkind = \"process\"\nowners = []\n".into(),
            "d.toml:1:1: missing key `socket`",
        ),
        (
            "[[card]]\nkind = \"proces\"\nowners = []\n".into(),
            "d.toml:2:8: unknown variant `proces`, expected `soft` or `process`\n  \
             help: did you mean `process`?",
        ),
        (
            "[[card]]\nkind = \"soft\"\nsoket = \"s\"\n".into(),
            "d.toml:3:1: unknown key `soket`, expected one of `kind`, `owners`, `directory`, \
             `device_key`, `socket`, `uid`\n  help: did you mean `socket`?",
        ),
        (
            "[daemon\n".into(),
            "d.toml:1:8: unclosed table, expected `]`",
        ),
        (
            "[daemon]\nstate = \"a\"\nstate = \"b\"\n".into(),
            "d.toml:3:1: duplicate key",
        ),
    ]);
}

#[test]
fn wrong_links_say_where_and_what() {
    let peer = format!("[[peer]]\nkey = \"{KEY}\"\n");
    assert_errors(&[
        (
            format!("{LINK}[remote]\nlisten = \"here\"\n"),
            "d.toml:7:10: invalid socket address syntax\n  help: write it as `192.0.2.1:4711`; \
             names are not looked up",
        ),
        (
            format!("{LINK}[[peer]]\nkey = \"abc\"\n"),
            "d.toml:7:7: `abc` is not a key id: a key id is 64 hexadecimal digits",
        ),
        (
            format!("{LINK}{peer}domains = [\"01aa\"]\n"),
            "d.toml:8:11: `01aa` is not a domain: a domain is 24 hexadecimal digits",
        ),
        (
            format!("{LINK}{peer}{peer}"),
            "d.toml:9:7: two [[peer]] sections with this key",
        ),
        (
            format!(
                "{LINK}{peer}{DOMAINS}{}",
                (peer.replace("ab", "cd") + DOMAINS)
            ),
            "d.toml:11:12: this domain is routed twice",
        ),
        (
            format!("{SCHEME}[remote]\nlisten = \"127.0.0.1:1\"\n"),
            "d.toml:4:10: links to other hosts want [host] certificate and key\n  \
             help: `etpctl scheme enrol host` makes them",
        ),
        (
            "[host]\nkey = \"k\"\n".into(),
            "d.toml:2:7: [host] wants both `certificate` and `key`",
        ),
    ]);
}

#[test]
fn wrong_cards_say_where_and_what() {
    assert_errors(&[
        (
            CARD.into(),
            "d.toml:1:1: [scheme] `file` is missing: certificates are verified against it",
        ),
        (
            format!("{SCHEME}{CARD}{CARD}"),
            "d.toml:10:13: two cards in c",
        ),
        (
            format!("[daemon]\nstate = \"c/state\"\n{SCHEME}{CARD}"),
            "d.toml:2:9: `state` lies in a card's directory: the rollback witness must not be \
             restored together with the card",
        ),
        (
            format!("{SCHEME}{CARD}device_key = \"c/key\"\n"),
            "d.toml:7:14: `device_key` lies beside what it protects",
        ),
        (
            format!("{SCHEME}{PROCESS}{PROCESS}"),
            "d.toml:10:10: two cards in s",
        ),
        (
            format!("{SCHEME}{CARD}uid = 7\n"),
            "d.toml:3:1: `socket` and `uid` are for a card of kind \"process\"",
        ),
        (
            format!("{SCHEME}{PROCESS}device_key = \"k\"\n"),
            "d.toml:3:1: `directory` and `device_key` are for a card of kind \"soft\": those of a \
             process are told to the process",
        ),
    ]);
}

#[test]
fn a_missing_file_is_named() {
    let error = Loaded::read(Path::new("/nonexistent/d.toml")).unwrap_err();
    let expected = "/nonexistent/d.toml: cannot be read: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn files_past_the_limit_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("d.toml");
    let comment = |bytes: u64| "#".repeat(bytes as usize);
    std::fs::write(&path, comment(super::CONFIG_BYTES_MAX)).unwrap();
    assert!(Loaded::read(&path).is_ok());
    std::fs::write(&path, comment(super::CONFIG_BYTES_MAX + 1)).unwrap();
    let error = Loaded::read(&path).unwrap_err().to_string();
    assert!(
        error.ends_with("has 1048577 bytes, at most 1048576 are read"),
        "{error}"
    );
}
