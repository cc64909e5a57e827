//! The demonstration for people: for each story a timeline, in the manner of Table 2 of Terada et al. 2005.

use std::path::Path;

use system_tests::scenario::{Cast, Holding, Message, Report, Step, Story, short};

pub(crate) fn print(report: &Report) {
    report.stories.iter().for_each(|told| story(report, told));
    let once = match report.vouchers_exactly_once {
        true => "exactly once",
        false => "NOT exactly once",
    };
    println!("Each voucher exists {once}.");
}

fn story(report: &Report, story: &Story) {
    println!("== {}: {}\n", story.name, story.title);
    println!("Holdings before");
    story.holdings_before.iter().for_each(holding);
    messages(report, story);
    commands(report, story);
    println!("\nHoldings after");
    story.holdings_after.iter().for_each(holding);
    println!("\nSteps");
    let of_story = report.steps.iter().filter(|step| step.story == story.name);
    of_story.for_each(step);
    println!("\nOutcome: {}\n", story.outcome);
}

fn holding(holding: &Holding) {
    println!(
        "  card {}  {}  {}",
        holding.host.to_uppercase(),
        short(&holding.vid),
        holding.promise
    );
}

fn messages(report: &Report, story: &Story) {
    let of_story = report.messages.iter().filter(|m| m.story == story.name);
    let messages: Vec<&Message> = of_story.collect();
    let Some(first) = messages.first() else {
        return;
    };
    println!("\nMessages (CPU and I/O of the card that took it, or else of the host)");
    println!(
        "  {:>9}  {:<17} {:<9} {:<9} {:>6} {:>9} {:>9}",
        "at, ms", "type", "from", "to", "bytes", "CPU, ms", "I/O, ms"
    );
    messages.iter().for_each(|m| message(m, first.unix_us));
    totals(&messages);
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

fn totals(messages: &[&Message]) {
    let sum = |of: fn(&Message) -> u64| ms(messages.iter().map(|message| of(message)).sum());
    let bytes: u64 = messages.iter().map(|message| message.bytes).sum();
    let (cpu, io) = (sum(|m| m.cpu_us), sum(|m| m.io_us));
    println!(
        "  {:>9}  {:<17} {:<9} {:<9} {bytes:>6} {cpu:>9.2} {io:>9.2}",
        "", "all", "", ""
    );
}

fn commands(report: &Report, story: &Story) {
    let cards = report.apdus.iter();
    let of_story = cards.flat_map(|(name, card)| {
        let apdus = card.exchange.iter().filter(|a| a.story == story.name);
        apdus.map(move |apdu| (name, apdu))
    });
    for (place, (name, apdu)) in of_story.enumerate() {
        if place == 0 {
            println!("\nCommands to the cards");
        }
        let list = |types: &[_]| match types {
            [] => "nothing".to_owned(),
            some => some.join(", "),
        };
        let (takes, gives) = (list(&apdu.takes), list(&apdu.gives));
        println!("  {name:<6}  {takes} -> {gives} ({} bytes)", apdu.bytes);
    }
}

fn step(step: &Step) {
    let mark = if step.as_it_had_to { "ok " } else { "BAD" };
    println!("  {mark} {}: {}", step.name, step.detail);
}

/// The commands to go on with what was left running, beside what the demonstration prints.
pub(crate) fn print_commands(cast: &Cast, report: &Report, directory: &Path) {
    eprintln!("\nThe three hosts are running. Look at them:");
    for host in [&cast.a, &cast.b] {
        eprintln!("  # host {}", host.name);
        eprintln!("  {}", host.etpctl(&["status"]).line());
        eprintln!("  {}", host.wallet(&["list"]).line());
    }
    eprintln!("  # host t, the third party");
    eprintln!("  {}", cast.t.etpctl(&["t", "status"]).line());
    if let Some([give, want]) = goods(report) {
        eprintln!("Exchange two vouchers:");
        eprintln!("  {}", cast.offer_command(&give, &want).line());
        eprintln!("  {}", cast.b.wallet(&["inbox"]).line());
        let accept = cast.b.wallet(&["accept", "4"]).line();
        eprintln!("  {accept}   # its number");
    }
    print_disputes(cast);
    eprintln!(
        "Then: wallet history; etpctl ids, routes, cards, trace; etpctl ping {}",
        cast.b.card()
    );
    eprintln!("End it with:");
    let pids = cast.hosts().map(|host| host.pid().to_string()).join(" ");
    let directory = directory.display();
    eprintln!("  kill {pids} && sleep 1 && rm -r {directory}");
}

/// How to get an exchange stuck, and out of it.
fn print_disputes(cast: &Cast) {
    eprintln!(
        "Or stop host a once the offer is there, accept it, and have the third party end what is stuck:"
    );
    eprintln!("  kill {}", cast.a.pid());
    eprintln!("  {}", cast.b.wallet(&["abort"]).line());
    let daemon = cast.a.daemon_command().line();
    eprintln!("  {daemon} &   # host a comes back");
    eprintln!("  {}", cast.a.wallet(&["resolve"]).line());
}

/// A voucher of A and one of B.
fn goods(report: &Report) -> Option<[String; 2]> {
    let held = &report.stories.last()?.holdings_after;
    let of = |host: &str| {
        let first = held.iter().find(|holding| holding.host == host);
        first.map(|holding| holding.vid.clone())
    };
    Some([of("a")?, of("b")?])
}

fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}
