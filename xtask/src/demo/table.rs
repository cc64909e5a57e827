//! The demonstration for people: a timeline, in the manner of Table 2 of Terada et al. 2005.

use std::path::Path;

use system_tests::scenario::{Cast, Holding, Message, Report, short};

pub(crate) fn print(report: &Report) {
    println!("Holdings before");
    report.holdings_before.iter().for_each(holding);
    println!(
        "\nMessages of the exchange (CPU and I/O of the card that took it, or else of the host)"
    );
    println!(
        "  {:>9}  {:<17} {:<9} {:<9} {:>6} {:>9} {:>9}",
        "at, ms", "type", "from", "to", "bytes", "CPU, ms", "I/O, ms"
    );
    let start = report.messages.first().map_or(0, |message| message.unix_us);
    report.messages.iter().for_each(|m| message(m, start));
    totals(report);
    println!("\nCommands to the cards");
    for (name, card) in &report.apdus {
        for apdu in &card.exchange {
            println!(
                "  {name}  {} -> {} ({} bytes)",
                apdu.takes.join(", "),
                apdu.gives.join(", "),
                apdu.bytes
            );
        }
    }
    println!("\nHoldings after");
    report.holdings_after.iter().for_each(holding);
    println!("\nSteps");
    for step in &report.steps {
        println!(
            "  {} {}: {}",
            if step.as_it_had_to { "ok " } else { "BAD" },
            step.name,
            step.detail
        );
    }
    let once = if report.vouchers_exactly_once {
        "exactly once"
    } else {
        "NOT exactly once"
    };
    println!("\nEach voucher exists {once}.");
}

fn holding(holding: &Holding) {
    println!(
        "  card {}  {}  {}",
        holding.host.to_uppercase(),
        short(&holding.vid),
        holding.promise
    );
}

fn message(message: &Message, start: u64) {
    println!(
        "  {:>9.2}  {:<17} {:<9} {:<9} {:>6} {:>9.2} {:>9.2}",
        ms(message.unix_us.saturating_sub(start)),
        message.mtype,
        message.from,
        message.to,
        message.bytes,
        ms(message.cpu_us),
        ms(message.io_us),
    );
}

fn totals(report: &Report) {
    let sum = |of: fn(&Message) -> u64| ms(report.messages.iter().map(of).sum());
    let bytes: u64 = report.messages.iter().map(|message| message.bytes).sum();
    let (cpu, io) = (sum(|m| m.cpu_us), sum(|m| m.io_us));
    println!(
        "  {:>9}  {:<17} {:<9} {:<9} {bytes:>6} {cpu:>9.2} {io:>9.2}",
        "", "whole exchange", "", ""
    );
}

/// The commands to go on with what was left running, beside what the demonstration prints.
pub(crate) fn print_commands(cast: &Cast, report: &Report, directory: &Path) {
    eprintln!("\nBoth hosts are running. Look at them:");
    for host in [&cast.a, &cast.b] {
        eprintln!("  # host {}", host.name);
        eprintln!("  {}", host.etpctl(&["status"]).line());
        eprintln!("  {}", host.wallet(&["list"]).line());
    }
    if let [mine, theirs] = report.vouchers.as_slice() {
        eprintln!("Exchange the vouchers back:");
        eprintln!("  {}", cast.offer_command(theirs, mine).line());
        eprintln!("  {}", cast.b.wallet(&["inbox"]).line());
        eprintln!(
            "  {}   # its number",
            cast.b.wallet(&["accept", "2"]).line()
        );
    }
    eprintln!(
        "Then: wallet history; etpctl ids, routes, cards, trace; etpctl ping {}",
        cast.b.card()
    );
    eprintln!("End it with:");
    let (a, b) = (cast.a.pid(), cast.b.pid());
    eprintln!("  kill {a} {b} && sleep 1 && rm -r {}", directory.display());
}

fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}
