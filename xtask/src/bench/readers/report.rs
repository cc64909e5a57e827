//! The tables, as they stand in docs/benchmarks.md, and which goals are met.

use super::Findings;

/// Most processor time in microseconds that the proxy may take for a command, beyond a bare program's.
const PROXY_CPU_US_MAX: f64 = 25.0;
/// Most that an exchange of slow cards may take, in the time of the bare commands.
const EXCHANGE_RATIO_MAX: f64 = 1.03;

pub(super) fn print(findings: &Findings) {
    let Findings {
        machine,
        rounds,
        bare,
        proxy,
        paper,
    } = findings;
    println!("{machine}; medians of {rounds} rounds.\n");
    println!("| a command of 150 bytes | processor time of the process | time | goal | |");
    println!("|---|---|---|---|---|");
    println!(
        "| a program with `SCardTransmit` | {:.1} us | {:.0} us | - | - |",
        bare.cpu, bare.elapsed
    );
    let more = proxy.cpu - bare.cpu;
    let goal = goal(
        &format!("{more:.1} us more, of up to {PROXY_CPU_US_MAX:.0}"),
        more <= PROXY_CPU_US_MAX,
    );
    println!(
        "| `etp-card-proxy` | {:.1} us | {:.0} us | {goal} |",
        proxy.cpu, proxy.elapsed
    );
    println!("\n| an exchange with the cards of 2005 | commands | time | ratio | goal | |");
    println!("|---|---|---|---|---|---|");
    println!(
        "| the cards alone | {} | {:.0} ms | - | - | - |",
        paper.commands, paper.cards
    );
    println!(
        "| a program with `SCardTransmit` | {} | {:.1} ms | 1.000 | - | - |",
        paper.commands, paper.bare
    );
    let ratio = paper.exchange / paper.bare;
    let goal = self::goal(
        &format!("up to {EXCHANGE_RATIO_MAX}"),
        ratio <= EXCHANGE_RATIO_MAX,
    );
    println!(
        "| between two hosts | {} | {:.1} ms | {ratio:.3} | {goal} |",
        paper.commands, paper.exchange
    );
    println!(
        "| beside that: a wallet is started and accepts the offer | 0 | {:.1} ms | - | - | - |",
        paper.acceptance
    );
}

fn goal(what: &str, is_met: bool) -> String {
    format!("{what} | {}", if is_met { "met" } else { "**missed**" })
}
