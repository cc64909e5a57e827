//! A session that is allowed, to be changed.

use libetp::codec::List;
use libetp::digest::SUITE;
use libetp::params::pals::{Descriptor, Member};
use libetp::{Domain, Port};
use oncard_function::ENGINE;

pub(crate) fn member(at: usize) -> Member {
    Member {
        key: [at as u8; 32],
        program: Domain([at as u8 + 1; 12]).entity(Port(1)),
    }
}

/// Some function of `n` inputs, with as many corrupt hosts as there may be.
pub(crate) fn descriptor(n: usize) -> Descriptor {
    Descriptor {
        suite: SUITE,
        function: [7; 32],
        parameters: vec![2],
        engine: ENGINE.into(),
        fuel: 1,
        slice: 1,
        memory_bytes: 0,
        members: List((0..n).map(member).collect()),
        min_class: 0,
        code_hash: None,
        corrupt: (n.saturating_sub(1) / 2) as u8,
        input_bytes: 8,
        cover_rounds: 0,
        round_ms: 1_000,
        start_skew_ms: 100,
        delay_ms: 200,
        drift_ppm: 100,
    }
}
