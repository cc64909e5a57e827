//! A card is given messages only once it is known to be the right one.
//!
//! SELECT proves nothing: whatever is in the card's place can answer it. So where a proof is demanded, only
//! challenges go to a card that was powered up anew, until somebody who can judge its answers
//! calls [`Binding::prove`]. What its reply to SELECT says of the command that was under way before is
//! believed only then.

use libetp::Message;
use libetp::exchange::SelectReply;

use super::flight::{Flight, Queued, Run};
use super::{Binding, last_number_of};
use crate::event::FailReason;

/// What is known of who the card is.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// The power-up in which the card proved itself, as long as it may be in it.
    boot_id: Option<[u8; 8]>,
    /// The power-up in which something was selected last.
    selected: Option<[u8; 8]>,
    /// What the card is asked, to prove itself.
    challenge: Option<Queued>,
    doubt: Option<Doubt>,
    /// Highest number of a message of a card that had proved itself.
    highest_seen: u64,
}

/// A command with messages, of whose fate a card told that has not proved itself.
#[derive(Debug)]
struct Doubt {
    flight: Flight,
    was_executed: bool,
    /// The last command that was carried out since; sequence number and generation before it. If the card
    /// remembers that one, the other is not its last any more.
    since: Option<(u8, u64)>,
}

impl Proof {
    pub(super) fn is_drained(&self) -> bool {
        self.challenge.is_none() && self.doubt.is_none()
    }

    /// What may have been carried out, and what was not sent yet.
    pub(super) fn take(&mut self) -> (Option<Flight>, Option<Queued>) {
        let doubt = self.doubt.take();
        (doubt.map(|doubt| doubt.flight), self.challenge.take())
    }

    /// The card is not to be reached: who comes next is nobody yet.
    pub(super) fn forget(&mut self) {
        self.boot_id = None;
    }

    /// A card answered SELECT, while this command was under way.
    fn weigh(&mut self, reply: &SelectReply, flight: Option<&Flight>) {
        self.selected = Some(reply.boot_id);
        let under_way = flight.map(|flight| (flight.sequence, flight.generation));
        if self.boot_id != Some(reply.boot_id) {
            self.boot_id = None;
            self.challenge = None;
        }
        let Some(doubt) = &mut self.doubt else {
            return;
        };
        let remembered = [under_way, doubt.since].into_iter().flatten();
        let executed = |(sequence, generation)| reply.executed(sequence, generation);
        doubt.since = remembered.into_iter().find(|it| executed(*it));
        if doubt.since.is_none() {
            doubt.was_executed = executed((doubt.flight.sequence, doubt.flight.generation));
        }
    }
}

impl Binding {
    /// Messages wait until [`prove`](Self::prove) says that the card is the right one, at first and whenever it was
    /// powered up anew. Without this the card is taken for what it says it is.
    pub fn demand_proof(&mut self) {
        self.proof = Some(Proof {
            highest_seen: self.highest_seen,
            ..Proof::default()
        });
    }

    /// What is next for the card, before everything that is queued and whoever it is. It ends in
    /// [`CardEvent::Completed`](crate::CardEvent::Completed) or
    /// [`CardEvent::Failed`](crate::CardEvent::Failed) with its number; or in nothing if another comes
    /// first, or the card is selected anew and has to be asked anew.
    pub fn challenge(&mut self, number: u64, message: Message) {
        match &mut self.proof {
            Some(proof) if !self.gone => proof.challenge = Some(Queued::new(number, message)),
            _ => self.queue(number, message),
        }
    }

    /// The card with this boot id proved itself: what is queued goes to it, until it was powered up anew.
    /// Nothing happens if another was selected since.
    pub fn prove(&mut self, boot_id: [u8; 8]) {
        let is_selected = |proof: &&mut Proof| proof.selected == Some(boot_id);
        let Some(proof) = self.proof.as_mut().filter(is_selected) else {
            return;
        };
        if self.absence.is_some() {
            return;
        }
        proof.boot_id = Some(boot_id);
        let doubt = proof.doubt.take();
        if let Some(run) = self.run {
            self.settle(run);
        }
        if let Some(doubt) = doubt {
            self.decide(doubt.flight, doubt.was_executed);
        }
    }

    /// Whether what is queued waits for the card to prove itself.
    pub fn is_held(&self) -> bool {
        self.run.is_some_and(|run| !self.is_open(run))
    }

    pub(super) fn is_open(&self, run: Run) -> bool {
        let proof = self.proof.as_ref();
        proof.is_none_or(|proof| proof.boot_id == Some(run.boot_id))
    }

    pub(super) fn take_challenge(&mut self) -> Option<Queued> {
        self.proof.as_mut()?.challenge.take()
    }

    /// The card stated its generation: a higher number than any of its messages can have was a lie, of whatever
    /// was in its place; what the card says now is no repeat.
    pub(super) fn believe_numbers(&mut self, generation: u64) {
        if let Some(proof) = &self.proof {
            self.highest_seen = proof.highest_seen;
        }
        self.highest_seen = self.highest_seen.min(last_number_of(generation));
    }

    /// What became of the command that was under way before this SELECT.
    pub(super) fn resume(&mut self, run: Run, reply: &SelectReply) {
        let flight = self.flight.take();
        if let Some(proof) = &mut self.proof {
            proof.weigh(reply, flight.as_ref());
        }
        let Some(flight) = flight else { return };
        let was_executed = reply.executed(flight.sequence, flight.generation);
        let is_open = self.is_open(run);
        match &mut self.proof {
            Some(_) if flight.is_challenge => {
                if was_executed {
                    self.complete(flight);
                }
            }
            Some(proof) if !is_open && !flight.carried.is_empty() => {
                proof.doubt = Some(Doubt {
                    flight,
                    was_executed,
                    since: None,
                });
            }
            _ => self.decide(flight, was_executed),
        }
    }

    /// The card carried a command of this run out.
    pub(super) fn carried_out(&mut self, run: Run) {
        let proof = self.proof.as_mut();
        if let Some(doubt) = proof.and_then(|proof| proof.doubt.as_mut()) {
            doubt.since = Some((run.sequence, run.generation));
        }
    }

    /// What the card has said counts, if it proved itself: it is back, and its messages were seen.
    pub(super) fn settle(&mut self, run: Run) {
        if !self.is_open(run) {
            return;
        }
        self.away_since_ms = None;
        if let Some(proof) = &mut self.proof {
            proof.highest_seen = self.highest_seen;
        }
    }

    pub(super) fn fail_too_large(&mut self, run: Run, too_large: Vec<Queued>) {
        for queued in too_large {
            let len = queued.message.wire_len();
            let max = run.message_bytes_max();
            self.fail(queued.number, FailReason::TooLarge { len, max });
        }
    }
}
