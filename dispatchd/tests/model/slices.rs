//! What is done in one go for a program that always has more.

use std::io;
use std::path::Path;

use dispatchd::table::{Input, SLICE_FRAMES, SLICE_FUEL};
use guard_policies::Entry;
use guard_policies::file::Files;
use libetp::frame::{self, kind};
use libetp::{Domain, EntityId, Message, Mtype, Port};

use crate::guarded::{loaded, params, world};
use crate::world::World;

const FREE: Mtype = Mtype(0xC001);
const COSTLY: Mtype = Mtype(0xC002);
/// The plugin takes about so much for a message.
const COST: u64 = 10_000;

const RULES: &str = r#"
version = 1
[[policy]]
name = "works"
kind = "plugin"
file = "works.wasm"
when = { mtype = "0xc002" }
"#;

/// Six units of fuel for each time around.
const WORKS: &str = r#"
(module
  (memory (export "memory") 2)
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32) i32.const 0)
  (func (export "guard_check") (param i32) (result i64)
    (local $left i32)
    (local.set $left (i32.const ROUNDS))
    (loop
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if 0 (local.get $left)))
    i64.const 0))"#;

struct Works;

impl Files for Works {
    fn read(&self, path: &Path, _: usize) -> io::Result<Vec<u8>> {
        match path.extension() {
            Some(it) if it == "wasm" => {
                let rounds = (COST / 6).to_string();
                Ok(wat::parse_str(WORKS.replace("ROUNDS", &rounds)).unwrap())
            }
            _ => Ok(RULES.into()),
        }
    }
}

/// Messages with their number as param, from a program's first to its last.
fn frames(count: u32, first: u64, dst: EntityId, mtype: Mtype) -> Vec<u8> {
    let mut bytes = Vec::new();
    for at in 0..count {
        let pieces: [&[u8]; 3] = [&dst.to_bytes(), &mtype.0.to_be_bytes(), &at.to_be_bytes()];
        frame::write(&mut bytes, kind::SEND, first + u64::from(at), &pieces);
    }
    bytes
}

/// How many messages each slice took.
fn slices(world: &mut World, count: u32, dst: EntityId, mtype: Mtype) -> Vec<u32> {
    let bytes = frames(count, world.next_number(0), dst, mtype);
    let frame_len = bytes.len() / count as usize;
    let (mut used, mut taken) = (0, Vec::new());
    while used < bytes.len() {
        let more = world.receive(0, &bytes[used..]);
        assert_eq!(more % frame_len, 0);
        used += more;
        taken.push((more / frame_len) as u32);
    }
    world.work();
    taken
}

fn all_came(world: &mut World, count: u32) {
    let came = world.read_all(1);
    let expected: Vec<[u8; 4]> = (0..count).map(u32::to_be_bytes).collect();
    assert_eq!(params(&came), expected);
}

#[test]
fn a_slice_has_so_many_frames_and_no_more() {
    let (mut world, ids) = world(1, 2);
    let count = 2 * SLICE_FRAMES + 1;
    let taken = slices(&mut world, count, ids[1], FREE);
    assert_eq!(taken, [SLICE_FRAMES, SLICE_FRAMES, 1]);
    all_came(&mut world, count);
}

#[test]
fn a_slice_ends_with_the_message_that_spent_its_fuel() {
    let (mut world, ids) = world(1, 2);
    world.set_guard(loaded(2, &Works));
    let per_slice = SLICE_FUEL.div_ceil(COST) as u32;
    let taken = slices(&mut world, 2 * per_slice + 1, ids[1], COSTLY);
    assert_eq!(taken, [per_slice, per_slice, 1]);
    all_came(&mut world, 2 * per_slice + 1);
}

#[test]
fn messages_of_another_host_end_a_slice_as_well() {
    let (mut world, ids) = world(1, 2);
    world.set_guard(loaded(2, &Works));
    let src = Domain([7; 12]).entity(Port(9));
    let mut bring = || {
        world.shards[0].input(Input::Submit {
            entry: Entry::Remote([7; 32]),
            number: 1,
            message: Message::new(src, ids[1], COSTLY, Vec::new()),
        });
        world.shards[0].is_slice_over()
    };
    let over: Vec<bool> = (0..SLICE_FUEL.div_ceil(COST)).map(|_| bring()).collect();
    let (last, before) = over.split_last().unwrap();
    assert!(*last && !before.contains(&true), "{over:?}");
    world.shards[0].begin_slice();
    assert!(!world.shards[0].is_slice_over());
}
