//! Why a message is not carried out.

use alloc::string::ToString;

use libetp::Mtype;
use libetp::codec::CodecError;
use libetp::params::runtime::RefusalCode;
use oncard_runtime::Rejection;

/// One reason, named. Orders are refused with it; what other cards send is dropped under its
/// name, since input of others that does not verify is never answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Malformed(#[from] CodecError),
    #[error("{0} is longer than allowed")]
    TooLong(&'static str),
    #[error("a revocation status that this card cannot read")]
    Status,
    #[error("the id is not a program of another domain, or not a card")]
    Id,
    #[error("both sides would be this card")]
    SelfExchange,
    #[error("no such {0}")]
    NotFound(&'static str),
    #[error("at most {1} {0} at a time")]
    Limit(&'static str, u64),
    #[error("the card has room for {0} vouchers")]
    Full(u64),
    #[error("the wanted voucher is held, given or expected here already")]
    Reserved,
    #[error("the offer's number is in use")]
    NonceInUse,
    #[error("this card does not trust the third party")]
    ThirdParty,
    #[error("the voucher demands a card of class {demanded}, this one has {class}")]
    Class { demanded: u8, class: u8 },
    #[error("the voucher is not the one that its id names")]
    OtherVoucher,
    #[error("the {0} certificate has another key or subject")]
    OtherKey(&'static str),
    #[error("the {0} signature does not verify")]
    Signature(&'static str),
    #[error("not the id that may do this")]
    OtherSender,
    #[error("not possible now: {0}")]
    State(&'static str),
    #[error("the agreement is not an answer to an open offer")]
    OtherAgreement,
    #[error("the secret does not match the agreement")]
    OtherSecret,
    #[error("neither resolved nor aborted")]
    Outcome,
    #[error("it is not known where the third party is reached; name one of its ids")]
    NoThirdPartyIds,
    #[error("not a message that cards of this version take")]
    UnknownType,
    #[error(transparent)]
    Runtime(#[from] Rejection),
}

impl Fault {
    /// The code that the sender of an order is told.
    fn code(&self) -> RefusalCode {
        match self {
            Self::Malformed(_) | Self::TooLong(_) | Self::Id | Self::NoThirdPartyIds => {
                RefusalCode::Malformed
            }
            Self::NotFound("challenge") => RefusalCode::NoChallenge,
            Self::NotFound(_) => RefusalCode::NotFound,
            Self::Limit(..) => RefusalCode::Limit,
            Self::Full(_) => RefusalCode::Storage,
            Self::Reserved => RefusalCode::Reserved,
            Self::ThirdParty => RefusalCode::ThirdParty,
            Self::Class { .. } => RefusalCode::Class,
            Self::OtherVoucher => RefusalCode::Voucher,
            Self::Signature("voucher") => RefusalCode::Voucher,
            Self::Status | Self::OtherKey(_) | Self::Signature(_) => RefusalCode::Certificate,
            Self::UnknownType => RefusalCode::UnknownType,
            _ => RefusalCode::State,
        }
    }

    /// What the runtime makes of the message: an answer, or a named counter.
    pub(crate) fn rejection(self, mtype: Mtype) -> Rejection {
        let rejection = match self {
            Self::Runtime(rejection) => rejection,
            fault => Rejection::refused(fault.code(), fault.to_string()),
        };
        rejection.answered_if(is_answered(mtype))
    }
}

/// Whether a refusal is told to the sender: orders of the owner, and what issuers and redeemers
/// hand in. Messages of other cards and other owners get no answer.
fn is_answered(mtype: Mtype) -> bool {
    mtype.is_privileged() || matches!(mtype, Mtype::ISSUE | Mtype::REDEEM_RECEIPT)
}
