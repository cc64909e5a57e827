//! When a host ends the rounds of its card's session.
//!
//! The clock runs from when the host saw the session start. Round `r` ends when the packets of all members are in, and
//! at the latest `r + 2` rounds after the start, since links take the time of two; whenever the one before ended: a
//! deadline that counted from there would let one slow member make others look slow. In the work rounds the card
//! computes when the packets of the round have left. `docs/protocol/pals.md` describes what goes between host and card.

use std::time::Duration;

use libetp::digest::Hash;
use libetp::params::pals::{Compute, Descriptor, EXCHANGE_ENGINE, RoundOver, SessionState};

/// How long the host waits before it says again that a round is over, if the card had no room for packets.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// What to tell the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A round is over.
    End(RoundOver),
    /// The packets of a round have left.
    Compute(Compute),
}

/// The controller of a session. Times are on any clock that never goes back.
#[derive(Clone, Debug)]
pub struct Controller {
    /// All members, a bit each.
    all: u32,
    /// The first of the work rounds; exchanges have none.
    first_work: u32,
    round: Duration,
    started: Option<Started>,
}

#[derive(Clone, Debug)]
struct Started {
    session: Hash,
    at: Duration,
    /// The round that the card is in.
    round: u32,
    is_complete: bool,
    /// Rounds that were ended.
    ended: u32,
    /// The last round after whose beginning the card computed.
    computed: u32,
    /// When to end the round again that the card did not end for want of room.
    again: Option<Duration>,
}

impl Controller {
    /// For a session of that kind.
    pub fn new(descriptor: &Descriptor) -> Self {
        let n = descriptor.members.0.len() as u32;
        let agreed_after = descriptor
            .cover_rounds
            .saturating_add(u32::from(descriptor.corrupt) + 1);
        let first_work = match descriptor.engine == EXCHANGE_ENGINE {
            true => u32::MAX,
            false => agreed_after.saturating_add(1),
        };
        Self {
            all: u32::MAX.checked_shr(32 - n.min(32)).unwrap_or(0),
            first_work,
            round: Duration::from_millis(descriptor.round_ms.into()),
            started: None,
        }
    }

    /// The card said where it is.
    pub fn told(&mut self, state: &SessionState, now: Duration) {
        let Some(session) = state.session else {
            return;
        };
        let started = self.started.get_or_insert(Started {
            session,
            at: now,
            round: 0,
            is_complete: false,
            ended: 0,
            computed: 0,
            again: None,
        });
        if started.round != state.round {
            started.again = None;
        }
        started.round = state.round;
        started.is_complete = state.present & self.all == self.all;
    }

    /// The card had no room for the packets of the next round: the host has to take some messages first.
    pub fn had_no_room(&mut self, now: Duration) {
        if let Some(started) = self
            .started
            .as_mut()
            .filter(|started| started.ended > started.round)
        {
            started.ended = started.round;
            started.again = Some(now + AGAIN_AFTER);
        }
    }

    /// What to do now, if there is anything.
    pub fn next(&mut self, now: Duration) -> Option<Step> {
        let due = self.due()?;
        let started = self.started.as_mut()?;
        let (session, round) = (started.session, started.round);
        if round >= self.first_work && started.computed < round {
            started.computed = round;
            return Some(Step::Compute(Compute { session, round }));
        }
        let is_over = started.is_complete && started.again.is_none();
        if is_over || now >= due {
            started.ended = round + 1;
            started.again = None;
            return Some(Step::End(RoundOver { session, round }));
        }
        None
    }

    /// When there is something to do at the latest.
    pub fn due(&self) -> Option<Duration> {
        let started = self.started.as_ref()?;
        let last = started.at + self.round * started.round.saturating_add(2);
        let is_open = started.ended <= started.round;
        is_open.then(|| started.again.unwrap_or(last))
    }
}

#[cfg(test)]
mod tests {
    use libetp::codec::List;
    use libetp::params::pals::{Member, Stage};

    use super::*;

    const SESSION: Hash = [9; 32];
    const ALL: u32 = 0b111;
    const SOME: u32 = 0b101;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn controller() -> Controller {
        controller_of(3)
    }

    /// The rounds until the inputs are agreed on; the next is for work.
    const AGREED: u32 = 2;

    /// Rounds of 1,000 ms.
    fn controller_of(n: u8) -> Controller {
        Controller::new(&descriptor_of(n))
    }

    fn descriptor_of(n: u8) -> Descriptor {
        let member = |at: u8| Member {
            key: [at; 32],
            program: libetp::EntityId::from_bytes([at; 16]),
        };
        Descriptor {
            suite: 1,
            function: [0; 32],
            parameters: vec![],
            engine: String::new(),
            fuel: 1,
            slice: 1,
            memory_bytes: 0,
            members: List((1..=n).map(member).collect()),
            min_class: 0,
            code_hash: None,
            corrupt: 1,
            input_bytes: 8,
            cover_rounds: 0,
            round_ms: 1_000,
            start_skew_ms: 1,
            delay_ms: 1,
            drift_ppm: 0,
        }
    }

    fn state(round: u32, present: u32) -> SessionState {
        let stage = match round {
            0 => Stage::Linking,
            _ => Stage::Running,
        };
        SessionState {
            descriptor: [0; 32],
            session: Some(SESSION),
            stage: stage as u8,
            round,
            rounds: 9,
            present,
            missed: 0,
        }
    }

    fn end(round: u32) -> Option<Step> {
        let session = SESSION;
        Some(Step::End(RoundOver { session, round }))
    }

    fn compute(round: u32) -> Option<Step> {
        let session = SESSION;
        Some(Step::Compute(Compute { session, round }))
    }

    #[test]
    fn nothing_happens_before_the_start() {
        let mut controller = controller();
        let joining = SessionState {
            session: None,
            ..state(0, ALL)
        };
        controller.told(&joining, ms(0));
        assert_eq!(
            (controller.next(ms(99_999)), controller.due()),
            (None, None)
        );
    }

    #[test]
    fn a_round_ends_at_once_when_all_packets_are_in() {
        let mut controller = controller();
        controller.told(&state(0, ALL), ms(5));
        assert_eq!(controller.next(ms(5)), end(0));
        assert_eq!(controller.next(ms(99_999)), None, "once");
        controller.told(&state(1, SOME), ms(6));
        assert_eq!(controller.next(ms(7)), None);
        controller.told(&state(1, ALL), ms(8));
        assert_eq!(controller.next(ms(8)), end(1));
    }

    #[test]
    fn the_card_computes_once_in_each_work_round_and_in_no_other() {
        let mut controller = controller();
        for round in 0..=AGREED {
            controller.told(&state(round, ALL), ms(0));
            assert_eq!(controller.next(ms(0)), end(round));
        }
        for round in AGREED + 1..AGREED + 3 {
            controller.told(&state(round, SOME), ms(0));
            assert_eq!(controller.next(ms(0)), compute(round));
            assert_eq!(controller.next(ms(1)), None);
            controller.told(&state(round, ALL), ms(2));
            assert_eq!(controller.next(ms(2)), end(round));
        }
    }

    #[test]
    fn in_an_exchange_the_card_computes_nothing() {
        let mut controller = Controller::new(&Descriptor {
            engine: EXCHANGE_ENGINE.into(),
            ..descriptor_of(3)
        });
        for round in 0..AGREED + 3 {
            controller.told(&state(round, ALL), ms(0));
            assert_eq!(controller.next(ms(0)), end(round));
        }
    }

    #[test]
    fn a_packet_that_came_before_its_round_lets_the_card_compute_first() {
        let mut controller = controller();
        controller.told(&state(AGREED + 1, ALL), ms(0));
        assert_eq!(controller.next(ms(0)), compute(AGREED + 1));
        assert_eq!(controller.next(ms(0)), end(AGREED + 1));
    }

    /// The deadline of round r is r + 2 rounds after the start, however early the rounds before ended.
    #[test]
    fn deadlines_count_from_the_start_alone() {
        let mut controller = controller();
        controller.told(&state(0, SOME), ms(100));
        assert_eq!(controller.due(), Some(ms(2_100)));
        assert_eq!(controller.next(ms(2_099)), None);
        assert_eq!(controller.next(ms(2_100)), end(0));
        for round in 1..4 {
            let last = ms(100 + 1_000 * (u64::from(round) + 2));
            controller.told(&state(round, SOME), ms(2_101));
            if round > AGREED {
                assert_eq!(controller.next(ms(2_101)), compute(round));
            }
            assert_eq!(controller.due(), Some(last));
            assert_eq!(controller.next(last - ms(1)), None);
            assert_eq!(controller.next(last), end(round));
        }
    }

    #[test]
    fn a_state_that_crosses_the_end_of_its_round_does_not_end_it_twice() {
        let mut controller = controller();
        controller.told(&state(0, SOME), ms(0));
        assert_eq!(controller.next(ms(2_000)), end(0));
        controller.told(&state(0, ALL), ms(2_001));
        assert_eq!((controller.next(ms(2_001)), controller.due()), (None, None));
    }

    #[test]
    fn a_card_without_room_is_told_again_a_little_later() {
        let mut controller = controller();
        controller.told(&state(0, ALL), ms(0));
        controller.had_no_room(ms(0));
        assert_eq!(controller.next(ms(0)), end(0));
        controller.had_no_room(ms(1));
        assert_eq!(controller.next(ms(1)), None);
        let again = controller.due().unwrap();
        assert!(again > ms(1) && again < ms(1_000));
        assert_eq!(controller.next(again), end(0));
        assert_eq!(controller.next(again), None);
    }

    #[test]
    fn thirty_two_members_are_all_of_them() {
        let mut controller = controller_of(32);
        controller.told(&state(0, u32::MAX >> 1), ms(0));
        assert_eq!(controller.next(ms(0)), None);
        controller.told(&state(0, u32::MAX), ms(0));
        assert_eq!(controller.next(ms(0)), end(0));
    }
}
