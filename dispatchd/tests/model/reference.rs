//! The naive reference: lists, and the rules written as plainly as possible.

use std::collections::{BTreeMap, BTreeSet};

use libetp::{EntityId, VerdictCode};

/// Names a message: which connection sent it under which number.
pub(crate) type Name = (usize, u64);

/// What is known of a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    pub(crate) expected: Option<Result<(), VerdictCode>>,
    pub(crate) verdicts: Vec<u16>,
    pub(crate) is_seen: bool,
    pub(crate) is_taken: bool,
    /// The receiver ended with the message in its mailbox.
    pub(crate) is_left: bool,
}

/// Messages that wait for an id, oldest first, with the user who pays.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    pub(crate) waiting: Vec<(Name, u32)>,
    /// How many of them the current connection has whole.
    pub(crate) seen: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) mailboxes: BTreeMap<EntityId, Mailbox>,
    pub(crate) fates: BTreeMap<Name, Fate>,
    pub(crate) limit: u64,
}

impl Reference {
    /// A message reaches the shard of its receiver.
    pub(crate) fn arrive(&mut self, name: Name, uid: u32, dst: EntityId) {
        let verdict = self.judge(uid, dst);
        if verdict.is_ok()
            && let Some(mailbox) = self.mailboxes.get_mut(&dst)
        {
            mailbox.waiting.push((name, uid));
        }
        self.fates.entry(name).or_default().expected = Some(verdict);
    }

    fn judge(&self, uid: u32, dst: EntityId) -> Result<(), VerdictCode> {
        let Some(mailbox) = self.mailboxes.get(&dst) else {
            return Err(VerdictCode::UnknownDestination);
        };
        let used = mailbox.waiting.len() as u64;
        let share = mailbox
            .waiting
            .iter()
            .filter(|(_, payer)| *payer == uid)
            .count() as u64;
        let mut senders: BTreeSet<_> = mailbox.waiting.iter().map(|(_, payer)| *payer).collect();
        senders.insert(uid);
        let remaining = self.limit - used;
        match (share + 1) * (senders.len() as u64 + 1) - share <= remaining {
            true => Ok(()),
            false => Err(VerdictCode::MailboxFull),
        }
    }

    /// The connection of an id received a delivery; says which message it must be.
    pub(crate) fn deliver(&mut self, id: EntityId, number: u64) -> Name {
        let mailbox = self.mailboxes.get_mut(&id).unwrap();
        let (name, _) = mailbox.waiting[mailbox.seen];
        mailbox.seen += 1;
        let fate = self.fates.entry(name).or_default();
        fate.is_seen = true;
        assert!(number > 0);
        name
    }

    /// The oldest `count` messages are taken.
    pub(crate) fn take(&mut self, id: EntityId, count: usize) {
        let mailbox = self.mailboxes.get_mut(&id).unwrap();
        mailbox.seen -= count;
        for (name, _) in mailbox.waiting.drain(..count) {
            self.fates.entry(name).or_default().is_taken = true;
        }
    }

    /// The connection of a durable id is gone: deliveries start again.
    pub(crate) fn detach(&mut self, id: EntityId) {
        if let Some(mailbox) = self.mailboxes.get_mut(&id) {
            mailbox.seen = 0;
        }
    }

    /// The id ends.
    pub(crate) fn end(&mut self, id: EntityId) {
        for (name, _) in self.mailboxes.remove(&id).unwrap_or_default().waiting {
            self.fates.entry(name).or_default().is_left = true;
        }
    }

    /// Checks a message when nothing is under way any more.
    pub(crate) fn check(&self, name: Name, is_sender_open: bool) {
        let fate = &self.fates[&name];
        let codes: Vec<_> = fate
            .verdicts
            .iter()
            .map(|code| VerdictCode::from_u16(*code))
            .collect();
        let one_of = |codes_allowed: &[VerdictCode]| match codes[..] {
            [Some(code)] => codes_allowed.contains(&code),
            [] => !is_sender_open,
            _ => false,
        };
        let is_right = match fate.expected {
            Some(Err(code)) => !fate.is_seen && one_of(&[code]),
            Some(Ok(())) if fate.is_taken => codes.is_empty(),
            Some(Ok(())) if fate.is_left && fate.is_seen => one_of(&[VerdictCode::Unknown]),
            Some(Ok(())) if fate.is_left => {
                one_of(&[VerdictCode::Unknown, VerdictCode::UnknownDestination])
            }
            Some(Ok(())) => codes.is_empty(),
            None => false,
        };
        assert!(
            is_right,
            "{name:?}: {fate:?}, sender open: {is_sender_open}"
        );
    }
}
