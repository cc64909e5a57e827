//! Limits of the interface, those of `docs/protocol/guard-plugin.md`.

/// Version of the interface.
pub const ABI: i32 = 1;
/// Size of the buffer in bytes.
pub const BUFFER_BYTES: usize = 68 * 1024;
/// Largest param in bytes.
pub const PARAM_BYTES_MAX: usize = 65_490;
/// Longest reason in bytes.
pub const REASON_BYTES_MAX: usize = 256;
