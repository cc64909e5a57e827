//! The daemon from start to end, on the main thread.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libetp::client::control;
use libetp::digest::Hash;
use libetp::local::Trust;
use libetp::text::hex;
use libetp::{Domain, VerdictCode};
use remote_proxy::{RemoteHandle, StatementToken};
use tokio::sync::mpsc;

use super::bridge::{Bridge, Task, Tasks};
use super::cli::Options;
use super::failure::Failure;
use super::signals::{Signals, Told};
use super::{drain, process, socket};
use crate::card::{Cards, Services, Slot, SlotSettings, WitnessWriter, unix_s};
use crate::config::{CardHome, Loaded, Resolved};
use crate::control::{Facts, GuardKeeper, Recorder, answer};
use crate::remote::{CardNews, Links, StatementRequest};
use crate::router::{ControlRequest, Router, Settings};
use crate::state::State;

/// Name and version, as `WELCOME` and status say it.
pub const SOFTWARE: &str = concat!("dispatchd/", env!("CARGO_PKG_VERSION"));

/// How often cards are looked after.
const TICK: Duration = Duration::from_millis(500);
/// How long the daemon waits at its start for the cards that are there.
const CARDS_WAIT: Duration = Duration::from_secs(10);
/// How often a condition is looked at that nobody announces.
const POLL: Duration = Duration::from_millis(10);

/// A running daemon.
pub(super) struct Daemon {
    loaded: Loaded,
    pub(super) router: Router,
    pub(super) cards: Cards,
    pub(super) remote: Option<RemoteHandle>,
    services: Arc<Services>,
    recorder: Arc<Recorder>,
    guard: RefCell<GuardKeeper>,
    state: State,
    host_key: Option<Hash>,
    tasks_in: Tasks,
    tasks: mpsc::UnboundedReceiver<Task>,
    start: Instant,
    pub(super) is_draining: bool,
}

/// Runs until a signal ends it.
///
/// # Errors
/// [`Failure`]: why it did not start, or did not end well.
pub fn run(loaded: Loaded, options: &Options) -> Result<(), Failure> {
    let mut resolved = loaded.resolve(unix_s()).map_err(Failure::Config)?;
    process::harden().map_err(Failure::start)?;
    let path = &loaded.config.daemon.socket;
    let mode = loaded.config.daemon.socket_mode.0;
    let (listener, _claim) = socket::open(path.get_ref(), mode).map_err(Failure::start)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(Failure::start)?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(Failure::start)?;
        let mut daemon = Daemon::start(loaded, &mut resolved)?;
        daemon.wait_for_cards().await;
        daemon.start_links(resolved)?;
        daemon.router.serve(listener).map_err(Failure::start)?;
        process::tell_ready(options.ready_fd).map_err(Failure::Failed)?;
        tracing::info!(event = "ready", "{SOFTWARE} is ready");
        daemon.serve(&mut signals).await;
        process::tell_stopping();
        drain::drain(&mut daemon).await
    })
}

impl Daemon {
    fn start(loaded: Loaded, resolved: &mut Resolved) -> Result<Self, Failure> {
        let config = &loaded.config;
        let state = State::open(config.daemon.state.get_ref()).map_err(Failure::start)?;
        let recorder = Arc::new(Recorder::new(config.limits.trace_records_max as usize));
        let (tasks_in, tasks) = mpsc::unbounded_channel();
        let watcher = Arc::default();
        let bridge = Bridge::new(
            tasks_in.clone(),
            Arc::clone(&recorder),
            Arc::clone(&watcher),
        );
        let bridge = Arc::new(bridge);
        let store = Box::new(state.clone());
        let router = Router::start(settings(&loaded), store, bridge).map_err(Failure::start)?;
        let local = state.local_domains().map_err(Failure::start)?;
        for (domain, _) in local {
            router.add_local_domain(domain);
            if state.suspension(domain).map_err(Failure::start)?.is_some() {
                router.detach_card(domain, VerdictCode::Suspended);
            }
        }
        let witnesses = witness_writer(&state, &recorder).map_err(Failure::start)?;
        let services = Services::new(router.clone(), state.clone(), witnesses, recorder.clone());
        let rules = config
            .guard
            .file
            .as_ref()
            .map(|file| file.get_ref().clone());
        let chain = std::mem::take(&mut resolved.guard);
        let guard = GuardKeeper::new(router.clone(), (loaded.rule_files(), rules), chain, watcher);
        let mut daemon = Self {
            router,
            cards: Cards::default(),
            remote: None,
            services: Arc::new(services),
            recorder,
            guard: RefCell::new(guard),
            state,
            host_key: resolved.host.as_ref().map(|host| host.leaf.key),
            tasks_in,
            tasks,
            start: Instant::now(),
            is_draining: false,
            loaded,
        };
        daemon.start_cards(resolved);
        Ok(daemon)
    }

    fn start_cards(&mut self, resolved: &Resolved) {
        let Some(scheme) = &resolved.scheme else {
            return;
        };
        let sections = self.loaded.config.card.iter().zip(&resolved.device_keys);
        for (index, (card, device_key)) in sections.enumerate() {
            let card = card.get_ref();
            let (backend, at_rest) = match (&card.home, device_key) {
                (CardHome::Process { .. }, _) => ("process", "unknown"),
                (CardHome::Soft { .. }, Some(_)) => ("embedded", "device-key"),
                (CardHome::Soft { .. }, None) => ("embedded", "none"),
            };
            let settings = SlotSettings {
                index,
                place: card.place().get_ref().clone(),
                backend,
                at_rest,
                owners: card.owners.clone(),
                anchors: scheme.anchors(),
                host_key: self.host_key,
                away_ms_max: self.loaded.config.limits.card_away_ms_max,
            };
            let slot = Slot::new(settings, Arc::clone(&self.services));
            match card.home {
                CardHome::Soft { .. } => self.cards.add_soft(slot, device_key.clone()),
                CardHome::Process { uid, .. } => {
                    let trust = uid.into_iter().fold(Trust::default(), Trust::and);
                    self.cards.add_served(slot, trust, SOFTWARE);
                }
            }
        }
    }

    /// Opens links to other hosts. The domains of all cards are known by now, so that no other
    /// host can speak for one.
    fn start_links(&mut self, resolved: Resolved) -> Result<(), Failure> {
        let (Some(host), Some(scheme)) = (resolved.host, resolved.scheme) else {
            return Ok(());
        };
        if !self.loaded.config.has_links() {
            return Ok(());
        }
        let local = self.state.local_domains().map_err(Failure::start)?;
        let links = Links {
            anchors: scheme.anchors(),
            leaf: host.identity.leaf.clone(),
            intermediate: host.intermediate,
            key: host.identity.pkcs8().map_err(Failure::start)?,
            local_domains: local.into_iter().map(|(domain, _)| domain).collect(),
            state: self.state.clone(),
            recorder: Arc::clone(&self.recorder),
        };
        let tasks = self.tasks_in.clone();
        let tell = move |news| {
            // At the end of the daemon nobody takes tasks any more.
            let _ = tasks.send(Task::Card(news));
        };
        let remote = links.start(&self.loaded.config, &self.router, Box::new(tell));
        let remote = remote.map_err(Failure::start)?;
        let handle = remote.clone();
        let answer = move |domain, statement, token| {
            // The proxy's own deadline ends a request that found no room.
            let _ = handle.statement(domain, statement, StatementToken(token));
        };
        let _ = self.services.answer.set(Box::new(answer));
        let handle = remote.clone();
        let links = move |domains| handle.set_local_domains(domains);
        let _ = self.services.links.set(Box::new(links));
        // A card may have come between the start of the links and this.
        self.services.tell_links().map_err(Failure::start)?;
        self.remote = Some(remote);
        Ok(())
    }

    /// Programs that connect early should find the cards that are there.
    async fn wait_for_cards(&mut self) {
        let deadline = Instant::now() + CARDS_WAIT;
        while !self.cards.are_settled() && Instant::now() < deadline {
            tokio::time::sleep(POLL).await;
        }
        self.tick();
    }

    fn tick(&mut self) {
        let now_ms = self.start.elapsed().as_millis();
        let now_ms = u64::try_from(now_ms).unwrap_or(u64::MAX);
        self.cards.tick(now_ms);
        self.guard.borrow_mut().tick(now_ms);
    }

    /// Does what is to be done until a signal comes.
    async fn serve(&mut self, signals: &mut Signals) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                task = self.tasks.recv() => match task {
                    Some(task) => self.task(task).await,
                    None => return,
                },
                _ = tick.tick() => self.tick(),
                signal = signals.next() => match signal {
                    Told::Reload => self.reload(),
                    Told::End(name) => return tracing::info!(event = "stopping", "{name}"),
                },
            }
        }
    }

    /// Loads the rule file anew. The rest of the configuration takes a restart.
    fn reload(&self) {
        match self.guard.borrow_mut().reload() {
            Ok(words) => tracing::info!(event = "guard-reloaded", "{words}"),
            Err(words) => tracing::error!(event = "guard-not-reloaded", "{words}"),
        }
    }

    /// Does what is to be done for some time.
    pub(super) async fn serve_for(&mut self, time: Duration) {
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        loop {
            tokio::select! {
                Some(task) = self.tasks.recv() => self.task(task).await,
                () = &mut end => return,
            }
        }
    }

    async fn task(&self, task: Task) {
        match task {
            Task::WantPorts(domain) => {
                if let Some(slot) = self.cards.of(domain) {
                    slot.want_ports();
                }
            }
            Task::Control(request) => self.control(request).await,
            Task::Card(CardNews::Wanted(request)) => self.statement(request),
            Task::Card(CardNews::Moved {
                host,
                domain,
                number,
            }) => self.moved(host, domain, number),
        }
    }

    fn statement(&self, request: StatementRequest) {
        let StatementRequest {
            domain,
            nonce,
            token,
        } = request;
        if !self.cards.serve(domain, nonce, token.0)
            && let Some(remote) = &self.remote
        {
            // As above: the proxy has its own deadline.
            let _ = remote.statement(domain, None, token);
        }
    }

    /// The card stated that it is at another host: its domain is suspended here.
    fn moved(&self, host: Hash, domain: Domain, number: u64) {
        let host = hex(&host);
        tracing::warn!(
            event = "card-moved",
            host,
            "card {domain} is at another host"
        );
        self.recorder.count("card-moved");
        if let Err(error) = self.state.suspend(domain, number) {
            self.recorder.count("card-storage");
            tracing::error!(event = "card-storage", "{error}");
        }
        match self.cards.of(domain) {
            Some(slot) => slot.suspend(number),
            None => self.router.detach_card(domain, VerdictCode::Suspended),
        }
    }

    async fn control(&self, request: ControlRequest) {
        let snapshot = self.router.snapshot().await;
        let facts = Facts {
            software: SOFTWARE,
            start: self.start,
            is_draining: self.is_draining,
            socket: self
                .loaded
                .config
                .daemon
                .socket
                .get_ref()
                .display()
                .to_string(),
            host_key: self.host_key,
            cards: &self.cards,
            remote: self.remote.as_ref(),
            recorder: &self.recorder,
            guard: &self.guard,
            state: &self.state,
        };
        match control::decode(&request.body) {
            Ok(asked) => self
                .router
                .control_reply(request.ticket, answer(&asked, &facts, &snapshot)),
            Err(error) => {
                self.recorder.count("control-malformed");
                tracing::warn!(event = "control-malformed", "{error}");
                self.router.control_reply(request.ticket, Vec::new());
            }
        }
    }

    /// How long a drain may take.
    pub(super) fn drain_time(&self) -> Duration {
        Duration::from_millis(self.loaded.config.limits.drain_ms_max)
    }
}

fn settings(loaded: &Loaded) -> Settings {
    let config = &loaded.config;
    Settings {
        threads: u16::try_from(config.daemon.io_threads.get()).unwrap_or(u16::MAX),
        admins: config.admin.uids.clone(),
        software: SOFTWARE.into(),
        trace: config.limits.trace_records_max > 0,
        limits: config.limits.table(),
        connections: config.limits.connections(),
    }
}

fn witness_writer(state: &State, recorder: &Arc<Recorder>) -> std::io::Result<WitnessWriter> {
    let recorder = Arc::clone(recorder);
    WitnessWriter::start(state.clone(), move |error| {
        recorder.count("witness-not-stored");
        tracing::error!(event = "witness-not-stored", "{error}");
    })
}
