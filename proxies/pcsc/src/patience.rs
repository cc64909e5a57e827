//! A way to a card that may take longer than a daemon waits.
//!
//! A call of PC/SC has no time limit, and none can be interrupted: while another program holds a transaction, or a
//! card takes its time, it blocks. So the calls are made on a thread of their own. Whoever waits for one is told after
//! a while that the response is lost, and meanwhile that the card is busy; the call goes on, and nothing else is asked
//! of the card before it has ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use card_proxy::socket::{ANSWER_MS_MAX, GREETING_MS_MAX};
use card_proxy::{Link, LinkError};

use crate::log::{Log, Urgency};
use crate::queue::{End, Nothing, queue};

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For a response.
    pub response: Duration,
    /// For power, and for word of whether the card is there.
    pub power: Duration,
    /// Until it is logged that there is nothing yet.
    pub murmur: Duration,
}

/// Longest wait for a response in milliseconds: the daemon gives up a little later.
pub const RESPONSE_MS_MAX: u64 = 25_000;
/// Longest wait for power in milliseconds, likewise.
pub const POWER_MS_MAX: u64 = 4_000;
/// Until it is logged that there is no response, in milliseconds.
pub const MURMUR_MS: u64 = 2_000;

const _: () = assert!(RESPONSE_MS_MAX < ANSWER_MS_MAX && POWER_MS_MAX < GREETING_MS_MAX);

impl Default for Waits {
    fn default() -> Self {
        Self {
            response: Duration::from_millis(RESPONSE_MS_MAX),
            power: Duration::from_millis(POWER_MS_MAX),
            murmur: Duration::from_millis(MURMUR_MS),
        }
    }
}

enum Ask {
    Transmit(Vec<u8>),
    Reset,
    Check,
    Rest,
}

type Answer = Result<Vec<u8>, LinkError>;

/// A link that is used on a thread of its own.
#[derive(Debug)]
pub struct Patient {
    asks: Option<End<Ask>>,
    answers: End<Answer>,
    waits: Waits,
    check_pause: Option<Duration>,
    /// Where the card was when it last got power.
    place: Arc<Mutex<Option<String>>>,
    /// Since when an answer is due that nobody waits for any more.
    busy_since: Option<String>,
    /// How many such answers are due.
    due: usize,
    log: Log,
}

impl Patient {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system says if there is none.
    pub fn spawn(
        mut link: impl Link + 'static,
        name: &str,
        waits: Waits,
        log: Log,
    ) -> std::io::Result<Self> {
        let check_pause = link.check_pause();
        let (asks, asked) = queue();
        let (tell, answers) = queue();
        let place = Arc::new(Mutex::new(None));
        let thread = std::thread::Builder::new().name(name.into());
        let of_thread = Arc::clone(&place);
        thread.spawn(move || {
            while let Some(ask) = asked.receive() {
                let is_power = matches!(ask, Ask::Reset);
                let answer = carry_out(&mut link, ask);
                if is_power {
                    *of_thread.lock().unwrap_or_else(PoisonError::into_inner) = link.place();
                }
                if !tell.send(answer) {
                    break;
                }
            }
            // Closed before whoever waits for the end of the thread knows of it.
            drop(link);
        })?;
        Ok(Self {
            asks: Some(asks),
            answers,
            waits,
            check_pause,
            place,
            busy_since: None,
            due: 0,
            log,
        })
    }

    /// What the card answers in time; what it answers later is dropped.
    fn ask(&mut self, ask: Ask, within: Duration) -> Result<Answer, Late> {
        if self.is_busy()? {
            return Err(Late::Busy);
        }
        let since = jiff::Timestamp::now();
        let begun = Instant::now();
        self.send(ask)?;
        match self.wait(within.min(self.waits.murmur))? {
            Some(answer) => return Ok(answer),
            None => self.murmur(&since),
        }
        match self.wait(within.saturating_sub(begun.elapsed()))? {
            Some(answer) => {
                let taken = begun.elapsed().as_millis();
                self.log
                    .say(Urgency::Info, format!("the card answered after {taken} ms"));
                Ok(answer)
            }
            None => {
                self.busy_since = Some(since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
                self.due = 1;
                Err(Late::Now)
            }
        }
    }

    fn send(&self, ask: Ask) -> Result<(), Late> {
        let asks = self.asks.as_ref().ok_or(Late::Ended)?;
        match asks.send(ask) {
            true => Ok(()),
            false => Err(Late::Ended),
        }
    }

    fn wait(&self, within: Duration) -> Result<Option<Answer>, Late> {
        match self.answers.receive_within(within) {
            Ok(answer) => Ok(Some(answer)),
            Err(Nothing::Yet) => Ok(None),
            Err(Nothing::Ever) => Err(Late::Ended),
        }
    }

    /// Whether answers are still due that nobody waited for.
    fn is_busy(&mut self) -> Result<bool, Late> {
        while self.due > 0 && self.wait(Duration::ZERO)?.is_some() {
            self.due -= 1;
        }
        if self.due == 0 && self.busy_since.take().is_some() {
            self.log.say(Urgency::Info, "the card answers again");
        }
        Ok(self.due > 0)
    }

    fn murmur(&self, since: &jiff::Timestamp) {
        let since = since.strftime("%H:%M:%SZ");
        let words = format!("no answer since {since}: {BUSY}");
        self.log.say(Urgency::Warning, words);
    }

    fn busy(&self) -> String {
        let since = self.busy_since.as_deref().unwrap_or("now");
        format!("busy since {since}: {BUSY}")
    }

    /// What is said of a response that does not come.
    fn late(&self, late: Late) -> LinkError {
        match late {
            Late::Now => LinkError::Lost(self.busy()),
            Late::Busy => LinkError::Absent(self.busy()),
            Late::Ended => LinkError::Gone("its thread ended; this is a defect".into()),
        }
    }

    /// What is said of a card that may get power later.
    fn later(&self, late: Late) -> LinkError {
        match self.late(late) {
            LinkError::Lost(words) => LinkError::Absent(words),
            error => error,
        }
    }
}

/// Why a card answers nothing.
const BUSY: &str = "another program holds a transaction with the card, or the card works";

enum Late {
    /// The time is over.
    Now,
    /// An earlier answer is due.
    Busy,
    /// There is no thread any more.
    Ended,
}

fn carry_out(link: &mut impl Link, ask: Ask) -> Answer {
    match ask {
        Ask::Transmit(command) => link.transmit(&command),
        Ask::Reset => link.reset().map(|()| Vec::new()),
        Ask::Check => link.check().map(|()| Vec::new()),
        Ask::Rest => {
            link.rest();
            Ok(Vec::new())
        }
    }
}

impl Link for Patient {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let asked = self.ask(Ask::Transmit(command.to_vec()), self.waits.response);
        asked.map_err(|late| self.late(late))?
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        let asked = self.ask(Ask::Reset, self.waits.power);
        asked.map_err(|late| self.later(late))?.map(drop)
    }

    fn place(&self) -> Option<String> {
        let place = self.place.lock();
        place.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn check_pause(&self) -> Option<Duration> {
        self.check_pause
    }

    fn check(&mut self) -> Result<(), LinkError> {
        let asked = self.ask(Ask::Check, self.waits.power);
        asked.map_err(|late| self.later(late))?.map(drop)
    }

    fn rest(&mut self) {
        // A card that is busy rests as soon as it has answered. What it says of that changes nothing.
        if let Err(Late::Busy) = self.ask(Ask::Rest, self.waits.power)
            && self.send(Ask::Rest).is_ok()
        {
            self.due += 1;
        }
    }
}

impl Drop for Patient {
    /// Gives the thread the time to leave the card as it is; one that is busy is left behind.
    fn drop(&mut self) {
        self.asks = None;
        while let Ok(Some(_)) = self.wait(self.waits.murmur) {}
    }
}
