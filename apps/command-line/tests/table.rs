//! The exit codes are those of the guide, and every program's page says what its `--help` says.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use command_line::{Kind, Manual};

#[test]
fn the_guide_lists_every_kind() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/exit-codes.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<&str> = rows.skip(2).collect();
    let row = |kind: &Kind| {
        let (code, name) = (*kind as u8, kind.name());
        format!("| {code} | `{name}` | {} |", kind.meaning())
    };
    assert_eq!(rows, Kind::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn numbers_follow_each_other() {
    let numbers = Kind::ALL.map(|kind| kind as u8);
    assert!(numbers.iter().copied().eq(1..=10), "{numbers:?}");
}

fn page() -> String {
    let option = Arg::new("level").short('l').long("level").help("How much");
    let flag = Arg::new("deep").long("deep").action(ArgAction::SetTrue);
    let everywhere = Arg::new("json").long("json").action(ArgAction::SetTrue);
    let inner = Command::new("dig").about(".start of a line\n'and \\ more");
    let outer = Command::new("earth").subcommand(inner.arg(option.default_value("3")).arg(flag));
    let command = Command::new("mole").about("Go under.").subcommand(outer);
    let manual = Manual {
        description: "Digs.",
        kinds: &[Kind::Pin],
        sections: ".SH FILES\n/earth\n\n",
    };
    manual.page(command.arg(everywhere.global(true)))
}

#[test]
fn a_manual_page_has_what_the_command_line_has() {
    let page = page();
    for wanted in [
        ".TH MOLE 1 ",
        "\nmole \\- Go under\n",
        "\n.SH DESCRIPTION\nDigs.\n",
        "\n.SS mole earth dig\n",
        "\n.B \\-l, \\-\\-level <LEVEL>\nHow much [default: 3]\n",
        "\n.B \\-\\-deep\n",
        "\n.SH OPTIONS\n.TP\n.B \\-\\-json\n",
        "\n.B 4\nwrong PIN",
    ] {
        assert!(page.contains(wanted), "{wanted:?} in\n{page}");
    }
    assert_eq!(
        page.matches("\\-\\-json").count(),
        1,
        "where it is for every command"
    );
    assert!(page.ends_with("\n.SH FILES\n/earth\n"), "{page}");
}

#[test]
fn words_of_the_command_line_are_not_roff() {
    let page = page();
    assert!(
        page.contains("\n\\&.start of a line\n\\&'and \\e more\n"),
        "{page}"
    );
}
