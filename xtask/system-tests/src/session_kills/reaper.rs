//! Does to a host what a script says, when its time has come, and undoes it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use libetp::Mtype;

use super::cables::Cables;
use super::script::{Act, After, Blow};
use super::tally::Blows;
use crate::host::Host;
use crate::pals::Running;
use crate::program::Failure;
use crate::watch::Watch;

/// How often an event is looked for.
const LOOK: Duration = Duration::from_millis(1);

/// Has one host in hand while a session runs.
#[derive(Debug)]
pub(super) struct Reaper<'r> {
    pub(super) at: usize,
    pub(super) host: &'r mut Host,
    pub(super) watch: &'r mut Watch,
    pub(super) cables: &'r Cables,
    pub(super) program: &'r Mutex<Running>,
    pub(super) round: Duration,
    /// All programs have ended.
    pub(super) is_over: &'r AtomicBool,
}

impl Reaper<'_> {
    /// Deals the blows whose events come while the session runs; which they were.
    pub(super) fn deal(mut self, blows: &[Blow]) -> Result<Blows, Failure> {
        let mut dealt = Blows::default();
        for blow in blows {
            if !self.wait(blow.after) {
                break;
            }
            thread::sleep(blow.spread.of(self.round));
            self.strike(&blow.act)?;
            dealt.count(&blow.act);
            thread::sleep(blow.lasts.of(self.round));
            self.undo(&blow.act)?;
        }
        Ok(dealt)
    }

    /// Waits for an event; false if the session is over before.
    fn wait(&mut self, after: After) -> bool {
        let mut seen = 0;
        while seen < after.count {
            if self.is_over.load(Ordering::SeqCst) {
                return false;
            }
            thread::sleep(LOOK);
            let news = self.watch.news();
            if news.contains(&Mtype::SESSION_RESULT) {
                return false;
            }
            seen += news.iter().filter(|it| **it == after.step).count();
        }
        true
    }

    fn strike(&mut self, act: &Act) -> Result<(), Failure> {
        match act {
            Act::KillDaemon => self.host.kill(),
            Act::KillCard => self.host.kill_card(),
            Act::StopDaemon => self.host.signal("STOP")?,
            Act::StopProgram => self.signal_program("STOP")?,
            Act::KillProgram => self.signal_program("KILL")?,
            Act::Cut { .. } => self.for_each_lane(act, Cables::cut),
        }
        Ok(())
    }

    fn undo(&mut self, act: &Act) -> Result<(), Failure> {
        match act {
            Act::KillDaemon => self.host.launch()?,
            Act::KillCard => self.host.launch_card()?,
            Act::StopDaemon => self.host.signal("CONT")?,
            Act::StopProgram => self.signal_program("CONT")?,
            Act::KillProgram => self.take_over()?,
            Act::Cut { .. } => self.for_each_lane(act, Cables::mend),
        }
        Ok(())
    }

    /// Another program goes on in the place of the one that was killed.
    fn take_over(&self) -> Result<(), Failure> {
        let program = Running::start(self.host.pals(&["attend", "--json"]))?;
        *self.program.lock().unwrap_or_else(PoisonError::into_inner) = program;
        Ok(())
    }

    /// Nothing, if it has ended.
    fn signal_program(&self, signal: &str) -> Result<(), Failure> {
        let mut program = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        match program.has_ended()? {
            true => Ok(()),
            false => program.signal(signal),
        }
    }

    fn for_each_lane(&self, act: &Act, change: impl Fn(&Cables, usize, usize)) {
        let Act::Cut {
            others,
            outward,
            inward,
        } = act
        else {
            return;
        };
        for other in others {
            if *outward {
                change(self.cables, self.at, *other);
            }
            if *inward {
                change(self.cables, *other, self.at);
            }
        }
    }
}
