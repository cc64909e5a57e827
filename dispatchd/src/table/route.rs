//! Where a message goes once it may enter.

use guard_policies::Entry;
use libetp::frame::Origin;
use libetp::verdict::Subject;
use libetp::{EntityId, Mtype, Port, Verdict, VerdictCode};

use super::card::ForCard;
use super::directory::{CardLimits, DomainState};
use super::effect::{Crossing, Effect, ForRemote};
use super::ending::DAEMON_ENDS;
use super::ledger::{Account, Full, Load};
use super::limits::charge;
use super::registry::ShardIndex;
use super::returns::{Back, ConnectionId, RemoteNumber};
use super::send::{Arriving, Routed};
use super::shard::Shard;

impl Shard {
    pub(super) fn route(&mut self, arriving: &Arriving<'_>) -> Routed {
        let dst = arriving.header.dst;
        if dst.domain != arriving.header.src.domain
            && let Err(code) = self.directory.may_talk(dst.domain)
        {
            return Err(self.refusal(code.name(), code, "the domain takes no messages now"));
        }
        if let Some(stored) = self.store(arriving) {
            return stored;
        }
        if self.directory.state(dst.domain).is_none() {
            return self.route_remote(arriving);
        }
        if dst.port.is_host_service() {
            return self.route_host(arriving);
        }
        if let Entry::Card(domain) = arriving.entry {
            self.card_must_be_live(domain)?;
        }
        if dst.is_card() {
            return self.route_card(arriving);
        }
        match self.shared.registry.find(dst) {
            Some(shard) if shard != self.index => Ok(self.cross(shard, arriving)),
            _ => Err(self.unknown(dst)),
        }
    }

    fn unknown(&mut self, dst: EntityId) -> Verdict {
        let code = VerdictCode::UnknownDestination;
        self.refusal(code.name(), code, format!("{dst} is not there"))
    }

    /// Nothing but the proof itself enters from a card that did not prove itself.
    fn card_must_be_live(&mut self, domain: libetp::Domain) -> Result<(), Verdict> {
        match self.directory.is_live(domain) {
            true => Ok(()),
            false => Err(self.not_live()),
        }
    }

    fn not_live(&mut self) -> Verdict {
        self.refusal("card-not-live", VerdictCode::Refused, "card-not-live")
    }

    /// Puts a message into the mailbox of an id, if the id lives in this shard.
    fn store(&mut self, arriving: &Arriving<'_>) -> Option<Routed> {
        let load = Load::one(charge(arriving.wire_len()));
        let limit = self.sender_limit();
        let capability = self.capabilities.get_mut(&arriving.header.dst)?;
        if let Entry::Card(domain) = arriving.entry
            && !self.directory.is_live(domain)
        {
            return Some(Err(self.not_live()));
        }
        if !self.accounts.may_pin(arriving.account, load, limit) {
            return Some(Err(self.over_quota()));
        }
        if self.directory.draining && capability.connection.is_none() {
            let code = VerdictCode::ShuttingDown;
            return Some(Err(self.refusal(code.name(), code, DAEMON_ENDS)));
        }
        let mailbox = &mut capability.mailbox;
        if mailbox.wants_buffer()
            && let Some(buffer) = self.spare_buffers.pop()
        {
            mailbox.give_buffer(buffer);
        }
        let sender = (arriving.account, arriving.back);
        let origin = origin(arriving.entry);
        let pushed = mailbox.push(sender, origin, &arriving.header, arriving.param);
        let connection = capability.connection;
        Some(match pushed {
            Ok(()) => Ok(self.stored(arriving.account, load, connection)),
            Err(full) => Err(self.full(full, "the receiver's mailbox")),
        })
    }

    fn stored(
        &mut self,
        account: Account,
        load: Load,
        connection: Option<ConnectionId>,
    ) -> &'static str {
        self.stored_messages += 1;
        self.accounts.pin(account, load);
        if let Some(connection) = connection {
            self.mark_dirty(connection);
        }
        "stored"
    }

    pub(super) fn over_quota(&mut self) -> Verdict {
        let code = VerdictCode::QuotaExceeded;
        self.refusal(
            code.name(),
            code,
            "too much of this sender waits to be received",
        )
    }

    fn full(&mut self, full: Full, whose: &str) -> Verdict {
        let code = VerdictCode::MailboxFull;
        match full {
            Full::Mailbox => self.refusal("mailbox-full", code, format!("{whose} is full")),
            Full::Share => {
                let detail = format!("{whose} keeps the room that is left for other senders");
                self.refusal("mailbox-share", code, detail)
            }
            Full::Budget => {
                let detail = format!("{whose} holds as much of this sender as it takes");
                self.refusal("card-budget", code, detail)
            }
        }
    }

    pub(super) fn cross(&mut self, shard: ShardIndex, arriving: &Arriving<'_>) -> &'static str {
        if let Back::App { connection, .. } = arriving.back
            && let Some(connection) = self.connections.get_mut(&connection)
        {
            connection.crossed.insert(shard);
        }
        let message = Crossing::Message {
            entry: arriving.entry,
            sender: self.accounts.sender(arriving.account),
            back: arriving.back,
            message: arriving.to_message(),
        };
        self.effects.push(Effect::Cross(shard, message));
        "stored"
    }

    fn route_remote(&mut self, arriving: &Arriving<'_>) -> Routed {
        let dst = arriving.header.dst;
        let Some(&host) = self.directory.routes.get(&dst.domain) else {
            return Err(self.unknown(dst));
        };
        if let Entry::Card(domain) = arriving.entry {
            self.card_must_be_live(domain)?;
        }
        let message = arriving.to_message();
        let subject = (arriving.back == Back::Card).then(|| Subject::of(&message));
        self.counters.add("to-remote");
        let secret = &self.remote_secret;
        let number = match &subject {
            Some(subject) => RemoteNumber::of_card(secret, subject),
            None => RemoteNumber::of(secret, arriving.back, dst),
        };
        let message = ForRemote {
            number: number.0,
            message,
            back: arriving.back,
            subject,
        };
        self.effects.push(Effect::ToRemote(host, message));
        Ok("remote")
    }

    fn route_host(&mut self, arriving: &Arriving<'_>) -> Routed {
        let header = arriving.header;
        match (header.dst.port, header.mtype) {
            (Port::DIAGNOSTICS, Mtype::PING) => self.pong(arriving),
            (Port::DIAGNOSTICS, Mtype::GUARD_ANSWER) => self.guard_answer(arriving),
            (Port::DIAGNOSTICS, Mtype::CARD_WATCH) => self.watch_card(arriving),
            (Port::DAEMON, _) => {
                let to_host = Effect::ToHost(arriving.entry, arriving.to_message());
                self.effects.push(to_host);
                Ok("host")
            }
            _ => Err(self.unknown(header.dst)),
        }
    }

    fn route_card(&mut self, arriving: &Arriving<'_>) -> Routed {
        let domain = arriving.header.dst.domain;
        match self.directory.state(domain) {
            Some(DomainState::Live(limits)) => self.check_card_limits(arriving, limits)?,
            Some(DomainState::Down(code)) => {
                return Err(self.refusal(code.name(), code, "the card takes no messages now"));
            }
            None => return Err(self.unknown(arriving.header.dst)),
        }
        let home = self.shared.home(domain);
        match home == self.index {
            true => self.store_for_card(arriving),
            false => Ok(self.cross(home, arriving)),
        }
    }

    fn check_card_limits(
        &mut self,
        arriving: &Arriving<'_>,
        limits: CardLimits,
    ) -> Result<(), Verdict> {
        if arriving.wire_len() <= limits.message_bytes_max {
            return Ok(());
        }
        let code = VerdictCode::TooLargeForCard;
        let detail = format!("the card takes at most {} bytes", limits.message_bytes_max);
        Err(self.refusal(code.name(), code, detail))
    }

    fn store_for_card(&mut self, arriving: &Arriving<'_>) -> Routed {
        let load = Load::one(charge(arriving.wire_len()));
        if !self
            .accounts
            .may_pin(arriving.account, load, self.sender_limit())
        {
            return Err(self.over_quota());
        }
        let domain = arriving.header.dst.domain;
        let item = ForCard {
            account: arriving.account,
            back: arriving.back,
            message: arriving.to_message(),
        };
        let is_order = arriving.header.mtype == Mtype::CAPABILITY_ENDED;
        let queue = self.card_queue(domain);
        let pushed = match is_order {
            true => {
                queue.push_order(item);
                Ok(())
            }
            false => queue.push(item),
        };
        if let Err(full) = pushed {
            return Err(self.full(full, "the card's queue"));
        }
        self.accounts.pin(arriving.account, load);
        self.feed_card(domain);
        Ok("card")
    }

    /// A message that another shard judged.
    pub(super) fn route_crossed(&mut self, arriving: &Arriving<'_>) -> Routed {
        let dst = arriving.header.dst;
        if dst.is_card() {
            return self.route_card(arriving);
        }
        if dst.port == Port::DIAGNOSTICS {
            return self.guard_answer(arriving);
        }
        self.store(arriving)
            .unwrap_or_else(|| Err(self.unknown(dst)))
    }
}

fn origin(entry: Entry) -> Origin {
    match entry {
        Entry::App { .. } => Origin::App,
        Entry::Card(_) => Origin::Card,
        Entry::Remote(_) => Origin::Remote,
        Entry::Host => Origin::Host,
    }
}
