//! The card's end of SELECT and EXCHANGE.

use alloc::vec::Vec;

use libetp::digest::{Hash, sha256};
use libetp::exchange::{
    COMMAND_DATA_BYTES_MAX, ExchangeCommand, ONLY_WHEN_SPOKEN_TO_MS, SelectCommand, SelectReply,
    SessionId, StatusWord, next_sequence,
};
use libetp::limits::MESSAGE_BYTES_MAX;

use crate::ahead::Ahead;
use crate::card::Core;
use crate::error::CardError;
use crate::records::{self, CommandRecord, HeadRecord};
use crate::store::Store;
use crate::transaction::Transaction;

/// `sequence` of a SELECT reply that names no command.
const NO_SEQUENCE: u8 = 0xFF;

/// A run of sequence numbers, in memory only.
pub(crate) struct Session {
    id: SessionId,
    next: u8,
    last: Option<Answered>,
    /// Since the last command of this run that was committed, if there is one.
    ahead: Option<Ahead>,
}

/// The last command of the session, to answer its repetition.
struct Answered {
    sequence: u8,
    hash: Hash,
    response: Vec<u8>,
}

/// A response APDU without data.
pub(crate) fn bare(status: StatusWord) -> Vec<u8> {
    status.0.to_be_bytes().into()
}

impl Core {
    /// Opens a session. Nothing is written: what the card carried out last stays on record.
    pub(crate) fn select(&mut self, command: SelectCommand) -> Vec<u8> {
        let ram = &mut self.ram;
        if ram
            .session
            .as_ref()
            .is_some_and(|open| open.id != command.session)
        {
            ram.owner.forget_all();
        }
        ram.outbox.requeue();
        ram.session = Some(Session {
            id: command.session,
            next: 0,
            last: None,
            ahead: None,
        });
        let last = ram.head.command.as_ref();
        let last = last.filter(|last| last.session == command.session);
        let reply = SelectReply {
            same_session: last.is_some(),
            last_sequence: last.map_or(NO_SEQUENCE, |last| last.sequence),
            domain: self.me.identity.domain,
            max_command_data: COMMAND_DATA_BYTES_MAX as u32,
            max_message: MESSAGE_BYTES_MAX as u32,
            boot_id: ram.boot_id,
            generation: ram.head.generation,
            next_ms: ONLY_WHEN_SPOKEN_TO_MS,
        };
        let mut response = reply.to_data();
        response.extend(bare(StatusWord::OK));
        response
    }

    /// Carries out a command once, and answers its repetition from memory.
    ///
    /// # Errors
    /// [`CardError`] if the card can do nothing more.
    pub(crate) fn exchange(
        &mut self,
        store: &mut dyn Store,
        command: &ExchangeCommand<'_>,
    ) -> Result<Vec<u8>, CardError> {
        let Some(session) = &self.ram.session else {
            return Ok(bare(StatusWord::NOT_SELECTED));
        };
        let (id, ahead) = (session.id, session.ahead);
        let (sequence, hash) = (command.sequence, sha256(&command.to_bytes()));
        if let Some(last) = session
            .last
            .as_ref()
            .filter(|last| last.sequence == sequence)
            && last.hash == hash
        {
            return Ok(last.response.clone());
        }
        if sequence != session.next {
            return Ok(bare(StatusWord::DESYNCHRONISED));
        }
        let last = CommandRecord {
            session: id,
            sequence,
            hash,
        };
        let ahead = self.transact(store, command, last, ahead)?;
        let response = self.ram.outbox.respond(store)?;
        self.ram.session = Some(Session {
            id,
            next: next_sequence(sequence),
            last: Some(Answered {
                sequence,
                hash,
                response: response.clone(),
            }),
            ahead: Some(ahead),
        });
        Ok(response)
    }

    /// One command, one transaction. What changes nothing in the store is not written, within the limits of
    /// [`Ahead`].
    fn transact(
        &mut self,
        store: &mut dyn Store,
        command: &ExchangeCommand<'_>,
        last: CommandRecord,
        before: Option<Ahead>,
    ) -> Result<Ahead, CardError> {
        let mut transaction = Transaction::new(self.ram.outbox.left());
        for message in command.messages() {
            self.handle(store, &mut transaction, &message)?;
        }
        let is_volatile = transaction.is_volatile() && !self.ram.outbox.confirms_stored();
        let before = before.filter(|before| is_volatile && before.may_go_on());
        let generation = match before {
            Some(_) => self.ram.head.generation,
            None => self.ram.next_generation()?,
        };
        let head = HeadRecord {
            generation,
            command: Some(last),
        };
        let numbered = before.map_or(0, |before| before.numbered());
        let (mut writes, sent) = transaction.finish(generation, numbered);
        if before.is_none() {
            writes.extend(self.ram.outbox.confirmed().map(|key| (key, None)));
            writes.extend([records::HEAD.write(&head)]);
            store.commit(&writes)?;
        }
        let ahead = Ahead::after(before, sent.len());
        self.ram.outbox.committed(sent);
        self.ram.head = head;
        Ok(ahead)
    }
}
