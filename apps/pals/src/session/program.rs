//! What `pals` is called, and what its failures say.

use libetp::params::runtime::RefusalCode;

pub(crate) use card_owner::Kind;

/// `pals` among the programs of a card's owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PalsProgram;

pub(crate) type Failure = card_owner::Failure<PalsProgram>;
pub(crate) type Home = card_owner::Home<PalsProgram>;

impl card_owner::Program for PalsProgram {
    const NAME: &'static str = "pals";
    const HOME_VARIABLE: &'static str = "TENET_PALS_HOME";
    const OVERVIEW: &'static str = "pals status";
    const WITHOUT_HOME: &'static str =
        "a new home has a new member code, which others have to know";

    fn refused(refusal: Option<RefusalCode>) -> &'static str {
        match refusal {
            Some(RefusalCode::Limit) => {
                "a card is in one session at a time: `pals status` shows it, `pals leave` ends it for this card"
            }
            Some(RefusalCode::NotFound) => {
                "a card forgets with power, and with the next session, how the last one ended"
            }
            Some(RefusalCode::Certificate) => {
                "the session wants cards of a better class, or with another code"
            }
            Some(RefusalCode::State) => "`pals status` shows where the card's session is",
            Some(RefusalCode::UnknownType) => "this card computes nothing with others",
            _ => "agree on other terms with the members",
        }
    }
}

impl From<crate::report::Failure> for Failure {
    fn from(failure: crate::report::Failure) -> Self {
        let parts = failure.parts();
        let failure = Self::new(parts.kind, parts.message);
        match parts.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
