//! What is wrong, where, and what to do about it.

use crate::support::compile;

/// Rules with a problem; the text between `«` and `»` is where it is.
fn check(rules: &str, what: &str, help: &str) {
    let start = rules.find('«').unwrap();
    let end = rules.find('»').unwrap() - '«'.len_utf8();
    let text = rules.replace(['«', '»'], "");
    let problem = compile(&text).unwrap_err();
    assert_eq!(&text[problem.at.clone()], &text[start..end], "{problem:?}");
    assert!(problem.what.contains(what), "{problem:?}");
    let advice = problem.help.clone().unwrap_or_default();
    assert!(
        advice.contains(help) && advice.is_empty() == help.is_empty(),
        "{problem:?}"
    );
}

/// One rule with a problem in a condition.
fn one(condition: &str, what: &str, help: &str) {
    check(
        &format!("[[rule]]\n{condition}\nthen = \"pass\"\n"),
        what,
        help,
    );
}

#[test]
fn words_that_mean_nothing() {
    one(
        "entry = «\"aps\"»",
        "none of app, card, remote, host",
        "`app`",
    );
    one("entry = [\"app\", «\"crad\"»]", "`crad`", "`card`");
    one(
        "mtype = «\"ofer\"»",
        "no registered message type",
        "`offer`",
    );
    one(
        "mtype = [\"ping\", «\"0x10000\"»]",
        "numbers that no message has",
        "65535",
    );
    one(
        "mtype = «\"privilege\"»",
        "no registered message type",
        "`privileged`",
    );
    one("src = «\"shpo\"»", "`shpo`", "`shop`");
    one("src = «\"abroad\"»", "no entity id", "");
    one("host = «\"hqq\"»", "neither an id", "`hq`");
    one("dst_domain = «\"locale\"»", "neither an id", "`local`");
    one(
        "cgroup = «\"shop.service\"»",
        "no control group",
        "/system.slice",
    );
    one("cgroup = «\"/\"»", "no control group", "entry = \"app\"");
    one("uid = «\"alice\"»", "neither a number", "`id`");
    one("src_port = «\"1-2-3\"»", "neither a number", ">9");
    one("src_port = «\"+1\"»", "neither a number", ">9");
    one("src_port = «-1»", "neither a number", ">9");
}

#[test]
fn ranges_and_lists_that_nothing_meets() {
    one(
        "src_port = «\"9-3\"»",
        "empty range",
        "smaller number first",
    );
    one("size = «\"<0\"»", "less than 0", "");
    one(
        "size = «\"1-70000\"»",
        "numbers that no message has",
        "65524",
    );
    one("src = «[]»", "empty list", "leave the field out");
}

#[test]
fn windows_of_no_day() {
    one("time = «\"22:00\"»", "no window", "22:00-07:00");
    one("time = «\"22:60-07:00\"»", "no window", "22:00-07:00");
    one("time = «\"22:00-24:01\"»", "no window", "22:00-07:00");
    one("time = «\"7:00-8:00\"»", "no window", "22:00-07:00");
    one("time = «\"07:00-07:00\"»", "no minute", "00:00-24:00");
    one("time = { window = «\"noon\"» }", "no window", "22:00-07:00");
    let days = "time = { window = \"07:00-08:00\", days = [«\"sunday\"»] }";
    one(days, "none of mon", "`sun`");
    let zone = "time = { window = \"07:00-08:00\", zone = «\"Europe/Berln\"» }";
    one(zone, "no time zone", "`Europe/Berlin`");
}

#[test]
fn rates_of_nothing() {
    one("rate = { over = «\"100\"» }", "no rate", "100/s");
    one(
        "rate = { over = «\"100/m\"» }",
        "none of s, min, h, d",
        "`min`",
    );
    one(
        "rate = { over = «\"0/s\"» }",
        "1 to 1000000",
        "leave the rate out",
    );
    one("rate = { over = \"1/s\", burst = «0» }", "1 to 1000000", "");
    one(
        "rate = { over = \"1/s\", per = «\"user\"» }",
        "none of source",
        "",
    );
}

#[test]
fn conditions_that_exclude_each_other() {
    let help = "make two rules";
    one(
        "host = «\"hq\"\nuid = 7»",
        "no message can be all of that",
        help,
    );
    one("entry = «\"remote\"»\nderived = true", "no message", help);
    one(
        "entry = «\"card\"\nrate = { over = \"1/s\", per = \"uid\"» }",
        "no message",
        help,
    );
}

#[test]
fn what_serde_sees() {
    one("«mtyp» = \"offer\"", "unknown field `mtyp`", "");
    one("src = «true»", "expected text, a number, or a list", "");
    one("src = [«1.5»]", "expected text or a number", "");
    one(
        "time = { window = \"07:00-08:00\", «day» = \"mon\" }",
        "unknown field",
        "",
    );
    one(
        "rate = { over = \"1/s\", «pre» = \"uid\" }",
        "unknown field",
        "",
    );
    check(
        "«[[rule]]»\nmtype = \"offer\"\n",
        "missing field `then`",
        "",
    );
}

#[test]
fn what_becomes_of_a_message() {
    check(
        "[[rule]]\nthen = «\"refus\"»\n",
        "none of pass, next, drop, refuse, hold",
        "`refuse`",
    );
    let rules = "[[rule]]\nthen = \"pass\"\n[[rule]]\nthen = «\"drop\"»\n";
    check(rules, "no message comes as far", "no conditions");
}
