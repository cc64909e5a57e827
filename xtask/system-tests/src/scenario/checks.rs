//! What must be so at the end.

use super::report::Report;

/// Commands of one exchange: start-exchange, agreement and commitment at A; accept and confirmation at B
/// (Terada et al. 2005, section 5.4.2).
const EXCHANGE_APDUS: usize = 5;

pub(crate) fn conclude(report: &mut Report) {
    let apdus = report.exchange_apdus().count();
    report.step(
        "count commands",
        apdus == EXCHANGE_APDUS,
        format!("{apdus} APDUs for the exchange"),
    );
    let moved = report.vouchers.iter().all(|vid| moved(report, vid));
    report.step(
        "compare holdings",
        moved,
        "each voucher is where the other was".into(),
    );
    report.vouchers_exactly_once = report.vouchers.iter().all(|vid| holders(report, vid) == 1);
    report.as_it_had_to =
        report.vouchers_exactly_once && report.steps.iter().all(|step| step.as_it_had_to);
}

fn holders(report: &Report, vid: &str) -> usize {
    report
        .holdings_after
        .iter()
        .filter(|holding| holding.vid == vid)
        .count()
}

fn moved(report: &Report, vid: &str) -> bool {
    let host = |holdings: &[super::Holding]| {
        holdings
            .iter()
            .find(|holding| holding.vid == vid)
            .map(|holding| holding.host.clone())
    };
    let (before, after) = (host(&report.holdings_before), host(&report.holdings_after));
    before.is_some() && after.is_some() && before != after
}
