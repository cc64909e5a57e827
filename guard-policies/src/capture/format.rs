//! The records of a capture, in the one encoding.

use libetp::codec::List;
use libetp::{EntityId, Header, Mtype};

use super::Captured;
use super::entry::EntryItem;
use crate::{Decision, Membership, Now, Outcome, Record};

/// The first text of a capture.
pub(super) const MAGIC: &str = "guard-capture";

libetp::structure! {
    /// The first record of a capture.
    pub(super) struct HeaderItem {
        pub(super) magic: String,
        pub(super) version: u16,
        pub(super) software: String,
        pub(super) has_params: bool,
    }

    /// A message.
    pub(super) struct MessageItem {
        entry: EntryItem,
        membership: Option<MembershipItem>,
        src: EntityId,
        dst: EntityId,
        mtype: Mtype,
        size: u64,
        tick_ms: u64,
        unix_s: u64,
        is_src_local: bool,
        is_dst_local: bool,
        is_owner: bool,
        param: Option<Vec<u8>>,
        decision: String,
        policy: String,
        reason: Option<String>,
        generation: u64,
    }

    struct MembershipItem {
        groups: List<u32>,
        cgroup: String,
    }
}

impl MessageItem {
    /// What is kept of a message. A secret param never is.
    pub(super) fn new(record: &Record, outcome: &Outcome, generation: u64, keep: bool) -> Self {
        let header = record.header;
        let kept = record
            .param
            .as_ref()
            .filter(|_| keep && !header.mtype.is_secret());
        Self {
            entry: EntryItem(record.entry),
            membership: record.membership.as_ref().map(|it| MembershipItem {
                groups: List(it.groups.clone()),
                cgroup: it.cgroup.clone(),
            }),
            src: header.src,
            dst: header.dst,
            mtype: header.mtype,
            size: record.size as u64,
            tick_ms: record.now.tick_ms,
            unix_s: record.now.unix_s,
            is_src_local: record.is_src_local,
            is_dst_local: record.is_dst_local,
            is_owner: record.is_owner,
            param: kept.cloned(),
            decision: outcome.decision.name().into(),
            policy: outcome.policy.clone(),
            reason: outcome.reason.clone(),
            generation,
        }
    }

    /// The message again.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn captured(self) -> Result<Captured, &'static str> {
        if self.mtype.is_secret() && self.param.is_some() {
            return Err("a secret param");
        }
        let record = Record {
            entry: self.entry.0,
            membership: self.membership.map(|it| Membership {
                groups: it.groups.0,
                cgroup: it.cgroup,
            }),
            header: Header {
                src: self.src,
                dst: self.dst,
                mtype: self.mtype,
            },
            size: usize::try_from(self.size).map_err(|_| "an impossible size")?,
            now: Now {
                tick_ms: self.tick_ms,
                unix_s: self.unix_s,
            },
            is_src_local: self.is_src_local,
            is_dst_local: self.is_dst_local,
            is_owner: self.is_owner,
            param: self.param,
        };
        let outcome = Outcome {
            decision: Decision::by_name(&self.decision).ok_or("an unknown verdict")?,
            policy: self.policy,
            reason: self.reason,
        };
        Ok(Captured {
            record,
            outcome,
            generation: self.generation,
        })
    }
}
