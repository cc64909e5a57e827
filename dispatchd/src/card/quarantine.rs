//! Why a card's domain is not live although a card answers.

use etp_pki::CertificateError;
use libetp::Domain;

use crate::state::Rollback;

/// Why the daemon does not trust a card. The domain's programs and others get the verdict
/// `quarantined` until the cause is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Quarantine {
    /// The card is older than its witness.
    #[error(transparent)]
    Rollback(#[from] Rollback),
    /// The certificate is not that of a card of this scheme, or outside its dates.
    #[error("the card's certificate is refused: {0}")]
    Certificate(CertificateError),
    /// The certificate names another domain than the card.
    #[error("the card says that it is {claimed}, its certificate is for {certified}")]
    Domain {
        /// What SELECT said.
        claimed: Domain,
        /// What the certificate says.
        certified: Domain,
    },
    /// The signature in `hello` does not verify.
    #[error("the card does not prove its key: the signature in hello is wrong")]
    Signature,
    /// The card was powered up again between SELECT and `hello`.
    #[error("the card's hello is of another power-up than its SELECT reply")]
    BootId,
    /// The answer to the challenge cannot be read.
    #[error("the card's hello is malformed: {0}")]
    Malformed(libetp::codec::CodecError),
    /// The domain was served by a card with another key before.
    #[error("domain {0} belongs to a card with another key")]
    SecondKey(Domain),
    /// Another card answers in the place of this one.
    #[error("the card was {before} and is now {now}")]
    AnotherCard {
        /// Domain at first.
        before: Domain,
        /// Domain now.
        now: Domain,
    },
    /// Two cards of this host have the domain.
    #[error("domain {0} is that of another card of this host")]
    Twice(Domain),
    /// No answer to the challenge in time.
    #[error("the card did not answer the challenge within {0} ms")]
    NoHello(u64),
    /// More messages than are kept while the card has not proved itself.
    #[error("the card sent more than {messages} messages or {bytes} bytes before it proved itself")]
    Flood {
        /// Most messages that are kept.
        messages: usize,
        /// Most bytes of them.
        bytes: usize,
    },
    /// The block of ports cannot be.
    #[error("the card reserved ports that cannot be: {count} from {first}")]
    Ports {
        /// First port of the block.
        first: u32,
        /// How many.
        count: u32,
    },
    /// The daemon's own state failed.
    #[error("what must be remembered of the card could not be stored: {0}")]
    Storage(String),
}

impl Quarantine {
    /// The name in logs, counters and status.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rollback(_) => "card-rollback",
            Self::Certificate(_) => "card-certificate",
            Self::Domain { .. } => "card-domain",
            Self::Signature => "card-signature",
            Self::BootId => "card-boot-id",
            Self::Malformed(_) => "card-malformed",
            Self::SecondKey(_) => "card-second-key",
            Self::AnotherCard { .. } => "card-another",
            Self::Twice(_) => "card-twice",
            Self::NoHello(_) => "card-no-hello",
            Self::Flood { .. } => "card-flood",
            Self::Ports { .. } => "card-ports",
            Self::Storage(_) => "card-storage",
        }
    }

    /// What the administrator can do about it.
    pub fn recovery(&self) -> String {
        match self {
            Self::Rollback(rollback) => format!(
                "put the newest state of the card back; or, if its owner accepts that what it did \
                 since is forgotten, stop the daemon and run `dispatchd --config FILE \
                 --accept-rollback {}`",
                rollback.domain
            ),
            Self::SecondKey(domain) => format!(
                "if the old card is gone for good, stop the daemon and run `dispatchd --config \
                 FILE --forget-domain {domain}`"
            ),
            Self::Certificate(_) => {
                "check [scheme] file and the host's clock, then `etpctl scheme check`".into()
            }
            Self::Storage(_) => "free space in [daemon] state, then restart the daemon".into(),
            Self::Twice(_) => "remove one of the [[card]] sections with a copy of it".into(),
            _ => "take the card out of service and ask its issuer".into(),
        }
    }
}
