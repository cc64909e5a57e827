//! Deadlines and bounds of links. Each has a default that suits ordinary hosts.

/// Message streams in each direction of a link. Part of the protocol.
pub const LANES: usize = 4;
/// Sequences in each direction of a link: one per lane, and one for verdicts.
pub const CHANNELS: usize = LANES + 1;
/// The channel of verdicts.
pub const VERDICTS: usize = LANES;
/// Messages whose verdict a host may still give: those that went to it last. It bounds what a host
/// can bring about that gives verdicts on messages that were delivered.
pub const VERDICTS_OWED_MAX: u64 = 1 << 17;

/// Deadlines in milliseconds and bounds in messages or bytes, per link unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages that wait to be sent or acknowledged.
    pub queue_messages_max: usize,
    /// Bytes of those messages.
    pub queue_bytes_max: usize,
    /// How long a message waits for a link that is down before its verdict.
    pub queue_ms_max: u64,
    /// Verdicts that wait to be sent or acknowledged.
    pub verdicts_max: usize,
    /// From dialling to a finished TLS handshake.
    pub handshake_ms_max: u64,
    /// From the handshake to the peer's first frame.
    pub hello_ms_max: u64,
    /// Silence after which a link is lost.
    pub idle_ms_max: u64,
    /// Silence after which a sign of life is asked for.
    pub keep_alive_ms: u64,
    /// Time without an acknowledgement while one is due, after which a link is given up.
    pub stall_ms_max: u64,
    /// Longest that an acknowledgement is held back.
    pub ack_ms_max: u64,
    /// Messages received after which an acknowledgement is sent at once.
    pub ack_messages: u64,
    /// Bytes received after which an acknowledgement is sent at once.
    pub ack_bytes: usize,
    /// First pause after a failed attempt to dial.
    pub backoff_ms_min: u64,
    /// Longest pause between attempts to dial.
    pub backoff_ms_max: u64,
    /// How long a link must have been up for its pauses to start from the least again.
    pub stable_ms: u64,
    /// Messages parked for one domain until its statement is there.
    pub parked_messages_max: usize,
    /// Bytes of all parked messages of one host.
    pub parked_bytes_max: usize,
    /// Domains of one host that may wait for their statements at a time.
    pub parked_domains_max: usize,
    /// How long a statement is waited for.
    pub statement_ms_max: u64,
    /// How long a domain is refused without asking again after its statement failed.
    pub statement_refused_ms: u64,
    /// How long a statement holds.
    pub statement_valid_ms: u64,
    /// How long messages under way are waited for at the end.
    pub drain_ms_max: u64,
    /// Handshakes of others under way at a time, for the whole proxy; more are turned away.
    pub handshakes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_messages_max: 65_536,
            queue_bytes_max: 16 << 20,
            queue_ms_max: 30_000,
            verdicts_max: 4_096,
            handshake_ms_max: 5_000,
            hello_ms_max: 5_000,
            idle_ms_max: 10_000,
            keep_alive_ms: 3_000,
            stall_ms_max: 20_000,
            ack_ms_max: 10,
            ack_messages: 256,
            ack_bytes: 1 << 20,
            backoff_ms_min: 100,
            backoff_ms_max: 10_000,
            stable_ms: 5_000,
            parked_messages_max: 4_096,
            parked_bytes_max: 4 << 20,
            parked_domains_max: 64,
            statement_ms_max: 5_000,
            statement_refused_ms: 5_000,
            statement_valid_ms: 86_400_000,
            drain_ms_max: 2_000,
            handshakes_max: 64,
        }
    }
}
