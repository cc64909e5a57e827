//! Whether a state breaks a rule.

use std::rc::Rc;

use super::{Space, State};
use crate::explore::cast::{ACTORS, CARDS};
use crate::explore::recover;
use crate::explore::rules::{self, Card, Finding};

impl Space<'_> {
    /// The first broken rule of a state, of those that are looked for.
    pub(super) fn check(&mut self, state: &State) -> Option<Finding> {
        let only = self.only;
        let matters = move |finding: &Finding| only.is_none_or(|rule| finding.rule == rule);
        if let Some(finding) = &self.sent(state.sent).finding
            && matters(finding)
        {
            return Some(finding.clone());
        }
        if let Some(known) = self.findings.get(&state.locals) {
            return known.clone();
        }
        let mut found = self.with_cards(&state.locals, Self::check_cards);
        found.extend(recover::check(self, &state.locals));
        let found = found.into_iter().find(matters);
        self.findings.insert(state.locals, found.clone());
        found
    }

    /// What is wrong with both cards as they are.
    fn check_cards(&self, cards: &[Card<'_>; CARDS]) -> Vec<Finding> {
        let cast = self.machine.cast;
        let mut found: Vec<Finding> = rules::no_copies(&rules::counts(cast, &self.first, cards))
            .into_iter()
            .collect();
        for (card, actor) in cards.iter().zip(&cast.actors) {
            found.extend(rules::alone(
                cast,
                self.config.offers_to_x,
                actor.name,
                card,
            ));
        }
        found
    }

    /// Looks at both cards.
    pub(crate) fn with_cards<T>(
        &self,
        locals: &[u32; ACTORS],
        look: impl FnOnce(&Self, &[Card<'_>; CARDS]) -> T,
    ) -> T {
        let parts: [_; CARDS] = std::array::from_fn(|card| {
            let local = self.locals.thing(locals[card]);
            (
                Rc::clone(self.machine.view(card, local.memory)),
                Rc::clone(self.pasts.thing(local.past)),
            )
        });
        let cards = std::array::from_fn(|card| Card {
            view: &parts[card].0,
            history: &parts[card].1,
        });
        look(self, &cards)
    }
}
