//! Inputs beside the bytes of connections.

use std::sync::Arc;

use guard_policies::{Entry, Now};
use libetp::VerdictCode;
use libetp::frame::body::RequestError;
use libetp::verdict::Subject;

use super::connection::Phase;
use super::effect::{Crossing, Effect, Input};
use super::limits::HELLO_WAIT_MS;
use super::shard::Shard;

impl Shard {
    /// Something happened. What follows from it is in [`Shard::take_effects`] and
    /// [`Shard::take_dirty`].
    pub fn input(&mut self, input: Input) {
        match input {
            Input::Submit {
                entry,
                number,
                message,
            } => self.submit(entry, number, &message),
            Input::Overloaded(entry, number, subject) => {
                self.overloaded(entry, number, &subject);
            }
            Input::Crossed(crossing) => self.crossed(crossing),
            Input::Directory(directory) => self.directory = Arc::clone(&directory),
            Input::CardAttached(domain) => self.card_attached(domain),
            Input::CardDetached(domain, code) => self.card_detached(domain, code),
            Input::CardState(domain) => self.card_state_changed(domain),
            Input::CardDone(domain, number, verdict) => self.card_done(domain, number, verdict),
            Input::RemoteVerdict(subject, number, verdict) => {
                self.remote_verdict(&subject, number, &verdict);
            }
            Input::PortsFed(domain) => self.retry_acquires(domain),
            Input::Persisted(ticket, is_stored) => self.persisted(ticket, is_stored),
            Input::ControlReply(id, number, body) => self.control_reply(id, number, &body),
            Input::Tick(now) => self.tick(now),
            Input::Guard(guard) => self.guard = guard,
            Input::Judged {
                ticket,
                generation,
                judgement,
                record,
            } => self.worker_judged(ticket, generation, judgement, record),
            Input::Answered(ticket, is_approved) => {
                self.answered(ticket, is_approved);
            }
            Input::ReturnMail => self.return_mail(),
            Input::ShutDown => self.shut_down(),
        }
    }

    fn overloaded(&mut self, entry: Entry, number: u64, subject: &Subject) {
        let code = VerdictCode::MailboxFull;
        let verdict = self.refusal("shard-queue-full", code, "the daemon is overloaded");
        match entry {
            Entry::Card(domain) => self.tell_card(domain, subject, &verdict),
            Entry::Remote(host) => self.tell_host(host, *subject, number, &verdict),
            Entry::Host | Entry::App { .. } => self.counters.add("verdict-to-nobody"),
        }
    }

    fn crossed(&mut self, crossing: Crossing) {
        match crossing {
            Crossing::Message {
                entry,
                sender,
                back,
                message,
            } => self.submit_as(entry, sender, back, &message, Self::route_crossed),
            Crossing::Verdict(id, number, verdict) => {
                self.give_verdict(id, number, &verdict);
                self.close_if_flooded(id);
            }
            Crossing::Barrier(id) => {
                let passed = Crossing::Passed(id, self.index);
                self.effects.push(Effect::Cross(id.shard(), passed));
            }
            Crossing::Passed(id, shard) => self.passed(id, shard),
            Crossing::ControlReply(id, number, body) => self.control_reply(id, number, &body),
            Crossing::Moved(id, to) => self.moved_on(id, Some(to)),
            Crossing::Left(id) => self.moved_on(id, None),
            Crossing::Ended(id) => self.ended(id),
        }
    }

    /// What time it is, before anything that comes now is judged.
    pub fn clock(&mut self, now: Now) {
        (self.now_ms, self.unix_s) = (now.tick_ms, now.unix_s);
    }

    fn tick(&mut self, now: Now) {
        self.clock(now);
        let now_ms = now.tick_ms;
        self.expire_held();
        self.release_late();
        self.give_room_back();
        self.spare_buffers.clear();
        self.fail_old_acquires();
        while let Some(&id) = self.ungreeted.front() {
            let waits = self.connections.get(&id).filter(|c| c.phase == Phase::New);
            match waits.map(|connection| connection.since_ms + HELLO_WAIT_MS > now_ms) {
                Some(true) => return,
                Some(false) => self.close(id, RequestError::Protocol, "no HELLO within 5 seconds"),
                None => {}
            }
            self.ungreeted.pop_front();
        }
    }

    fn shut_down(&mut self) {
        let all: Vec<_> = self.connections.keys().copied().collect();
        for id in all {
            self.close(id, RequestError::ShuttingDown, "the daemon ends");
        }
    }
}
