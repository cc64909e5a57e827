//! What comes from other members' cards that have the start already, before this one has it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use libetp::params::pals::LinkHandshake;

use super::fault::Fault;
use crate::link::HANDSHAKE_MESSAGE_BYTES;
use crate::members::Members;
use crate::party::Said;

/// Bounded by the number of members.
#[derive(Default)]
pub(super) struct Early {
    asked: Members,
    /// The newest of each member.
    firsts: BTreeMap<usize, Vec<u8>>,
}

impl Early {
    /// Whether to ask a member's card for the start: once.
    pub(super) fn asks(&mut self, member: usize) -> bool {
        let before = self.asked;
        self.asked.insert(member);
        before != self.asked
    }

    /// The first message of a handshake waits for the start.
    pub(super) fn keep(&mut self, from: usize, message: LinkHandshake) -> Result<(), Fault> {
        if message.step != 1 || message.message.len() != HANDSHAKE_MESSAGE_BYTES {
            return Err(Fault::OtherStage);
        }
        self.firsts.insert(from, message.message);
        Ok(())
    }

    /// Those messages, by member. One of another session is none of a handshake in this one.
    pub(super) fn take(&mut self) -> Vec<(usize, Said)> {
        let firsts = core::mem::take(&mut self.firsts).into_iter();
        firsts
            .map(|(from, message)| (from, Said::First(message)))
            .collect()
    }
}
