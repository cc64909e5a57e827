//! Functions of secure computation that the card keeps. What it is told of sessions is in memory only.

use libetp::Mtype;
use libetp::digest::{Hash, sha256};
use libetp::params::pals::{ApproveFunction, ForgetFunction, ListFunctions, LoadFunction};

use super::{Operation, Scene};
use crate::seat::What;
use crate::stage::{Stage, Who};

/// A module of two pieces.
const FUNCTION: &[u8] = include_bytes!("../../../../pals/functions/auction/auction.wasm");

/// What a card is told of sessions. The session that it is in ends with power, whatever it had been told:
/// `apps/oncard/trustedpals/tests/program/power.rs`.
pub(crate) const OF_SESSIONS: &[Mtype] = &[
    Mtype::OPEN_SESSION,
    Mtype::JOIN_SESSION,
    Mtype::SESSION_JOIN,
    Mtype::SESSION_START,
    Mtype::SESSION_STARTED,
    Mtype::SESSION_START_REQUEST,
    Mtype::SESSION_HANDSHAKE,
    Mtype::SESSION_PACKET,
    Mtype::ROUND_OVER,
    Mtype::COMPUTE,
    Mtype::ATTEND_SESSION,
    Mtype::LEAVE_SESSION,
];

fn hash() -> Hash {
    sha256(FUNCTION)
}

fn piece(number: usize) -> LoadFunction {
    let mut pieces: Vec<_> = LoadFunction::pieces(FUNCTION).collect();
    assert_eq!(pieces.len(), 2);
    pieces.swap_remove(number)
}

/// S_A's card, which was given so many pieces and is told something.
fn after(pieces: usize, what: What) -> Scene {
    let mut stage = Stage::new();
    for number in 0..pieces {
        stage.a.act(&What::order(&piece(number)));
    }
    let who = Who::A;
    Scene { stage, who, what }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "load-function",
        Mtype::LOAD_FUNCTION,
        &[Mtype::FUNCTIONS],
        || after(0, What::order(&piece(0))),
    ),
    Operation::new(
        "load-function, the last piece",
        Mtype::LOAD_FUNCTION,
        &[Mtype::FUNCTIONS],
        || after(1, What::order(&piece(1))),
    ),
    Operation::new(
        "load-function again",
        Mtype::LOAD_FUNCTION,
        &[Mtype::FUNCTIONS],
        || after(2, What::order(&piece(0))),
    )
    .changes_nothing(),
    Operation::new(
        "load-function, other bytes",
        Mtype::LOAD_FUNCTION,
        &[Mtype::ORDER_REFUSED],
        || {
            let mut other = piece(1);
            other.bytes[0] ^= 1;
            after(1, What::order(&other))
        },
    )
    .changes_nothing(),
    Operation::new(
        "approve-function",
        Mtype::APPROVE_FUNCTION,
        &[Mtype::FUNCTIONS],
        || after(2, What::order(&ApproveFunction { hash: hash() })),
    ),
    Operation::new(
        "forget-function",
        Mtype::FORGET_FUNCTION,
        &[Mtype::FUNCTIONS],
        || after(2, What::order(&ForgetFunction { hash: hash() })),
    ),
    Operation::new(
        "list-functions",
        Mtype::LIST_FUNCTIONS,
        &[Mtype::FUNCTIONS],
        || after(1, What::order(&ListFunctions {})),
    )
    .changes_nothing(),
];
