//! Connections that open, greet, replace each other and close.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use libetp::digest::Hash;
use libetp::{Domain, VerdictCode};

use super::control::{Hello, Incarnation, VERSION};
use super::dial::Attempt;
use super::error::{LinkError, LinkFault};
use super::lane::Inbound;
use super::{ConnectionId, Ending, Link, LinkEffect, Now, Opened};
use crate::limits::{CHANNELS, VERDICTS};

/// One connection of the link.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) address: SocketAddr,
    pub(super) ends_unix_s: u64,
    pub(super) hello_until_ms: u64,
    /// Whether we dialled.
    ours: bool,
    /// Whether our hello still has to be sent.
    pub(super) hello_pending: bool,
    /// Whether the peer's hello has come.
    pub(super) greeted: bool,
    /// Whether the peer takes no more messages.
    pub(super) peer_closing: bool,
    /// Whether our closing frame still has to be sent.
    pub(super) closing_pending: bool,
    /// Statements asked for on this connection.
    pub(super) wanted: BTreeMap<Domain, Hash>,
}

impl Link {
    /// A connection with the peer is open: the handshake is over and its certificate was judged.
    /// Returns whether the link wants it; if not, the driver closes it.
    pub fn opened(&mut self, now: Now, id: ConnectionId, opened: Opened) -> bool {
        if opened
            .attempt
            .is_some_and(|attempt| !self.dialling.ended(attempt))
        {
            return false;
        }
        if self.ending.is_some() {
            return false;
        }
        let ours = opened.attempt.is_some();
        let connection = Connection {
            address: opened.address,
            ends_unix_s: opened.ends_unix_s,
            hello_until_ms: now.ms + self.limits.hello_ms_max,
            ours,
            hello_pending: ours,
            greeted: false,
            peer_closing: false,
            closing_pending: false,
            wanted: BTreeMap::new(),
        };
        self.connections.insert(id, connection);
        true
    }

    /// An attempt to dial failed.
    pub fn dial_failed(&mut self, now: Now, attempt: Attempt, reason: &str) {
        if self.dialling.ended(attempt) {
            self.counts.last_reason = reason.to_owned();
            self.dial_again(now);
        }
    }

    /// A connection was lost, or the peer closed it.
    pub fn closed(&mut self, now: Now, id: ConnectionId, reason: &str) {
        if self.connections.remove(&id).is_none() {
            return;
        }
        if self.current == Some(id) {
            self.down(now, reason);
        } else if self.current.is_none() {
            self.counts.last_reason = reason.to_owned();
        }
        self.dial_again(now);
    }

    /// Closes a connection for a reason of ours.
    pub fn fail(&mut self, now: Now, id: ConnectionId, fault: LinkFault) {
        if self.connections.contains_key(&id) {
            let reason = fault.to_string();
            self.effects.push_back(LinkEffect::Close(id, fault));
            self.closed(now, id, &reason);
        }
    }

    /// Begins to end the link: no connection is opened any more, the peer is told, and what is
    /// under way is waited for until the limit.
    pub fn shut_down(&mut self, now: Now) {
        self.ending = Some(Ending {
            until_ms: now.ms + self.limits.drain_ms_max,
            quiet_ms: None,
            finished: false,
        });
        let abandoned = self.dialling.stop().map(LinkEffect::Abandon);
        self.effects.extend(abandoned);
        let greeting = self
            .connections
            .iter()
            .filter(|(_, connection)| !connection.greeted);
        let greeting: Vec<_> = greeting.map(|(id, _)| *id).collect();
        for id in greeting {
            self.fail(
                now,
                id,
                LinkFault::new(LinkError::ShuttingDown, "this host ends"),
            );
        }
        if let Some(current) = self.current.and_then(|id| self.connections.get_mut(&id)) {
            current.closing_pending = true;
        }
        self.judge_ending(now);
    }

    /// The first frame of a connection.
    pub(super) fn hello(
        &mut self,
        now: Now,
        id: ConnectionId,
        hello: &Hello,
    ) -> Result<(), LinkFault> {
        if hello.version != VERSION {
            let detail = format!("version {}, this host speaks {VERSION}", hello.version);
            return Err(LinkFault::new(LinkError::Version, detail));
        }
        if !self.prefers(now, id, &hello.incarnation) {
            return Err(LinkFault::new(
                LinkError::Duplicate,
                "the other connection is kept",
            ));
        }
        if let Some(old) = self.current.take() {
            self.connections.remove(&old);
            let fault = LinkFault::new(LinkError::Duplicate, "replaced by a newer connection");
            self.effects.push_back(LinkEffect::Down(fault.to_string()));
            self.effects.push_back(LinkEffect::Close(old, fault));
        }
        self.meet(hello.incarnation);
        self.resume(hello)?;
        self.up(now, id);
        Ok(())
    }

    /// Whether connection `id`, on which the peer says to be `incarnation`, becomes the current
    /// one. A new incarnation means that every older connection is dead. Nobody dials who has a
    /// connection: the same dialler again means that it lost the older one, and so does a peer
    /// that dials when the present one is older than an attempt can take. Else both dialled at
    /// the same time, and the smaller key's stays.
    fn prefers(&self, now: Now, id: ConnectionId, incarnation: &Incarnation) -> bool {
        let ours = |id| self.connections.get(&id).map(|connection| connection.ours);
        let (Some(current), Some(new)) = (self.current.and_then(ours), ours(id)) else {
            return true;
        };
        let smaller_is_ours = self.own < self.peer;
        let attempt_ms = self.limits.handshake_ms_max + self.limits.hello_ms_max;
        self.peer_incarnation.as_ref() != Some(incarnation)
            || now.ms >= self.counts.up_since_ms + attempt_ms
            || current == new
            || new == smaller_is_ours
    }

    /// Notes the peer's incarnation; if it is another, no old sequence means anything.
    fn meet(&mut self, incarnation: Incarnation) {
        let before = self.peer_incarnation.replace(incarnation);
        if before == Some(incarnation) {
            return;
        }
        self.inbound = [Inbound::default(); CHANNELS];
        self.judged = 0;
        let unknown: Vec<_> = self
            .lanes
            .iter_mut()
            .flat_map(|lane| lane.restart())
            .collect();
        for outgoing in unknown {
            let detail = "the other host restarted before it acknowledged";
            self.give_up(outgoing, VerdictCode::Unknown, detail);
        }
        if before.is_some() {
            // Verdicts are about messages of the former incarnation: nobody waits for them.
            let void = std::mem::take(&mut self.verdicts).len() as u64;
            self.effects.push_back(LinkEffect::Restarted(void));
        }
    }

    /// Takes up where the peer says that it is.
    fn resume(&mut self, hello: &Hello) -> Result<(), LinkFault> {
        self.lanes.iter_mut().for_each(|lane| lane.rewind());
        self.verdicts.rewind();
        if hello.peer_incarnation != Some(self.incarnation) {
            return Ok(());
        }
        for (lane, received) in self.lanes.iter_mut().zip(&hello.received.0) {
            lane.acknowledge(*received)?;
        }
        let verdicts = hello.received.0.get(VERDICTS);
        verdicts.map_or(Ok(false), |received| self.verdicts.acknowledge(*received))?;
        Ok(())
    }

    fn up(&mut self, now: Now, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.greeted = true;
        connection.hello_pending = !connection.ours;
        let address = connection.address;
        self.current = Some(id);
        self.progress_ms = now.ms;
        self.counts.ups += 1;
        self.counts.up_since_ms = now.ms;
        let abandoned = self.dialling.stop().map(LinkEffect::Abandon);
        self.effects.extend(abandoned);
        self.effects.push_back(LinkEffect::Up(address));
    }

    fn down(&mut self, now: Now, reason: &str) {
        self.current = None;
        self.answers.clear();
        self.lanes.iter_mut().for_each(|lane| lane.rewind());
        self.verdicts.rewind();
        self.counts.last_reason = reason.to_owned();
        if now.ms >= self.counts.up_since_ms + self.limits.stable_ms {
            self.dialling.forgive();
        }
        self.effects.push_back(LinkEffect::Down(reason.to_owned()));
    }

    /// Dials after a pause unless something is under way or connected.
    pub(super) fn dial_again(&mut self, now: Now) {
        let idle = self.dialling.deadline_ms().is_none() && self.connections.is_empty();
        if idle && self.address.is_some() && self.ending.is_none() {
            self.dialling.pause(now.ms, &self.limits, &mut self.random);
        }
    }
}
