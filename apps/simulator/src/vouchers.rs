//! `simulator run --protocol voucher`.

use serde::Serialize;
use simulator::outcome::{Adversary, Facts};
use simulator::setting::Setting;

use crate::report::{self, Progress};
use crate::{Against, Protocol, Run};

/// What `--json` prints.
#[derive(Serialize)]
struct Summary {
    protocol: Protocol,
    adversary: Adversary,
    first_seed: u64,
    runs: u64,
    totals: Facts,
    failed_seed: Option<u64>,
    error: Option<String>,
}

/// Runs the exchange of vouchers and prints what happened. Whether all held.
///
/// # Errors
/// In words, why there are no such runs.
pub(crate) fn run(run: &Run) -> Result<bool, String> {
    let adversary = adversary(run.adversary)?;
    if run.numbers.are_given() || run.outputs.are_given() {
        return Err("--n, --t, --slots, --plot and --trace are not of vouchers".into());
    }
    let setting = Setting::new().map_err(|error| format!("the cards cannot be set up: {error}"))?;
    let summary = run_all(run, adversary, &setting);
    match run.json {
        true => report::json(&summary),
        false => print(&summary),
    }
    Ok(summary.error.is_none())
}

fn adversary(against: Against) -> Result<Adversary, String> {
    match against {
        Against::None => Ok(Adversary::None),
        Against::Random => Ok(Adversary::Random),
        Against::Replay => Ok(Adversary::Replay),
        other => Err(format!(
            "there is no adversary `{}` for vouchers",
            other.name()
        )),
    }
}

fn run_all(run: &Run, adversary: Adversary, setting: &Setting) -> Summary {
    let mut summary = Summary {
        protocol: run.protocol,
        adversary,
        first_seed: run.seed,
        runs: 0,
        totals: Facts::default(),
        failed_seed: None,
        error: None,
    };
    let progress = Progress::new(run.runs);
    for seed in run.seeds() {
        match setting.run(adversary, seed) {
            Ok(facts) => summary.totals.add(&facts),
            Err(failure) => {
                summary.failed_seed = Some(failure.seed);
                summary.error = Some(failure.to_string());
                break;
            }
        }
        summary.runs += 1;
        let words = format!(", {} exchanges", summary.totals.exchanges);
        progress.at(summary.runs, &words);
    }
    progress.end();
    summary
}

fn print(summary: &Summary) {
    let totals = &summary.totals;
    println!(
        "{} runs, adversary {}: {} messages delivered, {} APDUs ({} of exchanges, {} SELECTs), \
         {} exchanges committed, {} resolved, {} aborted",
        summary.runs,
        summary.adversary.name(),
        totals.deliveries,
        totals.apdus,
        totals.exchange_apdus,
        totals.selects,
        totals.exchanges,
        totals.resolved,
        totals.aborted,
    );
    let held = "conservation, fairness, agreement and progress";
    report::verdict(held, summary.error.as_deref());
}
