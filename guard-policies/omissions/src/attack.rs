//! How corrupt hosts play.

use crate::Set;

/// How corrupt hosts play. They all play together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// They do what they should.
    None,
    /// With each seed another way of losing messages.
    Random,
    /// They hand a value on among themselves, one in each round, and tell it nobody else before the last.
    Chain,
    /// They lose messages in one direction only, to or from one other member, from a round on.
    OneWay,
    /// They lose one message in so many.
    Loses(u32),
    /// They lose chosen messages from a chosen round on.
    Cut(Cut),
}

/// What is lost from a round on. Between honest hosts nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The first of the rounds, from 1.
    pub round: u32,
    /// What these members say
    pub from: Set,
    /// to those.
    pub to: Set,
}

/// What a seed makes of an attack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Nothing,
    /// One in so many is lost.
    Loses(u32),
    /// One in so many arrives.
    Lets(u32),
    Chain,
    /// One after the other stops in the middle of a round, for good.
    Crashes,
    /// Honest members hear little of the corrupt ones, these nearly all.
    Whispers,
    Cut(Cut),
}

/// Of which [`Attack::Random`] is one.
pub(crate) const RANDOM: [Style; 7] = [
    Style::Loses(2),
    Style::Loses(8),
    Style::Lets(8),
    Style::Lets(3),
    Style::Chain,
    Style::Crashes,
    Style::Whispers,
];
