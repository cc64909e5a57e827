//! A run: two owners, and somebody who kills.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::reaper::Reaper;
use super::script::Script;
use super::tally::Kills;
use super::trader::{PATIENCE, Trader};
use crate::owner::{Attempt, Trouble};
use crate::program::Failure;

/// How long a question rests that met a daemon on its way back.
const REST: Duration = Duration::from_millis(10);

/// Two owners trade while the reaper goes round; over when neither has anything open.
pub(super) fn fight(
    reaper: &mut Reaper,
    script: &Script,
    traders: [&mut Trader<'_>; 2],
) -> Result<Kills, Failure> {
    let over = AtomicBool::new(false);
    let quiet = [AtomicBool::new(false), AtomicBool::new(false)];
    let failed =
        |side: usize, failure| Failure::new(format!("owner {}: {failure}", ["a", "b"][side]));
    thread::scope(|scope| {
        let mut sides = Vec::new();
        for (side, trader) in traders.into_iter().enumerate() {
            let (quiet, over) = (&quiet[side], &over);
            sides.push(scope.spawn(move || {
                let ended = trader.trade(quiet, over);
                over.store(true, Ordering::Relaxed);
                ended.map_err(|failure| failed(side, failure))
            }));
        }
        let watch = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let done = quiet.iter().all(|quiet| quiet.load(Ordering::Relaxed));
                over.fetch_or(done, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let kills = reaper.reap(&script.blows, &over);
        over.fetch_or(kills.is_err(), Ordering::Relaxed);
        let ended: Vec<_> = sides.into_iter().map(|side| side.join()).collect();
        watch.join().ok();
        for side in ended {
            side.map_err(|_| Failure::new("an owner panicked"))??;
        }
        kills
    })
}

/// What one side did while the other had nothing left is ended, too.
pub(super) fn settle(mut traders: [&mut Trader<'_>; 2]) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut quiet = true;
        for trader in &mut traders {
            quiet &= persist(|| trader.turn())?;
        }
        match quiet {
            true => return Ok(()),
            false if Instant::now() > deadline => {
                return Err(Failure::new("an exchange never ends"));
            }
            false => {}
        }
    }
}

/// Asks until there is an answer.
pub(super) fn persist<T>(mut ask: impl FnMut() -> Attempt<T>) -> Result<T, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Err(Trouble::Passing(words)) if Instant::now() > deadline => {
                return Err(Failure::new(format!("no answer for ever: {words}")));
            }
            Err(Trouble::Passing(_)) => thread::sleep(REST),
            other => return Ok(other?),
        }
    }
}
