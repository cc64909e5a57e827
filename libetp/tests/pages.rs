//! The protocol pages say the numbers and names that the code has, and no others.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::path::Path;

use libetp::exchange::StatusWord;
use libetp::params::runtime::RefusalCode;

fn page(name: &str) -> String {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol");
    std::fs::read_to_string(pages.join(name)).unwrap()
}

/// The first two columns of the table below the line that ends so.
fn table(page: &str, above: &str) -> BTreeSet<(String, String)> {
    let (_, below) = page.split_once(above).unwrap();
    let rows = below.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(|cell| cell.trim().to_owned());
        (cells.next().unwrap(), cells.next().unwrap())
    })
    .collect()
}

#[test]
fn refusals_are_those_of_exchange_md() {
    let known = RefusalCode::ALL
        .iter()
        .map(|code| ((*code as u16).to_string(), code.name().to_owned()));
    let written = table(&page("exchange.md"), "Codes of `order-refused`");
    assert_eq!(written, known.collect());
}

#[test]
fn refusals_in_vouchers_md_have_their_own_names() {
    let written = table(&page("vouchers.md"), "## Refusals");
    assert!(!written.is_empty());
    for (cell, _) in written {
        let (number, name) = cell.split_once(' ').unwrap();
        let code = RefusalCode::from_u16(number.parse().unwrap()).unwrap();
        assert_eq!(code.name(), name);
    }
}

#[test]
fn status_words_are_those_of_exchange_md() {
    let written = table(&page("exchange.md"), "### Status words");
    assert_eq!(written.len(), 14);
    for (number, name) in written {
        let status = StatusWord(u16::from_str_radix(&number.replace("xx", "22"), 16).unwrap());
        assert_eq!(status.name(), name, "{number}");
    }
}
