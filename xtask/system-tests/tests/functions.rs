//! A function on its way to a card, through a daemon that is killed in between.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use libetp::digest::sha256;
use libetp::params::Param;
use libetp::params::pals::{
    ApproveFunction, ForgetFunction, Functions, KeptFunction, ListFunctions, LoadFunction,
};
use system_tests::owner::{Owner, Trouble};
use system_tests::{Binaries, Deployment};

/// A module of several pieces.
const PLAN: &[u8] = include_bytes!("../../../apps/pals/functions/plan/plan.wasm");

/// How often an order is given until it is carried out.
const TRIES: usize = 10;

/// An order about functions, again after a loss of the daemon or the card.
fn ask(owner: &mut Owner, order: &impl Param) -> Vec<KeptFunction> {
    for _ in 0..TRIES {
        match owner.ask::<_, Functions>(order) {
            Ok(answer) => return answer.functions.0,
            Err(Trouble::Passing(words)) => println!("{words}"),
            Err(trouble) => panic!("{trouble}"),
        }
    }
    panic!("not carried out in {TRIES} times");
}

#[test]
fn a_daemon_that_is_killed_loses_nothing_of_a_function() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let third_party = deployment.enrol("service", "third party").unwrap();
    let mut host = deployment.host("a", &third_party).unwrap();
    host.start(&[]).unwrap();
    let mut owner = Owner::at(&host, &deployment).unwrap();
    let (hash, total) = (sha256(PLAN), PLAN.len() as u32);
    let mut kept = |piece: &LoadFunction| {
        let expected = KeptFunction {
            hash,
            total,
            stored: piece.offset + piece.bytes.len() as u32,
            is_approved: false,
        };
        assert_eq!(ask(&mut owner, piece), [expected]);
    };
    for piece in LoadFunction::pieces(PLAN) {
        kept(&piece);
        host.kill();
        host.restart().unwrap();
        kept(&piece);
    }
    let approved = ask(&mut owner, &ApproveFunction { hash });
    host.kill();
    host.restart().unwrap();
    assert_eq!(ask(&mut owner, &ListFunctions {}), approved);
    assert!(approved[0].is_approved && approved[0].stored == total);
    assert_eq!(ask(&mut owner, &ForgetFunction { hash }), []);
}
