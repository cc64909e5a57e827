//! A card that is not to be reached now: what is queued waits for it, for a time.

use libetp::Domain;

use super::Binding;
use crate::event::{Away, CardEvent, GoneReason};
use crate::link::LinkError;

/// The card is away.
#[derive(Debug)]
pub(super) struct Absence {
    why: Away,
    /// When what is queued has waited long enough.
    until_ms: u64,
    /// Whether it has, and was failed.
    is_overdue: bool,
    /// Whether the card is looked for by a reset and SELECT.
    is_tried: bool,
}

impl Binding {
    /// How long what is queued waits for a card that is away, in milliseconds; 0 at first. Only if it is
    /// more than 0 does a card whose link is lost count as away; else it is given up.
    pub fn wait_for_card(&mut self, away_ms_max: u64) {
        self.away_ms_max = away_ms_max;
    }

    /// Whether the card is away.
    pub fn is_away(&self) -> bool {
        self.absence.is_some()
    }

    /// What the link says while the card is away, as [`Link::check`](crate::Link::check) gives it.
    pub fn checked(&mut self, now_ms: u64, result: Result<(), LinkError>) {
        let Some(absence) = &mut self.absence else {
            return;
        };
        match result {
            // The one that is there is known to be another.
            Ok(()) if matches!(absence.why, Away::Another { .. }) => {}
            Ok(()) | Err(LinkError::Reset | LinkError::Lost(_)) => {
                absence.is_tried = true;
                self.reset_due = true;
            }
            Err(error) => self.link_failed(now_ms, error),
        }
    }

    /// There is no card. Everything queued is kept; what was under way may have been carried out, which the
    /// next SELECT tells.
    pub(super) fn absent(&mut self, now_ms: u64, why: String) {
        self.away(now_ms, Away::Absent(why));
    }

    /// The way to the card is lost, which is as if there were none; or the end, once nothing waits any more.
    pub(super) fn lost(&mut self, now_ms: u64, why: GoneReason) {
        match self.away_ms_max == 0 || self.is_overdue() {
            true => self.give_up(why),
            false => self.away(now_ms, Away::Lost(why)),
        }
    }

    /// Another card answered. It is given nothing; the one that was there may come back.
    pub(super) fn another(&mut self, now_ms: u64, was: Domain, is: Domain) {
        match self.away_ms_max {
            0 => self.give_up(GoneReason::AnotherCard { was, is }),
            _ => self.away(now_ms, Away::Another { was, is }),
        }
    }

    fn away(&mut self, now_ms: u64, why: Away) {
        self.run = None;
        if let Some(proof) = &mut self.proof {
            proof.forget();
        }
        self.reset_due = false;
        self.not_before_ms = 0;
        self.faults.clear();
        let before = self.absence.take();
        if before.as_ref().is_none_or(|before| before.why != why) {
            self.events.push(CardEvent::Away(why.clone()));
        }
        let since_ms = *self.away_since_ms.get_or_insert(now_ms);
        self.absence = Some(Absence {
            why,
            until_ms: since_ms.saturating_add(self.away_ms_max),
            is_overdue: before.is_some_and(|before| before.is_overdue),
            is_tried: false,
        });
    }

    pub(super) fn is_overdue(&self) -> bool {
        self.absence.as_ref().is_some_and(|it| it.is_overdue)
    }

    /// Until when there is nothing to do but to wait for the card; `None` if it is there or is looked for. What
    /// has waited long enough fails.
    pub(super) fn away_until(&mut self, now_ms: u64) -> Option<Option<u64>> {
        let absence = self.absence.as_mut()?;
        let is_due = !absence.is_overdue && now_ms >= absence.until_ms;
        if is_due {
            self.overdue();
        }
        let absence = self.absence.as_ref().filter(|it| !it.is_tried)?;
        Some((!absence.is_overdue).then_some(absence.until_ms))
    }

    fn overdue(&mut self) {
        self.fail_everything();
        self.events.push(CardEvent::Overdue);
        let absence = self.absence.as_mut();
        let lost = absence.and_then(|absence| {
            absence.is_overdue = true;
            match &absence.why {
                Away::Lost(why) => Some(why.clone()),
                Away::Absent(_) | Away::Another { .. } => None,
            }
        });
        if let Some(why) = lost {
            self.give_up(why);
        }
    }
}
