//! What is for a card is given to no other, whatever that says of itself.

mod support;

use card_proxy::{Action, CardEvent, CardSettings, CardThread, FailReason, GoneReason, LinkError};
use libetp::exchange::{COMMAND_MESSAGES_MAX, ONLY_WHEN_SPOKEN_TO_MS, SelectReply};
use std::sync::mpsc::channel;
use support::{CHALLENGES, DOMAIN, Driver, ModelCard, order, settings};

fn driver() -> Driver<ModelCard> {
    let mut driver = Driver::proving(ModelCard::default(), settings());
    driver.binding.wait_for_card(u64::MAX);
    driver
}

/// Puts another card in the place of the one that is there, whose power is gone.
fn swap(driver: &mut Driver<ModelCard>, card: ModelCard) -> ModelCard {
    let mut pulled = std::mem::replace(&mut driver.link, card);
    pulled.power_cycle();
    driver
        .binding
        .disturbed(driver.now_ms, LinkError::Absent("pulled".into()));
    driver.binding.checked(driver.now_ms, Ok(()));
    pulled
}

/// A card that says it is the one that was pulled.
fn liar(boot: u64) -> ModelCard {
    let mut card = ModelCard::default();
    card.boot = boot;
    card
}

#[test]
fn nothing_but_the_challenge_goes_to_a_card_that_proved_nothing() {
    let mut driver = driver();
    driver.is_right = false;
    driver.binding.queue(1, order(1, 8));
    driver.run();
    assert_eq!(driver.link.executed, [CHALLENGES + 1]);
    assert!(driver.binding.is_held() && !driver.binding.is_drained());
    assert_eq!(driver.binding.next(driver.now_ms), Action::Idle);
    driver.binding.prove([9; 8]);
    assert!(driver.binding.is_held(), "that was another one");
    driver.is_right = true;
    let old = driver.link.boot;
    driver.link.power_cycle();
    driver.binding.disturbed(driver.now_ms, LinkError::Reset);
    driver.run();
    assert_eq!(driver.completed(), [1]);
    assert_ne!(driver.link.boot, old);
}

#[test]
fn a_liar_in_the_place_of_a_card_is_given_nothing_and_the_card_everything_once() {
    // Whether the card carried out what was under way when it was pulled.
    for was_carried_out in [false, true] {
        let mut driver = driver();
        driver.run();
        driver.binding.queue(1, order(1, 8));
        let Action::Transmit { command, .. } = driver.binding.next(0) else {
            panic!("a message is due")
        };
        if was_carried_out {
            driver.link.transmit(command);
        }
        let absent = LinkError::Absent("pulled".into());
        driver.binding.completed(0, Err(absent));
        driver.binding.queue(2, order(2, 8));
        // Once it has power, it even names the boot id under which the card proved itself.
        let mut card = swap(&mut driver, liar(0));
        driver.is_right = false;
        driver.run();
        driver.binding.queue(3, order(3, 8));
        driver.run();
        assert_eq!(
            driver.link.carried_out(),
            [0; 0],
            "the liar is told nothing"
        );
        assert_eq!(driver.link.executed.len(), 1, "it was challenged");
        assert_eq!(driver.completed(), [0; 0]);
        // Another liar, which does not even answer.
        swap(&mut driver, liar(78));
        driver.step();
        driver.step();
        card.power_cycle();
        swap(&mut driver, card);
        driver.is_right = true;
        driver.run();
        assert_eq!(driver.link.carried_out(), [1, 2, 3]);
        assert_eq!(driver.completed(), [1, 2, 3]);
        assert_eq!(driver.received(), [1, 2, 3]);
    }
}

#[test]
fn what_a_liar_says_hides_nothing_that_the_card_says_later() {
    let mut driver = driver();
    driver.run();
    driver.binding.queue(1, order(1, 8));
    let Action::Transmit { command, .. } = driver.binding.next(0) else {
        panic!("a message is due")
    };
    driver.link.transmit(command);
    let mut other = Driver::new(liar(77), settings());
    for number in 0..50 {
        other.binding.queue(number, order(number, 8));
        other.run();
    }
    let card = swap(&mut driver, other.link);
    driver.is_right = false;
    driver.run();
    swap(&mut driver, card);
    driver.is_right = true;
    driver.run();
    // What was unconfirmed at the liar comes first.
    assert_eq!(driver.received(), [49, 1]);
    assert_eq!(driver.link.carried_out(), [1]);
}

/// The word that the card proved itself comes late: something else was asked meanwhile, and has told of the
/// last command what it liked.
#[test]
fn a_proof_that_comes_late_makes_nobody_elses_word_true() {
    let mut driver = driver();
    driver.run();
    driver.binding.queue(1, order(1, 8));
    let absent = LinkError::Absent("pulled".into());
    assert!(matches!(driver.binding.next(0), Action::Transmit { .. }));
    driver.binding.completed(0, Err(absent));
    driver.is_right = false;
    driver.binding.checked(0, Ok(()));
    driver.run();
    let proved = driver.link.boot.to_be_bytes();
    // It says that it carried out what it was never given.
    let reply = SelectReply {
        same_session: true,
        last_sequence: 1,
        domain: DOMAIN,
        max_command_data: 65_535,
        max_message: 65_524,
        boot_id: [9; 8],
        generation: 1 << 20,
        next_ms: ONLY_WHEN_SPOKEN_TO_MS,
    };
    let said = [&reply.to_data()[..], &[0x90, 0]].concat();
    driver.binding.disturbed(driver.now_ms, LinkError::Reset);
    driver.binding.completed(driver.now_ms, Ok(&said));
    driver.binding.disturbed(driver.now_ms, LinkError::Reset);
    driver.binding.prove(proved);
    driver.is_right = true;
    driver.run();
    assert_eq!(driver.link.carried_out(), [1]);
}

/// One that proves nothing again and again takes no time from what waits, and gives none.
#[test]
fn a_card_that_proves_nothing_has_not_come_back() {
    const WAIT_MS: u64 = 5_000;
    let mut driver = driver();
    driver.run();
    driver.binding.wait_for_card(WAIT_MS);
    driver.binding.queue(1, order(1, 8));
    let card = swap(&mut driver, liar(77));
    driver.is_right = false;
    driver.run();
    driver.now_ms = WAIT_MS - 1;
    swap(&mut driver, liar(78));
    driver.run();
    driver.now_ms = WAIT_MS;
    let absent = LinkError::Absent("pulled".into());
    driver.binding.disturbed(WAIT_MS, absent);
    assert_eq!(driver.binding.next(WAIT_MS), Action::AwaitCard(None));
    driver.run();
    let reason = FailReason::Gone;
    let told = [CardEvent::Failed { number: 1, reason }, CardEvent::Overdue];
    assert!(driver.events.ends_with(&told), "{:?}", driver.events);
    drop(card);
}

/// The challenge passes what waits, however much that is; and an end does not wait for a proof.
#[test]
fn a_thread_challenges_its_card_before_it_gives_it_what_waits() {
    const WAITING: u64 = COMMAND_MESSAGES_MAX as u64 * 2;
    for is_right in [true, false] {
        let (tell, events) = channel();
        let settings = CardSettings {
            demands_proof: true,
            ..CardSettings::default()
        };
        let thread = CardThread::spawn("card", ModelCard::default(), settings, move |event| {
            let _ = tell.send(event);
        });
        let thread = thread.unwrap();
        let sender = thread.sender();
        for number in 1..=WAITING {
            sender.try_send(number, order(number, 8)).unwrap();
        }
        let mut boot_id = None;
        let mut seen = Vec::new();
        while seen.len() < 1 + is_right as usize * WAITING as usize {
            match events.recv().unwrap() {
                CardEvent::Selected(reply) => {
                    boot_id = Some(reply.boot_id);
                    let challenge = order(CHALLENGES, 8);
                    sender.challenge(CHALLENGES, challenge).unwrap();
                }
                CardEvent::Completed { number } => {
                    seen.push(number);
                    if is_right && number == CHALLENGES {
                        sender.prove(boot_id.unwrap());
                    }
                }
                _ => {}
            }
        }
        thread.shutdown().unwrap();
        let rest: Vec<_> = events.into_iter().collect();
        let failed = |event: &&CardEvent| matches!(event, CardEvent::Failed { .. });
        let failed = rest.iter().filter(failed).count() as u64;
        match is_right {
            true => assert_eq!(seen[1..], (1..=WAITING).collect::<Vec<_>>()),
            false => assert_eq!((seen.len(), failed), (1, WAITING)),
        }
        assert_eq!(seen[0], CHALLENGES);
        assert_eq!(rest.last(), Some(&CardEvent::Gone(GoneReason::Shutdown)));
    }
}
