//! `DERIVE` and `ADOPT`: narrower, send-only capabilities for other programs.

use std::collections::BTreeSet;
use std::sync::Arc;

use guard_policies::{Membership, Principal};
use libetp::EntityId;
use libetp::codec::List;
use libetp::digest::sha256;
use libetp::frame::body::{Acquired, Derive, RequestError, Token};
use libetp::frame::kind;

use super::connection::{Phase, Role};
use super::frames::Next;
use super::ledger::Sender;
use super::returns::ConnectionId;
use super::scope::Scope;
use super::shard::Shard;

/// A derived capability that nobody has adopted yet.
#[derive(Debug)]
pub(super) struct Grant {
    parent: ConnectionId,
    id: EntityId,
    scope: Scope,
    principal: Principal,
    membership: Option<Arc<Membership>>,
}

impl Shard {
    pub(super) fn derive(&mut self, id: ConnectionId, role: &Role, number: u64, asked: Derive) {
        let limits = self.shared.limits;
        let is_long = |len: Option<usize>| len.is_some_and(|len| len > limits.derived_list_max);
        if is_long(asked.destinations.as_ref().map(|list| list.0.len()))
            || is_long(asked.mtypes.as_ref().map(|list| list.0.len()))
        {
            let detail = "too many destinations or types in one DERIVE";
            return self.refuse(id, number, RequestError::Quota, detail);
        }
        let token = self.fresh_token();
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.grants.len() + connection.children.len() >= limits.derived_max {
            let detail = "this connection has too many derived capabilities";
            return self.refuse(id, number, RequestError::Quota, detail);
        }
        let hash = sha256(&token);
        connection.grants.insert(hash);
        connection.answer(kind::DERIVED, number, &Token { token });
        let grant = Grant {
            parent: id,
            id: role.id(),
            scope: narrowed(role, asked),
            principal: connection.principal,
            membership: connection.membership.clone(),
        };
        self.grants.insert(hash, grant);
        self.mark_dirty(id);
    }

    /// Unpredictable but for the first two bytes, which say where it is valid.
    fn fresh_token(&mut self) -> [u8; 32] {
        let mut token = (self.entropy)();
        token[..2].copy_from_slice(&self.index.to_be_bytes());
        token
    }

    pub(super) fn adopt(&mut self, id: ConnectionId, number: u64, asked: &Token) -> Next {
        let shard = u16::from_be_bytes([asked.token[0], asked.token[1]]);
        if shard != self.index && shard < self.shared.shards {
            return self.move_to(id, shard);
        }
        let hash = sha256(&asked.token);
        match self.grants.remove(&hash) {
            Some(grant) => self.become_derived(id, number, &hash, grant),
            None => {
                let peer = self.connections.get(&id).map(|connection| connection.peer);
                self.event("bad-token", None, peer, "no such token");
                let detail = "no such token, or it was used";
                self.refuse(id, number, RequestError::BadToken, detail);
            }
        }
        Next::Go
    }

    fn become_derived(&mut self, id: ConnectionId, number: u64, hash: &[u8; 32], grant: Grant) {
        if let Some(parent) = self.connections.get_mut(&grant.parent) {
            parent.grants.remove(hash);
            parent.children.insert(id);
        }
        let account = self.accounts.open(Sender::User(grant.principal.uid));
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let own = std::mem::replace(&mut connection.account, account);
        connection.principal = grant.principal;
        connection.membership = grant.membership;
        connection.phase = Phase::Acquired(Role::Derived {
            id: grant.id,
            parent: grant.parent,
            scope: Arc::new(grant.scope),
        });
        let acquired = Acquired {
            id: grant.id,
            secret: None,
            resumed: false,
        };
        connection.answer(kind::ACQUIRED, number, &acquired);
        self.accounts.close(own);
        self.mark_dirty(id);
    }
}

fn narrowed(parent: &Role, asked: Derive) -> Scope {
    let set = |list: List<EntityId>| list.0.into_iter().collect::<BTreeSet<_>>();
    let destinations = asked.destinations.map(set);
    let mtypes = asked.mtypes.map(|list| list.0.into_iter().collect());
    match parent {
        Role::Owner(_) => Scope::default().narrowed(destinations, mtypes),
        Role::Derived { scope, .. } => scope.narrowed(destinations, mtypes),
    }
}
