//! A card as EXCHANGE demands it, small enough to be seen to be right, and a driver for bindings.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::collections::{BTreeSet, VecDeque};

use card_proxy::{Action, Binding, BindingSettings, CardEvent, Link, LinkError};
use libetp::digest::{Hash, sha256};
use libetp::exchange::{
    Command, ExchangeCommand, ONLY_WHEN_SPOKEN_TO_MS, ReplyBuilder, SelectReply, SessionId,
    StatusWord,
};
use libetp::mtype::Mtype;
use libetp::{Domain, Message, Port};

pub const DOMAIN: Domain = Domain([2; 12]);
pub const SESSION: SessionId = *b"session!";

/// Numbers from here on are those of challenges.
pub const CHALLENGES: u64 = 1 << 48;

/// A message to the card that carries a number.
pub fn order(number: u64, len: usize) -> Message {
    let mut param = number.to_be_bytes().to_vec();
    param.resize(len.max(8), 0);
    let src = DOMAIN.entity(Port(7));
    Message::new(src, DOMAIN.card(), Mtype::PING, param)
}

/// The number that a message carries.
pub fn number_of(message: &Message) -> u64 {
    u64::from_be_bytes(
        message.param[..8]
            .try_into()
            .expect("a message of this test"),
    )
}

/// What survives power loss.
#[derive(Debug, Default)]
struct Stored {
    generation: u64,
    last: Option<(SessionId, u8)>,
    outbox: VecDeque<(u64, Message)>,
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    next: u8,
    last: Option<(u8, Hash, Vec<u8>)>,
    in_flight: usize,
}

/// The card. Every order is answered by one message with the same number.
#[derive(Debug)]
pub struct ModelCard {
    stored: Stored,
    session: Option<Session>,
    pub boot: u64,
    /// Numbers of the orders carried out, in order.
    pub executed: Vec<u64>,
    /// Numbers of the answers made, in order.
    pub answered: Vec<u64>,
    pub max_command_data: u32,
    pub max_message: u32,
    pub reply_messages_max: usize,
    pub domain: Domain,
    /// A command with this order is refused with this status.
    pub poison: Option<(u64, StatusWord)>,
}

impl Default for ModelCard {
    fn default() -> Self {
        Self {
            stored: Stored::default(),
            session: None,
            boot: 1,
            executed: Vec::new(),
            answered: Vec::new(),
            max_command_data: 65_535,
            max_message: 65_524,
            reply_messages_max: usize::MAX,
            domain: DOMAIN,
            poison: None,
        }
    }
}

impl ModelCard {
    pub fn power_cycle(&mut self) {
        self.session = None;
        self.boot += 1;
    }

    /// Numbers of the orders carried out that are no challenges.
    pub fn carried_out(&self) -> Vec<u64> {
        let orders = self.executed.iter().copied();
        orders.filter(|number| *number < CHALLENGES).collect()
    }

    pub fn outbox_len(&self) -> usize {
        self.stored.outbox.len()
    }

    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        match Command::parse(command) {
            Ok(Command::Select(select)) => self.select(select.session),
            Ok(Command::Exchange(exchange)) => self.exchange(&exchange, sha256(command)),
            Err(error) => bare(error.status_word()),
        }
    }

    fn select(&mut self, id: SessionId) -> Vec<u8> {
        let last = self.stored.last.filter(|(session, _)| *session == id);
        self.session = Some(Session {
            id,
            next: 0,
            last: None,
            in_flight: 0,
        });
        let reply = SelectReply {
            same_session: last.is_some(),
            last_sequence: last.map_or(0xFF, |(_, sequence)| sequence),
            domain: self.domain,
            max_command_data: self.max_command_data,
            max_message: self.max_message,
            boot_id: self.boot.to_be_bytes(),
            generation: self.stored.generation,
            next_ms: ONLY_WHEN_SPOKEN_TO_MS,
        };
        let mut data = reply.to_data();
        data.extend(bare(StatusWord::OK));
        data
    }

    fn exchange(&mut self, command: &ExchangeCommand<'_>, hash: Hash) -> Vec<u8> {
        let Some(session) = &self.session else {
            return bare(StatusWord::NOT_SELECTED);
        };
        if let Some((sequence, seen, response)) = &session.last
            && (*sequence, *seen) == (command.sequence, hash)
        {
            return response.clone();
        }
        if command.sequence != session.next {
            return bare(StatusWord::DESYNCHRONISED);
        }
        match self.poisoned(command) {
            Some(status) => bare(status),
            None => self.execute(command, hash),
        }
    }

    fn poisoned(&self, command: &ExchangeCommand<'_>) -> Option<StatusWord> {
        let (number, status) = self.poison?;
        let found = command
            .messages()
            .any(|message| number_of(&message) == number);
        found.then_some(status)
    }

    fn execute(&mut self, command: &ExchangeCommand<'_>, hash: Hash) -> Vec<u8> {
        let session = self.session.as_mut().expect("selected");
        self.stored.outbox.drain(..session.in_flight);
        self.stored.generation += 1;
        for (index, message) in (0..).zip(command.messages()) {
            let number = number_of(&message);
            self.executed.push(number);
            self.answered.push(number);
            let mut answer = order(number, 8);
            std::mem::swap(&mut answer.header.src, &mut answer.header.dst);
            let at = self.stored.generation << 16 | index;
            self.stored.outbox.push_back((at, answer));
        }
        self.stored.last = Some((session.id, command.sequence));
        let mut reply = ReplyBuilder::default();
        session.in_flight = self.stored.outbox.len().min(self.reply_messages_max);
        for (number, message) in self.stored.outbox.iter().take(session.in_flight) {
            assert!(reply.push(*number, &message.to_bytes()));
        }
        let status = match self.stored.outbox.get(session.in_flight) {
            Some((_, message)) => StatusWord::more(message.wire_len()),
            None => StatusWord::OK,
        };
        let response = reply.finish(ONLY_WHEN_SPOKEN_TO_MS, status);
        session.next = command.sequence.wrapping_add(1);
        session.last = Some((command.sequence, hash, response.clone()));
        response
    }
}

impl Link for ModelCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        Ok(Self::transmit(self, command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.power_cycle();
        Ok(())
    }
}

pub fn bare(status: StatusWord) -> Vec<u8> {
    status.0.to_be_bytes().into()
}

pub fn settings() -> BindingSettings {
    BindingSettings {
        session: SESSION,
        highest_seen: 0,
        faults_max: BindingSettings::FAULTS_MAX,
    }
}

/// Drives a binding over a link in virtual time.
pub struct Driver<L> {
    pub binding: Binding,
    pub link: L,
    pub now_ms: u64,
    pub events: Vec<CardEvent>,
    pub commands: Vec<Vec<u8>>,
    pub resets: usize,
    /// Whether what is in the link's place can prove itself, if that is demanded.
    pub is_right: bool,
    /// What was asked last, and of which power-up.
    asked: (u64, [u8; 8]),
    proved: Option<[u8; 8]>,
}

impl<L: Link> Driver<L> {
    pub fn new(link: L, settings: BindingSettings) -> Self {
        Self {
            binding: Binding::new(settings),
            link,
            now_ms: 0,
            events: Vec::new(),
            commands: Vec::new(),
            resets: 0,
            is_right: true,
            asked: (CHALLENGES, [0; 8]),
            proved: None,
        }
    }

    /// A driver that asks each card that was powered up anew to prove itself.
    pub fn proving(link: L, settings: BindingSettings) -> Self {
        let mut driver = Self::new(link, settings);
        driver.binding.demand_proof();
        driver
    }

    /// Does what the binding wants, once; false when it wants nothing.
    pub fn step(&mut self) -> bool {
        let result = match self.binding.next(self.now_ms) {
            Action::Transmit { command, .. } => {
                self.commands.push(command.to_vec());
                self.link.transmit(command)
            }
            Action::Reset => {
                self.resets += 1;
                self.link.reset().map(|()| Vec::new())
            }
            Action::WaitUntil(at_ms) => {
                assert!(at_ms > self.now_ms, "a wait for the past");
                self.now_ms = at_ms;
                self.collect();
                return true;
            }
            Action::Idle | Action::AwaitCard(_) | Action::Gone => {
                self.collect();
                return false;
            }
        };
        match result {
            Ok(response) => self.binding.completed(self.now_ms, Ok(&response)),
            Err(error) => self.binding.completed(self.now_ms, Err(error)),
        }
        self.collect();
        true
    }

    pub fn run(&mut self) {
        for _ in 0..100_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the binding never comes to rest");
    }

    fn collect(&mut self) {
        for event in self.binding.take_events() {
            self.judge(&event);
            self.events.push(event);
        }
    }

    /// What a daemon does to know its card.
    fn judge(&mut self, event: &CardEvent) {
        match event {
            CardEvent::Selected(reply) if self.proved != Some(reply.boot_id) => {
                self.proved = None;
                self.asked = (self.asked.0 + 1, reply.boot_id);
                let number = self.asked.0;
                if self.binding.is_held() {
                    self.binding.challenge(number, order(number, 8));
                }
            }
            CardEvent::Message { message, .. }
                if self.is_right && number_of(message) == self.asked.0 =>
            {
                self.proved = Some(self.asked.1);
                self.binding.prove(self.asked.1);
            }
            CardEvent::Away(_) => self.proved = None,
            _ => {}
        }
    }

    pub fn completed(&self) -> Vec<u64> {
        let number = |event: &CardEvent| match event {
            CardEvent::Completed { number } => Some(*number).filter(|it| *it < CHALLENGES),
            _ => None,
        };
        self.events.iter().filter_map(number).collect()
    }

    /// Numbers carried by the messages that came from the card, challenges apart. What is repeated before the card
    /// proved itself counts once, as a daemon takes it.
    pub fn received(&self) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        let mut take = |event: &CardEvent| match event {
            CardEvent::Message { number, message } => {
                seen.insert(*number).then(|| number_of(message))
            }
            _ => None,
        };
        let numbers = self.events.iter().filter_map(&mut take);
        numbers.filter(|number| *number < CHALLENGES).collect()
    }
}
