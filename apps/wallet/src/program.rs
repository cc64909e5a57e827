//! What the wallet is called, and what its failures say.

use libetp::params::runtime::RefusalCode;

pub(crate) use card_owner::Kind;

/// The wallet among the programs of a card's owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WalletProgram;

pub(crate) type Failure = card_owner::Failure<WalletProgram>;
pub(crate) type Home = card_owner::Home<WalletProgram>;

impl card_owner::Program for WalletProgram {
    const NAME: &'static str = "wallet";
    const HOME_VARIABLE: &'static str = "TENET_HOME";
    const OVERVIEW: &'static str = "wallet history";
    const WITHOUT_HOME: &'static str = "vouchers are safe on the card";

    fn refused(refusal: Option<RefusalCode>) -> &'static str {
        match refusal {
            Some(RefusalCode::NotFound) => "see `wallet list` and `wallet history`",
            Some(RefusalCode::Reserved) => {
                "another open exchange or issue names that voucher: see `wallet history`"
            }
            Some(RefusalCode::ThirdParty) => {
                "agree on a third party that both cards were personalised with"
            }
            Some(RefusalCode::NoChallenge) => {
                "what an issuer makes fits one challenge of one card, once: open a new one with \
                 `wallet receive-issue --output FILE`"
            }
            Some(RefusalCode::Limit) => "finish or cancel open offers first",
            Some(RefusalCode::Class) => "the voucher demands a better card",
            Some(RefusalCode::Certificate | RefusalCode::Voucher) => {
                "do not trade with, or redeem at, whoever made what you gave the card"
            }
            _ => "see `wallet history`",
        }
    }
}
