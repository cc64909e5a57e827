//! The exchange of vouchers by two cards in readers, and its disputes.

use system_tests::reader::PcscService;
use system_tests::scenario::{self, Cast, Report, Stories};
use system_tests::{Binaries, Deployment};

/// Plays it with both cards in readers. `of_a` and `of_b` say what the cards are like, in words for `softcard vpcd`.
fn perform(stories: Stories, of_a: &[&str], of_b: &[&str]) -> Report {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let service = PcscService::start(&deployment.path().join("pcscd"), 2).unwrap();
    let cast = Cast::assemble_with(&deployment, |a, b| {
        a.put_into_reader(&service.slot(0), of_a, &[]);
        b.put_into_reader(&service.slot(1), of_b, &[]);
    });
    let report = scenario::play(&deployment, &mut cast.unwrap(), stories).unwrap();
    let steps = report.steps.iter().filter(|step| !step.as_it_had_to);
    assert_eq!(steps.count(), 0, "{:#?}", report.steps);
    assert!(report.vouchers_exactly_once && report.as_it_had_to);
    report
}

fn outcomes(report: &Report) -> Vec<(&str, &str)> {
    let stories = report.stories.iter();
    stories
        .map(|story| (story.name, story.outcome.as_str()))
        .collect()
}

#[test]
fn cards_in_readers_exchange_with_three_commands_and_two() {
    let report = perform(Stories::Exchange, &[], &[]);
    let cards = report.apdus.values();
    let mut counts: Vec<_> = cards.map(|card| card.exchange.len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 2, 3], "{:#?}", report.apdus);
}

#[test]
fn a_card_of_short_commands_and_one_of_t0_exchange_and_dispute() {
    let report = perform(Stories::Disputes, &["--short"], &["--protocol", "t0"]);
    let expected = [
        ("exchange", "completed"),
        ("cut", "resolved"),
        ("away", "aborted"),
    ];
    assert_eq!(outcomes(&report), expected);
}
