//! A card that is not there now: what is queued waits for it, for a time.

use super::Binding;
use crate::event::CardEvent;

/// There is no card.
#[derive(Debug)]
pub(super) struct Absence {
    why: String,
    /// When what is queued has waited long enough.
    until_ms: u64,
    /// Whether it has, and was failed.
    is_overdue: bool,
    /// Whether one came, which has not answered SELECT yet.
    is_found: bool,
}

impl Binding {
    /// How long what is queued waits for a card that is not there, in milliseconds; 0 at first.
    pub fn wait_for_card(&mut self, absent_ms_max: u64) {
        self.absent_ms_max = absent_ms_max;
    }

    /// Whether there is no card now.
    pub fn is_absent(&self) -> bool {
        self.absence.is_some()
    }

    /// There is a card again, or a way to one. It is reset, and selected as if it were new.
    pub fn found(&mut self) {
        if let Some(absence) = &mut self.absence {
            absence.is_found = true;
            self.reset_due = true;
        }
    }

    /// The link says that there is no card. Everything queued is kept; what was under way may have been
    /// carried out, which the next SELECT tells.
    pub(super) fn absent(&mut self, now_ms: u64, why: String) {
        self.run = None;
        self.reset_due = false;
        self.not_before_ms = 0;
        self.faults.clear();
        let before = self.absence.take();
        let is_news = before.as_ref().is_none_or(|before| before.why != why);
        if is_news {
            self.events.push(CardEvent::Absent(why.clone()));
        }
        let (until_ms, is_overdue) = match before {
            Some(before) => (before.until_ms, before.is_overdue),
            None => (now_ms.saturating_add(self.absent_ms_max), false),
        };
        self.absence = Some(Absence {
            why,
            until_ms,
            is_overdue,
            is_found: false,
        });
    }

    pub(super) fn is_overdue(&self) -> bool {
        self.absence.as_ref().is_some_and(|it| it.is_overdue)
    }

    /// Until when there is nothing to do but to wait for the card; `None` if there is one. What has waited
    /// long enough fails.
    pub(super) fn absent_until(&mut self, now_ms: u64) -> Option<Option<u64>> {
        let absence = self.absence.as_mut().filter(|it| !it.is_found)?;
        if !absence.is_overdue && now_ms >= absence.until_ms {
            absence.is_overdue = true;
            self.fail_everything();
            self.events.push(CardEvent::Overdue);
        }
        let absence = self.absence.as_ref()?;
        Some((!absence.is_overdue).then_some(absence.until_ms))
    }
}
