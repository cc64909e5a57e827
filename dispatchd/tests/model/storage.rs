//! A store that is slow or fails, and what others ask meanwhile.

use dispatchd::table::Limits;
use libetp::codec;
use libetp::frame::body::{RequestError, VerdictBody};
use libetp::frame::kind;

use crate::world::World;

/// The only thing that the program reads is that its request `number` is refused.
#[track_caller]
fn refused(world: &mut World, program: usize, number: u64, error: RequestError) {
    let came = world.read_all(program);
    assert_eq!((came.len(), came[0].number), (1, number), "{came:?}");
    assert_eq!(came[0].kind, kind::VERDICT, "{came:?}");
    let verdict: VerdictBody = codec::from_slice(&came[0].body).unwrap();
    assert_eq!(verdict.code, error as u16, "{}", verdict.detail);
}

#[test]
fn a_resume_that_was_not_stored_can_be_tried_again() {
    let mut world = World::new(1, Limits::default());
    let owner = world.connect(0, 7);
    let acquired = world.acquire(owner, true);
    let (id, secret) = (acquired.id, acquired.secret.unwrap());
    world.close(owner);
    let program = world.connect(0, 7);
    let number = world.next_number(program);
    world.resume(program, id, secret);
    world.fail_to_store();
    refused(&mut world, program, number, RequestError::Storage);
    world.resume(program, id, secret);
    world.store_all();
    assert_eq!(world.acquired(program).id, id);
}

#[test]
fn a_release_that_was_not_stored_can_be_tried_again() {
    let mut world = World::new(1, Limits::default());
    let owner = world.connect(0, 7);
    let id = world.acquire(owner, true).id;
    let number = world.say(owner, kind::RELEASE, &[0x80]);
    world.fail_to_store();
    refused(&mut world, owner, number, RequestError::Storage);
    world.say(owner, kind::RELEASE, &[0x80]);
    world.store_all();
    assert_eq!(world.read_all(owner)[0].kind, kind::RELEASED);
    assert!(!world.stored.contains_key(&id));
}

#[test]
fn nobody_resumes_what_is_being_released() {
    let mut world = World::new(1, Limits::default());
    let owner = world.connect(0, 7);
    let acquired = world.acquire(owner, true);
    let (id, secret) = (acquired.id, acquired.secret.unwrap());
    world.say(owner, kind::RELEASE, &[0x80]);
    let other = world.connect(0, 7);
    let number = world.next_number(other);
    world.resume(other, id, secret);
    world.store_all();
    refused(&mut world, other, number, RequestError::State);
    assert_eq!(world.read_all(owner)[0].kind, kind::RELEASED);
    assert!(!world.stored.contains_key(&id));
}

#[test]
fn nobody_releases_what_is_being_resumed() {
    let mut world = World::new(1, Limits::default());
    let owner = world.connect(0, 7);
    let acquired = world.acquire(owner, true);
    let (id, secret) = (acquired.id, acquired.secret.unwrap());
    let other = world.connect(0, 7);
    world.resume(other, id, secret);
    let number = world.say(owner, kind::RELEASE, &[0x80]);
    refused(&mut world, owner, number, RequestError::State);
    world.store_all();
    assert_eq!(world.read_all(owner)[0].kind, kind::CLOSING);
    assert_eq!(world.acquired(other).id, id);
    assert!(world.stored.contains_key(&id));
}
