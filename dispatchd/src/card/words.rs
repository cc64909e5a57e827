//! What a card's stage is called, in status and to programs.

use card_proxy::Away;

use super::events::Stage;
use super::quarantine::Quarantine;
use crate::table::CardReason;

impl Stage {
    /// One word for the stage.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting | Self::Challenged { .. } => "starting",
            Self::Live { .. } => "live",
            Self::Suspended { .. } => "suspended",
            Self::Quarantined(_) => "quarantined",
            Self::Away(Away::Absent(_) | Away::Another { .. }) => "absent",
            Self::Away(Away::Lost(_)) | Self::Gone(_) => "gone",
        }
    }

    /// Why it is not live, for every program of its domain.
    pub fn reason(&self) -> Option<CardReason> {
        match self {
            Self::Starting | Self::Challenged { .. } | Self::Live { .. } => None,
            Self::Suspended { .. } => Some(CardReason::Elsewhere),
            Self::Quarantined(cause) => Some(cause.reason()),
            Self::Away(Away::Absent(_)) => Some(CardReason::NoCard),
            Self::Away(Away::Another { .. }) => Some(CardReason::OtherCard),
            Self::Away(Away::Lost(_)) | Self::Gone(_) => Some(CardReason::NoLink),
        }
    }

    /// What there is to say of it to administrators beside its name; empty for a live card.
    pub fn detail(&self) -> String {
        match self {
            Self::Starting => "waits for the card to answer".into(),
            Self::Challenged { .. } => "waits for the card to prove itself".into(),
            Self::Live { .. } => String::new(),
            Self::Suspended { number, .. } => suspended(*number),
            Self::Quarantined(cause) => {
                format!("{}: {cause}; {}", cause.name(), cause.recovery())
            }
            Self::Away(why) => why.to_string(),
            Self::Gone(reason) => reason.clone(),
        }
    }
}

impl Quarantine {
    fn reason(&self) -> CardReason {
        match self {
            Self::Rollback(_) => CardReason::RolledBack,
            Self::Certificate(_)
            | Self::Domain { .. }
            | Self::Signature
            | Self::BootId
            | Self::Malformed(_)
            | Self::SecondKey(_)
            | Self::NoHello(_) => CardReason::NotProved,
            Self::AnotherCard { .. } => CardReason::OtherCard,
            Self::Flood { .. } | Self::Ports { .. } => CardReason::Misbehaves,
            Self::Twice(_) | Self::Storage(_) => CardReason::Host,
        }
    }
}

/// What to do about a card that is at another host.
pub fn suspended(number: u64) -> String {
    format!(
        "card-suspended: the card stated that it is at another host (number {number}); bring it \
         back and enrol this host at it (`wallet enrol-host HOST.der`), or stop the daemon and run \
         `dispatchd --config FILE --forget-domain`"
    )
}
