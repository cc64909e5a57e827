//! Random programs, random order of everything that has no order of its own.

use std::collections::BTreeMap;

use dispatchd::table::{Crossing, Limits};
use libetp::EntityId;
use libetp::codec;
use libetp::frame::body::{Acquired, VerdictBody};
use libetp::frame::kind;
use libetp::limits::HEADER_LEN;
use proptest::prelude::*;

use crate::reference::{Mailbox, Name, Reference};
use crate::world::{Came, World};

const WINDOW: usize = 5;

/// What happens next; numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Op {
    Acquire {
        shard: usize,
        uid: u32,
        durable: bool,
    },
    Send {
        from: usize,
        to: usize,
        len: usize,
    },
    Read {
        program: usize,
        bytes: usize,
    },
    Take {
        program: usize,
        count: usize,
    },
    Flush {
        program: usize,
    },
    Close {
        program: usize,
    },
    Release {
        program: usize,
    },
    Resume {
        id: usize,
        shard: usize,
    },
    Cross {
        from: u16,
        to: u16,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let one = 0..64usize;
    prop_oneof![
        2 => (0..3usize, 1..4u32, any::<bool>())
            .prop_map(|(shard, uid, durable)| Op::Acquire { shard, uid, durable }),
        20 => (one.clone(), one.clone(), prop_oneof![Just(0usize), 1..40usize, Just(3_000usize)])
            .prop_map(|(from, to, len)| Op::Send { from, to, len }),
        12 => (one.clone(), prop_oneof![1..80usize, Just(usize::MAX)])
            .prop_map(|(program, bytes)| Op::Read { program, bytes }),
        8 => (one.clone(), 1..6usize).prop_map(|(program, count)| Op::Take { program, count }),
        3 => one.clone().prop_map(|program| Op::Flush { program }),
        1 => one.clone().prop_map(|program| Op::Close { program }),
        1 => one.clone().prop_map(|program| Op::Release { program }),
        2 => (one, 0..3usize).prop_map(|(id, shard)| Op::Resume { id, shard }),
        10 => (0..3u16, 0..3u16).prop_map(|(from, to)| Op::Cross { from, to }),
    ]
}

/// What a program is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Owner(EntityId),
    /// Waits for the answer to its `RESUME` of this id.
    Resuming(EntityId),
    Gone,
}

struct Run {
    world: World,
    reference: Reference,
    roles: Vec<Role>,
    /// Numbers of deliveries that were read: the last one, and the last one that was taken.
    deliveries: Vec<(u64, u64)>,
    /// Durable ids and the secret that their program knows.
    secrets: BTreeMap<EntityId, [u8; 32]>,
    /// Every id there ever was, for somebody to write to.
    ids: Vec<EntityId>,
    /// `FLUSH` under way: program, number, and what was sent before.
    flushes: Vec<(usize, u64, Vec<Name>)>,
}

impl Run {
    fn new(shards: u16) -> Self {
        let limits = Limits {
            mailbox_messages_max: 12,
            window_messages: WINDOW,
            ..Limits::default()
        };
        let reference = Reference {
            limit: 12,
            ..Reference::default()
        };
        Self {
            world: World::new(shards, limits),
            reference,
            roles: Vec::new(),
            deliveries: Vec::new(),
            secrets: BTreeMap::new(),
            ids: Vec::new(),
            flushes: Vec::new(),
        }
    }

    fn op(&mut self, op: Op) {
        match op {
            Op::Acquire {
                shard,
                uid,
                durable,
            } => self.acquire(shard, uid, durable),
            Op::Send { from, to, len } => self.send(from, to, len),
            Op::Read { program, bytes } => {
                if let Some(program) = self.pick(program) {
                    self.read(program, bytes);
                }
            }
            Op::Take { program, count } => self.take(program, count),
            Op::Flush { program } => self.flush(program),
            Op::Close { program } => self.close(program),
            Op::Release { program } => self.release(program),
            Op::Resume { id, shard } => self.resume(id, shard),
            Op::Cross { from, to } => self.cross(from, to),
        }
    }

    fn pick(&self, n: usize) -> Option<usize> {
        let open: Vec<_> = (0..self.roles.len())
            .filter(|&p| self.world.programs[p].is_open)
            .collect();
        (!open.is_empty()).then(|| open[n % open.len()])
    }

    fn owner(&self, n: usize) -> Option<(usize, EntityId)> {
        let program = self.pick(n)?;
        match self.roles[program] {
            Role::Owner(id) => Some((program, id)),
            _ => None,
        }
    }

    fn add(&mut self, role: Role) {
        self.roles.push(role);
        self.deliveries.push((0, 0));
    }

    fn acquire(&mut self, shard: usize, uid: u32, durable: bool) {
        let shard = shard % self.world.shards.len();
        let program = self.world.connect(shard, uid);
        let acquired = self.world.acquire(program, durable);
        assert_eq!(acquired.secret.is_some(), durable);
        self.add(Role::Owner(acquired.id));
        self.reference
            .mailboxes
            .insert(acquired.id, Mailbox::default());
        self.ids.push(acquired.id);
        self.secrets
            .extend(acquired.secret.map(|secret| (acquired.id, secret)));
    }

    fn send(&mut self, from: usize, to: usize, len: usize) {
        let Some((program, _)) = self.owner(from) else {
            return;
        };
        let dst = self.ids[to % self.ids.len()];
        let mut body = dst.to_bytes().to_vec();
        body.extend_from_slice(&[0xC0, 1]);
        // The name of the message, so that its receiver knows it.
        let number = self.world.next_number(program);
        body.extend_from_slice(&(program as u64).to_be_bytes());
        body.extend_from_slice(&number.to_be_bytes());
        body.resize(body.len() + len, 7);
        let name = (program, number);
        self.reference.fates.entry(name).or_default();
        if !self.world.will_cross(program, dst) {
            let uid = self.world.programs[program].uid;
            self.reference.arrive(name, uid, dst);
        }
        assert_eq!(self.world.say(program, kind::SEND, &body), number);
    }

    fn read(&mut self, program: usize, bytes: usize) {
        for came in self.world.read_bytes(program, bytes) {
            self.came(program, &came);
        }
    }

    fn came(&mut self, program: usize, came: &Came) {
        match came.kind {
            kind::DELIVER => self.delivered(program, came),
            kind::VERDICT => self.verdict(program, came),
            kind::ACQUIRED => self.resumed(program, came),
            kind::FLUSHED => self.flushed(program, came.number),
            // Fenced: the newer connection has the id.
            kind::CLOSING => self.roles[program] = Role::Gone,
            kind::RELEASED => {}
            other => panic!("frame 0x{other:02x}"),
        }
    }

    fn delivered(&mut self, program: usize, came: &Came) {
        let Role::Owner(id) = self.roles[program] else {
            panic!("mail for {:?}", self.roles[program]);
        };
        let (last, taken) = &mut self.deliveries[program];
        *last += 1;
        assert_eq!(came.number, *last, "deliveries are numbered from 1");
        assert!(*last - *taken <= WINDOW as u64);
        let param = &came.body[1 + HEADER_LEN..];
        let word = |at: usize| u64::from_be_bytes(param[at..at + 8].try_into().unwrap());
        let name = (word(0) as usize, word(8));
        assert_eq!(
            self.reference.deliver(id, came.number),
            name,
            "in order, none left out"
        );
    }

    fn verdict(&mut self, program: usize, came: &Came) {
        let verdict: VerdictBody = codec::from_slice(&came.body).unwrap();
        let fate = self.reference.fates.get_mut(&(program, came.number));
        fate.expect("about a message that was sent")
            .verdicts
            .push(verdict.code);
    }

    fn resumed(&mut self, program: usize, came: &Came) {
        let acquired: Acquired = codec::from_slice(&came.body).unwrap();
        assert_eq!(
            self.roles[program],
            Role::Resuming(acquired.id),
            "the id that was asked for"
        );
        assert!(acquired.resumed);
        self.secrets.insert(acquired.id, acquired.secret.unwrap());
        self.roles[program] = Role::Owner(acquired.id);
        self.reference.detach(acquired.id);
    }

    fn take(&mut self, program: usize, count: usize) {
        let Some((program, id)) = self.owner(program) else {
            return;
        };
        let (last, taken) = self.deliveries[program];
        let count = count.min((last - taken) as usize);
        if count == 0 {
            return;
        }
        let number = taken + count as u64;
        self.deliveries[program].1 = number;
        self.reference.take(id, count);
        self.world.say_numbered(program, kind::TAKEN, number, &[]);
    }

    fn flush(&mut self, program: usize) {
        if let Some((program, _)) = self.owner(program) {
            self.flush_as(program);
        }
    }

    fn flush_as(&mut self, program: usize) {
        let before = self.reference.fates.keys().filter(|name| name.0 == program);
        let before = before.copied().collect();
        let number = self.world.say(program, kind::FLUSH, &[]);
        self.flushes.push((program, number, before));
    }

    /// Whatever was decided at this host about earlier messages has been said.
    fn flushed(&mut self, program: usize, number: u64) {
        let at = self
            .flushes
            .iter()
            .position(|(p, n, _)| (*p, *n) == (program, number));
        let (_, _, before) = self.flushes.remove(at.expect("a flush was asked for"));
        for name in before {
            let fate = &self.reference.fates[&name];
            if let Some(Err(code)) = fate.expected {
                assert_eq!(
                    fate.verdicts,
                    [code as u16],
                    "{name:?} was refused before FLUSHED"
                );
            }
            assert!(fate.expected.is_some(), "{name:?} is judged before FLUSHED");
        }
    }

    fn close(&mut self, program: usize) {
        let Some(program) = self.pick(program) else {
            return;
        };
        self.world.close(program);
        if let Role::Owner(id) = self.roles[program] {
            match self.secrets.contains_key(&id) {
                true => self.reference.detach(id),
                false => self.reference.end(id),
            }
        }
        self.roles[program] = Role::Gone;
    }

    fn release(&mut self, program: usize) {
        let Some((program, id)) = self.owner(program) else {
            return;
        };
        self.world.say(program, kind::RELEASE, &[0x80]);
        self.read(program, usize::MAX);
        self.world.store_all();
        self.read(program, usize::MAX);
        self.reference.end(id);
        self.secrets.remove(&id);
        self.roles[program] = Role::Gone;
    }

    fn resume(&mut self, id: usize, shard: usize) {
        if self.secrets.is_empty() {
            return;
        }
        let (&id, &secret) = self.secrets.iter().nth(id % self.secrets.len()).unwrap();
        self.read_as(id);
        let uid = self.world.stored[&id].uid;
        let shard = shard % self.world.shards.len();
        let program = self.world.connect(shard, uid);
        self.add(Role::Resuming(id));
        self.world.resume(program, id, secret);
        self.world.store_all();
        // The older connection learns that it is fenced.
        self.read_as(id);
        self.read(program, usize::MAX);
        self.flush_as(program);
        self.world.store_all();
    }

    /// Whoever is the id reads what it has.
    fn read_as(&mut self, id: EntityId) {
        for program in 0..self.roles.len() {
            if self.roles[program] == Role::Owner(id) && self.world.programs[program].is_open {
                self.read(program, usize::MAX);
            }
        }
    }

    fn cross(&mut self, from: u16, to: u16) {
        let count = self.world.shards.len() as u16;
        let (from, to) = (from % count, to % count);
        let next = self
            .world
            .crossings
            .get(&(from, to))
            .and_then(|queue| queue.front());
        if let Some(Crossing::Message { message, .. }) = next {
            let word =
                |at: usize| u64::from_be_bytes(message.param[at..at + 8].try_into().unwrap());
            let name = (word(0) as usize, word(8));
            let uid = self.world.programs[name.0].uid;
            self.reference.arrive(name, uid, message.header.dst);
        }
        self.world.cross(from, to);
    }

    /// Lets everything arrive, reads it all, and checks every message.
    fn end(mut self) {
        loop {
            self.world.store_all();
            let next = self
                .world
                .crossings
                .iter()
                .find(|(_, queue)| !queue.is_empty());
            let Some((&(from, to), _)) = next else {
                break;
            };
            self.cross(from, to);
        }
        for _ in 0..20 {
            for program in 0..self.roles.len() {
                if self.world.programs[program].is_open {
                    self.read(program, usize::MAX);
                    self.take_all(program);
                }
            }
        }
        assert!(
            self.flushes
                .iter()
                .all(|flush| self.roles[flush.0] == Role::Gone)
        );
        for name in self.reference.fates.keys() {
            let is_open = self.world.programs[name.0].is_open && self.roles[name.0] != Role::Gone;
            self.reference.check(*name, is_open);
        }
        self.check_nothing_is_pinned();
    }

    fn take_all(&mut self, program: usize) {
        if let Role::Owner(id) = self.roles[program] {
            let (last, taken) = self.deliveries[program];
            if last > taken {
                self.deliveries[program].1 = last;
                self.reference.take(id, (last - taken) as usize);
                self.world.say_numbered(program, kind::TAKEN, last, &[]);
            }
        }
    }

    fn check_nothing_is_pinned(&self) {
        for shard in &self.world.shards {
            for entry in shard.snapshot().ids {
                let waiting = self.reference.mailboxes[&entry.id].waiting.len();
                assert_eq!(entry.waiting, waiting as u64, "{}", entry.id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_delivered_once_in_order_or_its_sender_is_told(
        shards in 1..=3u16,
        ops in proptest::collection::vec(op(), 1..160),
    ) {
        let mut run = Run::new(shards);
        run.acquire(0, 1, false);
        run.acquire(1, 2, true);
        ops.into_iter().for_each(|op| run.op(op));
        run.end();
    }
}
