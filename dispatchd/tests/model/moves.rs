//! Connections that move to another shard with something still owed to them.

use dispatchd::table::Limits;
use libetp::EntityId;
use libetp::frame::kind;

use crate::world::World;

/// A durable id of a shard, whose program is gone, and its secret.
fn durable(world: &mut World, shard: usize) -> (EntityId, [u8; 32]) {
    let owner = world.connect(shard, 7);
    let acquired = world.acquire(owner, true);
    world.close(owner);
    (acquired.id, acquired.secret.unwrap())
}

fn send(world: &mut World, program: usize, dst: EntityId) {
    let body = [&dst.to_bytes()[..], &[0xC0, 0x01, 1]].concat();
    world.say(program, kind::SEND, &body);
}

fn kinds(world: &mut World, program: usize) -> Vec<u8> {
    let came = world.read_all(program);
    came.iter().map(|came| came.kind).collect()
}

#[test]
fn answers_that_were_not_read_move_with_the_connection_whole_or_half_written() {
    for already_read in 0..30 {
        let mut world = World::new(2, Limits::default());
        let (id, secret) = durable(&mut world, 1);
        let program = world.connect(0, 7);
        world.say(program, kind::FLUSH, &[]);
        world.say(program, kind::FLUSH, &[]);
        let mut came = world.read_bytes(program, already_read);
        world.resume(program, id, secret);
        assert_eq!(world.programs[program].shard, 1);
        world.settle();
        came.extend(world.read_all(program));
        let kinds: Vec<_> = came.iter().map(|came| came.kind).collect();
        assert_eq!(kinds, [kind::FLUSHED, kind::FLUSHED, kind::ACQUIRED]);
    }
}

/// The program sent something to a mailbox that is full, in a third shard.
#[test]
fn a_connection_moves_only_when_what_it_sent_is_judged() {
    let limits = Limits {
        mailbox_messages_max: 2,
        ..Limits::default()
    };
    let mut world = World::new(3, limits);
    let (id, secret) = durable(&mut world, 1);
    let receiver = world.connect(2, 7);
    let full = world.acquire(receiver, false).id;
    send(&mut world, receiver, full);
    let program = world.connect(0, 7);
    world.acquire(program, false);
    send(&mut world, program, full);
    world.say(program, kind::RELEASE, &[0x80]);
    world.resume(program, id, secret);
    assert_eq!(kinds(&mut world, program), [kind::RELEASED]);
    assert_eq!(world.programs[program].shard, 0);
    world.cross(0, 2);
    world.cross(0, 2);
    assert_eq!(world.programs[program].shard, 0);
    world.cross(2, 0);
    assert_eq!(kinds(&mut world, program), [kind::VERDICT]);
    world.cross(2, 0);
    assert_eq!(world.programs[program].shard, 1);
    world.store_all();
    assert_eq!(kinds(&mut world, program), [kind::ACQUIRED]);
}

/// The shard that it connected to passes verdicts on, in order with the answer to `FLUSH`.
#[test]
fn verdicts_find_a_connection_that_moved_before_the_answer_to_its_flush() {
    let limits = Limits {
        mailbox_messages_max: 2,
        ..Limits::default()
    };
    let mut world = World::new(3, limits);
    let (id, secret) = durable(&mut world, 1);
    let receiver = world.connect(2, 7);
    let full = world.acquire(receiver, false).id;
    send(&mut world, receiver, full);
    let program = world.connect(0, 7);
    world.resume(program, id, secret);
    world.settle();
    send(&mut world, program, full);
    world.say(program, kind::FLUSH, &[]);
    world.settle();
    let came = kinds(&mut world, program);
    assert_eq!(came, [kind::ACQUIRED, kind::VERDICT, kind::FLUSHED]);
}
