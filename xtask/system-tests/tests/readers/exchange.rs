//! The exchange of vouchers by two cards in readers, and its disputes.

use libetp::Mtype;
use libetp::exchange::{CLA_INTERINDUSTRY, CLA_PROPRIETARY, INS_EXCHANGE, INS_SELECT};
use libetp::limits::PROMISE_BYTES_MAX;
use system_tests::reader::PcscService;
use system_tests::scenario::{self, Cast, Report, Stories};
use system_tests::{Binaries, Deployment};

/// The commands of an exchange that the cards end alone, in order: each begins with one of these.
const STEPS: [Mtype; 5] = [
    Mtype::START_EXCHANGE,
    Mtype::ACCEPT,
    Mtype::AGREEMENT,
    Mtype::CONFIRMATION,
    Mtype::COMMITMENT,
];
/// Beginnings of commands that are whole in one APDU.
const WHOLE: [&[u8]; 2] = [
    &[CLA_INTERINDUSTRY, INS_SELECT],
    &[CLA_PROPRIETARY, INS_EXCHANGE],
];
/// Where the type of the first message is: behind the header of the command, its length, that of the frame,
/// and two ids.
const FIRST_MTYPE: usize = 4 + 3 + 2 + 32;

/// How many vouchers with the longest promise a card gets: together more than one response carries.
const LONG_VOUCHERS: usize = 4;

/// What there is to say of a play.
struct Played {
    report: Report,
    /// What `pcscd` saw: beginnings of commands.
    commands: Vec<Vec<u8>>,
}

/// Plays it with both cards in readers. `of_a` and `of_b` say what the cards are like, in words for `softcard vpcd`.
fn perform(stories: Stories, of_a: &[&str], of_b: &[&str]) -> Played {
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
    Played {
        report,
        commands: service.commands().unwrap(),
    }
}

/// The type of the first message in an EXCHANGE of extended length, if there is one.
fn first_mtype(command: &[u8]) -> Option<Mtype> {
    let is_exchange = command.starts_with(&[CLA_PROPRIETARY, INS_EXCHANGE]);
    let high_and_low = command.get(FIRST_MTYPE..FIRST_MTYPE + 2)?.try_into().ok()?;
    is_exchange.then_some(Mtype(u16::from_be_bytes(high_and_low)))
}

fn outcomes(report: &Report) -> Vec<(&str, &str)> {
    let stories = report.stories.iter();
    stories
        .map(|story| (story.name, story.outcome.as_str()))
        .collect()
}

#[test]
fn cards_in_readers_exchange_with_three_commands_and_two() {
    let Played { report, commands } = perform(Stories::Exchange, &[], &[]);
    let cards = report.apdus.values();
    let mut counts: Vec<_> = cards.map(|card| card.exchange.len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 2, 3], "{:#?}", report.apdus);
    let of_exchange = commands.iter().filter_map(|command| first_mtype(command));
    let of_exchange = of_exchange.filter(|mtype| STEPS.contains(mtype));
    assert_eq!(of_exchange.collect::<Vec<_>>(), STEPS, "seen by pcscd");
    let others = commands.iter().map(|command| &command[..2]);
    let others = others.filter(|begin| !WHOLE.contains(begin));
    assert_eq!(others.count(), 0, "what is more than one APDU each");
}

#[test]
fn a_card_of_short_commands_and_one_of_t0_exchange_and_dispute() {
    let Played { report, .. } = perform(Stories::Disputes, &["--short"], &["--protocol", "t0"]);
    let expected = [
        ("exchange", "completed"),
        ("cut", "resolved"),
        ("away", "aborted"),
    ];
    assert_eq!(outcomes(&report), expected);
}

#[test]
fn long_messages_go_to_cards_of_any_protocol_and_back() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let service = PcscService::start(&deployment.path().join("pcscd"), 2).unwrap();
    let cast = Cast::assemble_with(&deployment, |a, b| {
        a.put_into_reader(&service.slot(0), &[], &[]);
        b.put_into_reader(&service.slot(1), &["--protocol", "t0"], &[]);
    });
    let cast = cast.unwrap();
    let promise = "x".repeat(PROMISE_BYTES_MAX);
    let mut issued: Vec<(&str, String)> = Vec::new();
    for host in [&cast.a, &cast.b] {
        for _ in 0..LONG_VOUCHERS {
            issued.push((&host.name, cast.issue(host, &promise).unwrap()));
        }
    }
    let holdings = cast.holdings().unwrap();
    let held = holdings
        .iter()
        .map(|held| (held.host.as_str(), held.vid.clone()));
    let mut held: Vec<_> = held.collect();
    held.sort();
    issued.sort();
    assert_eq!(held, issued);
    assert!(holdings.iter().all(|held| held.promise.starts_with("xxx")));
}
