//! How many connections there may be, in all and of one user.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaLimits {
    /// In all.
    pub connections_max: usize,
    /// Of one user.
    pub connections_per_user_max: usize,
}

impl Default for QuotaLimits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            connections_per_user_max: 12_288,
        }
    }
}

/// Counts connections.
#[derive(Clone, Debug)]
pub(crate) struct Admissions {
    limits: QuotaLimits,
    users: Arc<Mutex<BTreeMap<u32, usize>>>,
}

/// One connection's place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    users: Arc<Mutex<BTreeMap<u32, usize>>>,
    uid: u32,
}

fn lock(users: &Mutex<BTreeMap<u32, usize>>) -> MutexGuard<'_, BTreeMap<u32, usize>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Admissions {
    pub(crate) fn new(limits: QuotaLimits) -> Self {
        Self {
            limits,
            users: Arc::default(),
        }
    }

    /// A place for a connection of the user.
    ///
    /// # Errors
    /// The name of the limit that is reached.
    pub(crate) fn admit(&self, uid: u32) -> Result<Admission, &'static str> {
        let mut users = lock(&self.users);
        if users.values().sum::<usize>() >= self.limits.connections_max {
            return Err("connections");
        }
        let own = users.entry(uid).or_default();
        if *own >= self.limits.connections_per_user_max {
            return Err("connections-per-user");
        }
        *own += 1;
        Ok(Admission {
            users: Arc::clone(&self.users),
            uid,
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut users = lock(&self.users);
        if let Some(own) = users.get_mut(&self.uid) {
            *own -= 1;
            if *own == 0 {
                users.remove(&self.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_and_all_together_are_limited() {
        let admissions = Admissions::new(QuotaLimits {
            connections_max: 3,
            connections_per_user_max: 2,
        });
        let first = admissions.admit(1);
        let _second = admissions.admit(1).unwrap();
        assert_eq!(admissions.admit(1).unwrap_err(), "connections-per-user");
        let _third = admissions.admit(2).unwrap();
        assert_eq!(admissions.admit(3).unwrap_err(), "connections");
        drop(first);
        assert!(admissions.admit(3).is_ok());
    }
}
