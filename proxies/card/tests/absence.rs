//! What is queued for a card that is not there waits so long and no longer.

mod support;

use card_proxy::{Action, Binding, CardEvent, FailReason, LinkError};
use support::{Driver, ModelCard, order, settings};

const WAIT_MS: u64 = 5_000;

fn absent() -> LinkError {
    LinkError::Absent("pulled".into())
}

/// A binding whose card was pulled at time 0 with one message under way, and one that waits.
fn pulled() -> Binding {
    let mut driver = Driver::new(ModelCard::default(), settings());
    driver.run();
    let mut binding = driver.binding;
    binding.wait_for_card(WAIT_MS);
    binding.queue(1, order(1, 8));
    assert!(matches!(binding.next(0), Action::Transmit { .. }));
    binding.completed(0, Err(absent()));
    binding.queue(2, order(2, 8));
    assert_eq!(binding.take_events(), [CardEvent::Absent("pulled".into())]);
    binding
}

fn failed(number: u64, reason: FailReason) -> CardEvent {
    CardEvent::Failed { number, reason }
}

#[test]
fn messages_wait_to_the_end_of_their_time_and_not_beyond() {
    let mut binding = pulled();
    assert_eq!(binding.next(WAIT_MS - 1), Action::AwaitCard(Some(WAIT_MS)));
    assert_eq!(binding.take_events(), []);
    assert_eq!(binding.next(WAIT_MS), Action::AwaitCard(None));
    let told = [
        failed(1, FailReason::Unknown),
        failed(2, FailReason::Gone),
        CardEvent::Overdue,
    ];
    assert_eq!(binding.take_events(), told);
    binding.queue(3, order(3, 8));
    assert_eq!(binding.take_events(), [failed(3, FailReason::Gone)]);
    assert_eq!(binding.next(u64::MAX), Action::AwaitCard(None));
    assert_eq!(binding.take_events(), [], "told once");
}

#[test]
fn a_card_that_comes_and_does_not_stay_takes_no_time_from_what_waits_and_gives_none() {
    let mut binding = pulled();
    for now_ms in [10, 20] {
        binding.found();
        assert_eq!(binding.next(now_ms), Action::Reset);
        binding.completed(now_ms, Err(absent()));
        assert_eq!(binding.next(now_ms), Action::AwaitCard(Some(WAIT_MS)));
    }
    assert_eq!(binding.take_events(), [], "nothing new");
    binding.completed(30, Err(LinkError::Absent("mute".into())));
    assert_eq!(binding.take_events(), [CardEvent::Absent("mute".into())]);
    assert_eq!(binding.next(40), Action::AwaitCard(Some(WAIT_MS)));
}

#[test]
fn a_card_that_is_gone_for_good_while_it_is_absent_is_given_up() {
    let mut binding = pulled();
    binding.disturbed(1, LinkError::Gone("no reader".into()));
    assert_eq!(binding.next(1), Action::Gone);
    let told = binding.take_events();
    assert_eq!(
        told[..2],
        [failed(1, FailReason::Unknown), failed(2, FailReason::Gone)]
    );
    assert!(matches!(told[2], CardEvent::Gone(_)), "{told:?}");
}
