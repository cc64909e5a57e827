//! Limits of the wire formats. Each is a named constant, tested at the limit and past it.

/// Bytes of an eTP header: source 16, destination 16, message type 2.
pub const HEADER_LEN: usize = 34;
/// Largest eTP message in bytes, header included: what one extended APDU carries in a frame.
pub const MESSAGE_BYTES_MAX: usize = 65_524;
/// Largest `param` in bytes.
pub const PARAM_BYTES_MAX: usize = MESSAGE_BYTES_MAX - HEADER_LEN;
/// Deepest nesting of arrays that the validator accepts.
pub const CBOR_DEPTH_MAX: usize = 16;
/// Largest payload in bytes of one frame on the application socket (a message and its prefix).
pub const FRAME_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 64;
/// Most text in bytes that a verdict or a close reason carries.
pub const DETAIL_BYTES_MAX: usize = 512;
/// Largest promise of a voucher in bytes.
pub const PROMISE_BYTES_MAX: usize = 16_384;
/// Most entity ids under which a third party is named in an offer.
pub const THIRD_PARTY_IDS_MAX: usize = 16;
/// Largest certificate in bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 2_048;
/// Shortest PIN of a card in bytes.
pub const PIN_BYTES_MIN: usize = 4;
/// Longest PIN of a card in bytes.
pub const PIN_BYTES_MAX: usize = 64;
/// A PIN or PUK inside a handshake: always of this many bytes, so that its length does not show.
pub const PIN_BLOCK_BYTES: usize = PIN_BYTES_MAX + 1;
