//! A session that is allowed, to be changed.

use libetp::codec::{List, to_vec};
use libetp::digest::SUITE;
use libetp::params::pals::{Descriptor, Member, NATIVE_ENGINE, NATIVE_INPUT_BYTES, Native, Quorum};
use libetp::{Domain, Port};

pub(crate) fn member(at: usize) -> Member {
    Member {
        key: [at as u8; 32],
        program: Domain([at as u8 + 1; 12]).entity(Port(1)),
    }
}

/// The sum of `n` inputs, with as many corrupt hosts as there may be.
pub(crate) fn descriptor(n: usize) -> Descriptor {
    Descriptor {
        suite: SUITE,
        function: Native::Sum.hash(),
        parameters: to_vec(&Quorum { inputs_min: 2 }),
        engine: NATIVE_ENGINE.into(),
        fuel: 1,
        slice: 1,
        memory_bytes: 0,
        members: List((0..n).map(member).collect()),
        min_class: 0,
        code_hash: None,
        corrupt: (n.saturating_sub(1) / 2) as u8,
        input_bytes: NATIVE_INPUT_BYTES,
        cover_rounds: 0,
        round_ms: 1_000,
        start_skew_ms: 100,
        delay_ms: 200,
        drift_ppm: 100,
    }
}
