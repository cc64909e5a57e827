//! Plans of supply chains.

use pals::{Activities, Amount, Planned, Shape};
use serde_json::{Value, json};

use crate::session::roster::Roster;

pub(super) fn agreed(Shape { products, periods }: Shape) -> String {
    let products = command_line::counted(products.into(), "product", "products");
    let periods = command_line::counted(periods.into(), "period", "periods");
    format!(
        "The plan is for {products} in {periods}, at the least cost of all together. Each member learns what its own \
         site makes, keeps, sends and gets."
    )
}

pub(super) fn told(planned: &Planned, roster: &Roster) -> String {
    match planned {
        Planned::Optimal(activities) => {
            let lines: Vec<String> = activities.iter().map(|it| line(it, roster)).collect();
            format!("Your site, in units:\n{}", lines.join("\n"))
        }
        Planned::Infeasible => "There is no plan: the demands cannot be met.".into(),
        Planned::Unbounded => {
            "There is no plan: some cost is a gain that can be had without end.".into()
        }
        Planned::TooLarge => "The plan is too large: plan fewer products or periods.".into(),
        Planned::NoSite => "What you gave is no site.".into(),
    }
}

fn line(activities: &Activities, roster: &Roster) -> String {
    let mut line = format!(
        "  product {}, period {}: make {}, keep {}",
        activities.product + 1,
        activities.period + 1,
        activities.made,
        activities.kept
    );
    for (what, amounts) in [("send", &activities.sent), ("get", &activities.received)] {
        let to_or_from = if what == "send" { "to" } else { "from" };
        for (member, amount) in others(amounts) {
            let name = roster.name(member).unwrap_or_default();
            line += &format!(", {what} {amount} {to_or_from} {name}");
        }
    }
    line
}

/// Those that are not nothing.
fn others(amounts: &[Amount]) -> impl Iterator<Item = (usize, &Amount)> {
    let amounts = amounts.iter().enumerate();
    amounts.filter(|(_, amount)| !amount.is_zero())
}

/// Amounts are fractions: `3`, or `7/2`. Products and periods count from 0.
pub(super) fn facts(planned: &Planned) -> Value {
    let (plan, activities) = match planned {
        Planned::Optimal(activities) => ("optimal", Some(activities)),
        Planned::Infeasible => ("infeasible", None),
        Planned::Unbounded => ("unbounded", None),
        Planned::TooLarge => ("too-large", None),
        Planned::NoSite => ("no-site", None),
    };
    let activities = activities.map(|it| it.iter().map(activities_facts).collect::<Vec<_>>());
    json!({ "plan": plan, "activities": activities })
}

fn activities_facts(activities: &Activities) -> Value {
    let lanes = |amounts: &[Amount]| -> Value { amounts.iter().map(Amount::to_string).collect() };
    json!({
        "product": activities.product,
        "period": activities.period,
        "made": activities.made.to_string(),
        "kept": activities.kept.to_string(),
        "sent": lanes(&activities.sent),
        "received": lanes(&activities.received),
    })
}
