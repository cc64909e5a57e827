//! One thread per card: it blocks on the link, so that nothing else does.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::binding::{Action, Binding, BindingSettings};
use crate::event::{ApduRecord, CardEvent, GoneReason};
use crate::inbox::{CardSender, Inbox, Taken};
use crate::link::{Link, LinkError, Server};
use crate::meter::Meter;
use crate::socket::CHECK_PAUSE;

/// How a card thread works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardSettings {
    /// Highest number of a message from this card that the daemon has seen; 0 for none.
    pub highest_seen: u64,
    /// Most messages that wait for the card before [`CardSender::try_send`] says full.
    pub queue_messages_max: usize,
    /// Faults in a row until the card is given up.
    pub faults_max: u32,
    /// How long messages wait for a card that is away, in milliseconds.
    pub away_ms_max: u64,
    /// Whether messages wait until [`CardSender::prove`] says that the card is the right one.
    pub demands_proof: bool,
}

impl Default for CardSettings {
    fn default() -> Self {
        Self {
            highest_seen: 0,
            queue_messages_max: 256,
            faults_max: BindingSettings::FAULTS_MAX,
            away_ms_max: 0,
            demands_proof: false,
        }
    }
}

/// Why a card thread did not start or end.
#[derive(Debug, thiserror::Error)]
pub enum CardThreadError {
    /// No randomness for the session id.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// No thread.
    #[error("cannot start a thread: {0}")]
    Spawn(std::io::Error),
    /// The thread panicked: in the link, in the callback or in the binding.
    #[error("the card thread panicked")]
    Panicked,
}

/// A running card proxy. Dropping it ends the thread as [`shutdown`](Self::shutdown) does.
#[derive(Debug)]
pub struct CardThread {
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
}

impl CardThread {
    /// Starts the thread. `events` is called on it, in order, and holds the card up while it runs.
    ///
    /// # Errors
    /// [`CardThreadError`] if there is no thread or no randomness to be had.
    pub fn spawn(
        name: &str,
        link: impl Link + 'static,
        settings: CardSettings,
        events: impl FnMut(CardEvent) + Send + 'static,
    ) -> Result<Self, CardThreadError> {
        let mut session = [0; 8];
        getrandom::fill(&mut session).map_err(CardThreadError::Random)?;
        let inbox = Inbox::new(settings.queue_messages_max);
        let mut binding = Binding::new(BindingSettings {
            session,
            highest_seen: settings.highest_seen,
            faults_max: settings.faults_max,
        });
        binding.wait_for_card(settings.away_ms_max);
        if settings.demands_proof {
            binding.demand_proof();
        }
        let driver = Driver {
            link: Box::new(link),
            binding,
            inbox: Arc::clone(&inbox),
            events: Box::new(events),
            start: Instant::now(),
            ended: false,
            server: None,
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || driver.run())
            .map_err(CardThreadError::Spawn)?;
        Ok(Self {
            inbox,
            thread: Some(thread),
        })
    }

    /// Where messages for the card go in.
    pub fn sender(&self) -> CardSender {
        CardSender::new(Arc::clone(&self.inbox))
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Takes no more messages, brings those that wait to the card, and ends; at once if the card is
    /// away or has yet to prove itself. The last event is [`CardEvent::Gone`].
    ///
    /// # Errors
    /// [`CardThreadError::Panicked`] if the thread did.
    pub fn shutdown(mut self) -> Result<(), CardThreadError> {
        self.join()
    }

    fn join(&mut self) -> Result<(), CardThreadError> {
        self.inbox.close();
        match self.thread.take().map(JoinHandle::join) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(CardThreadError::Panicked),
        }
    }
}

impl Drop for CardThread {
    fn drop(&mut self) {
        // A panic was reported by the thread itself; there is nobody to hand it to.
        let _ = self.join();
    }
}

struct Driver {
    link: Box<dyn Link>,
    binding: Binding,
    inbox: Arc<Inbox>,
    events: Box<dyn FnMut(CardEvent) + Send>,
    start: Instant,
    ended: bool,
    /// Who serves the card, as was told last.
    server: Option<Server>,
}

/// What the binding wants, without its borrow.
enum Want {
    Apdu(ApduRecord, Result<Vec<u8>, LinkError>),
    Reset,
    Wait(Option<Duration>),
    AwaitCard(Option<Duration>),
    End,
}

impl Driver {
    fn run(mut self) {
        // What the panic left behind is only told and dropped.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.drive())) {
            self.binding.give_up(GoneReason::Panicked);
            self.tell();
            resume_unwind(panic);
        }
    }

    fn drive(&mut self) {
        loop {
            self.fill();
            let is_over = match self.binding.is_held() {
                // Nothing can be brought to a card that nobody knows.
                true => self.inbox.is_closed(),
                false => self.ended && self.binding.is_drained(),
            };
            if is_over {
                self.binding.give_up(GoneReason::Shutdown);
            }
            let want = self.want();
            self.tell();
            match want {
                Want::Apdu(record, result) => self.finish_apdu(record, result),
                Want::Reset => {
                    let result = self.link.reset();
                    let now_ms = self.now_ms();
                    self.binding.completed(now_ms, result.map(|()| &[][..]));
                }
                Want::Wait(wait) => self.wait(wait),
                Want::AwaitCard(at_most) => self.await_card(at_most),
                Want::End => break,
            }
            self.tell();
        }
    }

    /// Takes what is there, as far as the binding has room.
    fn fill(&mut self) {
        while !self.ended && self.take(Some(Duration::ZERO)) {}
    }

    /// Takes the next thing that came from the daemon; waits for it at most so long. Says whether there was one.
    fn take(&mut self, at_most: Option<Duration>) -> bool {
        match self.inbox.take(at_most, self.binding.has_room()) {
            Taken::Proved(boot_id) => self.binding.prove(boot_id),
            Taken::Challenge((number, message)) => self.binding.challenge(number, message),
            Taken::Message((number, message)) => self.binding.queue(number, message),
            Taken::Nothing => return false,
            Taken::Ended => self.ended = true,
        }
        true
    }

    fn want(&mut self) -> Want {
        let now_ms = self.now_ms();
        match self.binding.next(now_ms) {
            Action::Transmit {
                kind,
                command,
                mtypes,
            } => {
                let meter = Meter::start();
                let result = self.link.transmit(command);
                let (cpu_us, io_us) = meter.read();
                let record = ApduRecord {
                    kind,
                    mtypes_in: mtypes.to_vec(),
                    mtypes_out: Vec::new(),
                    bytes_in: command.len(),
                    bytes_out: result.as_ref().map_or(0, Vec::len),
                    status: result.as_deref().ok().and_then(status),
                    cpu_us,
                    io_us,
                };
                Want::Apdu(record, result)
            }
            Action::Reset => Want::Reset,
            Action::WaitUntil(at_ms) => Want::Wait(Some(from(now_ms, at_ms))),
            Action::AwaitCard(until_ms) => {
                Want::AwaitCard(until_ms.map(|until_ms| from(now_ms, until_ms)))
            }
            Action::Idle => Want::Wait(None),
            Action::Gone => Want::End,
        }
    }

    fn finish_apdu(&mut self, mut record: ApduRecord, result: Result<Vec<u8>, LinkError>) {
        self.tell_server();
        let now_ms = self.now_ms();
        self.binding.limit_commands(self.link.command_bytes_max());
        match result {
            Ok(response) => self.binding.completed(now_ms, Ok(&response)),
            Err(error) => self.binding.completed(now_ms, Err(error)),
        }
        record.mtypes_out = self.binding.mtypes_out().to_vec();
        (self.events)(CardEvent::Apdu(record));
    }

    fn tell_server(&mut self) {
        let server = self.link.server();
        if server != self.server {
            self.server.clone_from(&server);
            if let Some(server) = server {
                (self.events)(CardEvent::Served(server));
            }
        }
    }

    /// Waits for a message or for the time to pass; only for the time when no room is left or
    /// nothing more will come.
    fn wait(&mut self, wait: Option<Duration>) {
        let is_waited_for = self.binding.has_room() || self.binding.is_held();
        if self.ended || !is_waited_for {
            return std::thread::sleep(wait.unwrap_or_default());
        }
        let pause = self.link.check_pause();
        let at_most = wait.into_iter().chain(pause).min();
        if !self.take(at_most) {
            self.check();
        }
    }

    /// Asks now and then whether there is a card again. Nothing can be brought to one that is not there, so
    /// an end is an end at once.
    fn await_card(&mut self, at_most: Option<Duration>) {
        let pause = self.link.check_pause().unwrap_or(CHECK_PAUSE);
        let pause = at_most.map_or(pause, |at_most| at_most.min(pause));
        if self.inbox.wait_for_end(pause) {
            return self.binding.give_up(GoneReason::Shutdown);
        }
        let checked = self.link.check();
        let now_ms = self.now_ms();
        self.binding.checked(now_ms, checked);
    }

    fn check(&mut self) {
        if let Err(error) = self.link.check() {
            let now_ms = self.now_ms();
            self.binding.disturbed(now_ms, error);
        }
    }

    fn tell(&mut self) {
        for event in self.binding.take_events() {
            match event {
                CardEvent::Gone(_) => self.fail_the_rest(),
                // Whoever serves it next is told anew.
                CardEvent::Away(_) => self.server = None,
                _ => {}
            }
            (self.events)(event);
        }
    }

    /// The card is gone: refuses messages from now on, and fails those that wait.
    fn fail_the_rest(&mut self) {
        self.inbox.close();
        while !self.ended && self.take(Some(Duration::ZERO)) {}
        for event in self.binding.take_events() {
            (self.events)(event);
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Driver {
    /// However the thread ends, messages are refused from now on.
    fn drop(&mut self) {
        self.inbox.close();
    }
}

fn from(now_ms: u64, until_ms: u64) -> Duration {
    Duration::from_millis(until_ms.saturating_sub(now_ms))
}

fn status(response: &[u8]) -> Option<libetp::exchange::StatusWord> {
    libetp::exchange::split(response)
        .ok()
        .map(|(_, status)| status)
}
