//! Queues of cards: fed to their links, and emptied when a card goes.

use libetp::{Domain, Verdict, VerdictCode};

use super::card::{CardQueue, ForCard};
use super::effect::Effect;
use super::shard::Shard;

impl Shard {
    pub(super) fn card_queue(&mut self, domain: Domain) -> &mut CardQueue {
        let limits = &self.shared.limits;
        self.cards
            .entry(domain)
            .or_insert_with(|| CardQueue::new(limits))
    }

    /// Gives the link what it takes.
    pub(super) fn feed_card(&mut self, domain: Domain) {
        while let Some((number, message)) = self.card_queue(domain).give() {
            self.effects.push(Effect::ToCard(domain, number, message));
        }
    }

    /// The card is live: first it learns which ids ended without it.
    pub(super) fn card_attached(&mut self, domain: Domain) {
        for id in self.ended.remove(&domain).unwrap_or_default() {
            self.ended(id);
        }
        self.feed_card(domain);
    }

    /// The card is gone: everything that waited for it goes back.
    pub(super) fn card_detached(&mut self, domain: Domain, code: VerdictCode) {
        for (item, was_given) in self.card_queue(domain).clear() {
            let verdict = match was_given {
                true => {
                    let detail = "the card went and had not confirmed it";
                    self.refusal("not-taken", VerdictCode::Unknown, detail)
                }
                false => self.refusal(code.name(), code, "the card takes no messages now"),
            };
            self.return_from_card(&item, &verdict);
        }
        self.fail_acquires_of(domain);
    }

    pub(super) fn card_done(&mut self, domain: Domain, number: u64, verdict: Option<Verdict>) {
        let Some(item) = self.card_queue(domain).done(number) else {
            return;
        };
        match verdict {
            None => {
                self.taken_messages += 1;
                self.accounts.unpin(item.account, item.load());
            }
            Some(verdict) => {
                self.counters.add(verdict.code.name());
                self.return_from_card(&item, &verdict);
            }
        }
        self.feed_card(domain);
    }

    fn return_from_card(&mut self, item: &ForCard, verdict: &Verdict) {
        let sender = self.accounts.sender(item.account);
        self.accounts.unpin(item.account, item.load());
        if item.message.header.mtype == libetp::Mtype::CAPABILITY_ENDED {
            // The card may be the same when it comes back, with what it knew.
            let ended = libetp::codec::from_slice::<libetp::params::runtime::CapabilityEnded>(
                &item.message.param,
            );
            return ended.map_or((), |ended| self.remember_ended(ended.id));
        }
        self.give_back(item.back, sender, &item.message, verdict);
    }
}
