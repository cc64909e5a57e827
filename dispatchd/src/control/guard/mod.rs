//! Guard of a running daemon: which chain decides, which was before, who watches.

mod page;
mod readers;
mod replies;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use guard_policies::chain::Chain;
use guard_policies::file;
use libetp::EntityId;
use libetp::client::control::guard::{Reply, Request};

use self::page::page;
use self::readers::Readers;
use super::watcher::Watcher;
use crate::config::TrustedFiles;
use crate::router::{Guard, HoldTicket, Router, Snapshot};

/// Ids that are traced at once.
const WATCHED_MAX: usize = 64;
/// Most records that are looked at for one answer.
const RECORDS_MAX: usize = 64;

/// See the module's head.
pub struct GuardKeeper {
    router: Router,
    files: TrustedFiles,
    file: Option<PathBuf>,
    /// What the table has now.
    guard: Guard,
    shadow_file: Option<PathBuf>,
    previous: Option<Arc<Chain>>,
    generations: u64,
    watcher: Arc<Watcher>,
    readers: Readers,
}

impl GuardKeeper {
    /// Starts with the chain that the configuration names, or the built-in rules alone.
    pub fn new(
        router: Router,
        (files, file): (TrustedFiles, Option<PathBuf>),
        chain: Chain,
        watcher: Arc<Watcher>,
    ) -> Self {
        let mut keeper = Self {
            router,
            files,
            file,
            guard: Guard::default(),
            shadow_file: None,
            previous: None,
            generations: 0,
            watcher,
            readers: Readers::default(),
        };
        keeper.guard.chain = keeper.next(chain);
        keeper.tell();
        keeper
    }

    /// Time passed, in milliseconds since the start.
    pub fn tick(&mut self, now_ms: u64) {
        let is_watched = self.guard.is_captured || !self.guard.watched.is_empty();
        if self.readers.are_gone_at(now_ms) && is_watched {
            tracing::warn!(event = "guard-unwatched", "nobody reads what is traced");
            self.guard.is_captured = false;
            self.guard.watched.clear();
            self.tell();
        }
    }

    fn load(&self, path: &Path) -> Result<Chain, String> {
        file::load(path, &self.files).map_err(|error| error.to_string())
    }

    /// Whether messages are disturbed on purpose.
    pub fn is_experiment(&self) -> bool {
        self.guard.chain.is_experiment()
    }

    fn tell(&self) {
        self.router.set_guard(self.guard.clone());
    }

    fn next(&mut self, mut chain: Chain) -> Arc<Chain> {
        self.generations += 1;
        chain.generation = self.generations;
        Arc::new(chain)
    }

    /// Loads the rule file anew; the chain before stays at hand, and in force if that fails.
    pub fn reload(&mut self) -> Result<String, String> {
        let Some(path) = self.file.clone() else {
            return Err("the configuration names no rule file: set `[guard] file`".into());
        };
        let chain = self.load(&path)?;
        let is_same = chain.digest == self.guard.chain.digest;
        let policies = chain.links().len();
        let chain = self.next(chain);
        self.previous = Some(std::mem::replace(&mut self.guard.chain, chain));
        self.tell();
        let change = if is_same { ", unchanged" } else { "" };
        Ok(format!(
            "generation {}, policies: {policies}{change}",
            self.generations
        ))
    }

    /// Back to the chain before: what it knew of rates and plugins' state is as it was then.
    fn rollback(&mut self) -> Result<String, String> {
        let previous = self.previous.take();
        let previous = previous.ok_or("no chain was loaded before this one")?;
        let generation = previous.generation;
        self.previous = Some(std::mem::replace(&mut self.guard.chain, previous));
        self.tell();
        Ok(format!("generation {generation} is in force again"))
    }

    fn shadow(&mut self, file: Option<String>) -> Result<String, String> {
        let path = file.map(PathBuf::from);
        let chain = path.as_deref().map(|path| self.load(path)).transpose();
        let chain = chain?;
        let said = match chain {
            Some(chain) => {
                let policies = chain.links().len();
                let chain = self.next(chain);
                self.guard.shadow = Some(chain);
                format!(
                    "generation {} only watches, policies: {policies}",
                    self.generations
                )
            }
            None => {
                self.guard.shadow = None;
                "no rule file is watching".into()
            }
        };
        self.shadow_file = path;
        self.watcher.forget_differences();
        self.tell();
        Ok(said)
    }

    fn watch(&mut self, id: &str, on: bool) -> Result<String, String> {
        self.readers.came();
        let id: EntityId = id.parse().map_err(|error| format!("`{id}`: {error}"))?;
        match on {
            true if self.guard.watched.len() >= WATCHED_MAX => {
                return Err(format!("{WATCHED_MAX} ids are traced, which is the limit"));
            }
            true => self.guard.watched.insert(id),
            false => self.guard.watched.remove(&id),
        };
        self.tell();
        let is = if on { "is" } else { "is no longer" };
        Ok(format!("{id} {is} traced"))
    }

    fn capture(&mut self, on: bool) -> String {
        self.readers.came();
        self.guard.is_captured = on;
        self.tell();
        let are = if on { "are" } else { "are no longer" };
        format!("messages {are} recorded")
    }

    /// Answers an administrator.
    pub fn answer(&mut self, asked: Request, snapshot: &Snapshot) -> Reply {
        let done = |result: Result<String, String>| match result {
            Ok(words) => Reply::Done(words),
            Err(words) => Reply::Failed(words),
        };
        match asked {
            Request::Chain => Reply::Chain(Box::new(self.describe())),
            Request::Policies { after } => self.policies(after as usize),
            Request::Explain { policy, after } => self.explain(policy as usize, after as usize),
            Request::Held { after } => held(after, snapshot),
            Request::Decide { ticket, approve } => {
                done(decide(ticket, approve, snapshot, &self.router))
            }
            Request::Reload => done(self.reload()),
            Request::Rollback => done(self.rollback()),
            Request::Shadow { file } => done(self.shadow(file)),
            Request::Watch { id, on } => done(self.watch(&id, on)),
            Request::Capture { on } => Reply::Done(self.capture(on)),
            Request::Records {
                after,
                limit,
                payloads,
            } => {
                self.readers.came();
                let records = self.watcher.after(after, RECORDS_MAX.min(limit as usize));
                let records = records.iter();
                Reply::Records(page(records.map(|it| replies::record(it, payloads))))
            }
        }
    }
}

/// By their tickets, so that the next page begins where this one ends.
fn held(after: u64, snapshot: &Snapshot) -> Reply {
    let later = snapshot.held.iter().filter(|held| held.ticket.0 > after);
    let mut later: Vec<_> = later.collect();
    later.sort_unstable_by_key(|held| held.ticket);
    Reply::Held(page(later.into_iter().map(replies::held)))
}

fn decide(
    ticket: u64,
    approve: bool,
    snapshot: &Snapshot,
    router: &Router,
) -> Result<String, String> {
    let ticket = HoldTicket(ticket);
    let held = snapshot.held.iter().find(|held| held.ticket == ticket);
    let held =
        held.ok_or("no message waits under this number: it may have been decided already")?;
    router.answer_held(ticket, approve);
    let is = if approve {
        "is judged again as approved"
    } else {
        "is refused"
    };
    let header = held.header;
    Ok(format!(
        "{} from {} to {} {is}",
        header.mtype, header.src, header.dst
    ))
}
