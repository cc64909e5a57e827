//! What must be so at the end of a story.

use super::report::{Holding, Report, Story};

/// Commands of one exchange: start-exchange, agreement and commitment at A; accept and confirmation at B
/// (Terada et al. 2005, section 5.4.2).
const EXCHANGE_APDUS: usize = 5;

/// An exchange that the cards end alone takes exactly these.
pub(crate) fn count_commands(report: &mut Report, story: &str) {
    let apdus = report.apdus_of(story).count();
    let detail = format!("{apdus} APDUs for the exchange");
    report.step("count commands", apdus == EXCHANGE_APDUS, detail);
}

/// Whether those two vouchers changed places in the story that ends now, and nothing else did.
pub(crate) fn traded(report: &mut Report, vouchers: [&str; 2]) {
    let Some(story) = report.stories.last() else {
        return;
    };
    let mut swapped = story.holdings_before.clone();
    for holding in &mut swapped {
        if vouchers.contains(&holding.vid.as_str()) {
            let other = if holding.host == "a" { "b" } else { "a" };
            holding.host = other.to_owned();
        }
    }
    let moved = sorted(&swapped) == sorted(&story.holdings_after);
    let detail = "each voucher is where the other was".into();
    report.step("compare holdings", moved, detail);
}

/// Whether everybody has what they had.
pub(crate) fn unchanged(report: &mut Report) {
    let Some(story) = report.stories.last() else {
        return;
    };
    let same = sorted(&story.holdings_before) == sorted(&story.holdings_after);
    let detail = "everybody has what they had".into();
    report.step("compare holdings", same, detail);
}

pub(crate) fn conclude(report: &mut Report) {
    let once = |story: &Story| {
        let copies = |vid: &String| {
            let held = story.holdings_after.iter();
            held.filter(|holding| holding.vid == *vid).count()
        };
        let known = story.holdings_before.iter().map(|holding| &holding.vid);
        let held = story.holdings_after.iter().map(|holding| &holding.vid);
        known.chain(held).all(|vid| copies(vid) == 1)
    };
    let last = report.stories.last();
    let all = last.is_some_and(|story| story.holdings_after.len() == report.vouchers.len());
    report.vouchers_exactly_once = all && report.stories.iter().all(once);
    report.as_it_had_to =
        report.vouchers_exactly_once && report.steps.iter().all(|step| step.as_it_had_to);
}

fn sorted(holdings: &[Holding]) -> Vec<&Holding> {
    let mut sorted: Vec<&Holding> = holdings.iter().collect();
    sorted.sort();
    sorted
}
