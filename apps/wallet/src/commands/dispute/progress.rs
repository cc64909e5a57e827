//! What is waited for, told on standard error when it changes.

use std::time::Duration;

use libetp::EntityId;
use libetp::client::Event;
use libetp::verdict::Verdict;

use super::settle::Plan;
use crate::commands::refresh;
use crate::failure::Failure;
use crate::mail::Wallet;
use crate::values::{Hex32, named};

/// Whether the third party is there, as far as pings tell.
pub(super) struct Progress {
    ids: Vec<EntityId>,
    reach: Option<Reach>,
}

#[derive(Clone, PartialEq, Eq)]
enum Reach {
    Answers(EntityId),
    Unreachable(EntityId, Verdict),
}

impl Progress {
    /// Says what is ordered and who is waited for.
    pub(super) fn new(wallet: &Wallet, plan: &Plan) -> Self {
        let exchange = wallet.records.by_n1(plan.n1);
        let known = exchange.and_then(|exchange| exchange.third_party.as_ref());
        let ids = match plan.third_party_ids.is_empty() {
            true => known.map_or_else(Vec::new, |known| known.entity_ids()),
            false => plan.third_party_ids.clone(),
        };
        let progress = Self { ids, reach: None };
        let number = exchange.map_or(0, |exchange| exchange.number);
        let (order, ids, seconds) = (
            plan.order.name(),
            progress.ids_text(),
            plan.timeout.as_secs(),
        );
        eprintln!(
            "wallet: the card asks to {order} exchange {number}; waiting up to {seconds} s for the third party{ids}"
        );
        progress
    }

    /// Pings the third party and waits for the end of the exchange; false when time is up first.
    pub(super) fn watch(
        &mut self,
        wallet: &mut Wallet,
        n1: Hex32,
        wait: Duration,
    ) -> Result<bool, Failure> {
        let ping = refresh::ping()?;
        let mut pings = Vec::new();
        for id in &self.ids {
            pings.push((wallet.capability.queue_param(*id, &ping)?, *id));
        }
        wallet.watch(wait, |records, event| {
            if let Some(event) = event {
                self.hear(event, &pings);
            }
            records.is_final(n1)
        })
    }

    /// Which id cannot be reached, and why, unless another answers.
    pub(super) fn unreachable(&self) -> Option<(EntityId, &Verdict)> {
        match &self.reach {
            Some(Reach::Unreachable(id, verdict)) => Some((*id, verdict)),
            _ => None,
        }
    }

    /// The ids, to follow "third party".
    pub(super) fn ids_text(&self) -> String {
        let ids: Vec<String> = self.ids.iter().map(|id| named(*id)).collect();
        match ids.is_empty() {
            true => String::new(),
            false => format!(" {}", ids.join(", ")),
        }
    }

    fn hear(&mut self, event: &Event, pings: &[(u64, EntityId)]) {
        let heard = match event {
            Event::Delivery(delivery) => {
                let from = self.ids.iter().find(|id| refresh::is_pong(delivery, **id));
                from.map(|id| Reach::Answers(*id))
            }
            Event::Undelivered(told) => {
                let of = pings.iter().find(|(number, _)| *number == told.number);
                of.map(|(_, id)| Reach::Unreachable(*id, told.verdict.clone()))
            }
        };
        if let Some(heard) = heard
            && self.reach.as_ref() != Some(&heard)
        {
            heard.tell();
            self.reach = Some(heard);
        }
    }
}

impl Reach {
    fn tell(&self) {
        match self {
            Self::Answers(id) => eprintln!(
                "wallet: the third party {} can be reached; waiting for its word",
                named(*id)
            ),
            Self::Unreachable(id, verdict) => eprintln!(
                "wallet: the third party {} cannot be reached: {verdict}; asking again",
                named(*id)
            ),
        }
    }
}
