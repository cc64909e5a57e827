//! Benchmarking: statistics of key figures that stay secret, and each member's own place in them.
//!
//! A value is as many key figures (i64, in millionths) as fit into the session's values, at most [`FIGURES_MAX`]; what
//! is left is unread. The more the better: a figure of which less is better is given negative. Figures lie between
//! -[`FIGURE_MAX`] and [`FIGURE_MAX`]; a value with another one, or without any, is none.
//!
//! The parameters are `k_min` (u16), how many have to take part, or none; fewer than [`K_MIN`] never do. Sessions that
//! differ by one member tell about that one: no function can help that.
//!
//! The result: an [`Outcome`] (u8), how many take part (u16), whether spread is told (u8), and for each figure, as laid
//! out in `Statistics`:
//!
//! | field | type | |
//! |---|---|---|
//! | mean | i64 | rounded, halves away from zero |
//! | lower, median, upper | i64 each | quartiles by nearest rank: of k in order those at k/4, k/2, 3k/4, rounded up |
//! | band | u8 | the member's own: 1 not above the lower, 2 not above the median, 3 not above the upper, 4 the best |
//! | variance | u128 | of the population, in millionths of millionths, rounded |
//! | best | i64 | mean of the highest quarter, k/4 of them rounded up |
//!
//! The last two are zeros unless at least [`SPREAD_MIN`] take part. With fewer, they and the others are as many
//! equations as there are figures, so that everybody's could be worked out, least and greatest included.
//!
//! Who does not take part is told so, and nothing else.

mod statistics;

use etp_function::{Function, Inputs, Reader, export_function};

use statistics::Statistics;

/// See the crate.
pub struct Benchmark;

/// What a member is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Too few gave figures.
    TooFew = 0,
    /// There are statistics.
    Done = 1,
    /// The member's value is none.
    NoFigures = 2,
    /// The session has more members than [`MEMBERS_MAX`].
    TooMany = 3,
}

/// Fewer never take part.
pub const K_MIN: usize = 5;
/// With fewer, variance and best are not told.
pub const SPREAD_MIN: usize = 8;
/// Most members of a session.
pub const MEMBERS_MAX: usize = 64;
/// Most key figures of a member.
pub const FIGURES_MAX: usize = 64;
/// Greatest key figure in millionths: a hundred thousand million.
pub const FIGURE_MAX: i64 = 100_000_000_000_000_000;

impl Function for Benchmark {
    fn run(inputs: &Inputs<'_>) -> Vec<u8> {
        if inputs.members() > MEMBERS_MAX {
            return head(Outcome::TooMany, 0);
        }
        let given: Vec<Option<Vec<i64>>> = inputs.iter().map(|value| read(value?)).collect();
        let Some(mine) = &given[inputs.me()] else {
            return head(Outcome::NoFigures, 0);
        };
        let group: Vec<&[i64]> = given.iter().flatten().map(Vec::as_slice).collect();
        match group.len() >= k_min(inputs.parameters()) {
            true => report(&group, mine),
            false => head(Outcome::TooFew, 0),
        }
    }
}

fn k_min(parameters: &[u8]) -> usize {
    let stated = Reader::new(parameters).u16().unwrap_or_default();
    usize::from(stated).max(K_MIN)
}

fn report(group: &[&[i64]], mine: &[i64]) -> Vec<u8> {
    let mut result = head(Outcome::Done, group.len());
    for (number, own) in mine.iter().enumerate() {
        let figures = group.iter().map(|figures| figures[number]).collect();
        Statistics::of(figures).write(*own, &mut result);
    }
    result
}

fn head(outcome: Outcome, count: usize) -> Vec<u8> {
    let mut head = vec![outcome as u8];
    // Fits: there are few members.
    head.extend((count as u16).to_be_bytes());
    head.push(u8::from(count >= SPREAD_MIN));
    head
}

/// `None` if the value is none. All values of a session have the same length, and so as many figures.
fn read(value: &[u8]) -> Option<Vec<i64>> {
    let mut reader = Reader::new(value);
    let figures = core::iter::from_fn(|| reader.i64());
    let figures: Vec<i64> = figures.take(FIGURES_MAX).collect();
    let allowed = -FIGURE_MAX..=FIGURE_MAX;
    let is_good = !figures.is_empty() && figures.iter().all(|it| allowed.contains(it));
    is_good.then_some(figures)
}

export_function!(Benchmark);
