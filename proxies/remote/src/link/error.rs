//! Why a connection is closed. The numbers are QUIC application error codes.

macro_rules! link_errors {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// Why a connection between two hosts is closed. The numbers are part of the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum LinkError {
            $($(#[$meta])* $name = $code,)*
        }

        impl LinkError {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The reason of a number, if there is one.
            pub fn from_code(code: u64) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The name in output and logs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

link_errors! {
    /// The host ends.
    ShuttingDown = 0x01, "shutting-down";
    /// Another connection of the same two hosts is kept.
    Duplicate = 0x02, "duplicate";
    /// A certificate reached its end.
    CertificateEnded = 0x03, "certificate-ended";
    /// No hello in time.
    HelloTimeout = 0x04, "hello-timeout";
    /// No acknowledgement in time.
    Stalled = 0x05, "stalled";
    /// The connection is not with a host that may have a link.
    NotAPeer = 0x06, "not-a-peer";
    /// Another version of the protocol.
    Version = 0x10, "version";
    /// A frame without a kind.
    FrameTooShort = 0x11, "frame-too-short";
    /// A frame longer than its kind or its stream allows.
    FrameTooLong = 0x12, "frame-too-long";
    /// A kind that the stream does not have.
    FrameKind = 0x13, "frame-kind";
    /// A body that is not what the kind demands.
    FrameBody = 0x14, "frame-body";
    /// A frame in the wrong order.
    FrameOrder = 0x15, "frame-order";
    /// A stream that ended; inside a frame, the frame never counts.
    StreamEnded = 0x16, "stream-ended";
    /// A lane number out of range or opened twice.
    Lane = 0x17, "lane";
    /// Sequence zero.
    Sequence = 0x18, "sequence";
    /// An acknowledgement of what was never sent.
    Acknowledgement = 0x19, "acknowledgement";
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A reason and the words that go with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {detail}")]
pub struct LinkFault {
    /// Why.
    pub error: LinkError,
    /// What exactly, for people.
    pub detail: String,
}

impl LinkFault {
    /// A reason with words.
    pub fn new(error: LinkError, detail: impl Into<String>) -> Self {
        Self {
            error,
            detail: detail.into(),
        }
    }
}
