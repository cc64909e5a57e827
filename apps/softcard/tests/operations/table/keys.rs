//! The key service.

use libetp::Mtype;
use libetp::params::Param;
use libetp::params::keys::{Challenge, Sign, Signature, Verify};

use super::{Operation, Scene};
use crate::seat::{What, one};
use crate::stage::{Stage, Who};

const DATA: &[u8] = b"what is signed";

fn sign() -> What {
    What::order(&Sign {
        data: DATA.to_vec(),
    })
}

fn told(mut stage: Stage, say: impl FnOnce(&mut Stage) -> What) -> Scene {
    let what = say(&mut stage);
    Scene {
        stage,
        who: Who::A,
        what,
    }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("sign", Mtype::SIGN, &[Mtype::SIGNATURE], || {
        told(Stage::new(), |_| sign())
    })
    .changes_nothing(),
    Operation::new("verify", Mtype::VERIFY, &[Mtype::VERIFIED], || {
        told(Stage::new(), |stage| {
            let signed: Signature = one(&stage.b.act(&sign()));
            let verify = Verify {
                data: DATA.to_vec(),
                signature: signed.signature,
                certificate: signed.certificate,
            };
            What::Plain(stage.a.owner.message(verify))
        })
    })
    .changes_nothing(),
    Operation::new(
        "challenge",
        Mtype::CHALLENGE,
        &[Mtype::CHALLENGE_RESPONSE],
        || {
            told(Stage::new(), |stage| {
                let challenge = Challenge { nonce: [6; 32] };
                What::Plain(challenge.into_message(stage.b.id(), stage.a.id()))
            })
        },
    )
    .changes_nothing(),
];
