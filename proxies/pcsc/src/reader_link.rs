//! The way to a card in a reader.

use std::time::Duration;

use card_proxy::{Link, LinkError};
use libetp::exchange::apdu::Apdu;
use libetp::exchange::{INS_EXCHANGE, INS_SELECT, SelectCommand, StatusWord, split};
use pcsc::Error;

use crate::choice::Selector;
use crate::claims::Claim;
use crate::clock::Clock;
use crate::life::{Action, Life, Now, SETTLE_MS, Told};
use crate::log::{Log, Urgency};
use crate::service::{Fault, Opened, Power, Service, Sharing};
use crate::suspects;
use crate::transport::{Lengths, Limits, Protocol, Transport, TransportError};
use crate::view::{SharedView, View};

/// How often it is to be asked whether the card is there.
const CHECK_PAUSE: Duration = Duration::from_millis(100);
/// How long to wait for the first word of readers.
const FIRST_VIEW: Duration = Duration::from_secs(1);

/// How a card is used.
#[derive(Clone, Debug, Default)]
pub struct Use {
    /// Which card.
    pub selector: Selector,
    /// Who else may use it.
    pub sharing: Sharing,
    /// Which APDUs are sent.
    pub lengths: Lengths,
    /// After how long without a command the card is closed while a daemon is served; `None`: never.
    pub idle: Option<Duration>,
}

/// The way to a card in a reader, over any PC/SC.
pub struct ReaderLink<S> {
    service: S,
    how: Use,
    life: Life,
    transport: Transport,
    view: SharedView,
    claim: Claim,
    log: Log,
    clock: Clock,
    last_used_ms: u64,
    /// What was logged last of where the card is.
    place: String,
    /// Who may have the card, since somebody has.
    suspects: Vec<String>,
}

impl<S: Service> ReaderLink<S> {
    /// A way that has no card yet.
    pub fn new(service: S, how: Use, view: SharedView, claim: Claim, log: Log) -> Self {
        let clock = Clock::default();
        Self {
            service,
            life: Life::new(how.selector.clone()),
            how,
            transport: Transport::new(Limits::short(Protocol::T1)),
            view,
            claim,
            log,
            last_used_ms: clock.now_ms(),
            clock,
            place: String::new(),
            suspects: Vec::new(),
        }
    }

    /// The same, by another clock.
    #[must_use]
    pub fn by(mut self, clock: Clock) -> Self {
        self.last_used_ms = clock.now_ms();
        self.clock = clock;
        self
    }

    /// Does what the life of the card wants until there is a result.
    fn drive(&mut self) -> Result<(), LinkError> {
        loop {
            let outcome = match self.life.action() {
                Action::Done(result) => {
                    let result = result.map_err(|error| self.with_suspects(error));
                    self.tell(&result);
                    return result;
                }
                Action::Establish => self.service.establish().map(|()| Told::Done),
                Action::Connect(reader) => self.connect(&reader),
                Action::Select => self.select(),
                Action::Reconnect(power) => self.reconnect(power),
                Action::Status => self.service.has_power().map(Told::Power),
                Action::Settle(reader, changes) => self.settle(&reader, changes),
                Action::Close => {
                    self.service.close();
                    self.claim.give_back();
                    Ok(Told::Done)
                }
                Action::Release => {
                    self.service.release();
                    self.claim.give_back();
                    Ok(Told::Done)
                }
            };
            self.with_now(|life, now| life.done(outcome, now));
        }
    }

    fn connect(&mut self, reader: &str) -> Result<Told, Error> {
        if !self.claim.take(reader) {
            return Ok(Told::Taken);
        }
        match self.service.connect(reader, self.how.sharing) {
            Ok(opened) => {
                self.suspects.clear();
                self.transport = Transport::new(self.limits(&opened));
                Ok(Told::Done)
            }
            Err(error) => {
                self.claim.give_back();
                self.suspects = match error {
                    Error::SharingViolation => suspects::running(),
                    _ => Vec::new(),
                };
                Err(error)
            }
        }
    }

    fn with_suspects(&self, error: LinkError) -> LinkError {
        match error {
            LinkError::Absent(why) if !self.suspects.is_empty() => {
                let suspects = self.suspects.join(", ");
                LinkError::Absent(format!("{why}; running here: {suspects}"))
            }
            error => error,
        }
    }

    fn reconnect(&mut self, power: Power) -> Result<Told, Error> {
        let before = self.transport.limits();
        let opened = self.service.reconnect(self.how.sharing, power)?;
        let limits = self.limits(&opened);
        match limits.is_t0 == before.is_t0 {
            true => self.transport.powered_up(),
            false => self.transport = Transport::new(limits),
        }
        Ok(Told::Done)
    }

    fn limits(&self, opened: &Opened) -> Limits {
        let (protocol, reader) = (opened.protocol, opened.reader_data_max);
        Limits::of(protocol, reader, &opened.atr, self.how.lengths)
    }

    fn select(&mut self) -> Result<Told, Error> {
        let mut session = [0; 8];
        getrandom::fill(&mut session).map_err(|_| Error::InternalError)?;
        match self.carry(&SelectCommand { session }.to_bytes()) {
            Ok(response) => Ok(Told::Response(response)),
            Err(Fault::Service(error)) => Err(error),
            Err(Fault::Transport(_)) => Ok(Told::Response(Vec::new())),
        }
    }

    fn carry(&mut self, command: &[u8]) -> Result<Vec<u8>, Fault> {
        self.transport.begin(command).map_err(Fault::Transport)?;
        self.service.carry(self.how.sharing, &mut self.transport)
    }

    fn settle(&self, reader: &str, changes: u32) -> Result<Told, Error> {
        let within = Duration::from_millis(SETTLE_MS);
        self.view
            .wait_for(within, |view| !view.still_has(reader, changes));
        Ok(Told::Done)
    }

    fn with_now(&mut self, tell: impl FnOnce(&mut Life, &Now<'_>)) {
        let (view, taken) = (self.view.now(), self.claim.of_others());
        let now = Now {
            ms: self.clock.now_ms(),
            view: &view,
            taken: &taken,
        };
        tell(&mut self.life, &now);
    }

    /// What became of a command that has no response.
    fn lost(&mut self, fault: Fault) -> LinkError {
        match fault {
            Fault::Service(error) => self.with_now(|life, now| life.failed(error, now)),
            Fault::Transport(TransportError::NoStatus(_)) => self.life.silent(),
            Fault::Transport(error) => return LinkError::Lost(error.to_string()),
        }
        // It ends with an error always; a handle that was mended was reset.
        self.drive().err().unwrap_or(LinkError::Reset)
    }

    /// A response, unless it is that of another application or another card.
    fn accept(&mut self, command: &[u8], response: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let Ok((_, status)) = split(&response) else {
            return Ok(response);
        };
        match Apdu::parse(command).map(|apdu| apdu.instruction) {
            Ok(INS_SELECT) => {
                self.with_now(|life, now| life.selected(&response, now));
                self.drive().map(|()| response)
            }
            Ok(INS_EXCHANGE) if !status.is_registered() => {
                self.deselected(status);
                Err(LinkError::Reset)
            }
            Ok(INS_EXCHANGE) if DESELECTED.contains(&status) => {
                self.deselected(status);
                Ok(response)
            }
            Ok(INS_EXCHANGE) => {
                self.life.used();
                Ok(response)
            }
            _ => Ok(response),
        }
    }

    fn deselected(&self, status: StatusWord) {
        let words =
            "another program selected another application on the card, or another card is there";
        self.log.say(
            Urgency::Info,
            format!("{words}: EXCHANGE is answered {status}"),
        );
    }

    /// The card, if it was closed for want of use, gets power first.
    fn wake(&mut self) -> Result<(), LinkError> {
        if self.life.reader().is_some() {
            return Ok(());
        }
        let was_resting = self.life.is_resting();
        self.with_now(|life, now| match was_resting {
            true => life.power(now),
            false => life.check(now),
        });
        self.drive()?;
        match was_resting {
            true => Err(LinkError::Reset),
            false => Err(LinkError::Absent(
                "there was no card when the command came".into(),
            )),
        }
    }

    fn tell(&mut self, result: &Result<(), LinkError>) {
        let place = match (self.life.reader(), result) {
            (Some(reader), _) => {
                let domain = self.life.domain();
                let card = domain.map_or("a card".into(), |domain| format!("card {domain}"));
                format!("{card} in {reader} is served ({})", self.form())
            }
            (None, Err(LinkError::Absent(why))) => format!("no card: {why}"),
            _ => return,
        };
        if place != self.place {
            let urgency = match self.life.reader() {
                Some(_) => Urgency::Info,
                None => Urgency::Warning,
            };
            self.log.say(urgency, &place);
            self.place = place;
        } else if *result == Err(LinkError::Reset) {
            self.log
                .say(Urgency::Info, "another program reset the card");
        }
    }

    fn form(&self) -> &'static str {
        let limits = self.transport.limits();
        match (limits.is_t0, limits.is_extended) {
            (true, _) => "T=0, short APDUs",
            (false, true) => "T=1, extended APDUs",
            (false, false) => "T=1, short APDUs",
        }
    }
}

fn is_select(command: &[u8]) -> bool {
    Apdu::parse(command).is_ok_and(|apdu| apdu.instruction == INS_SELECT)
}

/// What a card says that was selected and is not any more.
const DESELECTED: [StatusWord; 3] = [
    StatusWord::NOT_SELECTED,
    StatusWord::UNKNOWN_INSTRUCTION,
    StatusWord::UNKNOWN_CLASS,
];

impl<S: Service> Link for ReaderLink<S> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.wake()?;
        if self.life.is_asked() && !is_select(command) {
            return Err(LinkError::Reset);
        }
        let carried = self.carry(command);
        self.last_used_ms = self.clock.now_ms();
        match carried {
            Ok(response) => self.accept(command, response),
            Err(fault) => Err(self.lost(fault)),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        let is_told = |view: &View| view.version > 0;
        self.view.wait_for(FIRST_VIEW, is_told);
        self.with_now(Life::power);
        self.last_used_ms = self.clock.now_ms();
        self.drive()
    }

    fn place(&self) -> Option<String> {
        self.life.reader().map(Into::into)
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(CHECK_PAUSE)
    }

    fn check(&mut self) -> Result<(), LinkError> {
        let unused = self.clock.now_ms().saturating_sub(self.last_used_ms);
        let is_idle = |idle| Duration::from_millis(unused) >= idle;
        if self.life.reader().is_some() && self.how.idle.is_some_and(is_idle) {
            self.log.say(
                Urgency::Info,
                "the card is released until there is a command for it",
            );
            self.life.rest();
        } else {
            self.with_now(Life::check);
        }
        self.drive()
    }

    fn rest(&mut self) {
        self.life.rest();
        // Closing has no result that anybody could act upon.
        let _ = self.drive();
    }
}
