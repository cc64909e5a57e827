//! On-card key service: sign, verify, challenge. The ordinary reactive use of a card: a program
//! asks, its card answers (Terada et al. 2005, section 4.1).
//!
//! - `sign` (privileged) signs data under tag `keys/sign`. The tag is the service's own, so no
//!   signature of it can pass for one of another program or of the runtime.
//! - `verify` checks such a signature of another card: its certificate against the scheme's card
//!   intermediate, then the signature. Wrong ones are an answer, not an error.
//! - `challenge` proves that the card holds its key, to whoever asks: tag `keys/challenge` over
//!   the asker's nonce and id.

#![no_std]

extern crate alloc;

use alloc::format;

use etp_pki::Role;
use libetp::EntityId;
use libetp::Mtype;
use libetp::params::Param;
use libetp::params::keys::{
    Challenge, ChallengeBody, ChallengeResponse, Sign, Signature, Verified, Verify,
};
use libetp::params::runtime::RefusalCode;
use oncard_runtime::{Context, Incoming, Program, Rejection};

/// Tag of the signatures that [`Sign`] orders.
pub const TAG_SIGN: &str = "keys/sign";
/// Tag of the answer to [`Challenge`].
pub const TAG_CHALLENGE: &str = "keys/challenge";

/// The key service. Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeysProgram;

impl Program for KeysProgram {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn family(&self) -> u8 {
        Mtype::SIGN.family()
    }

    fn tags(&self) -> &'static [&'static str] {
        &[TAG_SIGN, TAG_CHALLENGE]
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        match message.mtype {
            Mtype::SIGN => sign(message.src, read(message)?, context),
            Mtype::VERIFY => verify(message.src, read(message)?, context)?,
            Mtype::CHALLENGE => answer(message.src, read(message)?, context),
            _ => {
                return Err(Rejection::refused(
                    RefusalCode::UnknownType,
                    "not a message for a card",
                ));
            }
        }
        Ok(())
    }
}

fn read<P: Param>(message: &Incoming) -> Result<P, Rejection> {
    P::from_param(&message.param)
        .map_err(|error| Rejection::refused(RefusalCode::Malformed, format!("{error}")))
}

fn sign(asker: EntityId, order: Sign, context: &mut Context<'_>) {
    let signature = context.sign(TAG_SIGN, &order.data);
    let certificate = context.identity().certificate.clone();
    context.send(
        asker,
        Signature {
            signature,
            certificate,
        },
    );
}

fn verify(asker: EntityId, order: Verify, context: &mut Context<'_>) -> Result<(), Rejection> {
    let key = match context.verify(Role::Card, &order.certificate) {
        Ok(leaf) => {
            let checked = leaf.check_signature(TAG_SIGN, &order.data, &order.signature);
            checked.ok().map(|()| leaf.key)
        }
        Err(Rejection::Refused(RefusalCode::Certificate, _)) => None,
        Err(other) => return Err(other),
    };
    context.send(
        asker,
        Verified {
            valid: key.is_some(),
            key,
        },
    );
    Ok(())
}

fn answer(asker: EntityId, challenge: Challenge, context: &mut Context<'_>) {
    let body = ChallengeBody {
        nonce: challenge.nonce,
        asker,
    };
    let response = ChallengeResponse {
        signature: context.sign(TAG_CHALLENGE, &body),
        certificate: context.identity().certificate.clone(),
    };
    context.send(asker, response);
}
