//! What one gives and gets, and at which odds, in words.

use std::fmt::Write;
use std::ops::Deref;

use libetp::params::pals::{Description, Descriptor, ExchangeTerms};
use oncard_trustedpals::exchange::{self, Odds};
use oncard_trustedpals::session::Plan;
use pals::DescriptionWord;

use crate::session::program::{Failure, Kind};
use crate::session::setting::Setting;

/// An exchange that cards take.
pub(in crate::session) struct Deal {
    setting: Setting,
    plan: exchange::Plan,
}

impl Deref for Deal {
    type Target = Setting;

    fn deref(&self) -> &Setting {
        &self.setting
    }
}

impl Deal {
    /// Whether that is a session of this kind.
    pub(in crate::session) fn is_of(descriptor: &Descriptor) -> bool {
        ExchangeTerms::are_of(descriptor)
    }

    /// Of a descriptor, as the member with that key sees it.
    pub(in crate::session) fn new(descriptor: Descriptor, key: &[u8; 32]) -> Result<Self, Failure> {
        let setting = Setting::new(descriptor, key)?;
        match setting.terms.plan().clone() {
            Plan::Exchange(plan) => Ok(Self { setting, plan }),
            Plan::Computation(_) => {
                let text = "the session computes something, and exchanges nothing";
                Err(Failure::new(Kind::Usage, text))
            }
        }
    }

    /// What this member gives.
    pub(super) fn own(&self) -> DescriptionWord {
        DescriptionWord(self.plan.own().clone())
    }

    /// What the others give.
    fn gets(&self) -> impl Iterator<Item = &Description> {
        let items = self.plan.items().iter().enumerate();
        let others = items.filter(|(member, _)| *member != self.roster.me);
        others.map(|(_, item)| item)
    }

    /// Whether it is what this member wants, at odds that it takes. Who is not asked has to say `wants` for all.
    pub(super) fn check(
        &self,
        wants: &[DescriptionWord],
        slots_min: u32,
        is_unasked: bool,
    ) -> Result<(), Failure> {
        let Odds { window, slots } = self.plan.odds();
        if window > 0 && slots < slots_min {
            let text = format!("the moment is hidden in {slots} rounds, and you want {slots_min}");
            return Err(Failure::new(Kind::Usage, text).hint("--slots takes fewer"));
        }
        let mut gets: Vec<&Description> = self.gets().collect();
        for DescriptionWord(wanted) in wants {
            let at = gets.iter().position(|item| *item == wanted);
            let at = at.ok_or_else(|| not_given(wanted))?;
            gets.swap_remove(at);
        }
        match gets.first().filter(|_| is_unasked) {
            None => Ok(()),
            Some(item) => Err(unwanted(item)),
        }
    }

    /// All that there is to agree to.
    pub(super) fn text(&self) -> String {
        let mut text = format!("exchange among {} members:\n", self.roster.n());
        text += &self.roster.lines("  ");
        let _ = writeln!(text, "  You give {}.", self.own().sentence());
        for (member, item) in self.plan.items().iter().enumerate() {
            if let Some(name) = self
                .roster
                .name(member)
                .filter(|_| member != self.roster.me)
            {
                let sentence = DescriptionWord(item.clone()).sentence();
                let _ = writeln!(text, "  You get from {name} {sentence}.");
            }
        }
        let _ = writeln!(text, "  {}", self.promise());
        let time = self.time();
        let _ = writeln!(text, "  {time} It takes that long if somebody is missing.");
        let _ = writeln!(text, "  {}", self.cards(SOFTWARE));
        text
    }

    /// What is promised, and at which odds.
    fn promise(&self) -> String {
        let n = self.roster.n();
        let (corrupt, fewer) = (self.descriptor().corrupt, (n - 1) / 2);
        let Odds { window, slots } = self.plan.odds();
        let all = "All get all of it, or nobody gets anything.";
        match (window, n) {
            (0, _) => format!(
                "{all} That is certain if at most {fewer} of {n} hosts are corrupt or fail;\n  of more nothing is said."
            ),
            (_, 2) => format!(
                "{all} Of two hosts one is half: if the other one cheats as well as it can,\n  the odds that it gets \
                 your item and you nothing are {window} in {slots}."
            ),
            _ => format!(
                "{all} That is certain if at most {fewer} of {n} hosts are corrupt or fail.\n  If up to {corrupt} of \
                 them cheat together as well as they can, the odds that they get your item and you\n  nothing are \
                 {window} in {slots}."
            ),
        }
    }
}

fn not_given(wanted: &Description) -> Failure {
    let sentence = DescriptionWord(wanted.clone()).sentence();
    Failure::new(Kind::Usage, format!("nobody gives {sentence}"))
        .hint("agree on the items with the first member, who says what everybody gives")
}

fn unwanted(item: &Description) -> Failure {
    let word = DescriptionWord(item.clone());
    let text = format!("you would get {}, which you did not say", word.sentence());
    Failure::new(Kind::Usage, text).hint(format!("--wants {word}, or leave --yes out"))
}

/// What an exchange means that takes cards made of software.
const SOFTWARE: &str = "\
cards may be programs on their hosts. Each such host can see ALL items in the first rounds, and
  then see to it that nobody else gets any. To try things out, and among hosts that trust each other.";
