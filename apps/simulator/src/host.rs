//! A card and the host side of its link: one message in one APDU, recovery after power loss.

use std::collections::{BTreeMap, VecDeque};

use libetp::exchange::{
    CommandBuilder, ExchangeReply, Numbered, ReplyError, SelectCommand, SelectReply, next_sequence,
};
use libetp::{Message, Mtype};
use oncard_runtime::{Card, CardError, Program};

use crate::chip::Chip;
use crate::dice::Dice;
use crate::world::Blank;

/// Makes the on-card programs of a card at each power-up.
pub type Programs = fn() -> Vec<Box<dyn Program>>;

/// Power-ups and APDUs that one call may take: a card that needs more hangs.
const ROUNDS_MAX: usize = 64;

/// What one APDU carried to the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// SELECT.
    Select,
    /// EXCHANGE without a message.
    Nothing,
    /// EXCHANGE with a message of this type.
    Message(Mtype),
}

/// What a card did that no card may do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It cannot be powered up.
    #[error("power-up: {0}")]
    PowerUp(#[from] CardError),
    /// It answered with something else than EXCHANGE's replies.
    #[error("the card's response: {0}")]
    Reply(#[from] ReplyError),
    /// It did not take the message.
    #[error("the message does not fit into a command")]
    TooLarge,
    /// It does not come to rest.
    #[error("the card does not come to rest")]
    Restless,
}

/// Where the conversation with the card stands.
#[derive(Clone, Copy)]
struct Session {
    max_command_data: u32,
    max_message: u32,
    next_sequence: u8,
}

/// A card in its host.
pub struct CardHost {
    card: Card<Chip>,
    chip: Chip,
    programs: Programs,
    dice: Dice,
    session_id: [u8; 8],
    session: Option<Session>,
    queue: VecDeque<Message>,
    sent: Option<(u8, Option<Message>)>,
    more: bool,
    last_number: Option<u64>,
    apdus: BTreeMap<Carried, u64>,
}

impl CardHost {
    /// Puts a card into a host, and powers it up.
    ///
    /// # Errors
    /// [`LinkError::PowerUp`].
    pub fn new(blank: &Blank, programs: Programs, mut dice: Dice) -> Result<Self, LinkError> {
        let chip = Chip::new(blank.memory.clone());
        Ok(Self {
            card: power_up(&chip, programs, &mut dice)?,
            chip,
            programs,
            session_id: new_session_id(&mut dice),
            dice,
            session: None,
            queue: VecDeque::new(),
            sent: None,
            more: false,
            last_number: None,
            apdus: BTreeMap::new(),
        })
    }

    /// The card's memory.
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// How many APDUs carried what, so far.
    pub fn apdus(&self) -> &BTreeMap<Carried, u64> {
        &self.apdus
    }

    /// One raw command, past queue and session.
    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.transmit(command)
    }

    /// Takes the power away and gives it back.
    ///
    /// # Errors
    /// [`LinkError::PowerUp`].
    pub fn reboot(&mut self) -> Result<(), LinkError> {
        self.chip.revive();
        self.card = power_up(&self.chip, self.programs, &mut self.dice)?;
        self.session = None;
        Ok(())
    }

    /// Gives the card a message, and returns what it sends until it is at rest.
    ///
    /// # Errors
    /// [`LinkError`] if the card breaks the rules of EXCHANGE.
    pub fn deliver(&mut self, message: Message) -> Result<Vec<Message>, LinkError> {
        self.queue.push_back(message);
        self.settle()
    }

    /// What the card sends until it is at rest.
    ///
    /// # Errors
    /// [`LinkError`] if the card breaks the rules of EXCHANGE.
    pub fn settle(&mut self) -> Result<Vec<Message>, LinkError> {
        let mut out = Vec::new();
        for _ in 0..ROUNDS_MAX {
            if self.chip.is_dead() {
                self.reboot()?;
            }
            match self.session {
                None => self.select()?,
                Some(session) if self.has_work() => out.extend(self.exchange(session)?),
                Some(_) => return Ok(out),
            }
        }
        Err(LinkError::Restless)
    }

    fn has_work(&self) -> bool {
        self.more || !self.queue.is_empty()
    }

    /// SELECT. While it is open whether the last command was carried out, the card is asked under
    /// that command's session; then a new session starts, so that no sequence number is ambiguous.
    fn select(&mut self) -> Result<(), LinkError> {
        self.count(Carried::Select);
        let session = self.session_id;
        let response = self.card.transmit(&SelectCommand { session }.to_bytes());
        if self.chip.is_dead() {
            return Ok(());
        }
        let reply = SelectReply::parse(&response)?;
        match self.sent.take() {
            Some(sent) => self.recover(&reply, sent),
            None => self.open(&reply),
        }
        Ok(())
    }

    fn recover(&mut self, reply: &SelectReply, (sequence, message): (u8, Option<Message>)) {
        let done = reply.same_session && reply.last_sequence == sequence;
        if let Some(message) = message.filter(|_| !done) {
            self.queue.push_front(message);
        }
        self.session_id = new_session_id(&mut self.dice);
        self.more = true;
    }

    fn open(&mut self, reply: &SelectReply) {
        self.session = Some(Session {
            max_command_data: reply.max_command_data,
            max_message: reply.max_message,
            next_sequence: 0,
        });
    }

    fn exchange(&mut self, session: Session) -> Result<Vec<Message>, LinkError> {
        let message = self.queue.pop_front();
        let mut builder = CommandBuilder::new(session.max_command_data, session.max_message);
        if let Some(message) = &message {
            builder.push(message).map_err(|_| LinkError::TooLarge)?;
        }
        self.count(carried(message.as_ref()));
        let sequence = session.next_sequence;
        let response = self.card.transmit(&builder.finish(sequence));
        self.sent = Some((sequence, message));
        if self.chip.is_dead() {
            return Ok(Vec::new());
        }
        self.session = Some(Session {
            next_sequence: next_sequence(sequence),
            ..session
        });
        let reply = ExchangeReply::parse(&response)?;
        self.more = reply.more;
        Ok(self.fresh_of(reply.messages))
    }

    /// Drops what was taken before: the card repeats what it does not know to have arrived.
    fn fresh_of(&mut self, messages: Vec<Numbered>) -> Vec<Message> {
        let mut fresh = Vec::new();
        for Numbered { number, message } in messages {
            if self.last_number.is_none_or(|last| number > last) {
                self.last_number = Some(number);
                fresh.push(message);
            }
        }
        fresh
    }

    fn count(&mut self, carried: Carried) {
        *self.apdus.entry(carried).or_default() += 1;
    }
}

fn carried(message: Option<&Message>) -> Carried {
    message.map_or(Carried::Nothing, |message| {
        Carried::Message(message.header.mtype)
    })
}

fn new_session_id(dice: &mut Dice) -> [u8; 8] {
    let mut id = [0; 8];
    id.copy_from_slice(&dice.bytes()[..8]);
    id
}

fn power_up(chip: &Chip, programs: Programs, dice: &mut Dice) -> Result<Card<Chip>, CardError> {
    Card::new(chip.clone(), programs(), dice.bytes())
}
