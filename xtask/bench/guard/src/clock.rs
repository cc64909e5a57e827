//! Turns, times and medians.

use std::time::Instant;

use serde::Serialize;

/// Judges one message.
type Judge = Box<dyn Fn()>;

/// One line of the table.
pub(crate) struct Contender {
    /// What is measured.
    pub(crate) name: String,
    /// What it does for one message.
    pub(crate) judge: Judge,
    /// The place of the contender that it is compared with; its own, if there is none.
    pub(crate) base: usize,
}

/// What was found.
#[derive(Serialize)]
pub(crate) struct Figure {
    name: String,
    /// For one message.
    ns: f64,
    /// How many times that of the contender it is compared with.
    ratio: f64,
}

/// Stretches of a turn, and messages in each: so few that most stretches are not interrupted by
/// other processes.
const STRETCHES: usize = 101;
const MESSAGES: u32 = 500;

pub(crate) fn figures(contenders: &[Contender], rounds: usize) -> Vec<Figure> {
    let turn = |contender: &Contender| turn(&contender.judge);
    let round = |_| contenders.iter().map(turn).collect();
    let rounds: Vec<Vec<f64>> = (0..rounds).map(round).collect();
    let figure = |(place, contender): (usize, &Contender)| Figure {
        name: contender.name.clone(),
        ns: median(rounds.iter().map(|ns| ns[place]).collect()),
        ratio: median(
            rounds
                .iter()
                .map(|ns| ns[place] / ns[contender.base])
                .collect(),
        ),
    };
    contenders.iter().enumerate().map(figure).collect()
}

/// Nanoseconds for one message, in most stretches. The first one warms up.
fn turn(judge: &Judge) -> f64 {
    let stretch = |_| {
        let start = Instant::now();
        (0..MESSAGES).for_each(|_| judge());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(MESSAGES)
    };
    median((0..=STRETCHES).map(stretch).skip(1).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
