//! Who may be heard still, in rounds that carry no values.
//!
//! Before the agreement of a session there are rounds that only keep the members busy, so that nobody can tell
//! from the traffic when the agreement is. What is omitted in them counts: a member that was not heard
//! once is not trusted any more, and a card that too few trust halts.

use crate::members::Members;
use crate::uic::Config;

/// Whom a member trusts, round by round; the rules are those of [`crate::uic`], with no values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trust {
    config: Config,
    trusted: Members,
    has_halted: bool,
}

impl Trust {
    /// Before the first round all are trusted.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            trusted: Members::first(config.n()),
            has_halted: false,
        }
    }

    /// Whom it trusts: what to send to every other member, and where the agreement starts from. `None` if the
    /// card halted: its own host omits messages.
    pub fn trusted(&self) -> Option<Members> {
        (!self.has_halted).then_some(self.trusted)
    }

    /// Ends a round with whom each member said that it trusts, by sender.
    pub fn step(&mut self, received: &[Option<Members>]) {
        let me = self.config.me();
        let own = Some(self.trusted);
        let said = |member: usize| match member == me {
            true => own,
            false => received.get(member).copied().flatten(),
        };
        let heard = self.trusted.iter().filter(|member| said(*member).is_some());
        let trusted: Members = heard.collect();
        let vouching = trusted.iter().filter_map(said).filter(|it| it.contains(me));
        let quorum = self.config.quorum();
        self.has_halted |= trusted.len() < quorum || vouching.count() < quorum;
        self.trusted = trusted;
    }
}
