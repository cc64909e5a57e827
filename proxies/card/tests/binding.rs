//! The binding at each of its rules.

mod support;

use card_proxy::{
    Action, ApduKind, BindingSettings, CardEvent, EMPTY_ANSWERS_MAX, FailReason, GoneReason, Link,
    LinkError, Reaction, ScriptedLink,
};
use libetp::exchange::{
    COMMAND_MESSAGES_MAX, ONLY_WHEN_SPOKEN_TO_MS, ReplyBuilder, SelectCommand, SelectReply,
    StatusWord,
};
use libetp::limits::{HEADER_LEN, MESSAGE_BYTES_MAX};
use libetp::{Domain, VerdictCode};
use support::{DOMAIN, Driver, ModelCard, SESSION, bare, order, settings};

fn driver(card: ModelCard) -> Driver<ModelCard> {
    Driver::new(card, settings())
}

fn failures(events: &[CardEvent]) -> Vec<(u64, FailReason)> {
    let failure = |event: &CardEvent| match event {
        CardEvent::Failed { number, reason } => Some((*number, reason.clone())),
        _ => None,
    };
    events.iter().filter_map(failure).collect()
}

fn select_response(next_ms: u16) -> Vec<u8> {
    let reply = SelectReply {
        same_session: false,
        last_sequence: 0xFF,
        domain: DOMAIN,
        max_command_data: 65_535,
        max_message: 65_524,
        boot_id: [1; 8],
        generation: 6,
        next_ms,
    };
    [reply.to_data(), bare(StatusWord::OK)].concat()
}

/// A response with these messages: the card's number of each, and the number it carries.
fn response(messages: &[(u64, u64)], next_ms: u16, status: StatusWord) -> Reaction {
    let mut reply = ReplyBuilder::default();
    for (at, number) in messages {
        assert!(reply.push(*at, &order(*number, 8).to_bytes()));
    }
    Reaction::AnswerAny(reply.finish(next_ms, status))
}

fn scripted(reactions: impl IntoIterator<Item = Reaction>) -> Driver<ScriptedLink> {
    let select = Reaction::Answer {
        command: SelectCommand { session: SESSION }.to_bytes(),
        response: select_response(ONLY_WHEN_SPOKEN_TO_MS),
    };
    let reactions = std::iter::once(select).chain(reactions);
    Driver::new(ScriptedLink::new(reactions), settings())
}

#[test]
fn a_request_answered_by_the_next_message_costs_one_apdu() {
    let mut driver = driver(ModelCard::default());
    driver.run();
    assert_eq!(driver.commands.len(), 1, "SELECT");
    for number in 1..=5 {
        driver.binding.queue(number, order(number, 8));
        driver.run();
        assert_eq!(driver.commands.len(), 1 + number as usize);
        assert_eq!(driver.received().last(), Some(&number));
    }
    assert_eq!(driver.completed(), [1, 2, 3, 4, 5]);
}

#[test]
fn messages_share_commands_up_to_the_sizes_of_the_card() {
    let mut card = ModelCard::default();
    card.max_command_data = 3 * 44;
    let mut driver = driver(card);
    (1..=7).for_each(|number| driver.binding.queue(number, order(number, 8)));
    driver.run();
    let lengths: Vec<_> = driver.commands[1..]
        .iter()
        .map(|command| command.len() - 9)
        .collect();
    assert_eq!(lengths, [3 * 44, 3 * 44, 44]);
    assert_eq!(driver.link.executed, [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_command_carries_a_bounded_number_of_messages() {
    let mut driver = driver(ModelCard::default());
    let count = COMMAND_MESSAGES_MAX as u64 + 1;
    (1..=count).for_each(|number| driver.binding.queue(number, order(number, 8)));
    driver.run();
    assert_eq!(driver.commands.len(), 3, "SELECT and two commands");
    assert_eq!(driver.completed(), (1..=count).collect::<Vec<_>>());
}

#[test]
fn a_message_past_the_limit_of_the_card_fails_and_no_other() {
    let mut card = ModelCard::default();
    card.max_message = 100;
    let mut driver = driver(card);
    let fits = 100 - HEADER_LEN;
    driver.binding.queue(1, order(1, fits + 1));
    driver.binding.queue(2, order(2, fits));
    driver.run();
    let [(1, reason)] = &failures(&driver.events)[..] else {
        panic!("{:?}", driver.events);
    };
    assert_eq!(*reason, FailReason::TooLarge { len: 101, max: 100 });
    assert_eq!(reason.verdict_code(), VerdictCode::TooLargeForCard);
    assert_eq!(driver.link.executed, [2]);
}

#[test]
fn the_limit_is_also_what_a_command_can_hold() {
    let mut card = ModelCard::default();
    card.max_command_data = 102;
    let mut driver = driver(card);
    driver.binding.queue(1, order(1, 100 - HEADER_LEN));
    driver.binding.queue(2, order(2, 101 - HEADER_LEN));
    driver.run();
    assert_eq!(driver.link.executed, [1]);
    let reason = FailReason::TooLarge { len: 101, max: 100 };
    assert_eq!(failures(&driver.events), [(2, reason)]);
}

#[test]
fn the_largest_message_is_one_command() {
    let mut driver = driver(ModelCard::default());
    driver
        .binding
        .queue(1, order(1, MESSAGE_BYTES_MAX - HEADER_LEN));
    driver.run();
    assert_eq!(driver.commands[1].len(), 65_535);
    assert_eq!(driver.completed(), [1]);
}

#[test]
fn status_91xx_is_continued_at_once_and_carries_what_waits() {
    let mut driver = scripted([
        response(
            &[(1 << 16, 1)],
            ONLY_WHEN_SPOKEN_TO_MS,
            StatusWord::more(42),
        ),
        response(
            &[(1 << 16 | 1, 2)],
            ONLY_WHEN_SPOKEN_TO_MS,
            StatusWord::more(42),
        ),
        response(&[(1 << 16 | 2, 3)], ONLY_WHEN_SPOKEN_TO_MS, StatusWord::OK),
    ]);
    driver.binding.queue(1, order(1, 8));
    driver.step();
    driver.step();
    driver.binding.queue(2, order(2, 8));
    driver.run();
    assert_eq!(driver.received(), [1, 2, 3]);
    assert_eq!(driver.completed(), [1, 2]);
    let sizes: Vec<_> = driver.commands[1..].iter().map(Vec::len).collect();
    assert_eq!(
        sizes,
        [9 + 44, 9 + 44, 7],
        "two that carry, and an empty one"
    );
    assert_eq!(driver.now_ms, 0, "no pause");
}

/// Announces more, over and over, and has nothing new.
fn lying(next_ms: u16, answers: u32, then: Vec<Reaction>) -> Driver<ScriptedLink> {
    let more = StatusWord::more(42);
    let old = (1 << 16, 1);
    let script = (0..answers).map(|at| match at % 2 {
        0 => response(&[], next_ms, more),
        _ => response(&[old], next_ms, more),
    });
    let mut driver = scripted(script.chain(then));
    driver.binding = card_proxy::Binding::new(BindingSettings {
        highest_seen: 1 << 16,
        ..settings()
    });
    driver.binding.queue(1, order(1, 8));
    driver
}

#[test]
fn a_card_that_announces_and_brings_nothing_is_asked_so_often_and_no_more() {
    let mut driver = lying(ONLY_WHEN_SPOKEN_TO_MS, 2 * EMPTY_ANSWERS_MAX, vec![]);
    driver.run();
    let asked = 1 + EMPTY_ANSWERS_MAX as usize;
    assert_eq!(driver.commands.len(), asked, "SELECT, and so many answers");
    assert_eq!(driver.completed(), [1]);
    // What it is sent is sent, and it has its chances anew.
    driver.binding.queue(2, order(2, 8));
    driver.run();
    assert_eq!(driver.commands.len(), asked + EMPTY_ANSWERS_MAX as usize);
    assert_eq!(driver.completed(), [1, 2]);
    assert!(driver.link.handle().surprises().is_empty());
}

#[test]
fn a_card_that_brings_something_at_last_is_asked_on() {
    let never = ONLY_WHEN_SPOKEN_TO_MS;
    let then = vec![
        response(&[(2 << 16, 2)], never, StatusWord::more(42)),
        response(&[(3 << 16, 3)], never, StatusWord::OK),
    ];
    let mut driver = lying(never, EMPTY_ANSWERS_MAX - 1, then);
    driver.run();
    assert_eq!(driver.received(), [2, 3]);
}

#[test]
fn a_card_that_wants_to_be_polled_is_polled_at_its_pace_once_it_announces_in_vain() {
    let mut driver = lying(50, EMPTY_ANSWERS_MAX + 1, vec![]);
    while driver.commands.len() < 2 + EMPTY_ANSWERS_MAX as usize {
        assert!(driver.step());
    }
    assert_eq!(driver.now_ms, 50, "one pause, before the last");
}

#[test]
fn repeats_are_dropped_by_their_number_across_restarts() {
    let script = [response(
        &[(5 << 16, 1), (5 << 16 | 1, 2), (6 << 16, 3)],
        ONLY_WHEN_SPOKEN_TO_MS,
        StatusWord::OK,
    )];
    let mut driver = scripted(script);
    let settings = BindingSettings {
        highest_seen: 5 << 16 | 1,
        ..settings()
    };
    driver.binding = card_proxy::Binding::new(settings);
    driver.binding.queue(1, order(1, 8));
    driver.run();
    assert_eq!(driver.received(), [3]);
    assert_eq!(driver.binding.highest_seen(), 6 << 16);
    assert_eq!(
        driver.binding.mtypes_out().len(),
        3,
        "carried, though dropped"
    );
}

/// Whatever said it: the card in its place or somebody on the way.
#[test]
fn a_number_that_cannot_be_hides_nothing_that_the_card_says_later() {
    let lie = response(&[(u64::MAX, 1)], ONLY_WHEN_SPOKEN_TO_MS, StatusWord::OK);
    let select = Reaction::Answer {
        command: SelectCommand { session: SESSION }.to_bytes(),
        response: select_response(ONLY_WHEN_SPOKEN_TO_MS),
    };
    let truth = response(&[(7 << 16, 2)], ONLY_WHEN_SPOKEN_TO_MS, StatusWord::OK);
    let mut driver = scripted([lie, Reaction::Fail(LinkError::Reset), select, truth]);
    driver.binding.queue(1, order(1, 8));
    driver.run();
    driver.binding.queue(2, order(2, 8));
    driver.run();
    assert_eq!(driver.received(), [1, 2]);
    assert_eq!(driver.binding.highest_seen(), 7 << 16);
}

#[test]
fn the_card_says_when_it_is_polled() {
    let mut driver = scripted([
        response(&[], 50, StatusWord::OK),
        response(&[], 0, StatusWord::OK),
        response(&[], ONLY_WHEN_SPOKEN_TO_MS, StatusWord::OK),
    ]);
    driver.binding.queue(1, order(1, 8));
    driver.step();
    driver.step();
    assert_eq!(driver.binding.next(0), Action::WaitUntil(50));
    driver.now_ms = 50;
    driver.step();
    assert_eq!(driver.commands[2].len(), 7, "an empty command");
    assert_eq!(
        driver.binding.next(50),
        Action::WaitUntil(51),
        "never at once"
    );
    driver.now_ms = 51;
    driver.step();
    assert_eq!(driver.binding.next(51), Action::Idle);
    assert_eq!(driver.link.handle().left(), 0);
}

#[test]
fn a_lost_response_is_asked_for_again_byte_for_byte() {
    let answer = response(&[(1 << 16, 1)], ONLY_WHEN_SPOKEN_TO_MS, StatusWord::OK);
    let lost = Reaction::Fail(LinkError::Lost("test".to_owned()));
    let mut driver = scripted([lost, answer]);
    driver.binding.queue(1, order(1, 8));
    driver.run();
    assert_eq!(driver.commands.len(), 3);
    assert_eq!(driver.commands[1], driver.commands[2]);
    assert_eq!(driver.resets, 0);
    assert_eq!(driver.completed(), [1]);
}

#[test]
fn a_refused_message_is_found_and_named_and_no_other_suffers() {
    let mut card = ModelCard::default();
    card.poison = Some((3, StatusWord::WRONG_DATA));
    let mut driver = driver(card);
    (1..=5).for_each(|number| driver.binding.queue(number, order(number, 8)));
    driver.run();
    let reason = FailReason::Refused(StatusWord::WRONG_DATA);
    assert_eq!(reason.verdict_code(), VerdictCode::Malformed);
    assert_eq!(failures(&driver.events), [(3, reason)]);
    assert_eq!(driver.link.executed, [1, 2, 4, 5]);
    assert_eq!(driver.completed(), [1, 2, 4, 5]);
    // What follows shares commands again.
    let before = driver.commands.len();
    (6..=9).for_each(|number| driver.binding.queue(number, order(number, 8)));
    driver.run();
    assert_eq!(driver.commands.len(), before + 1);
}

#[test]
fn a_message_that_makes_the_card_fail_is_tried_twice_with_a_reset() {
    let mut card = ModelCard::default();
    card.poison = Some((2, StatusWord::FAILED));
    let mut driver = driver(card);
    (1..=3).for_each(|number| driver.binding.queue(number, order(number, 8)));
    driver.run();
    let reason = FailReason::Refused(StatusWord::FAILED);
    assert_eq!(reason.verdict_code(), VerdictCode::CardGone);
    assert_eq!(failures(&driver.events), [(2, reason)]);
    assert_eq!(driver.link.executed, [1, 3]);
    assert!(driver.resets >= 2);
}

#[test]
fn another_card_in_the_place_of_the_first_ends_the_binding() {
    let mut driver = driver(ModelCard::default());
    driver.binding.queue(1, order(1, 8));
    driver.run();
    let is = Domain([2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    driver.link = ModelCard::default();
    driver.link.domain = is;
    driver.binding.queue(2, order(2, 8));
    driver.run();
    assert_eq!(failures(&driver.events), [(2, FailReason::Unknown)]);
    let gone = GoneReason::AnotherCard { was: DOMAIN, is };
    assert_eq!(driver.events.last(), Some(&CardEvent::Gone(gone)));
    assert!(driver.link.executed.is_empty());
}

#[test]
fn another_version_ends_the_binding_by_name() {
    let mut future = select_response(0);
    future[0] = 2;
    let mut driver = Driver::new(ScriptedLink::new([Reaction::AnswerAny(future)]), settings());
    driver.binding.queue(1, order(1, 8));
    driver.run();
    assert_eq!(failures(&driver.events), [(1, FailReason::Gone)]);
    let Some(CardEvent::Gone(GoneReason::Incompatible(words))) = driver.events.last() else {
        panic!("{:?}", driver.events);
    };
    assert!(words.contains("version 2"), "{words}");
}

#[test]
fn a_link_without_a_card_ends_the_binding_at_once() {
    let gone = Reaction::Fail(LinkError::Gone("removed".to_owned()));
    let mut driver = scripted([gone]);
    driver.run();
    driver.binding.queue(1, order(1, 8));
    driver.binding.queue(2, order(2, 8));
    driver.run();
    let unknown = FailReason::Unknown;
    assert_eq!(
        failures(&driver.events),
        [(1, unknown.clone()), (2, unknown)]
    );
    let reason = GoneReason::Link("removed".to_owned());
    assert_eq!(driver.events.last(), Some(&CardEvent::Gone(reason)));
    driver.binding.queue(3, order(3, 8));
    driver.run();
    assert_eq!(failures(&driver.events)[2], (3, FailReason::Gone));
}

/// Carries out commands, and loses each response in turn by a silent power cut.
struct Forgetful {
    card: ModelCard,
    count: usize,
    every: usize,
}

impl Link for Forgetful {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.count += 1;
        let response = self.card.transmit(command);
        if self.count.is_multiple_of(self.every) {
            self.card.power_cycle();
            return Err(LinkError::Lost("test".to_owned()));
        }
        Ok(response)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.card.power_cycle();
        Ok(())
    }
}

#[test]
fn sequence_numbers_wrap_around() {
    for every in [200, 255, 256, 257, 258, 300] {
        let mut card = ModelCard::default();
        card.max_command_data = 44;
        let link = Forgetful {
            card,
            count: 0,
            every,
        };
        let mut driver = Driver::new(link, settings());
        let numbers: Vec<u64> = (1..=1_500).collect();
        for &number in &numbers {
            driver.binding.queue(number, order(number, 8));
        }
        driver.run();
        assert_eq!(driver.link.card.executed, numbers, "every {every}");
        assert_eq!(driver.received(), numbers, "every {every}");
    }
}

#[test]
fn answers_whose_response_was_lost_are_fetched_at_once() {
    let link = Forgetful {
        card: ModelCard::default(),
        // The second command from now on: the one that carries the order.
        count: 98,
        every: 100,
    };
    let mut driver = Driver::new(link, settings());
    driver.binding.queue(1, order(1, 8));
    driver.run();
    assert_eq!(driver.link.card.executed, [1]);
    assert_eq!(driver.received(), [1]);
}

#[test]
fn the_action_stays_until_it_is_completed() {
    let mut driver = driver(ModelCard::default());
    let first = format!("{:?}", driver.binding.next(0));
    assert_eq!(format!("{:?}", driver.binding.next(5)), first);
    assert!(matches!(
        driver.binding.next(5),
        Action::Transmit {
            kind: ApduKind::Select,
            ..
        }
    ));
}
