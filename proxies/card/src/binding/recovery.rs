//! What a binding does after a fault: find out whether the last command was carried out, and
//! send again exactly what was not.

use libetp::exchange::{ReplyError, SelectReply, StatusWord};

use super::faults::Remedy;
use super::flight::{Flight, Run};
use super::{Binding, poll_at_ms};
use crate::event::{CardEvent, FailReason, GoneReason};
use crate::link::LinkError;

impl Binding {
    pub(super) fn link_failed(&mut self, now_ms: u64, error: LinkError) {
        match error {
            LinkError::Gone(why) => self.lost(now_ms, GoneReason::Link(why)),
            LinkError::Absent(why) => self.absent(now_ms, why),
            LinkError::Reset => {
                self.run = None;
                self.fault(now_ms, error.to_string());
            }
            LinkError::Lost(_) => self.fault(now_ms, error.to_string()),
        }
    }

    /// The card answered EXCHANGE with a status word that says that it was not carried out.
    pub(super) fn refused(&mut self, now_ms: u64, status: StatusWord) {
        self.run = None;
        let session_lost = [
            StatusWord::DESYNCHRONISED,
            StatusWord::NOT_SELECTED,
            StatusWord::UNKNOWN_INSTRUCTION,
            StatusWord::UNKNOWN_CLASS,
        ]
        .contains(&status);
        if let Some(flight) = self.flight.as_mut().filter(|_| !session_lost) {
            flight.refusal = Some(status);
        }
        self.fault(now_ms, ReplyError::Status(status).to_string());
        self.reset_due |= status == StatusWord::FAILED;
    }

    pub(super) fn selected(&mut self, now_ms: u64, reply: Result<SelectReply, ReplyError>) {
        let reply = match reply {
            Ok(reply) => reply,
            Err(error @ ReplyError::Version(_)) => {
                return self.give_up(GoneReason::Incompatible(error.to_string()));
            }
            Err(error) => return self.fault(now_ms, error.to_string()),
        };
        let is = reply.domain;
        match *self.domain.get_or_insert(is) {
            was if was != is => self.another(now_ms, was, is),
            _ => self.begin_run(now_ms, reply),
        }
    }

    fn begin_run(&mut self, now_ms: u64, reply: SelectReply) {
        self.absence = None;
        self.believe_numbers(reply.generation);
        let run = Run::new(&reply, self.command_bytes_max);
        self.run = Some(run);
        self.events.push(CardEvent::Selected(reply));
        // The answers to what was under way are queued in the card, and so are those that were not confirmed.
        self.poll_at_ms = match self.flight.is_some() {
            true => Some(now_ms),
            false => poll_at_ms(now_ms, reply.next_ms),
        };
        self.resume(run, &reply);
    }

    /// A command's messages are done, or go again, or one of them is at fault.
    pub(super) fn decide(&mut self, flight: Flight, was_executed: bool) {
        match (was_executed, flight.refusal) {
            (true, _) => self.complete(flight),
            (false, Some(status)) => self.blame(flight, status),
            (false, None) => self.requeue(flight, false),
        }
    }

    /// Finds the message for which the card refused a command: alone, it is at fault.
    fn blame(&mut self, flight: Flight, status: StatusWord) {
        let card_failed = status == StatusWord::FAILED;
        match flight.carried.as_slice() {
            [one] if one.failed || !card_failed => {
                let number = one.number;
                self.alone = self.alone.saturating_sub(1);
                self.fail(number, FailReason::Refused(status));
                if !card_failed {
                    self.faults.clear();
                }
            }
            several => {
                self.alone = self.alone.max(several.len());
                self.requeue(flight, card_failed);
            }
        }
    }

    fn requeue(&mut self, flight: Flight, card_failed: bool) {
        for mut queued in flight.carried.into_iter().rev() {
            queued.failed |= card_failed;
            self.queue.push_front(queued);
        }
    }

    pub(super) fn fault(&mut self, now_ms: u64, last: String) {
        if let Some(faults) = self.too_many_faults(now_ms) {
            self.lost(now_ms, GoneReason::Faults { faults, last });
        }
    }

    /// One fault more: what is to be tried against it, or how many there were if it was the last.
    fn too_many_faults(&mut self, now_ms: u64) -> Option<u32> {
        match self.faults.add(now_ms) {
            Remedy::Retry(at_ms) => self.not_before_ms = at_ms,
            Remedy::Reset(at_ms) => {
                self.not_before_ms = at_ms;
                self.reset_due = true;
            }
            Remedy::GiveUp(faults) => return Some(faults),
        }
        None
    }
}

/// The largest number that a message can have at this generation.
pub(super) fn last_number_of(generation: u64) -> u64 {
    generation.saturating_mul(1 << 16) | 0xFFFF
}
