//! The wallet at work: its id resumed, its mail collected.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use card_owner::Settings;
pub(crate) use card_owner::{ANSWER_TIMEOUT, now};
use libetp::client::blocking::{Capability, Connection};
use libetp::client::{Delivery, Event, Trust};

use crate::asks::{self, Asks};
use crate::cli::Cli;
use crate::program::{Failure, Home};
use crate::records::{self, Effect, Records};

/// An open wallet.
pub(crate) struct Wallet {
    pub(crate) home: Home,
    pub(crate) settings: Settings,
    pub(crate) records: Records,
    pub(crate) asks: Asks,
    pub(crate) capability: Capability,
    pub(crate) trust: Trust,
}

impl Wallet {
    /// Opens home and connection, and collects the mail that waited.
    pub(crate) fn open(cli: &Cli) -> Result<Self, Failure> {
        let access = cli.access();
        let home = Home::open(access.home)?;
        let settings = Settings::load(&home, &access)?;
        let records = home.load(records::FILE)?.unwrap_or_default();
        let asks = home.load(asks::FILE);
        let asks = asks.map_err(|failure| failure.hint(asks::DAMAGED))?;
        let trust = card_owner::trust(&access);
        let connection = card_owner::connect(&settings.socket, &trust)?;
        let capability = card_owner::resume(&home, connection)?;
        let mut wallet = Self {
            home,
            settings,
            records,
            asks: asks.unwrap_or_default(),
            capability,
            trust,
        };
        wallet.collect()?;
        Ok(wallet)
    }

    /// Another connection to the daemon.
    pub(crate) fn connect(&self) -> Result<Connection, Failure> {
        card_owner::connect(&self.settings.socket, &self.trust)
    }

    /// Remembers all mail that has arrived.
    pub(crate) fn collect(&mut self) -> Result<(), Failure> {
        let mut mail = VecDeque::new();
        while let Some(delivery) = self.capability.receive_within(Duration::ZERO)? {
            mail.push_back(delivery);
        }
        self.keep(&mail)
    }

    /// Stores what the messages say, if it is news; only then are they answered and taken.
    fn keep<'d>(&mut self, mail: impl IntoIterator<Item = &'d Delivery>) -> Result<(), Failure> {
        let (now, me) = (now(), self.settings.id);
        let apply = |delivery: &Delivery| {
            self.asks.apply(now, me, delivery);
            self.records.apply(now, me.domain.card(), delivery)
        };
        let effects: Vec<Effect> = mail.into_iter().map(apply).collect();
        if effects.is_empty() {
            return Ok(());
        }
        if self.records.take_news() {
            self.save()?;
        }
        if self.asks.take_news() {
            self.save_asks()?;
        }
        for effect in effects {
            self.carry_out(effect)?;
        }
        self.done()
    }

    /// Everything received so far is in the records or needs none.
    pub(crate) fn done(&mut self) -> Result<(), Failure> {
        self.capability.take_received();
        Ok(self.capability.write_out()?)
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::None => {}
            Effect::Acknowledge(result) => {
                let card = self.settings.id.domain.card();
                self.capability.queue_param(card, &result)?;
            }
            Effect::Reply(dst, mtype, param) => {
                self.capability.queue(dst, mtype, &param)?;
            }
        }
        Ok(())
    }

    /// Collects mail until the records say what is waited for; false when time is up first.
    /// Verdicts go to whoever reads standard error.
    pub(crate) fn wait_until(
        &mut self,
        timeout: Duration,
        done: impl Fn(&Records) -> bool,
    ) -> Result<bool, Failure> {
        self.wait_for(timeout, |wallet| done(&wallet.records))
    }

    /// As [`wait_until`](Self::wait_until), for anything that mail brings.
    pub(crate) fn wait_for(
        &mut self,
        timeout: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> Result<bool, Failure> {
        self.watch_all(timeout, |wallet, event| {
            if let Some(Event::Undelivered(undelivered)) = event {
                eprintln!("wallet: {undelivered}");
            }
            done(wallet)
        })
    }

    /// Collects mail until `enough` says so, which is asked first with no event and then after each:
    /// the records know of it already. False when time is up first, also if mail never ends.
    pub(crate) fn watch(
        &mut self,
        timeout: Duration,
        mut enough: impl FnMut(&Records, Option<&Event>) -> bool,
    ) -> Result<bool, Failure> {
        self.watch_all(timeout, |wallet, event| enough(&wallet.records, event))
    }

    fn watch_all(
        &mut self,
        timeout: Duration,
        mut enough: impl FnMut(&Self, Option<&Event>) -> bool,
    ) -> Result<bool, Failure> {
        let deadline = Instant::now() + timeout;
        let mut is_enough = enough(self, None);
        while !is_enough {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(event) = self.capability.event_within(left)? else {
                return Ok(false);
            };
            if let Event::Delivery(delivery) = &event {
                self.keep([delivery])?;
            }
            is_enough = enough(self, Some(&event));
            if left.is_zero() {
                break;
            }
        }
        Ok(is_enough)
    }

    pub(crate) fn save(&self) -> Result<(), Failure> {
        self.home.store(records::FILE, &self.records)
    }

    pub(crate) fn save_asks(&self) -> Result<(), Failure> {
        self.home.store(asks::FILE, &self.asks)
    }
}
