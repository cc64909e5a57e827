//! `cargo xtask demo auction`: an auction that nobody holds.

use system_tests::Deployment;
use system_tests::pals::{self, Auction, Member, Report};

use super::words;
use crate::shell::Result;

pub(super) fn run(deployment: &Deployment, json: bool) -> Result {
    let report = pals::perform(deployment).map_err(words)?;
    match json {
        true => println!(
            "{}",
            serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?
        ),
        false => print(&report),
    }
    match report.as_it_had_to {
        true => Ok(()),
        false => Err("not every auction ended as it had to".into()),
    }
}

fn print(report: &Report) {
    for (at, auction) in report.auctions.iter().enumerate() {
        println!("== auction {}\n", at + 1);
        auction.members.iter().for_each(member);
        println!("\nWhat each host saw between cards");
        wire(auction);
        println!();
    }
    let same = match report.same_on_the_wire {
        true => "the same, message by message, type and length",
        false => "NOT the same",
    };
    println!("With other bids, what hosts saw is {same}.");
}

fn member(member: &Member) {
    let Member {
        host,
        part,
        bid,
        told,
        ..
    } = member;
    println!("  {host}  {part:<15} bids {bid:>3}   is told: {told}");
}

fn wire(auction: &Auction) {
    for member in &auction.members {
        let of = |is: fn(&str, &str) -> bool| {
            let passed = member.wire.iter();
            let passed = passed
                .filter(|(src, _, mtype, ..)| mtype == "session-packet" && is(src, &member.host));
            passed.fold((0, 0), |(n, sum), (.., count, bytes)| {
                (n + count, sum + bytes)
            })
        };
        let (out, out_bytes) = of(|src, host| src == host);
        let (into, into_bytes) = of(|src, host| src != host);
        match member.wire.is_empty() {
            true => println!("  {}  is gone, and what it saw with it", member.host),
            false => println!(
                "  {}  packets out: {out} of {} bytes; in: {into} of {}",
                member.host,
                each(out, out_bytes),
                each(into, into_bytes)
            ),
        }
    }
}

fn each(count: usize, bytes: u64) -> u64 {
    bytes.checked_div(count as u64).unwrap_or(0)
}
