//! The resume secret of a durable capability: rotation, and what an old one means.
//!
//! Each resume brings a new secret. The one before stays valid until the program shows, by any
//! frame, that the new one arrived; from then on it is spent. Whoever shows a spent secret, or one
//! that was replaced unseen, is a second holder: the capability ends.

use libetp::digest::Hash;

use super::store::{SPENT_SECRETS_MAX, StoredCapability};

/// What a secret that somebody shows is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Valid.
    Valid,
    /// Was valid once.
    Spent,
    /// Never was valid, or too long ago to know.
    Unknown,
}

impl StoredCapability {
    /// What the secret with this hash is.
    pub fn judge(&self, shown: &Hash) -> Shown {
        if *shown == self.current || self.previous == Some(*shown) {
            return Shown::Valid;
        }
        match self.spent.contains(shown) {
            true => Shown::Spent,
            false => Shown::Unknown,
        }
    }

    /// The state after a resume with the valid secret `shown`, with `fresh` to come next.
    pub fn resumed(&self, shown: &Hash, fresh: Hash) -> Self {
        let mut next = self.clone();
        let replaced = match *shown == self.current {
            true => self.previous,
            // The reply with the current secret was lost: nobody should have it.
            false => Some(self.current),
        };
        next.spend(replaced);
        next.previous = Some(*shown);
        next.current = fresh;
        next
    }

    /// The state once the program showed that it has the current secret.
    pub fn confirmed(&self) -> Self {
        let mut next = self.clone();
        let previous = next.previous.take();
        next.spend(previous);
        next
    }

    fn spend(&mut self, secret: Option<Hash>) {
        self.spent.extend(secret);
        let surplus = self.spent.len().saturating_sub(SPENT_SECRETS_MAX);
        self.spent.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libetp::EntityId;

    fn stored() -> StoredCapability {
        StoredCapability {
            id: EntityId::default(),
            uid: 0,
            name: String::new(),
            current: [0; 32],
            previous: None,
            spent: Vec::new(),
        }
    }

    #[test]
    fn the_old_secret_is_valid_until_the_new_one_is_confirmed() {
        let resumed = stored().resumed(&[0; 32], [1; 32]);
        assert_eq!(resumed.judge(&[0; 32]), Shown::Valid);
        assert_eq!(resumed.judge(&[1; 32]), Shown::Valid);
        let confirmed = resumed.confirmed();
        assert_eq!(confirmed.judge(&[0; 32]), Shown::Spent);
        assert_eq!(confirmed.judge(&[1; 32]), Shown::Valid);
        assert_eq!(confirmed.judge(&[2; 32]), Shown::Unknown);
    }

    #[test]
    fn a_secret_replaced_unseen_is_spent() {
        let again = stored()
            .resumed(&[0; 32], [1; 32])
            .resumed(&[0; 32], [2; 32]);
        assert_eq!(again.judge(&[1; 32]), Shown::Spent);
        assert_eq!(again.judge(&[0; 32]), Shown::Valid);
        assert_eq!(again.judge(&[2; 32]), Shown::Valid);
    }

    #[test]
    fn spent_secrets_are_recognised_up_to_the_limit() {
        let mut capability = stored();
        for n in 1..=SPENT_SECRETS_MAX as u8 + 1 {
            capability = capability.resumed(&[n - 1; 32], [n; 32]).confirmed();
        }
        assert_eq!(capability.spent.len(), SPENT_SECRETS_MAX);
        assert_eq!(capability.judge(&[1; 32]), Shown::Spent);
        assert_eq!(capability.judge(&[0; 32]), Shown::Unknown);
    }
}
