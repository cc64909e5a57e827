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
    firsts: BTreeMap<usize, LinkHandshake>,
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
        self.firsts.insert(from, message);
        Ok(())
    }

    /// Those of the session with this label, by member.
    pub(super) fn take(&mut self, label: [u8; 8]) -> Vec<(usize, Said)> {
        let firsts = core::mem::take(&mut self.firsts).into_iter();
        let of_session = firsts.filter(|(_, message)| message.session == label);
        of_session
            .map(|(from, message)| (from, Said::First(message.message)))
            .collect()
    }
}
