//! Tier 2: plugins in WebAssembly.
//!
//! A plugin is a module of at most [`limits::MODULE_BYTES_MAX`] bytes that exports a buffer and a
//! function; the interface is `docs/protocol/guard-plugin.md`. It gets each message that reaches
//! it, has memory of its own between messages, and nothing else: no clock, no files, no randomness.
//! Time is what the message came with. What it may spend on a message is counted in **fuel**, about
//! one unit for an instruction, and is the only clock there is: a verdict depends on nothing but
//! the messages before.
//!
//! A plugin that traps, runs out of fuel or answers nonsense has failed on that message; what
//! becomes of the message is for the chain to say. Its instance is thrown away and made anew, with
//! fresh memory, at the expense of whoever sent the message.

pub mod engine;
pub mod limits;

mod census;
mod input;
mod interpreter;
mod log;
mod output;
mod session;
mod settings;
pub mod template;

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libetp::digest::{Hash, sha256};
use libetp::text::{hex, shown};

pub use input::encode as input;
pub use interpreter::Interpreter;
pub use log::Log;
pub use settings::PluginSettings;

use crate::{Answer, Facts, Failure, Opinion, Policy};
use engine::{Bounds, Engine, Module};
use session::Session;

/// A loaded plugin.
pub struct Plugin {
    module: Box<dyn Module>,
    engine: &'static str,
    size: usize,
    hash: Hash,
    fuel: u64,
    memory_bytes: usize,
    settings: Vec<u8>,
    /// What a new instance costs.
    start_fuel: u64,
    running: Mutex<Running>,
}

/// What changes while a plugin runs.
struct Running {
    /// `None` after a failure, until a new one is made.
    session: Option<Session>,
    log: Log,
    /// The latest time that it was told. Messages come from several threads and workers, some of
    /// them late, and for a plugin the clock never goes back.
    tick_ms: u64,
}

impl Running {
    fn tick(&mut self, tick_ms: u64) -> u64 {
        self.tick_ms = self.tick_ms.max(tick_ms);
        self.tick_ms
    }
}

impl Plugin {
    /// Loads a module on the engine that is shipped, and starts it.
    ///
    /// # Errors
    ///
    /// Why it cannot be used: another hash, a limit, a missing export, a foreign import, settings
    /// that it does not take.
    pub fn load(module: &[u8], settings: &PluginSettings) -> Result<Self, String> {
        Self::load_on(&Interpreter::new(), module, settings)
    }

    /// Loads a module on an engine, and starts it.
    ///
    /// # Errors
    ///
    /// As [`Plugin::load`].
    pub fn load_on(
        engine: &dyn Engine,
        module: &[u8],
        settings: &PluginSettings,
    ) -> Result<Self, String> {
        settings.check()?;
        census::check(module)?;
        let hash = check_hash(module, settings.sha256)?;
        let bounds = Bounds {
            memory_bytes: settings.memory_bytes,
        };
        let encoded = settings.encode()?;
        let compiled = contain(|| engine.compile(module, bounds)).unwrap_or_else(broken)?;
        let started = contain(|| Session::start(&*compiled, &encoded));
        let (session, spent) = started.unwrap_or_else(broken)?;
        Ok(Self {
            module: compiled,
            engine: engine.name(),
            size: module.len(),
            hash,
            fuel: settings.fuel,
            memory_bytes: settings.memory_bytes,
            settings: encoded,
            start_fuel: spent + module.len() as u64 / limits::BYTES_PER_FUEL,
            running: Mutex::new(Running {
                session: Some(session),
                log: Log::default(),
                tick_ms: 0,
            }),
        })
    }

    /// SHA-256 of the module.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the instance, which is made anew if it fails.
    fn ask(&self, running: &mut Running, input: &[u8]) -> (Result<Opinion, Failure>, u64) {
        let session = running.session.take().map_or_else(|| self.start(), Ok);
        let mut session = match session {
            Ok(session) => session,
            Err(why) => return (Err(Failure(why.into())), self.start_fuel),
        };
        let asked = contain(|| session.check(input, self.fuel));
        let (opinion, spent) = asked.unwrap_or_else(|| (Err(Failure(BROKEN.into())), self.fuel));
        running.log.append(session.take_log());
        if opinion.is_ok() {
            running.session = Some(session);
            return (opinion, spent);
        }
        drop(session);
        running.session = self.start().ok();
        (opinion, spent + self.start_fuel)
    }

    fn start(&self) -> Result<Session, String> {
        let started = contain(|| Session::start(&*self.module, &self.settings));
        started.unwrap_or_else(broken).map(|(session, _)| session)
    }
}

impl Policy for Plugin {
    fn judge(&self, facts: &Facts<'_>) -> Answer {
        let mut running = self.running();
        let mut facts = *facts;
        facts.now.tick_ms = running.tick(facts.now.tick_ms);
        let (opinion, fuel) = match input::encode(&facts) {
            Ok(input) => self.ask(&mut running, &input),
            Err(failure) => (Err(failure), 0),
        };
        Answer { opinion, fuel }
    }

    fn fuel_max(&self) -> u64 {
        self.fuel + self.start_fuel
    }

    fn explain(&self) -> Vec<String> {
        let outline = self.module.outline();
        let list = |names: &[String]| match names {
            [] => "nothing".into(),
            names => shown(&names.join(", ")),
        };
        vec![
            format!(
                "plugin of {} bytes on {}, interface {}",
                self.size,
                self.engine,
                limits::ABI
            ),
            format!("sha256 {}", hex(&self.hash)),
            format!("imports {}", list(&outline.imports)),
            format!("exports {}", list(&outline.exports)),
            format!(
                "may use {} fuel for a message and {} bytes of memory, and nest {} calls",
                self.fuel,
                self.memory_bytes,
                limits::CALL_DEPTH_MAX
            ),
            format!("a new instance costs {} fuel", self.start_fuel),
        ]
    }

    fn take_log(&self) -> Log {
        std::mem::take(&mut self.running().log)
    }
}

/// What is said if the engine panics.
const BROKEN: &str = "the engine broke down at it, which is a fault of the engine";

/// Keeps a panic of the engine from ending the thread that judges messages. What the engine was at
/// is dropped then.
fn contain<T>(act: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(act)).ok()
}

fn broken<T>() -> Result<T, String> {
    Err(BROKEN.into())
}

fn check_hash(module: &[u8], wanted: Option<Hash>) -> Result<Hash, String> {
    let hash = sha256(module);
    match wanted {
        Some(wanted) if wanted != hash => {
            let is = hex(&hash);
            Err(format!(
                "the module's sha256 is {is}, not the one that is given"
            ))
        }
        _ => Ok(hash),
    }
}
