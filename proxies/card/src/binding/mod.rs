//! Host side of EXCHANGE, without I/O.
//!
//! One action is open at a time: [`Binding::next`] tells what to do with the link,
//! [`Binding::completed`] takes what came of it, [`Binding::take_events`] what follows for the
//! daemon. Time is milliseconds of any clock that does not run backwards.

mod absence;
mod faults;
mod flight;
mod proof;
mod recovery;

use std::collections::VecDeque;

use libetp::exchange::{
    COMMAND_MESSAGES_MAX, ExchangeReply, ONLY_WHEN_SPOKEN_TO_MS, ReplyError, SelectCommand,
    SelectReply, SessionId, next_sequence,
};
use libetp::{Domain, Message, Mtype};

use crate::event::{ApduKind, CardEvent, FailReason, GoneReason};
use crate::link::LinkError;
use crate::socket::COMMAND_BYTES_MAX;
use absence::Absence;
use faults::Faults;
use flight::{Flight, Queued, Run, pack};
use proof::Proof;
use recovery::last_number_of;

/// Shortest time in milliseconds between two empty commands that the card did not announce with
/// 91xx, whatever it asks for.
const POLL_MS_MIN: u64 = 1;

/// So many answers in a row may announce more with 91xx and bring nothing new; then the card is polled as one that
/// announces nothing, until it is sent something or brings something.
pub const EMPTY_ANSWERS_MAX: u32 = 64;

/// What a binding is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindingSettings {
    /// The host's name for this binding, random; told to the card in SELECT.
    pub session: SessionId,
    /// Highest number of a message from this card that the daemon has seen; 0 for none.
    pub highest_seen: u64,
    /// Faults in a row until the card is given up.
    pub faults_max: u32,
}

impl BindingSettings {
    /// The usual [`faults_max`](Self::faults_max): about a second and a half of trying.
    pub const FAULTS_MAX: u32 = 8;
}

/// What is to be done with the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Transmit the command, then call [`Binding::completed`].
    Transmit {
        /// Which command.
        kind: ApduKind,
        /// Its bytes.
        command: &'a [u8],
        /// Types of the messages in it.
        mtypes: &'a [Mtype],
    },
    /// Reset the card, then call [`Binding::completed`].
    Reset,
    /// Nothing before this time in milliseconds, unless a message is queued.
    WaitUntil(u64),
    /// Nothing until a message is queued.
    Idle,
    /// Ask the link now and then whether the card is there again, and call [`Binding::checked`]; ask what to do
    /// anew at this time in milliseconds at the latest, if there is one.
    AwaitCard(Option<u64>),
    /// Nothing ever again.
    Gone,
}

/// Host side of EXCHANGE for one card.
#[derive(Debug)]
pub struct Binding {
    select: Vec<u8>,
    /// Longest command in bytes that reaches the card.
    command_bytes_max: usize,
    queue: VecDeque<Queued>,
    flight: Option<Flight>,
    /// None until the card is selected.
    run: Option<Run>,
    domain: Option<Domain>,
    /// How many messages from the front of the queue go one by one, after a refused command.
    alone: usize,
    highest_seen: u64,
    /// `None` if none is demanded.
    proof: Option<Proof>,
    faults: Faults,
    reset_due: bool,
    not_before_ms: u64,
    poll_at_ms: Option<u64>,
    /// Answers in a row that announced more and brought nothing new.
    empty_answers: u32,
    /// How long what is queued waits for a card that is away, in milliseconds.
    away_ms_max: u64,
    /// Since when the card has carried nothing out, if it was away since. One that only answers SELECT and goes
    /// again has not come back.
    away_since_ms: Option<u64>,
    absence: Option<Absence>,
    gone: bool,
    events: Vec<CardEvent>,
    mtypes_out: Vec<Mtype>,
}

impl Binding {
    /// A binding that has not selected its card yet.
    pub fn new(settings: BindingSettings) -> Self {
        let session = settings.session;
        Self {
            select: SelectCommand { session }.to_bytes(),
            command_bytes_max: COMMAND_BYTES_MAX,
            queue: VecDeque::new(),
            flight: None,
            run: None,
            domain: None,
            alone: 0,
            highest_seen: settings.highest_seen,
            proof: None,
            faults: Faults::new(settings.faults_max),
            reset_due: false,
            not_before_ms: 0,
            poll_at_ms: None,
            empty_answers: 0,
            away_ms_max: 0,
            away_since_ms: None,
            absence: None,
            gone: false,
            events: Vec::new(),
            mtypes_out: Vec::new(),
        }
    }

    /// Queues a message for the card, behind those queued before. It ends in
    /// [`CardEvent::Completed`] or [`CardEvent::Failed`] with its number.
    pub fn queue(&mut self, number: u64, message: Message) {
        match self.gone || self.is_overdue() {
            true => self.fail(number, FailReason::Gone),
            false => self.queue.push_back(Queued::new(number, message)),
        }
    }

    /// Whether another message should be queued: as many wait as one command can carry.
    pub fn has_room(&self) -> bool {
        self.queue.len() < COMMAND_MESSAGES_MAX
    }

    /// Whether nothing waits for the card: no message queued or under way.
    pub fn is_drained(&self) -> bool {
        let nothing_carried = |flight: &Flight| flight.carried.is_empty();
        let nothing_held = self.proof.as_ref().is_none_or(Proof::is_drained);
        nothing_held && self.queue.is_empty() && self.flight.as_ref().is_none_or(nothing_carried)
    }

    /// Highest number of a message that the card sent.
    pub fn highest_seen(&self) -> u64 {
        self.highest_seen
    }

    /// What happened since the last call, in order.
    pub fn take_events(&mut self) -> Vec<CardEvent> {
        std::mem::take(&mut self.events)
    }

    /// Types of the messages in the response that was completed last, repeats included.
    pub fn mtypes_out(&self) -> &[Mtype] {
        &self.mtypes_out
    }

    /// What to do with the link now. The same answer comes until [`completed`](Self::completed).
    pub fn next(&mut self, now_ms: u64) -> Action<'_> {
        if self.gone {
            return Action::Gone;
        }
        if let Some(until_ms) = self.away_until(now_ms) {
            return match self.gone {
                true => Action::Gone,
                false => Action::AwaitCard(until_ms),
            };
        }
        if now_ms < self.not_before_ms {
            return Action::WaitUntil(self.not_before_ms);
        }
        if self.reset_due {
            return Action::Reset;
        }
        let Some(run) = self.run else {
            return transmit(ApduKind::Select, &self.select, &[]);
        };
        self.load(run, now_ms);
        match (&self.flight, self.poll_at_ms) {
            (Some(flight), _) => transmit(ApduKind::Exchange, &flight.command, &flight.mtypes),
            (None, Some(at_ms)) => Action::WaitUntil(at_ms),
            (None, None) => Action::Idle,
        }
    }

    /// Takes what came of the action that [`next`](Self::next) named: the response, which is
    /// empty for a reset, or the link's error.
    pub fn completed(&mut self, now_ms: u64, result: Result<&[u8], LinkError>) {
        self.mtypes_out.clear();
        match result {
            Err(error) => self.link_failed(now_ms, error),
            Ok(_) if self.reset_due => {
                self.reset_due = false;
                self.run = None;
            }
            Ok(response) => match self.run {
                None => self.selected(now_ms, SelectReply::parse(response)),
                Some(run) => self.exchanged(now_ms, run, response),
            },
        }
    }

    /// The way to the card carries commands of so many bytes at most, from the next SELECT on.
    pub fn limit_commands(&mut self, bytes_max: usize) {
        self.command_bytes_max = bytes_max;
    }

    /// The link says, while nothing is under way, that the card is not as it was left.
    pub fn disturbed(&mut self, now_ms: u64, error: LinkError) {
        self.run = None;
        self.reset_due |= error != LinkError::Reset;
        self.link_failed(now_ms, error);
    }

    /// Gives the card up: everything queued fails, nothing is transmitted any more.
    pub fn give_up(&mut self, reason: GoneReason) {
        if std::mem::replace(&mut self.gone, true) {
            return;
        }
        self.fail_everything();
        self.events.push(CardEvent::Gone(reason));
    }

    fn fail_everything(&mut self) {
        let (doubtful, challenge) = self.proof.as_mut().map_or((None, None), Proof::take);
        // Whoever asked for the command of a flight may have transmitted it.
        let flights = doubtful.into_iter().chain(self.flight.take());
        for queued in flights.flat_map(|flight| flight.carried) {
            self.fail(queued.number, FailReason::Unknown);
        }
        for queued in challenge.into_iter().chain(std::mem::take(&mut self.queue)) {
            self.fail(queued.number, FailReason::Gone);
        }
    }

    /// Makes the next command if there is reason for one.
    fn load(&mut self, run: Run, now_ms: u64) {
        if self.flight.is_some() {
            return;
        }
        let most = match self.alone {
            0 => COMMAND_MESSAGES_MAX,
            _ => 1,
        };
        let mut challenge = VecDeque::from_iter(self.take_challenge());
        let mut nothing = VecDeque::new();
        let is_challenge = !challenge.is_empty();
        let from = match is_challenge {
            true => &mut challenge,
            false if self.is_open(run) => &mut self.queue,
            false => &mut nothing,
        };
        let mut too_large = Vec::new();
        let flight = Flight {
            is_challenge,
            ..pack(from, most, run, &mut too_large)
        };
        self.fail_too_large(run, too_large);
        if !flight.carried.is_empty() {
            self.empty_answers = 0;
        }
        let poll_due = self.poll_at_ms.is_some_and(|at_ms| at_ms <= now_ms);
        if !flight.carried.is_empty() || poll_due {
            self.flight = Some(flight);
        }
    }

    fn exchanged(&mut self, now_ms: u64, run: Run, response: &[u8]) {
        match ExchangeReply::parse(response) {
            Ok(reply) => self.accept(now_ms, run, reply),
            Err(ReplyError::Status(status)) => self.refused(now_ms, status),
            Err(error) => self.fault(now_ms, error.to_string()),
        }
    }

    fn accept(&mut self, now_ms: u64, run: Run, reply: ExchangeReply) {
        self.faults.clear();
        self.run = Some(Run {
            sequence: next_sequence(run.sequence),
            ..run
        });
        self.carried_out(run);
        if let Some(flight) = self.flight.take() {
            self.complete(flight);
        }
        let seen_before = self.highest_seen;
        for numbered in reply.messages {
            self.mtypes_out.push(numbered.message.header.mtype);
            if numbered.number > self.highest_seen {
                self.highest_seen = numbered.number;
                self.events.push(CardEvent::Message {
                    number: numbered.number,
                    message: numbered.message,
                });
            }
        }
        self.settle(run);
        self.empty_answers = match reply.more && self.highest_seen == seen_before {
            true => self.empty_answers.saturating_add(1),
            false => 0,
        };
        self.poll_at_ms = match reply.more && self.empty_answers < EMPTY_ANSWERS_MAX {
            true => Some(now_ms),
            false => poll_at_ms(now_ms, reply.next_ms),
        };
    }

    fn complete(&mut self, flight: Flight) {
        self.alone = self.alone.saturating_sub(flight.carried.len());
        let completed = flight.carried.iter().map(|queued| CardEvent::Completed {
            number: queued.number,
        });
        self.events.extend(completed);
    }

    fn fail(&mut self, number: u64, reason: FailReason) {
        self.events.push(CardEvent::Failed { number, reason });
    }
}

fn transmit<'a>(kind: ApduKind, command: &'a [u8], mtypes: &'a [Mtype]) -> Action<'a> {
    Action::Transmit {
        kind,
        command,
        mtypes,
    }
}

fn poll_at_ms(now_ms: u64, next_ms: u16) -> Option<u64> {
    let wait_ms = u64::from(next_ms).max(POLL_MS_MIN);
    (next_ms != ONLY_WHEN_SPOKEN_TO_MS).then_some(now_ms + wait_ms)
}
