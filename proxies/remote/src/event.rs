//! What a remote proxy tells the host it belongs to.

use std::net::SocketAddr;

use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Verdict};

/// Called on the proxy's own thread, one event after the other; must not block.
pub type EventSink = Box<dyn FnMut(RemoteEvent) + Send>;

/// Something happened on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteEvent {
    /// A message from an entity that lives at `host`, which a statement of its card proves.
    Message {
        /// Key id of the host that authenticated the link.
        host: Hash,
        /// The sender's number, to be given back with a verdict.
        number: u64,
        /// The message.
        message: Message,
    },
    /// A message sent from here was not delivered.
    Verdict {
        /// Which message.
        subject: Subject,
        /// The number given to [`RemoteHandle::send`](crate::RemoteHandle::send).
        number: u64,
        /// Why.
        verdict: Verdict,
    },
    /// Another host asks where a local card lives: have the card sign
    /// [`Serve`](libetp::params::runtime::Serve) for this host's key and the nonce, and give the
    /// answer to [`RemoteHandle::statement`](crate::RemoteHandle::statement).
    NeedStatement {
        /// The card's domain.
        domain: Domain,
        /// The verifier's.
        nonce: [u8; 32],
        /// To be given back.
        token: StatementToken,
    },
    /// A card of this host stated, with a newer number than any before, that it is at another host.
    Moved {
        /// Key id of that host.
        host: Hash,
        /// The card's domain.
        domain: Domain,
        /// The statement's number.
        number: u64,
    },
    /// A link is up: both sides know who the other is and have said hello.
    LinkUp {
        /// Key id of the other host.
        host: Hash,
        /// Where it is.
        address: SocketAddr,
    },
    /// A link that was up is down.
    LinkDown {
        /// Key id of the other host.
        host: Hash,
        /// Why, for people.
        reason: String,
    },
    /// Something that another host did was refused.
    Refused {
        /// Key id of the host, where it is known.
        host: Option<Hash>,
        /// Under which name it is counted.
        counter: Counter,
        /// What exactly, for people.
        detail: String,
    },
}

/// Which request for a statement an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementToken(pub u64);

macro_rules! counters {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)*) => {
        /// Under which name a refusal is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Counter {
            $($(#[$meta])* $name,)*
        }

        impl Counter {
            /// Every counter.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in output and logs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

counters! {
    /// A valid certificate of another role in place of a host's.
    TlsRole = "tls-role";
    /// A certificate outside its dates.
    TlsExpired = "tls-expired";
    /// A certificate that breaks any other rule.
    TlsCertificate = "tls-certificate";
    /// The host dialled has another key than the one expected.
    TlsWrongKey = "tls-wrong-key";
    /// A host that is not configured as a peer.
    HostNotConfigured = "host-not-configured";
    /// No key exchange, cipher or signature in common.
    TlsParameters = "tls-parameters";
    /// Another application protocol.
    TlsAlpn = "tls-alpn";
    /// A handshake that failed otherwise.
    TlsHandshake = "tls-handshake";
    /// A handshake not finished in time.
    HandshakeTimeout = "handshake-timeout";
    /// More handshakes at a time than allowed.
    HandshakesFull = "handshakes-full";
    /// A frame or an order of frames that the protocol does not have.
    Protocol = "link-protocol";
    /// A source in a domain of this host's own cards.
    SourceLocal = "source-local";
    /// A destination that is not here: hosts carry nothing on.
    DestinationNotLocal = "destination-not-local";
    /// More messages, bytes or domains wait for a statement than allowed.
    ParkedFull = "parked-full";
    /// The other host has no statement for the domain.
    StatementNone = "statement-none";
    /// No statement in time.
    StatementTimeout = "statement-timeout";
    /// A statement that nobody asked for.
    StatementUnasked = "statement-unasked";
    /// A statement with another nonce than the one asked for.
    StatementNonce = "statement-nonce";
    /// A statement for another host.
    StatementHost = "statement-host";
    /// A statement with a certificate that is not a valid card's.
    StatementCertificate = "statement-certificate";
    /// A statement by the card of another domain.
    StatementDomain = "statement-domain";
    /// A statement whose signature is wrong.
    StatementSignature = "statement-signature";
    /// A statement that is not newer than the newest known of that card.
    StatementStale = "statement-stale";
    /// A second key for a domain: an alarm.
    StatementSecondKey = "statement-second-key";
    /// A statement that could not be stored.
    StatementStore = "statement-store";
    /// A domain whose statement failed a moment ago.
    NotEnrolled = "not-enrolled";
    /// A request for a statement of a domain that is not local.
    WantNotLocal = "want-not-local";
    /// Requests for statements faster than a card is bothered with.
    WantTooOften = "want-too-often";
    /// A verdict about a message that was not sent to that host from here.
    VerdictForeign = "verdict-foreign";
    /// More verdicts than messages were sent to that host.
    VerdictSurplus = "verdict-surplus";
    /// A verdict with a code that does not exist.
    VerdictCode = "verdict-code";
    /// Verdicts, statements and notes that found no room on their way to the proxy's thread.
    InboxFull = "inbox-full";
    /// A verdict that found no room to wait for the link.
    VerdictsFull = "verdicts-full";
    /// A verdict for a host that there is no link to.
    VerdictNoLink = "verdict-no-link";
    /// A verdict that waited for a host which restarted since: what it is about is forgotten there.
    VerdictRestarted = "verdict-restarted";
    /// A message that waited for a statement when its host restarted: nobody there would know its
    /// verdict.
    ParkedRestarted = "parked-restarted";
}
