//! What bounds a card's memory. Each limit is tested at its value and past it.

/// Open authentication challenges; the oldest makes room for a new one.
pub const CHALLENGES_MAX: usize = 16;
/// Entity ids that are authenticated at one time.
pub const AUTHENTICATED_MAX: usize = 64;
/// Entity ids remembered for a wrong PIN since power-up; the oldest is forgotten first.
pub const WRONG_TRIES_MAX: usize = 64;
/// Tries of the PIN before the card blocks.
pub const PIN_TRIES: u8 = 3;
/// Tries of the PUK before it, and with it a card whose PIN is blocked, blocks for good.
pub const PUK_TRIES: u8 = 10;
/// Most memory in KiB that one try of a PIN or PUK may cost: 256 MiB.
pub const PIN_MEMORY_KIB_MAX: u32 = 256 * 1_024;
/// Most passes over that memory.
pub const PIN_PASSES_MAX: u32 = 16;
/// Ports in one block.
pub const PORT_BLOCK: u32 = 256;
/// Messages that wait for the host.
pub const OUTBOX_MESSAGES_MAX: usize = 1_024;
/// Bytes of messages that wait for the host.
pub const OUTBOX_BYTES_MAX: usize = 256 * 1_024;
/// Bytes of messages that wait for the host in memory only: what 31 others are sent in one round,
/// each a message as long as there are.
pub const OUTBOX_VOLATILE_BYTES_MAX: usize = 31 * libetp::limits::MESSAGE_BYTES_MAX;
/// Room in bytes beyond [`OUTBOX_BYTES_MAX`] that only refusals may use.
pub const OUTBOX_RESERVE_BYTES: usize = 64 * 1_024;
/// Room in messages beyond [`OUTBOX_MESSAGES_MAX`] that only refusals may use.
pub const OUTBOX_RESERVE_MESSAGES: usize = 256;
/// Commands in a row that are carried out in memory only.
pub const UNWRITTEN_COMMANDS_MAX: u16 = 32;
/// Longest nonce of a ping in bytes.
pub const PING_NONCE_BYTES_MAX: usize = 64;
/// Longest key in bytes in a program's part of the store.
pub const KEY_BYTES_MAX: usize = 128;
/// Longest value in bytes in the store.
pub const VALUE_BYTES_MAX: usize = 65_536;
/// Transactions in the life of a card: numbers of messages are `generation << 16 | index`.
pub const GENERATION_MAX: u64 = (1 << 48) - 1;
/// Third parties that a card trusts.
pub const THIRD_PARTIES_MAX: usize = 16;
