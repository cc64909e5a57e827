//! What is waited for, told on standard error when it changes.

use std::time::Duration;

use libetp::EntityId;
use libetp::client::Event;
use libetp::verdict::Verdict;

use super::settle::Plan;
use crate::commands::refresh;
use crate::mail::Wallet;
use crate::program::Failure;
use crate::values::{Hex32, named};

/// Whether the third party is there, as far as pings tell.
pub(super) struct Progress {
    contacts: Vec<Contact>,
}

/// One id of the third party.
struct Contact {
    id: EntityId,
    /// Numbers of the pings: the verdict on one may come many orders later.
    pings: Vec<u64>,
    reach: Option<Reach>,
}

#[derive(Clone, PartialEq, Eq)]
enum Reach {
    /// Nothing came back for [`refresh::PROBE_TIMEOUT`].
    Silent,
    Answers,
    Unreachable(Verdict),
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
        let contacts = ids.into_iter().map(Contact::new).collect();
        let progress = Self { contacts };
        let (order, number) = (plan.order.name(), plan.number);
        let (ids, seconds) = (progress.ids_text(), plan.timeout.as_secs());
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
        for contact in &mut self.contacts {
            let number = wallet.capability.queue_param(contact.id, &ping)?;
            contact.pings.push(number);
        }
        let contacts = &mut self.contacts;
        let over = wallet.watch(wait, |records, event| {
            contacts.iter_mut().for_each(|contact| contact.hear(event));
            records.is_final(n1)
        })?;
        if !over && wait >= refresh::PROBE_TIMEOUT {
            self.contacts.iter_mut().for_each(Contact::hear_nothing);
        }
        Ok(over)
    }

    /// Whether the third party is there to be waited for.
    pub(super) fn answers(&self) -> bool {
        let mut contacts = self.contacts.iter();
        contacts.any(|contact| contact.reach == Some(Reach::Answers))
    }

    /// An id that cannot be reached, and why, if none can.
    pub(super) fn unreachable(&self) -> Option<(EntityId, &Verdict)> {
        let verdicts: Option<Vec<_>> = self.contacts.iter().map(Contact::verdict).collect();
        verdicts?.into_iter().next()
    }

    /// The ids, to follow "third party".
    pub(super) fn ids_text(&self) -> String {
        let ids = self.contacts.iter().map(|contact| named(contact.id));
        match self.contacts.is_empty() {
            true => String::new(),
            false => format!(" {}", ids.collect::<Vec<_>>().join(", ")),
        }
    }
}

impl Contact {
    fn new(id: EntityId) -> Self {
        let pings = Vec::new();
        let reach = None;
        Self { id, pings, reach }
    }

    fn hear(&mut self, event: Option<&Event>) {
        match event {
            Some(Event::Delivery(delivery)) if refresh::is_pong(delivery, self.id) => {
                self.turn(Reach::Answers);
            }
            Some(Event::Undelivered(told)) if self.pings.contains(&told.number) => {
                self.turn(Reach::Unreachable(told.verdict.clone()));
            }
            _ => {}
        }
    }

    fn hear_nothing(&mut self) {
        if self.reach.is_none() {
            self.turn(Reach::Silent);
        }
    }

    fn verdict(&self) -> Option<(EntityId, &Verdict)> {
        match &self.reach {
            Some(Reach::Unreachable(verdict)) => Some((self.id, verdict)),
            _ => None,
        }
    }

    fn turn(&mut self, reach: Reach) {
        if self.reach.as_ref() != Some(&reach) {
            let id = named(self.id);
            match &reach {
                Reach::Silent => eprintln!("wallet: the third party {id} is silent; asking again"),
                Reach::Answers => {
                    eprintln!("wallet: the third party {id} can be reached; waiting for its word");
                }
                Reach::Unreachable(verdict) => eprintln!(
                    "wallet: the third party {id} cannot be reached: {verdict}; asking again"
                ),
            }
            self.reach = Some(reach);
        }
    }
}
