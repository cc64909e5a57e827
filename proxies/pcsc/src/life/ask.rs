//! Whose card it is that is held, asked again: one that is swapped faster than the reader looks tells nobody.
//!
//! What the daemon's SELECT shows is noted. A daemon that has use for the card goes on with EXCHANGE at once; one that
//! has none, since it is another than before, waits for that. Then the card is asked after pauses that grow, and if it
//! is another again, the daemon is told of a reset and looks itself.
//!
//! Whoever asks selects. So a daemon that goes on all the same, late, has to select the card anew: its session
//! is over, and a card that was without power meanwhile would not say so any more.

use card_proxy::LinkError;
use pcsc::Error;

use super::pause::AskAgain;
use super::search::Judged;
use super::{Closing, Life, Now, Task, Told};

impl Life {
    /// Begins: the daemon's SELECT had this response. A card that is not the right one is closed.
    pub fn selected(&mut self, response: &[u8], now: &Now<'_>) {
        match (self.search.judge(response), &mut self.held) {
            (Judged::Wrong(why), _) => self.bar_held(why, now),
            (Judged::Right(domain), Some(held)) => {
                held.domain = domain;
                held.ask = Some(AskAgain::from(now.ms));
                held.is_asked = false;
                self.end(Closing::Nothing, Ok(()));
            }
            _ => self.end(Closing::Nothing, Ok(())),
        }
    }

    /// The daemon has use for the card.
    pub fn used(&mut self) {
        if let Some(held) = &mut self.held {
            held.ask = None;
        }
    }

    /// Whether the card was asked since the daemon selected it.
    pub fn is_asked(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_asked)
    }

    /// What the card that is held answered when it was asked whose it is.
    pub(super) fn asked(&mut self, outcome: Result<Told, Error>, now: &Now<'_>) {
        if let Some(held) = &mut self.held {
            held.is_asked = true;
        }
        let response = match outcome {
            Ok(Told::Response(response)) => response,
            Ok(_) => Vec::new(),
            Err(error) => return self.failed(error, now),
        };
        match (self.search.judge(&response), &mut self.held) {
            (Judged::Right(domain), Some(held)) if domain == held.domain => {
                if let Some(ask) = &mut held.ask {
                    ask.postpone(now.ms);
                }
                self.end(Closing::Nothing, Ok(()));
            }
            (Judged::Right(domain), Some(held)) => {
                held.domain = domain;
                held.ask = None;
                self.end(Closing::Nothing, Err(LinkError::Reset));
            }
            (Judged::NeedsPower, _) => self.end(Closing::Nothing, Err(LinkError::Reset)),
            (Judged::Wrong(why), _) => self.bar_held(why, now),
            (Judged::Silent | Judged::Right(_), _) => self.task = Task::Settle,
        }
    }

    fn bar_held(&mut self, why: String, now: &Now<'_>) {
        if let Some(held) = self.held.take() {
            self.search.bar(held.sight, why, now);
        }
        let absent = LinkError::Absent(self.search.why(now));
        self.end(Closing::Card, Err(absent));
    }
}
