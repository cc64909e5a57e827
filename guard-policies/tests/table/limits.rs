//! At every limit, and one past it.

use std::fmt::Write;

use guard_policies::file::Problem;
use guard_policies::table::{
    BURST_MAX, LIST_VALUES_MAX, RATES_MAX, REASON_BYTES_MAX, RULES_MAX, TABLE_VALUES_MAX, Table,
};
use libetp::limits::MESSAGE_BYTES_MAX;

use crate::support::compile;

fn rules(count: usize, conditions: impl Fn(usize) -> String) -> Result<Table, Problem> {
    let mut text = String::new();
    for number in 0..count {
        writeln!(text, "[[rule]]\n{}\nthen = \"pass\"", conditions(number)).unwrap();
    }
    compile(&text)
}

fn one(conditions: String) -> Result<Table, Problem> {
    rules(1, |_| conditions.clone())
}

fn list(count: usize) -> String {
    let ports: Vec<String> = (0..count).map(|port| (2 * port).to_string()).collect();
    format!("src_port = [{}]", ports.join(","))
}

#[test]
fn rules_of_a_table() {
    let rule = |number| format!("src_port = {number}");
    assert!(rules(RULES_MAX, rule).is_ok());
    let problem = rules(RULES_MAX + 1, rule).unwrap_err();
    assert!(problem.what.contains("10001") && problem.help.unwrap().contains("10000"));
}

#[test]
fn values_of_a_list_and_of_a_table() {
    assert!(one(list(LIST_VALUES_MAX)).is_ok());
    assert!(one(list(LIST_VALUES_MAX + 1)).is_err());
    let full = TABLE_VALUES_MAX / LIST_VALUES_MAX;
    let rest = TABLE_VALUES_MAX % LIST_VALUES_MAX;
    let table = |rest: usize| {
        rules(full + 1, |number| {
            list(if number < full { LIST_VALUES_MAX } else { rest })
        })
    };
    assert!(table(rest).is_ok());
    assert!(
        table(rest + 1)
            .unwrap_err()
            .help
            .unwrap()
            .contains("100000")
    );
}

#[test]
fn windows_of_a_time() {
    let windows = |count| format!("time = [{}]", vec!["\"01:00-02:00\""; count].join(","));
    assert!(one(windows(LIST_VALUES_MAX)).is_ok());
    assert!(one(windows(LIST_VALUES_MAX + 1)).is_err());
    assert!(one(windows(0)).is_err());
}

#[test]
fn rates_of_a_table_and_their_numbers() {
    let rated = |_| "rate = { over = \"1/s\" }".to_string();
    assert!(rules(RATES_MAX, rated).is_ok());
    assert!(rules(RATES_MAX + 1, rated).is_err());
    let rate = |over, burst| one(format!("rate = {{ over = \"{over}/s\", burst = {burst} }}"));
    assert!(rate(BURST_MAX, BURST_MAX).is_ok());
    assert!(rate(BURST_MAX + 1, 1).is_err());
    assert!(rate(1, BURST_MAX + 1).is_err());
    assert!(rate(0, 1).is_err());
    assert!(rate(1, 0).is_err());
}

#[test]
fn bytes_of_a_reason() {
    let reason = |count| one(format!("reason = \"{}\"", "r".repeat(count)));
    assert!(reason(REASON_BYTES_MAX).is_ok());
    assert!(reason(REASON_BYTES_MAX + 1).is_err());
    assert!(one("reason = \"two\\nlines\"".into()).is_err());
}

#[test]
fn largest_numbers() {
    assert!(one(format!("size = {MESSAGE_BYTES_MAX}")).is_ok());
    assert!(one(format!("size = {}", MESSAGE_BYTES_MAX + 1)).is_err());
    assert!(one(format!("size = \">{MESSAGE_BYTES_MAX}\"")).is_err());
    assert!(one("src_port = 4294967295".into()).is_ok());
    assert!(one("src_port = \">4294967295\"".into()).is_err());
    assert!(one("src_port = 4294967296".into()).is_err());
    assert!(one("mtype = 65535".into()).is_ok());
    assert!(one("mtype = 65536".into()).is_err());
}
