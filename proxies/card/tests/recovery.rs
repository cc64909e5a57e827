//! No message is carried out twice or lost, and order is kept, whatever the link does.

mod support;

use card_proxy::{BindingSettings, CardEvent, GoneReason, Link, LinkError};
use libetp::exchange::StatusWord;
use proptest::prelude::*;
use support::{Driver, ModelCard, bare, order, settings};

/// What the link does to one command.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// The command does not reach the card.
    LoseCommand,
    /// The response does not reach the host.
    LoseResponse,
    /// As `LoseResponse`, as PC/SC shows it: success with no bytes.
    EmptyResponse,
    /// The response is cut off.
    CutResponse,
    /// Power is cut before the card sees the command, and the link says so.
    ResetBefore,
    /// Power is cut after the card carried the command out, and the link says so.
    ResetAfter,
    /// Power was cut and nobody says so: the card itself does not know the session.
    SilentReset,
    /// The card carried it out, lost power, and nobody says so.
    SilentResetAfter,
    /// Another program selected another application.
    Deselected,
}

struct FaultyLink {
    card: ModelCard,
    faults: std::vec::IntoIter<Fault>,
}

impl FaultyLink {
    fn lost() -> LinkError {
        LinkError::Lost("test".to_owned())
    }
}

impl Link for FaultyLink {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let fault = self.faults.next().unwrap_or(Fault::None);
        match fault {
            Fault::LoseCommand => return Err(Self::lost()),
            Fault::Deselected => return Ok(bare(StatusWord::UNKNOWN_INSTRUCTION)),
            Fault::ResetBefore => {
                self.card.power_cycle();
                return Err(LinkError::Reset);
            }
            Fault::SilentReset => self.card.power_cycle(),
            _ => {}
        }
        let response = self.card.transmit(command);
        if matches!(fault, Fault::ResetAfter | Fault::SilentResetAfter) {
            self.card.power_cycle();
        }
        match fault {
            Fault::LoseResponse => Err(Self::lost()),
            Fault::ResetAfter => Err(LinkError::Reset),
            Fault::EmptyResponse => Ok(Vec::new()),
            Fault::CutResponse => Ok(response[..response.len() / 2].to_vec()),
            _ => Ok(response),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.card.power_cycle();
        Ok(())
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::LoseCommand),
        1 => Just(Fault::LoseResponse),
        1 => Just(Fault::EmptyResponse),
        1 => Just(Fault::CutResponse),
        1 => Just(Fault::ResetBefore),
        1 => Just(Fault::ResetAfter),
        1 => Just(Fault::SilentReset),
        1 => Just(Fault::SilentResetAfter),
        1 => Just(Fault::Deselected),
    ]
}

/// How many messages are queued before each step.
fn batches() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0_usize..4, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn exactly_once_and_in_order(
        faults in proptest::collection::vec(fault(), 0..120),
        batches in batches(),
        max_command_data in prop_oneof![Just(65_535_u32), 44_u32..200],
        reply_messages_max in prop_oneof![Just(usize::MAX), 1_usize..4],
        is_proof_demanded in any::<bool>(),
    ) {
        let mut card = ModelCard::default();
        card.max_command_data = max_command_data;
        card.reply_messages_max = reply_messages_max;
        let link = FaultyLink { card, faults: faults.into_iter() };
        let settings = BindingSettings { faults_max: u32::MAX, ..settings() };
        let mut driver = match is_proof_demanded {
            true => Driver::proving(link, settings),
            false => Driver::new(link, settings),
        };
        let mut queued = Vec::new();
        for batch in batches {
            for _ in 0..batch {
                let number = queued.len() as u64 + 1;
                driver.binding.queue(number, order(number, 8));
                queued.push(number);
            }
            driver.step();
        }
        driver.run();
        // One more, over a link without faults left, fetches what an idle binding does not know of.
        driver.link.faults = Vec::new().into_iter();
        let last = queued.len() as u64 + 1;
        driver.binding.queue(last, order(last, 8));
        queued.push(last);
        driver.run();

        prop_assert_eq!(driver.link.card.carried_out(), queued.clone(), "carried out");
        prop_assert_eq!(driver.completed(), queued.clone(), "completed");
        prop_assert_eq!(driver.received(), queued, "answers");
    }

    /// The card is given up in bounded time, and every message has exactly one end.
    #[test]
    fn a_dead_link_ends_everything_once(
        alive in 0_usize..6,
        dead in fault().prop_filter("a fault", |fault| !matches!(fault, Fault::None)),
        messages in 1_u64..20,
    ) {
        let faults = [vec![Fault::None; alive], vec![dead; 1_000]].concat();
        let link = FaultyLink { card: ModelCard::default(), faults: faults.into_iter() };
        let mut driver = Driver::new(link, settings());
        for number in 1..=messages {
            driver.binding.queue(number, order(number, 8));
            driver.step();
        }
        driver.run();
        driver.binding.queue(messages + 1, order(messages + 1, 8));
        driver.run();
        let mut ends: Vec<u64> = driver.events.iter().filter_map(|event| match event {
            CardEvent::Completed { number } | CardEvent::Failed { number, .. } => Some(*number),
            _ => None,
        }).collect();
        ends.sort_unstable();
        prop_assert_eq!(ends, (1..=messages + 1).collect::<Vec<_>>());
        prop_assert!(driver.now_ms < 10_000);
        let gone = driver.events.iter().filter(|event| {
            matches!(event, CardEvent::Gone(GoneReason::Faults { .. }))
        });
        prop_assert!(gone.count() <= 1);
    }
}
