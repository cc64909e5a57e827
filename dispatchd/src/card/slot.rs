//! One configured card: carries a [`Session`]'s effects out, with its card thread at one side and
//! the dispatch table at the other.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use card_proxy::{
    Away, CardEvent, CardSender, CardSettings, CardThread, CardThreadError, FailReason, GoneReason,
    Link, SendError, Server,
};
use etp_pki::Anchors;
use libetp::client::control::card::CardHappening;
use libetp::digest::Hash;
use libetp::{Domain, EntityId, Message, Verdict};

use super::events::{Effect, Input, Known, Note, Stage, Token};
use super::reopening::{Presence, Reopening};
use super::served::Authenticated;
use super::services::{Services, unix_s};
use super::session::Session;
use crate::router::{CARD_WINDOW_MESSAGES, CardPort, Entry};
use crate::state::StateError;
use crate::table::{CardLimits, CardState};

/// Numbers of the daemon's own orders have this bit; those of the dispatch table do not.
const ORDER: u64 = 1 << 63;

/// Messages that a card thread takes beyond those of the dispatch table: the daemon's orders.
const ORDERS_MAX: usize = 256;

/// A card of this host, from its section in the configuration.
pub struct Slot {
    index: usize,
    /// Where it is, for people: its directory or socket.
    pub place: PathBuf,
    /// How it is reached, for people.
    pub backend: &'static str,
    /// What protects it at rest.
    pub at_rest: &'static str,
    owners: Vec<u32>,
    away_ms_max: u64,
    session: Mutex<Session>,
    /// Of the thread that runs now or ran last.
    sender: Mutex<Option<CardSender>>,
    reopening: Mutex<Reopening>,
    orders: AtomicU64,
    /// What programs were told of the card, and which power-up that was about.
    told: Mutex<Option<(CardState, Option<[u8; 8]>)>>,
    /// What the table of the card says beside its session.
    seen: Mutex<Seen>,
    authenticated: Authenticated,
    services: Arc<Services>,
}

/// What the daemon saw of a card and its link, for people.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Name of the stage, and since when it is that one, in seconds of Unix time.
    pub since: (&'static str, u64),
    /// Who serves it.
    pub server: Option<Server>,
    /// What went wrong last.
    pub last_failure: Option<CardHappening>,
}

/// What a slot is made with.
pub struct SlotSettings {
    /// Number of the section.
    pub index: usize,
    /// Where it is, for people: its directory or socket.
    pub place: PathBuf,
    /// How it is reached, for people.
    pub backend: &'static str,
    /// What protects it at rest.
    pub at_rest: &'static str,
    /// Users whose programs may authenticate to it.
    pub owners: Vec<u32>,
    /// What its certificate is judged by.
    pub anchors: Anchors,
    /// This host's key id, if it has one.
    pub host_key: Option<Hash>,
    /// How long messages wait for the card while it is away, in milliseconds.
    pub away_ms_max: u64,
}

impl Slot {
    /// A slot without a card.
    pub fn new(settings: SlotSettings, services: Arc<Services>) -> Arc<Self> {
        Arc::new(Self {
            index: settings.index,
            place: settings.place,
            backend: settings.backend,
            at_rest: settings.at_rest,
            owners: settings.owners,
            away_ms_max: settings.away_ms_max,
            session: Mutex::new(Session::new(settings.anchors, settings.host_key)),
            sender: Mutex::default(),
            reopening: Mutex::default(),
            orders: AtomicU64::new(ORDER),
            told: Mutex::default(),
            seen: Mutex::new(Seen {
                since: (Stage::Starting.name(), unix_s()),
                ..Seen::default()
            }),
            authenticated: Authenticated::default(),
            services,
        })
    }

    /// Starts a thread for the card. One that ran before has ended.
    ///
    /// # Errors
    /// [`CardThreadError`] if there is no thread.
    pub fn start(
        self: &Arc<Self>,
        link: impl Link + 'static,
    ) -> Result<CardThread, CardThreadError> {
        // Events wait at this lock until the sender is there.
        let session = self.session();
        let slot = Arc::clone(self);
        let name = format!("card-{}", self.index);
        let settings = CardSettings {
            // After a restart of the daemon, messages that no program had taken are gone. So the
            // card is asked to repeat what it has not been told to forget, but not what entered
            // the table since.
            highest_seen: session.highest_entered(),
            queue_messages_max: CARD_WINDOW_MESSAGES + ORDERS_MAX,
            away_ms_max: self.away_ms_max,
            demands_proof: true,
            ..CardSettings::default()
        };
        let thread = CardThread::spawn(&name, link, settings, move |event| slot.event(event))?;
        *lock(&self.sender) = Some(thread.sender());
        Ok(thread)
    }

    /// The session, to look at.
    pub fn session(&self) -> MutexGuard<'_, Session> {
        lock(&self.session)
    }

    /// What was seen of the card and its link.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    /// Ids that the card authenticated since it was powered up, as far as that was seen.
    pub fn authenticated(&self) -> Vec<EntityId> {
        self.authenticated.ids()
    }

    /// Users whose programs may authenticate to it.
    pub fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// How long messages wait for the card while it is away, in milliseconds.
    pub fn away_ms_max(&self) -> u64 {
        self.away_ms_max
    }

    /// The card's domain, once it claimed one.
    pub fn domain(&self) -> Option<Domain> {
        self.session().domain()
    }

    /// The domain runs out of ports.
    pub fn want_ports(&self) {
        self.step(Input::WantPorts);
    }

    /// Another host asks where the card lives.
    pub fn serve(&self, nonce: [u8; 32], token: Token) {
        self.step(Input::Serve { nonce, token });
    }

    /// The card stated with this number that it is at another host.
    pub fn suspend(&self, number: u64) {
        self.step(Input::Suspended(number));
    }

    /// Some time passed.
    pub fn tick(&self) {
        self.step(Input::Tick);
    }

    /// Messages wait no more for the card if it is away.
    pub fn end_wait(&self) {
        if matches!(self.session().stage(), Stage::Away(_)) {
            self.step(Input::Overdue);
        }
    }

    /// The card cannot be opened.
    pub fn absent(&self, reason: String) {
        self.step(Input::Gone(reason));
    }

    /// Whether the card is to be opened again now.
    pub(super) fn reopens(&self, is_running: bool, now_ms: u64) -> bool {
        let presence = match self.session().stage() {
            Stage::Live { .. } => Presence::Live,
            Stage::Gone(_) if !is_running => Presence::Gone,
            _ => Presence::Other,
        };
        let reopens = lock(&self.reopening).tick(presence, now_ms);
        if reopens {
            let note = Note {
                name: "card-reopen",
                is_alarm: false,
                detail: "the card is opened again".into(),
            };
            self.note(None, &note);
        }
        reopens
    }

    /// Which attempt to open the card is next, and the pause in milliseconds before it; `None`
    /// if none is planned.
    pub fn reopening(&self) -> Option<(u32, u64)> {
        lock(&self.reopening).plan()
    }

    fn event(&self, event: CardEvent) {
        match event {
            CardEvent::Selected(reply) => match self.known(reply.domain) {
                Ok(known) => self.step(Input::Selected(reply, known)),
                Err(error) => self.step(Input::Failed(error.to_string())),
            },
            CardEvent::Message { number, message } => self.step(Input::Message { number, message }),
            CardEvent::Completed { number } => self.completed(number),
            CardEvent::Failed { number, reason } => self.failed(number, &reason),
            CardEvent::Apdu(record) => {
                if let Some(domain) = self.domain() {
                    self.services.recorder.apdu(domain, record);
                }
            }
            CardEvent::Served(server) => lock(&self.seen).server = Some(server),
            CardEvent::Away(why) => {
                if matches!(why, Away::Lost(_)) {
                    lock(&self.seen).server = None;
                }
                self.step(Input::Away(why));
            }
            CardEvent::Overdue => self.step(Input::Overdue),
            CardEvent::Gone(GoneReason::Shutdown) => {}
            CardEvent::Gone(reason) => {
                lock(&self.seen).server = None;
                self.step(Input::Gone(reason.to_string()));
            }
        }
    }

    fn known(&self, domain: Domain) -> Result<Known, StateError> {
        let local = self.services.state.local_domains()?;
        let key = local
            .into_iter()
            .find(|(known, _)| *known == domain)
            .map(|(_, key)| key);
        let state = &self.services.state;
        let statements = key.map_or(Ok(None), |key| state.statement_number(&key))?;
        Ok(Known {
            witness: state.witness(domain)?,
            key,
            statements: statements.unwrap_or(0),
            suspended: state.suspension(domain)?,
            elsewhere: self.services.claim(domain, self.index) != self.index,
        })
    }

    fn completed(&self, number: u64) {
        if let Some(domain) = self.domain().filter(|_| number & ORDER == 0) {
            self.services.router.card_completed(domain, number);
        }
    }

    fn failed(&self, number: u64, reason: &FailReason) {
        match self.domain() {
            Some(domain) if number & ORDER == 0 => {
                let verdict = Verdict::new(reason.verdict_code(), reason.to_string());
                self.services.router.card_failed(domain, number, verdict);
            }
            _ => self.services.recorder.count("card-order-failed"),
        }
    }

    /// One step and its effects. A step whose effect fails is followed by one that says so.
    fn step(&self, input: Input) {
        let mut session = self.session();
        let mut input = Some(input);
        while let Some(next) = input.take() {
            let now = match self.services.now() {
                Ok(now) => now,
                Err(error) => return tracing::error!("{error}"),
            };
            let effects = session.step(next, &now);
            let domain = session.domain();
            for effect in effects {
                if let Err(error) = self.perform(domain, effect) {
                    input = Some(Input::Failed(error.to_string()));
                    break;
                }
            }
        }
        self.see(&session);
        self.tell_state(&session);
    }

    fn note(&self, domain: Option<Domain>, note: &Note) {
        let place = self.place.display().to_string();
        let happening = self.services.note(&place, domain, note);
        if note.is_alarm {
            lock(&self.seen).last_failure = Some(happening);
        }
    }

    fn see(&self, session: &Session) {
        let name = session.stage().name();
        let mut seen = lock(&self.seen);
        if seen.since.0 != name {
            seen.since = (name, unix_s());
        }
        if name != "live" {
            self.authenticated.clear();
        }
    }

    /// Tells programs how the card is, if that is news. A card that is only about to prove itself is none.
    fn tell_state(&self, session: &Session) {
        let stage = session.stage();
        let is_settled = !matches!(stage, Stage::Starting | Stage::Challenged { .. });
        let Some(domain) = session.domain().filter(|_| is_settled) else {
            return;
        };
        let waits = matches!(stage, Stage::Away(_)) && session.is_attached();
        let state = CardState {
            state: stage.name(),
            reason: stage.reason(),
            wait_ms: if waits { self.away_ms_max } else { 0 },
        };
        let boot_id = match stage {
            Stage::Live { reply, .. } => Some(reply.boot_id),
            _ => None,
        };
        let told = (state.clone(), boot_id);
        if lock(&self.told).replace(told.clone()) != Some(told) {
            self.services.router.set_card_state(domain, state);
        }
    }

    fn perform(&self, domain: Option<Domain>, effect: Effect) -> Result<(), StateError> {
        if let Effect::Note(note) = &effect {
            self.note(domain, note);
            return Ok(());
        }
        let Some(domain) = domain else { return Ok(()) };
        let services = &self.services;
        match effect {
            Effect::AddLocal { domain, key } => {
                services.state.add_local_domain(domain, key)?;
                services.router.add_local_domain(domain);
                services.tell_links()?;
            }
            Effect::SetWitness(witness) => services.state.set_witness(domain, &witness)?,
            Effect::RaiseStatement { key, number } => {
                services.state.raise_statement_number(&key, number)?;
            }
            Effect::EndSuspension => services.state.end_suspension(domain)?,
            Effect::RaiseWitness(seen) => services.witnesses.raise(domain, &seen),
            Effect::Challenge(message) => self.send(message, CardSender::challenge),
            Effect::Prove(boot_id) => self.prove(boot_id),
            Effect::Order(message) => self.send(message, CardSender::try_send),
            Effect::Attach { message_bytes_max } => self.attach(domain, message_bytes_max),
            Effect::Detach(code) => services.router.detach_card(domain, code),
            Effect::Submit { number, message } => {
                self.authenticated.said(&message);
                services.router.submit(Entry::Card(domain), number, message);
            }
            Effect::Ports { first, count } => services.router.ports(domain, first, count),
            Effect::Statement { token, statement } => {
                if let Some(answer) = services.answer.get() {
                    answer(domain, statement, token);
                }
            }
            Effect::Note(_) => {}
        }
        Ok(())
    }

    fn prove(&self, boot_id: [u8; 8]) {
        if let Some(sender) = &*lock(&self.sender) {
            sender.prove(boot_id);
        }
    }

    fn send(
        &self,
        message: Message,
        how: impl FnOnce(&CardSender, u64, Message) -> Result<(), SendError>,
    ) {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        let sender = lock(&self.sender).clone();
        let sent = sender.map(|sender| how(&sender, number, message));
        if !matches!(sent, Some(Ok(()))) {
            self.services.recorder.count("card-order-failed");
        }
    }

    fn attach(&self, domain: Domain, message_bytes_max: usize) {
        let Some(card) = lock(&self.sender).clone() else {
            return;
        };
        let limits = CardLimits { message_bytes_max };
        let router = &self.services.router;
        router.set_owners(domain, self.owners.iter().copied());
        let authenticated = self.authenticated.clone();
        router.attach_card(domain, ToCard(card, authenticated), limits);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The card's thread, as the dispatch table sees it.
struct ToCard(CardSender, Authenticated);

impl CardPort for ToCard {
    fn send(&self, number: u64, message: Message) -> bool {
        self.1.heard(&message);
        self.0.try_send(number, message).is_ok()
    }
}
