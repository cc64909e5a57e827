//! Other hosts that flood Guard with messages to be held.

use dispatchd::table::{Input, PARKED_PER_SENDER_MAX};
use guard_policies::Entry;
use libetp::{Domain, EntityId, Message, Mtype, Port, VerdictCode};

use crate::guarded::{send, verdicts, world};
use crate::world::World;

/// The rules of the world hold it.
const HELD: Mtype = Mtype(0xC00A);
/// Many more than fit.
const FLOOD: usize = 4 * PARKED_PER_SENDER_MAX;

/// A host brings a message from an id of a domain.
fn bring(world: &mut World, host: u8, domain: u8, dst: EntityId) {
    let src = Domain([domain; 12]).entity(Port(9));
    let message = Message::new(src, dst, HELD, b"1".to_vec());
    world.shards[0].input(Input::Submit {
        entry: Entry::Remote([host; 32]),
        number: 1,
        message,
    });
    world.work();
}

/// Messages that wait, by the domain that they are from.
fn waiting(world: &World, domain: Domain) -> usize {
    let held = world.held().into_iter();
    let of_domain = held.filter(|held| held.header.src.domain == domain);
    of_domain.map(|held| 1 + held.behind).sum()
}

#[test]
fn a_host_that_floods_holds_takes_nobody_elses_room() {
    let (mut world, ids) = world(1, 2);
    (0..FLOOD).for_each(|_| bring(&mut world, 7, 70, ids[1]));
    assert_eq!(waiting(&world, Domain([70; 12])), PARKED_PER_SENDER_MAX);
    assert_eq!(world.told_hosts.len(), FLOOD - PARKED_PER_SENDER_MAX);
    let (host, verdict) = &world.told_hosts[0];
    assert_eq!((host, verdict.code), (&[7; 32], VerdictCode::QuotaExceeded));
    bring(&mut world, 8, 80, ids[1]);
    assert_eq!(waiting(&world, Domain([80; 12])), 1);
    send(&mut world, 0, ids[1], HELD, b"2");
    assert!(verdicts(&world.read_all(0)).is_empty());
    assert_eq!(waiting(&world, ids[0].domain), 1);
}

#[test]
fn a_host_that_floods_holds_from_many_domains_leaves_room_for_others() {
    let (mut world, ids) = world(1, 2);
    for domain in 160..=255 {
        (0..FLOOD).for_each(|_| bring(&mut world, 7, domain, ids[1]));
    }
    for modest in 8..16 {
        bring(&mut world, modest, 10 * modest, ids[1]);
        assert_eq!(waiting(&world, Domain([10 * modest; 12])), 1, "{modest}");
    }
    send(&mut world, 0, ids[1], HELD, b"2");
    assert!(verdicts(&world.read_all(0)).is_empty());
}
