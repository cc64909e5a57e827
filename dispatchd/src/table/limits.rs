//! How much the table holds, and for whom.

/// Limits of the table. Each has its default as a constant of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages that wait for one id, or were sent to it and are not taken.
    pub mailbox_messages_max: u64,
    /// Their bytes, as [`charge`] counts them.
    pub mailbox_bytes_max: u64,
    /// Messages that wait for one card.
    pub card_messages_max: u64,
    /// Their bytes, as [`charge`] counts them.
    pub card_bytes_max: u64,
    /// Messages that wait for one card, of one user, card or other host from ids of one domain.
    pub card_flow_messages_max: usize,
    /// Messages of one sender that wait anywhere in one shard.
    pub sender_messages_max: u64,
    /// Their bytes, as [`charge`] counts them.
    pub sender_bytes_max: u64,
    /// Messages sent to a connection and not taken.
    pub window_messages: usize,
    /// Ids of one user in one shard.
    pub ids_per_user_max: u32,
    /// Ids that one user may acquire at once; more come back at one each [`ACQUIRE_REFILL_MS`].
    pub acquire_burst: u32,
    /// Requests that wait for a block of ports, in one shard.
    pub pending_acquires_max: usize,
    /// Derived capabilities of one connection, tokens not yet adopted included.
    pub derived_max: usize,
    /// Entries in each list of a `DERIVE`.
    pub derived_list_max: usize,
    /// Control requests of one connection that are not answered.
    pub controls_max: usize,
    /// Bytes of answers and verdicts that wait for a connection before it is not read any more.
    pub answers_bytes_max: usize,
}

/// Default of [`Limits::mailbox_messages_max`].
pub const MAILBOX_MESSAGES_MAX: u64 = 16_384;
/// Default of [`Limits::mailbox_bytes_max`].
pub const MAILBOX_BYTES_MAX: u64 = 16 << 20;
/// Default of [`Limits::card_messages_max`].
pub const CARD_MESSAGES_MAX: u64 = 1_024;
/// Default of [`Limits::card_bytes_max`].
pub const CARD_BYTES_MAX: u64 = 4 << 20;
/// Default of [`Limits::card_flow_messages_max`].
pub const CARD_FLOW_MESSAGES_MAX: usize = 256;
/// Default of [`Limits::sender_messages_max`].
pub const SENDER_MESSAGES_MAX: u64 = 65_536;
/// Default of [`Limits::sender_bytes_max`].
pub const SENDER_BYTES_MAX: u64 = 64 << 20;
/// Default of [`Limits::window_messages`].
pub const WINDOW_MESSAGES: usize = 8_192;
/// Default of [`Limits::ids_per_user_max`].
pub const IDS_PER_USER_MAX: u32 = 4_096;
/// Default of [`Limits::acquire_burst`].
pub const ACQUIRE_BURST: u32 = 4_096;
/// Default of [`Limits::pending_acquires_max`].
pub const PENDING_ACQUIRES_MAX: usize = 256;
/// Default of [`Limits::derived_max`].
pub const DERIVED_MAX: usize = 64;
/// Default of [`Limits::derived_list_max`].
pub const DERIVED_LIST_MAX: usize = 256;
/// Default of [`Limits::controls_max`].
pub const CONTROLS_MAX: usize = 8;
/// Default of [`Limits::answers_bytes_max`].
pub const ANSWERS_BYTES_MAX: usize = 256 << 10;

/// Messages of one sender from ids of one domain that wait for Guard, in one shard.
pub const PARKED_PER_SENDER_MAX: usize = 64;
/// Messages that wait for Guard, in one shard.
pub const PARKED_MESSAGES_MAX: u64 = 4_096;
/// Their bytes, as [`charge`] counts them.
pub const PARKED_BYTES_MAX: u64 = 32 << 20;
/// Answers may exceed [`Limits::answers_bytes_max`] by what is under way; past this many times
/// the limit the connection is closed.
pub const ANSWERS_FACTOR_MAX: usize = 16;
/// Bytes charged for each message beside its own.
pub const MESSAGE_OVERHEAD_BYTES: u64 = 64;
/// A user may acquire one id more after this long.
pub const ACQUIRE_REFILL_MS: u64 = 100;
/// Failed authentications that a user is allowed at once.
pub const AUTH_FAILURES_BURST: u32 = 5;
/// A user is allowed one failed authentication more after this long.
pub const AUTH_FAILURE_REFILL_MS: u64 = 60_000;
/// Mailboxes that keep more room than they need until the next tick.
pub const ROOMY_MAILBOXES_MAX: usize = 16;
/// Buffers of emptied mailboxes that a shard keeps for the next ones.
pub const SPARE_BUFFERS_MAX: usize = 16;
/// How long a request waits for a block of ports.
pub const ACQUIRE_WAIT_MS: u64 = 10_000;
/// How long a connection may take to say `HELLO`.
pub const HELLO_WAIT_MS: u64 = 5_000;
/// Longest name of a program in bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// Ended ids that are remembered for a card that is not live.
pub const ENDED_IDS_MAX: usize = 4_096;

impl Default for Limits {
    fn default() -> Self {
        Self {
            mailbox_messages_max: MAILBOX_MESSAGES_MAX,
            mailbox_bytes_max: MAILBOX_BYTES_MAX,
            card_messages_max: CARD_MESSAGES_MAX,
            card_bytes_max: CARD_BYTES_MAX,
            card_flow_messages_max: CARD_FLOW_MESSAGES_MAX,
            sender_messages_max: SENDER_MESSAGES_MAX,
            sender_bytes_max: SENDER_BYTES_MAX,
            window_messages: WINDOW_MESSAGES,
            ids_per_user_max: IDS_PER_USER_MAX,
            acquire_burst: ACQUIRE_BURST,
            pending_acquires_max: PENDING_ACQUIRES_MAX,
            derived_max: DERIVED_MAX,
            derived_list_max: DERIVED_LIST_MAX,
            controls_max: CONTROLS_MAX,
            answers_bytes_max: ANSWERS_BYTES_MAX,
        }
    }
}

/// What a message of `wire_len` bytes is charged with.
pub fn charge(wire_len: usize) -> u64 {
    wire_len as u64 + MESSAGE_OVERHEAD_BYTES
}
