//! The tables, as they stand in docs/benchmarks.md, and which goals are met.

use super::task::Task;
use super::{Costs, Findings, Summary};

/// What MP-SPDZ took for the same auction, shares of an honest majority against malicious parties, in memory on one
/// machine: members, milliseconds and megabytes.
const MP_SPDZ: [(usize, f64, f64); 2] = [(3, 18.0, 0.05), (5, 77.0, 1.58)];
/// From so many members on its time and bytes are goals.
const GOALS_FROM: usize = 5;

pub(super) fn print(findings: &Findings) {
    let Findings {
        machine,
        sessions,
        sizes,
    } = findings;
    println!("{machine}; medians of {sessions} sessions.");
    for task in Task::ALL {
        let sizes = sizes.iter().filter(|size| size.task == task);
        let sizes: Vec<&Summary> = sizes.collect();
        println!("\n{}:\n", task.words());
        print_task(&sizes);
    }
}

fn print_task(sizes: &[&Summary]) {
    println!(
        "| members | set-up | messages | KB | rounds | time of all | packets | KB | both: time | MB | goal: time | MB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    sizes.iter().for_each(|size| println!("{}", row(size)));
    println!(
        "\n| members | cards in set-up: commands, CPU + I/O | in rounds: commands, CPU + I/O \
         | CPU of all daemons | of it the cards | CPU of the programs | once: giving a card the function |"
    );
    println!("|---|---|---|---|---|---|---|");
    sizes.iter().for_each(|size| println!("{}", profile(size)));
}

fn row(size: &Summary) -> String {
    let Summary {
        members,
        rounds,
        setup,
        computing,
        ..
    } = size;
    let (ms, megabytes) = (size.elapsed_ms(), size.megabytes());
    let is_auction = size.task == Task::Auction;
    let peer = MP_SPDZ.iter().find(|(n, ..)| is_auction && n == members);
    let goals = peer.map(|(_, peer_ms, peer_mb)| {
        let is_goal = *members >= GOALS_FROM;
        let time = goal(&format!("{peer_ms:.0} ms"), ms < *peer_ms, is_goal);
        let bytes = goal(&format!("{peer_mb}"), megabytes < *peer_mb, is_goal);
        format!("{time} | {bytes}")
    });
    format!(
        "| {members} | {:.1} ms | {:.0} | {:.1} | {rounds} | {:.1} ms | {:.0} | {:.1} | {ms:.1} ms \
         | {megabytes:.3} | {} |",
        setup.elapsed_ms,
        setup.messages,
        setup.bytes / 1e3,
        computing.elapsed_ms,
        computing.messages,
        computing.bytes / 1e3,
        goals.unwrap_or_else(|| "- | -".into()),
    )
}

fn goal(peer: &str, is_met: bool, is_goal: bool) -> String {
    match (is_goal, is_met) {
        (false, _) => format!("({peer})"),
        (true, true) => format!("below {peer}: met"),
        (true, false) => format!("below {peer}: **missed**"),
    }
}

fn profile(size: &Summary) -> String {
    let cards = |costs: &Costs| {
        format!(
            "{:.0}, {:.1} + {:.1} ms",
            costs.commands, costs.cards_cpu_ms, costs.cards_io_ms
        )
    };
    format!(
        "| {} | {} | {} | {:.0} ms | {:.1} ms | {:.0} ms | {:.0} ms |",
        size.members,
        cards(&size.setup),
        cards(&size.computing),
        size.daemons_cpu_ms,
        size.cards_cpu_ms(),
        size.programs_cpu_ms,
        size.load_ms,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(members: usize, elapsed_ms: f64, bytes: f64) -> Summary {
        let costs = Costs {
            elapsed_ms,
            messages: 20.0,
            bytes,
            commands: 10.0,
            cards_cpu_ms: 4.0,
            cards_io_ms: 2.5,
        };
        Summary {
            task: Task::Auction,
            members,
            load_ms: 12.0,
            rounds: 6,
            setup: costs,
            computing: costs,
            daemons_cpu_ms: 30.0,
            programs_cpu_ms: 7.0,
        }
    }

    #[test]
    fn set_up_and_rounds_count_together_and_goals_are_those_of_five_members() {
        assert_eq!(
            row(&summary(5, 38.4, 80_000.0)),
            "| 5 | 38.4 ms | 20 | 80.0 | 6 | 38.4 ms | 20 | 80.0 | 76.8 ms | 0.160 \
             | below 77 ms: met | below 1.58: met |"
        );
        let slow = row(&summary(5, 38.6, 800_000.0));
        assert!(
            slow.ends_with("| below 77 ms: **missed** | below 1.58: **missed** |"),
            "{slow}"
        );
        assert!(row(&summary(3, 38.4, 80_000.0)).ends_with("| (18 ms) | (0.05) |"));
        assert!(row(&summary(9, 38.4, 80_000.0)).ends_with("| - | - |"));
        let comparison = Summary {
            task: Task::Benchmark,
            ..summary(5, 38.4, 80_000.0)
        };
        assert!(row(&comparison).ends_with("| - | - |"));
    }

    #[test]
    fn the_profile_has_both_parts_of_the_cards() {
        assert_eq!(
            profile(&summary(5, 1.0, 1.0)),
            "| 5 | 10, 4.0 + 2.5 ms | 10, 4.0 + 2.5 ms | 30 ms | 8.0 ms | 7 ms | 12 ms |"
        );
    }
}
