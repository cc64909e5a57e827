//! The runtime: ports, statements, the host, the owner.

use libetp::params::Param;
use libetp::params::runtime::{
    AuthBegin, CapabilityEnded, CardInfoRequest, EnrolHost, HelloChallenge, ReservePorts, Serve,
};
use libetp::{Mtype, Port};

use super::{Operation, Scene};
use crate::seat::What;
use crate::stage::{HOST_KEY, PUK, Stage, Who};
use crate::support::PIN;

/// The port of a program that tries PINs.
const STRANGER: Port = Port(9);

/// S_A's card, told something by its daemon.
fn by_daemon(param: impl Param) -> Scene {
    let stage = Stage::new();
    let message = param.into_message(stage.a.port(Port::DAEMON), stage.a.id());
    at_a(stage, What::Plain(message))
}

fn at_a(stage: Stage, what: What) -> Scene {
    Scene {
        stage,
        who: Who::A,
        what,
    }
}

/// S_A's card, which saw wrong PINs.
fn after_wrong_pins(what: What) -> Scene {
    let mut stage = Stage::new();
    stage.a.try_pin(STRANGER, b"0000");
    at_a(stage, what)
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("hello", Mtype::HELLO_CHALLENGE, &[Mtype::HELLO], || {
        by_daemon(HelloChallenge { nonce: [1; 32] })
    })
    .changes_nothing(),
    Operation::new(
        "reserve-ports",
        Mtype::RESERVE_PORTS,
        &[Mtype::PORTS_RESERVED],
        || by_daemon(ReservePorts {}),
    ),
    Operation::new("serve", Mtype::SERVE, &[Mtype::STATEMENT], || {
        by_daemon(Serve {
            host_key: HOST_KEY,
            nonce: [2; 32],
        })
    }),
    Operation::new("capability-ended", Mtype::CAPABILITY_ENDED, &[], || {
        let stage = Stage::new();
        let id = stage.a.owner.id;
        let message = CapabilityEnded { id }.into_message(stage.a.port(Port::DAEMON), stage.a.id());
        at_a(stage, What::Plain(message))
    })
    .changes_nothing(),
    Operation::new(
        "auth-begin",
        Mtype::AUTH_BEGIN,
        &[Mtype::AUTH_CHALLENGE],
        || {
            let stage = Stage::new();
            let message = stage.a.owner.message(AuthBegin {});
            at_a(stage, What::Plain(message))
        },
    )
    .changes_nothing(),
    Operation::new("auth, right PIN", Mtype::AUTH, &[Mtype::AUTH_OK], || {
        after_wrong_pins(What::Auth(PIN))
    })
    .spends_a_try(),
    Operation::new(
        "auth, wrong PIN",
        Mtype::AUTH,
        &[Mtype::AUTH_FAILED],
        || at_a(Stage::new(), What::Auth(b"0000")),
    )
    .spends_a_try(),
    Operation::new("set-pin by PIN", Mtype::SET_PIN, &[Mtype::PIN_SET], || {
        at_a(Stage::new(), set_pin(false, PIN))
    })
    .spends_a_try(),
    Operation::new("set-pin by PUK", Mtype::SET_PIN, &[Mtype::PIN_SET], || {
        after_wrong_pins(set_pin(true, PUK))
    })
    .spends_a_try(),
    Operation::new(
        "set-pin, wrong PUK",
        Mtype::SET_PIN,
        &[Mtype::AUTH_FAILED],
        || at_a(Stage::new(), set_pin(true, b"1111111111111111")),
    )
    .spends_a_try(),
    Operation::new(
        "enrol-host",
        Mtype::ENROL_HOST,
        &[Mtype::HOST_ENROLLED],
        || at_a(Stage::new(), What::order(&EnrolHost { host_key: [8; 32] })),
    ),
    Operation::new(
        "card-info",
        Mtype::CARD_INFO_REQUEST,
        &[Mtype::CARD_INFO],
        || {
            let stage = Stage::new();
            let message = stage.a.owner.message(CardInfoRequest {});
            at_a(stage, What::Plain(message))
        },
    )
    .changes_nothing(),
];

fn set_pin(is_puk: bool, secret: &'static [u8]) -> What {
    What::SetPin {
        is_puk,
        secret,
        new_pin: b"97531",
    }
}
