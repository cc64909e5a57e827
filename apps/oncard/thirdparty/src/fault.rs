//! Why a request is not answered.

use alloc::string::ToString;

use libetp::Mtype;
use libetp::codec::CodecError;
use libetp::params::runtime::RefusalCode;
use oncard_runtime::Rejection;

/// One reason, named. Requests of cards are dropped under its name, since input of others that does
/// not verify is never answered; questions of programs are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Malformed(#[from] CodecError),
    #[error("a certificate is longer than allowed")]
    TooLong,
    #[error("this card gives no service")]
    NoService,
    #[error("the exchange names another third party")]
    NotForMe,
    #[error("both sides would be one card")]
    SelfExchange,
    #[error("a card's certificate has another key or domain")]
    OtherKey,
    #[error("the {0} signature does not verify")]
    Signature(&'static str),
    #[error("only programs of this card's domain may ask")]
    OtherSender,
    #[error("no room for another exchange")]
    Full,
    #[error("as many exchanges were decided for this card as for any")]
    CardFull,
    #[error("a record that this version cannot read")]
    Damaged,
    #[error("not a message that third parties of this version take")]
    UnknownType,
    #[error(transparent)]
    Runtime(#[from] Rejection),
}

impl Fault {
    fn code(&self) -> RefusalCode {
        match self {
            Self::Malformed(_) | Self::TooLong => RefusalCode::Malformed,
            Self::NotForMe => RefusalCode::ThirdParty,
            Self::OtherKey | Self::Signature(_) => RefusalCode::Certificate,
            Self::CardFull => RefusalCode::Limit,
            Self::Full | Self::Damaged => RefusalCode::Storage,
            Self::UnknownType => RefusalCode::UnknownType,
            _ => RefusalCode::State,
        }
    }

    /// What the runtime makes of the message: an answer, or a named counter.
    pub(crate) fn rejection(self, mtype: Mtype) -> Rejection {
        let is_answered = matches!(
            mtype,
            Mtype::OUTCOME_REQUEST | Mtype::THIRD_PARTY_STATUS_REQUEST
        );
        let rejection = match self {
            Self::Runtime(rejection) => rejection,
            fault => Rejection::refused(fault.code(), fault.to_string()),
        };
        rejection.answered_if(is_answered)
    }
}
