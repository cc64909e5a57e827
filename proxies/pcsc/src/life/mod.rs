//! The life of one card, as a machine without I/O.
//!
//! A caller begins something ([`Life::power`], [`Life::check`], [`Life::failed`], [`Life::rest`]), then does what
//! [`Life::action`] names and tells [`Life::done`] what came of it, until the action is [`Action::Done`]. Nothing in
//! here waits for a card: without one the result is [`LinkError::Absent`] at once, and `check` tells when another try
//! is worth it.

mod ask;
mod denials;
mod pause;
mod ruling;
mod search;

use card_proxy::LinkError;
use libetp::Domain;
use libetp::exchange::StatusWord;
use pcsc::Error;

use crate::choice::Selector;
use crate::service::Power;
use crate::view::View;
use pause::AskAgain;
use search::{Judged, Search, Sight, TAKEN, foreign};

pub use denials::DENIALS_MAX;
pub(crate) use denials::Denials;
pub(crate) use pause::Pause;
pub use pause::{ASK_FIRST_MS, ASK_MS_MAX, PAUSE_FIRST_MS, PAUSE_MS_MAX};
pub use ruling::{Ruling, ruling, words};
pub(crate) use search::of_service;

/// How long to wait for word of a reader whose card gave no answer, in milliseconds. PC/SC looks every 400.
pub const SETTLE_MS: u64 = 1_000;

/// What is to be done with PC/SC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A new context.
    Establish,
    /// Open the card in this reader.
    Connect(String),
    /// Send SELECT, to see whose card it is.
    Select,
    /// Make the handle good again.
    Reconnect(Power),
    /// See whether the card has power.
    Status,
    /// Wait until the card of this reader, after so many changes, is there no more; at most [`SETTLE_MS`].
    Settle(String, u32),
    /// Close the card.
    Close,
    /// Close card and context.
    Release,
    /// Nothing more; this is what came of it.
    Done(Result<(), LinkError>),
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is done.
    Done,
    /// Another card of this process has the reader.
    Taken,
    /// The response to SELECT; empty, if there was none that makes sense.
    Response(Vec<u8>),
    /// Whether the card has power.
    Power(bool),
}

/// What is known outside.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// Milliseconds of any clock that does not run backwards.
    pub ms: u64,
    /// The readers.
    pub view: &'a View,
    /// Readers of other cards of this process.
    pub taken: &'a [String],
}

/// The life of one card.
#[derive(Debug)]
pub struct Life {
    search: Search,
    /// Whether there is a context.
    has_context: bool,
    held: Option<Held>,
    /// Whether the card was closed because nobody needs it.
    is_resting: bool,
    task: Task,
    pause: Pause,
    denials: Denials,
    not_before_ms: u64,
}

/// A card that is open and was found to be the right one.
#[derive(Debug)]
struct Held {
    sight: Sight,
    domain: Option<Domain>,
    /// When it is asked again whose it is, if the daemon selected it and has said nothing more to it.
    ask: Option<AskAgain>,
    /// Whether it was, which ended what the daemon's SELECT began.
    is_asked: bool,
}

#[derive(Debug)]
enum Task {
    Establish,
    /// Opens the cards of the search one by one.
    Try(Sight, Stage),
    /// Powers the card up that is held.
    PowerUp,
    /// Makes the handle of a card good that lost its memory.
    Mend(Mending),
    /// Asks the card that is held whose it is.
    Ask,
    Settle,
    /// Closes the card, goes on with the search.
    CloseAndTry,
    End(Closing, Result<(), LinkError>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connect,
    Select,
    PowerUp(Option<Domain>),
    /// For a card that could not say whose it is before it got power.
    PowerUpAndSelect,
    SelectAgain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mending {
    Reconnect,
    Status,
    PowerUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    Nothing,
    Card,
    Context,
}

impl Life {
    /// Without a card so far.
    pub fn new(selector: Selector) -> Self {
        Self {
            search: Search::new(selector),
            has_context: false,
            held: None,
            is_resting: false,
            task: Task::End(Closing::Nothing, Ok(())),
            pause: Pause::default(),
            denials: Denials::default(),
            not_before_ms: 0,
        }
    }

    /// The reader whose card is open and was found to be the right one.
    pub fn reader(&self) -> Option<&str> {
        self.held.as_ref().map(|held| held.sight.reader.as_str())
    }

    /// The domain that the open card named, which nobody has verified.
    pub fn domain(&self) -> Option<Domain> {
        self.held.as_ref().and_then(|held| held.domain)
    }

    /// Whether the card was closed because nobody needed it, and nothing else has happened since.
    pub fn is_resting(&self) -> bool {
        self.is_resting
    }

    /// Begins: power for the card that is held, or for one that is found.
    pub fn power(&mut self, now: &Now<'_>) {
        self.is_resting = false;
        match self.held {
            Some(_) => self.task = Task::PowerUp,
            None => self.look(now),
        }
    }

    /// Begins: whether the card is as it was left; without a card, whether it is worth while to look for one.
    pub fn check(&mut self, now: &Now<'_>) {
        let Some(held) = &self.held else {
            self.is_resting &= self.search.has_candidates(now);
            let result = match self.is_resting || self.is_worth_a_try(now) {
                true => Ok(()),
                false => Err(LinkError::Absent(self.search.why(now))),
            };
            return self.end(Closing::Nothing, result);
        };
        match now.view.service {
            Err(error) => self.abandon(error, now),
            Ok(()) if now.view.still_has(&held.sight.reader, held.sight.changes) => {
                self.task = match held.ask.is_some_and(|ask| ask.is_due(now.ms)) {
                    true => Task::Ask,
                    false => Task::End(Closing::Nothing, Ok(())),
                };
            }
            Ok(()) => self.abandon(Error::RemovedCard, now),
        }
    }

    /// Begins: a command was not answered, for this error.
    pub fn failed(&mut self, error: Error, now: &Now<'_>) {
        match ruling(error) {
            Ruling::Lost => self.end(Closing::Nothing, Err(LinkError::Lost(words(error).into()))),
            Ruling::Settle => self.task = Task::Settle,
            Ruling::Reconnect => self.task = Task::Mend(Mending::Reconnect),
            // The card that is held spoke before: another program has it reset just now.
            _ if error == Error::ProtoMismatch => self.task = Task::Mend(Mending::Reconnect),
            Ruling::PowerUp => self.task = Task::Mend(Mending::PowerUp),
            _ => self.abandon(error, now),
        }
    }

    /// Begins: a command was answered with nothing, as some readers say of a card that is pulled.
    pub fn silent(&mut self) {
        self.task = Task::Settle;
    }

    /// Begins: nobody needs the card for now.
    pub fn rest(&mut self) {
        let closing = match self.held.take() {
            Some(_) => Closing::Card,
            None => Closing::Nothing,
        };
        self.is_resting |= closing == Closing::Card;
        self.end(closing, Ok(()));
    }

    /// What to do now.
    pub fn action(&self) -> Action {
        match &self.task {
            Task::Establish => Action::Establish,
            Task::Try(sight, Stage::Connect) => Action::Connect(sight.reader.clone()),
            Task::Try(_, Stage::Select | Stage::SelectAgain) | Task::Ask => Action::Select,
            Task::Try(_, Stage::PowerUp(_) | Stage::PowerUpAndSelect)
            | Task::PowerUp
            | Task::Mend(Mending::PowerUp) => Action::Reconnect(Power::Reset),
            Task::Mend(Mending::Reconnect) => Action::Reconnect(Power::Leave),
            Task::Mend(Mending::Status) => Action::Status,
            Task::Settle => match &self.held {
                Some(Held { sight, .. }) => Action::Settle(sight.reader.clone(), sight.changes),
                None => Action::Close,
            },
            Task::CloseAndTry | Task::End(Closing::Card, _) => Action::Close,
            Task::End(Closing::Context, _) => Action::Release,
            Task::End(Closing::Nothing, result) => Action::Done(result.clone()),
        }
    }

    /// What came of the action.
    pub fn done(&mut self, outcome: Result<Told, Error>, now: &Now<'_>) {
        let task = std::mem::replace(&mut self.task, Task::End(Closing::Nothing, Ok(())));
        match task {
            Task::Establish => match outcome {
                Ok(_) => {
                    self.has_context = true;
                    self.denials.reset();
                    self.next_card(now);
                }
                Err(error) => self.abandon(error, now),
            },
            Task::Try(sight, stage) => self.tried(sight, stage, outcome, now),
            Task::PowerUp => match outcome {
                Ok(_) => self.end(Closing::Nothing, Ok(())),
                Err(error) => self.abandon(error, now),
            },
            Task::Mend(mending) => self.mended(mending, outcome, now),
            Task::Ask => self.asked(outcome, now),
            Task::Settle => self.settled(now),
            Task::CloseAndTry => self.next_card(now),
            Task::End(_, result) => self.end(Closing::Nothing, result),
        }
    }

    fn look(&mut self, now: &Now<'_>) {
        self.search.begin(now);
        match self.search.is_over() {
            true => self.end_in_vain(now),
            false if self.has_context => self.next_card(now),
            false => self.task = Task::Establish,
        }
    }

    fn next_card(&mut self, now: &Now<'_>) {
        match self.search.next() {
            Some(sight) => self.task = Task::Try(sight, Stage::Connect),
            None => self.end_in_vain(now),
        }
    }

    fn end_in_vain(&mut self, now: &Now<'_>) {
        self.not_before_ms = now.ms + self.pause.next_ms();
        let absent = LinkError::Absent(self.search.why(now));
        self.end(Closing::Nothing, Err(absent));
    }

    fn is_worth_a_try(&mut self, now: &Now<'_>) -> bool {
        if now.view.service.is_err() {
            self.search.lost_service(now);
            return false;
        }
        if !self.search.has_candidates(now) {
            return false;
        }
        let is_changed = self.search.is_changed(now);
        if is_changed {
            self.pause.reset();
        }
        is_changed || now.ms >= self.not_before_ms
    }

    fn tried(&mut self, sight: Sight, stage: Stage, outcome: Result<Told, Error>, now: &Now<'_>) {
        let told = match outcome {
            Ok(told) => told,
            Err(error) => return self.try_failed(sight, stage, error, now),
        };
        match (stage, told) {
            (Stage::Connect, Told::Taken) => {
                self.search.miss(&sight, TAKEN.into());
                self.next_card(now);
            }
            (Stage::Connect, _) => self.task = Task::Try(sight, Stage::Select),
            (Stage::Select | Stage::SelectAgain, Told::Response(response)) => {
                self.tried_select(sight, stage, &response, now);
            }
            (Stage::Select | Stage::SelectAgain, _) => self.tried_select(sight, stage, &[], now),
            (Stage::PowerUpAndSelect, _) => self.task = Task::Try(sight, Stage::SelectAgain),
            (Stage::PowerUp(domain), _) => {
                self.pause.reset();
                self.held = Some(Held {
                    sight,
                    domain,
                    ask: None,
                    is_asked: false,
                });
                self.end(Closing::Nothing, Ok(()));
            }
        }
    }

    /// The card that is open said whose it is. One whose storage failed says nothing until it got power.
    fn tried_select(&mut self, sight: Sight, stage: Stage, response: &[u8], now: &Now<'_>) {
        self.task = match (self.search.judge(response), stage) {
            (Judged::Right(domain), _) => Task::Try(sight, Stage::PowerUp(domain)),
            (Judged::NeedsPower, Stage::Select) => Task::Try(sight, Stage::PowerUpAndSelect),
            (Judged::NeedsPower, _) => {
                self.search.bar(sight, foreign(StatusWord::FAILED), now);
                Task::CloseAndTry
            }
            (Judged::Wrong(why), _) => {
                self.search.bar(sight, why, now);
                Task::CloseAndTry
            }
            (Judged::Silent, _) => {
                self.search.miss(&sight, words(Error::NotTransacted).into());
                Task::CloseAndTry
            }
        };
    }

    fn try_failed(&mut self, sight: Sight, stage: Stage, error: Error, now: &Now<'_>) {
        match ruling(error) {
            Ruling::Rebuild => return self.abandon(error, now),
            Ruling::Bar => self.search.bar(sight, words(error).into(), now),
            _ => self.search.miss(&sight, words(error).into()),
        }
        match stage {
            Stage::Connect => self.next_card(now),
            _ => self.task = Task::CloseAndTry,
        }
    }

    fn mended(&mut self, mending: Mending, outcome: Result<Told, Error>, now: &Now<'_>) {
        match (mending, outcome) {
            (Mending::Reconnect, Ok(_)) => self.task = Task::Mend(Mending::Status),
            (Mending::Status, Ok(Told::Power(false))) => {
                self.task = Task::Mend(Mending::PowerUp);
            }
            (_, Ok(_)) => self.end(Closing::Nothing, Err(LinkError::Reset)),
            (Mending::Reconnect | Mending::Status, Err(error)) if is_of_power(error) => {
                self.task = Task::Mend(Mending::PowerUp);
            }
            (_, Err(error)) => self.abandon(error, now),
        }
    }

    fn settled(&mut self, now: &Now<'_>) {
        let is_there = |held: &Held| now.view.still_has(&held.sight.reader, held.sight.changes);
        match (now.view.service, &self.held) {
            (Err(error), _) => self.abandon(error, now),
            (Ok(()), Some(held)) if is_there(held) => {
                let words = words(Error::NotTransacted).into();
                self.end(Closing::Nothing, Err(LinkError::Lost(words)));
            }
            (Ok(()), _) => self.abandon(Error::RemovedCard, now),
        }
    }

    /// Closes what is open, for this error. It is looked for again after a pause, or when something changes.
    fn abandon(&mut self, error: Error, now: &Now<'_>) {
        let ruling = ruling(error);
        self.not_before_ms = now.ms + self.pause.next_ms();
        let closing = match ruling {
            Ruling::Rebuild => Closing::Context,
            _ => Closing::Card,
        };
        self.has_context &= ruling != Ruling::Rebuild;
        match (self.held.take(), ruling) {
            (Some(held), Ruling::Bar) => self.search.bar(held.sight, words(error).into(), now),
            (_, Ruling::Rebuild) => self.search.lost_service(now),
            (Some(held), _) => self.search.lost(&held.sight, words(error).into()),
            (None, _) => {}
        }
        let why = match ruling {
            Ruling::Rebuild => of_service(self.denials.count(error)),
            _ => self.search.why(now),
        };
        self.end(closing, Err(LinkError::Absent(why)));
    }

    fn end(&mut self, closing: Closing, result: Result<(), LinkError>) {
        self.task = Task::End(closing, result);
    }
}

/// Whether power for the card would mend it. Of a card that spoke before, `pcscd` knows no protocol as long as it has
/// no power.
fn is_of_power(error: Error) -> bool {
    let is_without_protocol = error == Error::ProtoMismatch;
    is_without_protocol || matches!(ruling(error), Ruling::Reconnect | Ruling::PowerUp)
}
