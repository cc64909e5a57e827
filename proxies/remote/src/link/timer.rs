//! What the passing of time does: every state of a link has a deadline.

use libetp::VerdictCode;

use super::error::{LinkError, LinkFault};
use super::{Link, LinkEffect, Now};
use crate::limits::LANES;

/// Longest time between two looks at the dates of certificates, because clocks are set.
const CERTIFICATE_LOOK_MS: u64 = 60_000;
/// How long a link stays open at its end after the last acknowledgement was handed over, so that
/// it arrives.
const LINGER_MS: u64 = 50;

impl Link {
    /// When [`Link::timeout`] should be called at the latest, in milliseconds of [`Now`].
    pub fn deadline_ms(&self, now: Now) -> Option<u64> {
        let greeting = self
            .connections
            .values()
            .filter(|connection| !connection.greeted);
        let hello = greeting.map(|connection| connection.hello_until_ms).min();
        let stalled = self
            .in_flight()
            .then(|| self.progress_ms + self.limits.stall_ms_max);
        let acks = self.inbound.iter().filter_map(|inbound| inbound.due_ms());
        // What is due already has woken its writer, which may wait for room.
        let acks = acks.filter(|due| *due > now.ms).min();
        let up = [stalled, acks, self.certificate_ms(now)];
        let up = up
            .into_iter()
            .flatten()
            .min()
            .filter(|_| self.current.is_some());
        let waiting = self
            .oldest_ms()
            .map(|oldest| oldest + self.limits.queue_ms_max);
        let waiting = waiting.filter(|_| self.current.is_none());
        let all = [
            self.dialling.deadline_ms(),
            hello,
            up,
            waiting,
            self.ending_ms(),
        ];
        all.into_iter().flatten().min()
    }

    /// Does whatever is due.
    pub fn timeout(&mut self, now: Now) {
        self.judge_dialling(now);
        self.judge_connections(now);
        self.judge_current(now);
        self.judge_waiting(now);
        self.judge_ending(now);
    }

    fn judge_dialling(&mut self, now: Now) {
        if let Some(attempt) = self.dialling.overdue(now.ms) {
            self.effects.push_back(LinkEffect::Abandon(attempt));
            self.counts.last_reason = "no answer".to_owned();
            self.dial_again(now);
        }
        if let Some(attempt) = self.dialling.begin(now.ms, &self.limits) {
            self.effects.push_back(LinkEffect::Dial(attempt));
        }
    }

    fn judge_connections(&mut self, now: Now) {
        let all = self.connections.iter();
        let late = all.filter(|(_, c)| !c.greeted && c.hello_until_ms <= now.ms);
        let late: Vec<_> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.fail(
                now,
                id,
                LinkFault::new(LinkError::HelloTimeout, "no hello in time"),
            );
        }
    }

    fn judge_current(&mut self, now: Now) {
        let Some(id) = self.current else { return };
        let ends = self
            .connections
            .get(&id)
            .map(|connection| connection.ends_unix_s);
        if let Some(ends) = ends.filter(|ends| now.unix_s > *ends) {
            let detail = format!("a certificate ended at Unix time {ends}");
            self.fail(now, id, LinkFault::new(LinkError::CertificateEnded, detail));
        } else if self.in_flight() && self.progress_ms + self.limits.stall_ms_max <= now.ms {
            let detail = format!("nothing acknowledged for {} ms", self.limits.stall_ms_max);
            self.fail(now, id, LinkFault::new(LinkError::Stalled, detail));
        }
    }

    /// While the link is down, messages do not wait for ever.
    fn judge_waiting(&mut self, now: Now) {
        let before = now.ms.checked_sub(self.limits.queue_ms_max);
        let Some(before) = before.filter(|_| self.current.is_none()) else {
            return;
        };
        for lane in 0..LANES {
            while let Some(given_up) = self.lanes[lane].expire(before) {
                let (code, detail) = match given_up.sent {
                    true => (
                        VerdictCode::Unknown,
                        "the link was lost before it acknowledged",
                    ),
                    false => (VerdictCode::HostUnreachable, "no link to the host in time"),
                };
                self.give_up(given_up.item, code, detail);
            }
        }
    }

    /// Ends the link when nothing has been under way for a moment, or when time is up.
    pub(super) fn judge_ending(&mut self, now: Now) {
        let quiet = self.is_quiet();
        let Some(ending) = self.ending.as_mut().filter(|ending| !ending.finished) else {
            return;
        };
        let quiet_ms = quiet.then(|| ending.quiet_ms.unwrap_or(now.ms));
        ending.quiet_ms = quiet_ms;
        let lingered = quiet_ms.is_some_and(|since| since + LINGER_MS <= now.ms);
        let open = self.current.is_some();
        if open && !lingered && now.ms < ending.until_ms {
            return;
        }
        ending.finished = true;
        if let Some(id) = self.current {
            self.fail(
                now,
                id,
                LinkFault::new(LinkError::ShuttingDown, "this host ends"),
            );
        }
        self.give_everything_up();
        self.effects.push_back(LinkEffect::Finished);
    }

    /// Whether nothing is under way in either direction, as far as this side can know.
    fn is_quiet(&self) -> bool {
        let told = self.current.and_then(|id| self.connections.get(&id));
        let owed = self
            .inbound
            .iter()
            .any(|inbound| inbound.due_ms().is_some());
        let waiting = self.queued().0 > 0 || self.verdicts.len() > 0;
        !owed && !waiting && !told.is_some_and(|current| current.closing_pending)
    }

    fn give_everything_up(&mut self) {
        for lane in 0..LANES {
            while let Some(given_up) = self.lanes[lane].expire(u64::MAX) {
                let code = match given_up.sent {
                    true => VerdictCode::Unknown,
                    false => VerdictCode::ShuttingDown,
                };
                self.give_up(given_up.item, code, "this host ends");
            }
        }
    }

    fn oldest_ms(&self) -> Option<u64> {
        self.lanes.iter().filter_map(|lane| lane.oldest_ms()).min()
    }

    fn ending_ms(&self) -> Option<u64> {
        let ending = self.ending.filter(|ending| !ending.finished)?;
        let lingered = ending.quiet_ms.map(|since| since + LINGER_MS);
        Some(lingered.map_or(ending.until_ms, |lingered| lingered.min(ending.until_ms)))
    }

    fn certificate_ms(&self, now: Now) -> Option<u64> {
        let current = self.current.and_then(|id| self.connections.get(&id))?;
        let left_ms = (current.ends_unix_s + 1)
            .saturating_sub(now.unix_s)
            .saturating_mul(1_000);
        Some(now.ms + left_ms.min(CERTIFICATE_LOOK_MS))
    }
}
