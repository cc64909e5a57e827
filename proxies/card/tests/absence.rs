//! What is queued for a card that is not there waits so long and no longer.

mod support;

use card_proxy::{
    Action, Away, Binding, BindingSettings, CardEvent, FailReason, GoneReason, LinkError,
};
use libetp::Domain;
use support::{DOMAIN, Driver, ModelCard, order, settings};

const WAIT_MS: u64 = 5_000;

fn absent() -> LinkError {
    LinkError::Absent("pulled".into())
}

fn away(why: &str) -> CardEvent {
    CardEvent::Away(Away::Absent(why.into()))
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
    assert_eq!(binding.take_events(), [away("pulled")]);
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
        binding.checked(now_ms, Ok(()));
        assert_eq!(binding.next(now_ms), Action::Reset);
        binding.completed(now_ms, Err(absent()));
        assert_eq!(binding.next(now_ms), Action::AwaitCard(Some(WAIT_MS)));
    }
    assert_eq!(binding.take_events(), [], "nothing new");
    binding.completed(30, Err(LinkError::Absent("mute".into())));
    assert_eq!(binding.take_events(), [away("mute")]);
    assert_eq!(binding.next(40), Action::AwaitCard(Some(WAIT_MS)));
}

/// SELECT is answered each time, and then the card is away again: what waits does not wait for ever.
#[test]
fn a_card_that_is_selected_and_carries_nothing_out_has_not_come_back() {
    let mut binding = pulled();
    let mut card = ModelCard::default();
    for now_ms in [10, WAIT_MS - 1] {
        binding.checked(now_ms, Ok(()));
        assert_eq!(binding.next(now_ms), Action::Reset);
        card.power_cycle();
        binding.completed(now_ms, Ok(&[]));
        let Action::Transmit { command, .. } = binding.next(now_ms) else {
            panic!("SELECT is due")
        };
        let reply = card.transmit(command);
        binding.completed(now_ms, Ok(&reply));
        assert!(matches!(binding.next(now_ms), Action::Transmit { .. }));
        binding.completed(now_ms, Err(absent()));
        assert_eq!(binding.next(now_ms), Action::AwaitCard(Some(WAIT_MS)));
    }
    binding.take_events();
    assert_eq!(binding.next(WAIT_MS), Action::AwaitCard(None));
    let told = binding.take_events();
    assert_eq!(told.last(), Some(&CardEvent::Overdue), "{told:?}");
    // One that does carry something out has: the next absence has its own time.
    let mut driver = Driver::new(card, settings());
    (driver.binding, driver.now_ms) = (binding, WAIT_MS + 1);
    driver.binding.checked(WAIT_MS + 1, Ok(()));
    driver.run();
    driver.binding.queue(4, order(4, 8));
    driver.run();
    assert_eq!(driver.received(), [4]);
    driver.binding.disturbed(WAIT_MS + 2, absent());
    let until = 2 * WAIT_MS + 2;
    assert_eq!(
        driver.binding.next(WAIT_MS + 2),
        Action::AwaitCard(Some(until))
    );
}

/// A link that is gone for good, or that fails too often, is tried as long as messages wait.
#[test]
fn a_link_that_is_lost_is_given_up_when_messages_have_waited_long_enough() {
    let mut binding = pulled();
    let lost = GoneReason::Link("no reader".into());
    binding.checked(1, Err(LinkError::Gone("no reader".into())));
    assert_eq!(
        binding.take_events(),
        [CardEvent::Away(Away::Lost(lost.clone()))]
    );
    for now_ms in [WAIT_MS - 2, WAIT_MS - 1] {
        binding.checked(now_ms, Err(LinkError::Lost("not yet".into())));
        assert_eq!(binding.next(now_ms), Action::Reset);
        binding.completed(now_ms, Err(LinkError::Gone("no reader".into())));
        assert_eq!(binding.next(now_ms), Action::AwaitCard(Some(WAIT_MS)));
        assert_eq!(binding.take_events(), []);
    }
    assert_eq!(binding.next(WAIT_MS), Action::Gone);
    let told = [
        failed(1, FailReason::Unknown),
        failed(2, FailReason::Gone),
        CardEvent::Overdue,
        CardEvent::Gone(lost),
    ];
    assert_eq!(binding.take_events(), told);
}

#[test]
fn a_link_that_fails_again_and_again_is_lost_and_comes_back() {
    let mut driver = Driver::new(ModelCard::default(), settings());
    driver.run();
    driver.binding.wait_for_card(u64::MAX);
    driver.binding.queue(1, order(1, 8));
    let mut now_ms = 0;
    loop {
        match driver.binding.next(now_ms) {
            Action::Transmit { .. } | Action::Reset => {
                let lost = LinkError::Lost("cut".into());
                driver.binding.completed(now_ms, Err(lost));
            }
            Action::WaitUntil(at_ms) => now_ms = at_ms,
            Action::AwaitCard(_) => break,
            action @ (Action::Idle | Action::Gone) => panic!("{action:?}"),
        }
    }
    let told = driver.binding.take_events();
    assert!(
        matches!(told.as_slice(), [CardEvent::Away(Away::Lost(_))]),
        "{told:?}"
    );
    driver.binding.checked(now_ms, Ok(()));
    driver.link.power_cycle();
    driver.now_ms = now_ms;
    driver.run();
    assert_eq!((driver.completed(), driver.received()), (vec![1], vec![1]));
}

/// Messages for a card are given to no other, and to it once it is back.
#[test]
fn another_card_is_given_nothing() {
    let mut binding = pulled();
    let mut other = ModelCard::default();
    other.domain = Domain([9; 12]);
    binding.checked(1, Ok(()));
    assert_eq!(binding.next(1), Action::Reset);
    binding.completed(1, Ok(&[]));
    let Action::Transmit { command, .. } = binding.next(1) else {
        panic!("SELECT is due")
    };
    let reply = other.transmit(command);
    binding.completed(1, Ok(&reply));
    let (was, is) = (DOMAIN, other.domain);
    let told = [CardEvent::Away(Away::Another { was, is })];
    assert_eq!(binding.take_events(), told);
    binding.checked(2, Ok(()));
    assert_eq!(binding.next(2), Action::AwaitCard(Some(WAIT_MS)));
    binding.checked(3, Err(absent()));
    binding.checked(4, Ok(()));
    let mut driver = Driver::new(ModelCard::default(), settings());
    (driver.binding, driver.now_ms) = (binding, 4);
    driver.run();
    assert_eq!(driver.received(), [1, 2]);
}

/// A card that is reset over and over is away, and taken up as any other when that ends.
#[test]
fn a_card_that_is_reset_again_and_again_is_away_and_comes_back() {
    let mut driver = Driver::new(ModelCard::default(), settings());
    driver.run();
    driver.binding.wait_for_card(WAIT_MS);
    driver.binding.queue(1, order(1, 8));
    let mut resets = 0;
    let mut now_ms = 0;
    loop {
        match driver.binding.next(now_ms) {
            Action::Transmit { .. } => {
                resets += 1;
                driver.binding.completed(now_ms, Err(LinkError::Reset));
            }
            Action::Reset => driver.binding.completed(now_ms, Ok(&[])),
            Action::WaitUntil(at_ms) => now_ms = at_ms,
            Action::AwaitCard(until_ms) => {
                assert!(until_ms.is_some());
                break;
            }
            action @ (Action::Idle | Action::Gone) => panic!("{action:?}"),
        }
    }
    assert_eq!(resets, BindingSettings::FAULTS_MAX + 1);
    let told = driver.binding.take_events();
    let [CardEvent::Away(Away::Lost(GoneReason::Faults { faults, .. }))] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(*faults, resets);
    driver.binding.checked(now_ms, Ok(()));
    driver.link.power_cycle();
    driver.now_ms = now_ms;
    driver.run();
    assert_eq!((driver.completed(), driver.received()), (vec![1], vec![1]));
}
