//! One acquired id.

use super::ledger::Account;
use super::mailbox::Mailbox;
use super::returns::ConnectionId;
use super::store::StoredCapability;

/// The right to be an id, with the mail for it.
#[derive(Debug)]
pub(super) struct Capability {
    pub(super) uid: u32,
    pub(super) name: String,
    /// What survives, if it is durable.
    pub(super) durable: Option<Durable>,
    /// The connection that is this capability now.
    pub(super) connection: Option<ConnectionId>,
    pub(super) mailbox: Mailbox,
    /// Whether its card may have it in the authenticated set.
    pub(super) may_be_authenticated: bool,
    /// Keeps the user's account open.
    pub(super) account: Account,
}

#[derive(Debug)]
pub(super) struct Durable {
    pub(super) stored: StoredCapability,
    /// A change is on its way to the store.
    pub(super) is_storing: bool,
    /// The program has not yet shown that it has the current secret.
    pub(super) is_unconfirmed: bool,
}
