//! The tables, as they stand in docs/benchmarks.md, and which goals are met.

use super::attack::{Times, Waits};
use super::{Figure, Findings};

/// Most that the built-in rules may take of a round trip.
const BUILT_IN_SHARE_MAX: f64 = 0.01;
/// Most that a plugin may take of a round trip.
const PLUGIN_SHARE_MAX: f64 = 0.15;
/// Most that 10,000 rules may cost, in costs of 10.
const RULES_RATIO_MAX: f64 = 2.0;
/// Most that a modest user's slowest round trips may take under attack, in those of an idle daemon.
const ATTACKED_P99_RATIO_MAX: f64 = 2.0;

pub(super) fn print(findings: &Findings) {
    let Findings {
        machine, rounds, ..
    } = findings;
    let round_trip_us = findings.round_trip_us;
    println!(
        "{machine}; medians of {rounds} rounds; a routed round trip took {round_trip_us:.0} us.\n"
    );
    println!(
        "| Guard | ns for one message | ratio | both messages of a round trip, of its time | goal | |"
    );
    println!("|---|---|---|---|---|---|");
    for figure in &findings.contenders {
        println!("{}", row(figure, round_trip_us));
    }
    println!("\n| a modest user's round trip | p50 | p99 | p50 ratio | p99 ratio | goal | |");
    println!("|---|---|---|---|---|---|---|");
    waits(&findings.waits)
        .iter()
        .for_each(|row| println!("{row}"));
}

fn row(figure: &Figure, round_trip_us: f64) -> String {
    let Figure { name, ns, ratio } = figure;
    let share = figure.share(round_trip_us);
    let goal = match name {
        it if it.starts_with("built-in") => goal(
            format!("share below {:.0} %", 100.0 * BUILT_IN_SHARE_MAX),
            share < BUILT_IN_SHARE_MAX,
        ),
        it if it.starts_with("a plugin") => goal(
            format!("share below {:.0} %", 100.0 * PLUGIN_SHARE_MAX),
            share < PLUGIN_SHARE_MAX,
        ),
        it if it.starts_with("10000 ") => goal(
            format!("ratio up to {RULES_RATIO_MAX:.0}"),
            *ratio <= RULES_RATIO_MAX,
        ),
        _ => "- | -".into(),
    };
    let share = 100.0 * share;
    format!("| {name} | {ns:.0} | {ratio:.2} | {share:.2} % | {goal} |")
}

fn goal(what: String, is_met: bool) -> String {
    format!("{what} | {}", if is_met { "met" } else { "**missed**" })
}

fn waits(waits: &Waits) -> [String; 4] {
    let line = |name: &str, times: Times, ratio: Times, goal: &str| {
        let Times { p50, p99 } = times;
        format!(
            "| {name} | {p50:.0} us | {p99:.0} us | {:.2} | {:.2} | {goal} |",
            ratio.p50, ratio.p99
        )
    };
    let one = Times { p50: 1.0, p99: 1.0 };
    let is_met = waits.burning_ratio.p99 <= ATTACKED_P99_RATIO_MAX;
    let wanted = goal(
        format!("p99 ratio up to {ATTACKED_P99_RATIO_MAX:.0}"),
        is_met,
    );
    [
        line("nobody else sends", waits.idle, one, "- | -"),
        line(
            "a hostile user is refused by a table rule",
            waits.flooded,
            waits.flooded_ratio,
            "- | -",
        ),
        line(
            "a plugin works on each of his messages",
            waits.burning,
            waits.burning_ratio,
            &wanted,
        ),
        line(
            "the same, and he takes his share of the modest user's core",
            waits.competing,
            waits.competing_ratio,
            "- | -",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bench_prints_is_a_row_with_its_goal() {
        let line = br#"[{"name":"built-in rules","ns":17.4,"ratio":1.0},
            {"name":"10000 table rules: a","ns":40.0,"ratio":2.01},
            {"name":"a plugin in C: b","ns":1500.0,"ratio":90.0}]"#;
        let figures: Vec<Figure> = serde_json::from_slice(line).expect("figures");
        let rows: Vec<_> = figures.iter().map(|it| row(it, 20.0)).collect();
        assert_eq!(
            rows,
            [
                "| built-in rules | 17 | 1.00 | 0.17 % | share below 1 % | met |",
                "| 10000 table rules: a | 40 | 2.01 | 0.40 % | ratio up to 2 | **missed** |",
                "| a plugin in C: b | 1500 | 90.00 | 15.00 % | share below 15 % | **missed** |",
            ]
        );
    }
}
