//! The tables, as they stand in docs/benchmarks.md.

use super::Findings;
use super::cards::{self, CARDS};
use super::cell::Summary;

const HEAD: &str = "| | bare relay | dispatchd | ratio | p99 ratio | CPU us, relay | \
                    CPU us, dispatchd | ratio | of it the daemon |";

const CARDS_HEAD: &str = "| APDUs: CPU + I/O | S_A | S_B | T | from order to last result |";

/// Processor, kernel and cores, in one line.
pub(crate) fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}

pub(crate) fn print(findings: &Findings) {
    println!(
        "{}; medians of {} rounds.\n",
        findings.machine, findings.rounds
    );
    println!("{HEAD}");
    println!("|---|---|---|---|---|---|---|---|---|");
    findings.cells.iter().for_each(row);
    let exchange = &findings.exchange;
    println!(
        "\nExchange of two vouchers: {} APDUs, {:.0} us CPU and {:.0} us I/O at the cards, \
         {:.0} us from order to last result.",
        exchange.apdus, exchange.cpu_us, exchange.io_us, exchange.elapsed_us
    );
    println!("\n{CARDS_HEAD}");
    println!("|---|---|---|---|---|");
    for story in &findings.cards {
        println!("{}", story_row(story));
    }
}

/// APDUs, CPU and I/O of each card.
fn story_row(story: &cards::Summary) -> String {
    let cost = |(card, _)| {
        let cost: &cards::Cost = &story.cards[card];
        match cost.apdus {
            0.0 => "-".to_owned(),
            apdus => format!("{apdus:.0}: {:.0} + {:.0} us", cost.cpu_us, cost.io_us),
        }
    };
    let [a, b, t] = CARDS.map(cost);
    format!(
        "| {} | {a} | {b} | {t} | {:.0} us |",
        story.name, story.elapsed_us
    )
}

fn row(cell: &Summary) {
    let p99 = cell
        .p99_ratio
        .map_or("-".into(), |ratio| format!("{ratio:.2}"));
    println!(
        "| {} | {:.0} {} | {:.0} {} | **{:.2}** | {p99} | {:.2} | {:.2} | {:.2} | {:.2} |",
        cell.name,
        cell.relay,
        cell.unit,
        cell.dispatchd,
        cell.unit,
        cell.ratio,
        cell.relay_cpu_us,
        cell.dispatchd_cpu_us,
        cell.cpu_ratio,
        cell.daemon_cpu_us,
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_the_medians_and_a_dash_for_a_card_that_was_not_asked() {
        let run = |us: u64| {
            json!({ "resolve": {
                "elapsed_us": 10 * us,
                "s_a": { "apdus": 2, "cpu_us": us, "io_us": us + 1 },
                "s_b": { "apdus": 0, "cpu_us": 0, "io_us": 0 },
                "t": { "apdus": 1, "cpu_us": us + 2, "io_us": us + 3 },
            }})
        };
        let story = cards::summary("resolve", &[run(30), run(10), run(20)]);
        assert_eq!(
            story_row(&story.expect("a summary")),
            "| resolve | 2: 20 + 21 us | - | 1: 22 + 23 us | 200 us |"
        );
        assert!(cards::summary("abort", &[run(1)]).is_err());
    }
}
