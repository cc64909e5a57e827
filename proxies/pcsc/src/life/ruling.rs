//! What an error of PC/SC means for the card, and what is done about it.
//!
//! After any of them but [`Error::Timeout`] and [`Error::InsufficientBuffer`], nobody knows what became of the last
//! command.

use pcsc::Error;

/// What is done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The handle is as good as before; only a response is lost.
    Lost,
    /// The card may be on its way out: what is told of the reader shows it. The handle stays till then.
    Settle,
    /// Somebody reset the card: reconnect as it is, and see whether it has power.
    Reconnect,
    /// The card has no power: reconnect with a reset.
    PowerUp,
    /// There is no card, or no reader: close the handle, so that it is in nobody's way, and wait until something
    /// changes.
    Close,
    /// The card does not answer or not as it should: close the handle; only another card, or the same put in
    /// again, is worth a try.
    Bar,
    /// Another program is in the way: close the handle and try again, after a pause.
    Retry,
    /// PC/SC itself: nothing of this context is of use ever again. A new one, after a pause.
    Rebuild,
}

/// The ruling for an error, whichever call gave it.
pub fn ruling(error: Error) -> Ruling {
    match error {
        Error::Timeout | Error::InsufficientBuffer | Error::Cancelled => Ruling::Lost,
        Error::NotTransacted | Error::CommDataLost => Ruling::Settle,
        Error::ResetCard => Ruling::Reconnect,
        Error::UnpoweredCard => Ruling::PowerUp,
        Error::RemovedCard
        | Error::NoSmartcard
        | Error::NotReady
        | Error::UnknownReader
        | Error::ReaderUnavailable
        | Error::NoReadersAvailable => Ruling::Close,
        Error::UnresponsiveCard | Error::UnsupportedCard | Error::CardUnsupported => Ruling::Bar,
        // Every protocol is asked for; a card that is powered up just now has none yet.
        Error::SharingViolation | Error::ProtoMismatch => Ruling::Retry,
        // CommError, NoService, ServiceStopped, SecurityViolation, and whatever else a broken service says.
        _ => Ruling::Rebuild,
    }
}

/// What is wrong, and what somebody can do about it.
pub fn words(error: Error) -> &'static str {
    match error {
        Error::RemovedCard | Error::NoSmartcard => "no card",
        Error::NotTransacted | Error::CommDataLost => "the card does not answer the reader",
        Error::UnresponsiveCard => "the card is mute; is it the right way round?",
        Error::UnsupportedCard | Error::CardUnsupported => {
            "the card's answer to reset makes no sense to the reader"
        }
        Error::ProtoMismatch => "the card speaks neither T=0 nor T=1",
        Error::SharingViolation => {
            "another program uses the card (docs/operating/card-proxy.md, Other programs)"
        }
        Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable => {
            "the reader was unplugged"
        }
        Error::NoService | Error::ServiceStopped => {
            "the PC/SC service does not run; start pcscd (systemctl start pcscd.socket)"
        }
        Error::CommError => "the PC/SC service ended",
        Error::SecurityViolation => {
            "the PC/SC service refuses this user; allow org.debian.pcsc-lite.* in polkit"
        }
        Error::ResetCard => "another program reset the card",
        Error::UnpoweredCard => "another program took the card's power",
        Error::InsufficientBuffer => "the response is longer than any should be",
        Error::Timeout => "the reader gave no answer in its time",
        _ => "the PC/SC service failed",
    }
}
