//! The packets of a round, as they come.
//!
//! Rounds have no clock in a card: the host says when one ends. Members are not in step by more than a
//! round, if their hosts are correct: what is for the next round waits, what is late was not sent.

use alloc::vec::Vec;

use crate::members::Members;

/// Collects what comes in the current round and in the next one.
#[derive(Clone, Debug)]
pub struct Intake<M> {
    me: usize,
    /// The current round; 0 before the first.
    round: u32,
    now: Vec<Option<M>>,
    next: Vec<Option<M>>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It belongs to the current round or waits for the next.
    Kept,
    /// Its round is over: it counts as omitted.
    Late,
    /// Its round is further ahead than that of a member with a correct host can be.
    Ahead,
    /// There is one of the sender in that round already.
    Repeated,
    /// No other member sent it.
    Stranger,
}

impl<M> Intake<M> {
    /// For member `me` of `n`, before the first round.
    pub fn new(n: usize, me: usize) -> Self {
        let empty = || core::iter::repeat_with(|| None).take(n).collect();
        Self {
            me,
            round: 0,
            now: empty(),
            next: empty(),
        }
    }

    /// The current round; 0 before the first.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// A packet of a member came.
    pub fn accept(&mut self, from: usize, round: u32, packet: M) -> Fate {
        let row = match round.checked_sub(self.round) {
            None => return Fate::Late,
            // Nothing is sent in round 0.
            Some(0) if round == 0 => return Fate::Late,
            Some(0) => &mut self.now,
            Some(1) => &mut self.next,
            Some(_) => return Fate::Ahead,
        };
        match row.get_mut(from) {
            Some(place) if from != self.me => match place {
                Some(_) => Fate::Repeated,
                None => {
                    *place = Some(packet);
                    Fate::Kept
                }
            },
            _ => Fate::Stranger,
        }
    }

    /// Whether all others' packets of the current round are in: nothing is gained by waiting.
    pub fn is_complete(&self) -> bool {
        let mut others = (0..self.now.len()).filter(|from| *from != self.me);
        self.round > 0 && others.all(|from| self.now[from].is_some())
    }

    /// Whose packets of the current round are in; this member's own counts as such.
    pub fn present(&self) -> Members {
        let is_in = |from: &usize| *from == self.me || self.now[*from].is_some();
        (0..self.now.len()).filter(is_in).collect()
    }

    /// Ends the current round, or begins the first. What came in it, by sender.
    pub fn close(&mut self) -> Vec<Option<M>> {
        let empty = core::iter::repeat_with(|| None)
            .take(self.now.len())
            .collect();
        let next = core::mem::replace(&mut self.next, empty);
        self.round += 1;
        core::mem::replace(&mut self.now, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_takes_its_own_and_keeps_the_next_one_s() {
        let mut intake = Intake::new(3, 1);
        assert_eq!(intake.accept(0, 1, 'a'), Fate::Kept);
        assert_eq!(intake.accept(0, 2, 'b'), Fate::Ahead);
        assert_eq!(intake.accept(0, 0, 'c'), Fate::Late);
        assert!(!intake.is_complete());
        assert_eq!(intake.close(), [None, None, None]);
        assert_eq!(intake.accept(0, 2, 'd'), Fate::Kept);
        assert_eq!(intake.accept(2, 1, 'e'), Fate::Kept);
        assert!(intake.is_complete());
        assert_eq!(intake.close(), [Some('a'), None, Some('e')]);
        assert_eq!((intake.round(), intake.is_complete()), (2, false));
        assert_eq!(intake.accept(2, 1, 'f'), Fate::Late);
        assert_eq!(intake.close(), [Some('d'), None, None]);
    }

    #[test]
    fn each_other_member_has_one_packet_in_a_round() {
        let mut intake = Intake::new(2, 0);
        assert_eq!(intake.accept(1, 1, 'a'), Fate::Kept);
        assert_eq!(intake.accept(1, 1, 'b'), Fate::Repeated);
        assert_eq!(intake.accept(0, 1, 'c'), Fate::Stranger);
        assert_eq!(intake.accept(2, 1, 'd'), Fate::Stranger);
        intake.close();
        assert_eq!(intake.close(), [None, Some('a')]);
    }

    #[test]
    fn rounds_to_the_last_number_are_told_apart() {
        let mut intake = Intake::new(2, 0);
        intake.close();
        assert_eq!(intake.accept(1, u32::MAX, ()), Fate::Ahead);
    }
}
