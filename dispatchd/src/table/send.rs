//! Messages on their way in: from a program's frames, from cards, hosts and the daemon.

use std::sync::Arc;

use guard_policies::{Entry, Membership};
use libetp::frame::Frame;
use libetp::frame::body::RequestError;
use libetp::limits::PARAM_BYTES_MAX;
use libetp::params::runtime::{AuthFailed, RefusalCode};
use libetp::{EntityId, Header, Message, Mtype, Port, Verdict, VerdictCode};

use super::connection::{Phase, Role};
use super::frames::{Fault, Next, malformed};
use super::ledger::{Account, Sender};
use super::returns::{Back, ConnectionId};
use super::scope::Scope;
use super::shard::Shard;

/// Bytes of a `SEND` body before the param: destination and type.
const SEND_FIXED_LEN: usize = 18;

/// What is the same for all messages of a connection in one read.
#[derive(Clone)]
pub(super) struct Sending {
    source: EntityId,
    entry: Entry,
    membership: Option<Arc<Membership>>,
    account: Account,
    scope: Option<Arc<Scope>>,
    /// Largest number of its messages in this read.
    pub(super) last_number: u64,
    /// Whether the source's domain may send.
    may_send: Result<(), VerdictCode>,
}

/// A message at its entry, its param still where it was read.
#[derive(Clone, Copy)]
pub(super) struct Arriving<'m> {
    pub(super) entry: Entry,
    /// What the kernel says of the program that it comes from.
    pub(super) membership: Option<&'m Arc<Membership>>,
    pub(super) account: Account,
    pub(super) back: Back,
    pub(super) header: Header,
    pub(super) param: &'m [u8],
}

impl Arriving<'_> {
    pub(super) fn to_message(self) -> Message {
        Message {
            header: self.header,
            param: self.param.to_vec(),
        }
    }

    pub(super) fn wire_len(&self) -> usize {
        libetp::limits::HEADER_LEN + self.param.len()
    }
}

/// What became of a message: where it went, or why not.
pub(super) type Routed = Result<&'static str, Verdict>;

impl Shard {
    pub(super) fn send_frame(
        &mut self,
        id: ConnectionId,
        sending: &mut Option<Sending>,
        frame: &Frame<'_>,
    ) -> Result<Next, Fault> {
        if sending.is_none() {
            if self.must_confirm(id) {
                return Ok(Next::Again);
            }
            *sending = self.sending(id)?;
        }
        let Some((fixed, param)) = frame.body.split_first_chunk::<SEND_FIXED_LEN>() else {
            return Err(malformed("SEND without destination and type"));
        };
        let Some(sending) = sending else {
            let detail = "this connection is no capability yet";
            self.refuse(id, frame.number, RequestError::State, detail);
            return Ok(Next::Go);
        };
        sending.last_number = sending.last_number.max(frame.number);
        Ok(match self.send(id, sending, frame.number, fixed, param) {
            true => Next::Go,
            false if self.wants_read(id) => Next::Go,
            false => Next::Pause,
        })
    }

    /// What the connection sends as, if it is a capability.
    fn sending(&self, id: ConnectionId) -> Result<Option<Sending>, Fault> {
        let Some(connection) = self.connections.get(&id) else {
            return Ok(None);
        };
        if connection.phase == Phase::New {
            return Err(malformed("the first frame is HELLO"));
        }
        let Some(role) = connection.role() else {
            return Ok(None);
        };
        let (source, scope) = match role {
            Role::Owner(id) => (*id, None),
            Role::Derived { id, scope, .. } => (*id, Some(Arc::clone(scope))),
        };
        let may_send = match self.directory.draining {
            true => Err(VerdictCode::ShuttingDown),
            false => self.directory.may_talk(source.domain),
        };
        Ok(Some(Sending {
            source,
            entry: Entry::App {
                principal: connection.principal,
                derived: scope.is_some(),
            },
            membership: connection.membership.clone(),
            account: connection.account,
            scope,
            last_number: 0,
            may_send,
        }))
    }

    /// Sends a message; false if it was refused.
    fn send(
        &mut self,
        connection: ConnectionId,
        sending: &Sending,
        number: u64,
        fixed: &[u8; SEND_FIXED_LEN],
        param: &[u8],
    ) -> bool {
        let [dst @ .., high, low] = *fixed;
        let arriving = Arriving {
            entry: sending.entry,
            membership: sending.membership.as_ref(),
            account: sending.account,
            back: Back::App { connection, number },
            header: Header {
                src: sending.source,
                dst: EntityId::from_bytes(dst),
                mtype: Mtype(u16::from_be_bytes([high, low])),
            },
            param,
        };
        let routed = self
            .may_send(sending, &arriving)
            .and_then(|()| self.enter(&arriving));
        if let Err(verdict) = &routed {
            self.give_verdict(connection, number, verdict);
        }
        self.trace(&arriving, &routed);
        routed.is_ok()
    }

    fn may_send(&mut self, sending: &Sending, arriving: &Arriving<'_>) -> Result<(), Verdict> {
        if let Err(code) = sending.may_send {
            return Err(self.refusal(code.name(), code, "the source's domain sends nothing now"));
        }
        if arriving.param.len() > PARAM_BYTES_MAX {
            let detail = "a message has at most 65524 bytes";
            return Err(self.refusal("too-large", VerdictCode::TooLarge, detail));
        }
        let Header { dst, mtype, .. } = arriving.header;
        if sending
            .scope
            .as_ref()
            .is_some_and(|scope| !scope.allows(dst, mtype))
        {
            let detail = "derived-scope: this derived capability may not send that there";
            return Err(self.refusal("derived-scope", VerdictCode::Refused, detail));
        }
        Ok(())
    }

    /// Counts a refusal.
    pub(super) fn refusal(
        &mut self,
        counter: &'static str,
        code: VerdictCode,
        detail: impl Into<String>,
    ) -> Verdict {
        self.counters.add(counter);
        Verdict::new(code, detail)
    }

    /// Who pays for a message that comes from no program, and who learns of its fate.
    pub(super) fn sender(entry: Entry, number: u64) -> (Sender, Back) {
        match entry {
            Entry::Card(domain) => (Sender::Card(domain), Back::Card),
            Entry::Remote(host) => (Sender::Host(host), Back::Remote { number }),
            Entry::Host | Entry::App { .. } => (Sender::Daemon, Back::None),
        }
    }

    /// A message enters from a card, another host or the daemon.
    pub(super) fn submit(&mut self, entry: Entry, number: u64, message: &Message) {
        let (sender, back) = Self::sender(entry, number);
        self.submit_as(entry, sender, back, message, Self::enter);
    }

    /// As [`Shard::submit`], for a message that another shard judged already.
    pub(super) fn submit_as(
        &mut self,
        entry: Entry,
        sender: Sender,
        back: Back,
        message: &Message,
        enter: impl FnOnce(&mut Self, &Arriving<'_>) -> Routed,
    ) {
        let account = self.accounts.open(sender);
        let arriving = Arriving {
            entry,
            membership: None,
            account,
            back,
            header: message.header,
            param: &message.param,
        };
        let routed = enter(self, &arriving);
        self.trace(&arriving, &routed);
        if let Err(verdict) = routed {
            self.give_back(back, sender, message, &verdict);
        }
        self.accounts.close(account);
    }

    /// The daemon's answer to somebody who asked, and who pays for it. If it is refused, so was the question.
    pub(super) fn answer(&mut self, asker: Account, message: &Message) -> Routed {
        let arriving = Arriving {
            entry: Entry::Host,
            membership: None,
            account: asker,
            back: Back::None,
            header: message.header,
            param: &message.param,
        };
        let routed = self.enter(&arriving);
        self.trace(&arriving, &routed);
        routed.map(|_| "host")
    }

    /// Users that fail to authenticate too often have to wait (the card's own retry counter is
    /// its owner's, and must not be spent by somebody else).
    pub(super) fn watch_authentication(&mut self, arriving: &Arriving<'_>) -> Result<(), Verdict> {
        let Header { src, dst, mtype } = arriving.header;
        if mtype == Mtype::AUTH_FAILED
            && arriving.entry == Entry::Card(dst.domain)
            && has_spent_a_try(arriving.param)
            && let Some(capability) = self.capabilities.get(&dst)
        {
            self.shared.auth_failures.take(capability.uid, self.now_ms);
        }
        let Entry::App { principal, .. } = arriving.entry else {
            return Ok(());
        };
        if !mtype.is_authentication() {
            return Ok(());
        }
        if !self.shared.auth_failures.has(principal.uid, self.now_ms) {
            let detail = "auth-bucket: too many failed authentications, wait a minute";
            return Err(self.refusal("auth-bucket", VerdictCode::Refused, detail));
        }
        if let Some(capability) = self.capabilities.get_mut(&src) {
            capability.may_be_authenticated = true;
        }
        Ok(())
    }

    pub(super) fn trace(&mut self, arriving: &Arriving<'_>, routed: &Routed) {
        if !self.shared.trace {
            return;
        }
        let outcome = match routed {
            Ok(outcome) => outcome,
            Err(verdict) => verdict.code.name(),
        };
        let (header, bytes) = (arriving.header, arriving.wire_len());
        let trace = super::effect::Effect::Trace(arriving.entry, header, bytes, outcome);
        self.effects.push(trace);
    }

    /// Answers a ping to this host's diagnostics port.
    pub(super) fn pong(&mut self, arriving: &Arriving<'_>) -> Routed {
        let src = arriving.header.dst.domain.entity(Port::DIAGNOSTICS);
        let ping =
            <libetp::params::host::Ping as libetp::params::Param>::from_param(arriving.param);
        match ping {
            Ok(ping) if ping.nonce.len() <= PING_NONCE_BYTES_MAX => {
                let pong = libetp::params::host::Pong { nonce: ping.nonce };
                let pong = libetp::params::Param::into_message(pong, src, arriving.header.src);
                self.answer(arriving.account, &pong)
            }
            Ok(_) => {
                let detail = "the nonce of a ping has at most 64 bytes";
                Err(self.refusal("malformed", VerdictCode::Malformed, detail))
            }
            Err(error) => Err(self.refusal("malformed", VerdictCode::Malformed, error.to_string())),
        }
    }
}

/// Whether an authentication failed by a wrong PIN or PUK, and not for another reason.
fn has_spent_a_try(failed: &[u8]) -> bool {
    let failed = <AuthFailed as libetp::params::Param>::from_param(failed);
    let code = failed.ok().and_then(|it| RefusalCode::from_u16(it.code));
    matches!(code, Some(RefusalCode::WrongPin | RefusalCode::WrongPuk))
}

/// Longest nonce of a ping that diagnostics answers, in bytes.
const PING_NONCE_BYTES_MAX: usize = 64;
