//! Shards and programs without threads, sockets or time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use dispatchd::table::{
    CardLimits, Change, ConnectionId, Crossing, Directory, DomainState, Effect, Guard, GuardRecord,
    HeldSnapshot, HoldTicket, Input, Limits, Shard, Shared, SlowJob, Ticket,
};
use guard_policies::{Now, Principal};
use libetp::codec::{self, Encode};
use libetp::digest::sha256;
use libetp::frame::body::{Acquire, Acquired, Hello, Resume};
use libetp::frame::{self, VERSION, kind};
use libetp::{Domain, EntityId, Verdict};

pub(crate) const HOME: Domain = Domain([2; 12]);

/// What a connection received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) kind: u8,
    pub(crate) number: u64,
    pub(crate) body: Vec<u8>,
}

/// A program's end of a connection.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) at: ConnectionId,
    /// Where the connection lives now.
    pub(crate) shard: u16,
    pub(crate) uid: u32,
    /// Sent and not yet used by the shard.
    unused: Vec<u8>,
    /// Read and not yet a whole frame.
    read: Vec<u8>,
    number: u64,
    pub(crate) is_open: bool,
}

pub(crate) struct World {
    shared: Arc<Shared>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) programs: Vec<Program>,
    /// Between shards, by sender and receiver; each in order.
    pub(crate) crossings: BTreeMap<(u16, u16), VecDeque<Crossing>>,
    /// Changes that the store has not done.
    pub(crate) storing: VecDeque<(u16, Option<Ticket>, Change)>,
    pub(crate) stored: BTreeMap<EntityId, dispatchd::table::StoredCapability>,
    /// Messages that the worker has not judged.
    pub(crate) slow: VecDeque<Box<SlowJob>>,
    /// When shards want to be told the time.
    pub(crate) wakes: Vec<u64>,
    pub(crate) events: Vec<&'static str>,
    pub(crate) judged: Vec<GuardRecord>,
    /// Verdicts for other hosts: whose message, and what became of it.
    pub(crate) told_hosts: Vec<([u8; 32], Verdict)>,
    now: Now,
}

impl World {
    pub(crate) fn new(shards: u16, limits: Limits) -> Self {
        let shared = Arc::new(Shared::new(shards, limits, "model".into(), false));
        shared.ports.feed(HOME, 1, 1_000_000);
        let mut directory = Directory::default();
        let live = DomainState::Live(CardLimits {
            message_bytes_max: 65_524,
        });
        directory.local.insert(HOME, live);
        let directory = Arc::new(directory);
        let shard = |index| {
            let mut drawn = 0u64;
            let entropy = move || {
                drawn += 1;
                sha256(&[index, drawn].map(|n: u64| n as u8 ^ (n >> 8) as u8))
            };
            let (shared, directory) = (Arc::clone(&shared), Arc::clone(&directory));
            Shard::new(index as u16, shared, directory, Box::new(entropy))
        };
        Self {
            shared: Arc::clone(&shared),
            shards: (0..u64::from(shards)).map(shard).collect(),
            programs: Vec::new(),
            crossings: BTreeMap::new(),
            storing: VecDeque::new(),
            stored: BTreeMap::new(),
            slow: VecDeque::new(),
            wakes: Vec::new(),
            events: Vec::new(),
            judged: Vec::new(),
            told_hosts: Vec::new(),
            now: Now::default(),
        }
    }

    /// What Guard consists of from now on, at every shard.
    pub(crate) fn set_guard(&mut self, guard: Guard) {
        let guard = Arc::new(guard);
        for shard in &mut self.shards {
            shard.input(Input::Guard(Arc::clone(&guard)));
        }
        self.work();
    }

    /// So many milliseconds pass.
    pub(crate) fn pass_time(&mut self, ms: u64) {
        self.now.tick_ms += ms;
        self.now.unix_s += ms / 1_000;
        for shard in &mut self.shards {
            shard.input(Input::Tick(self.now));
        }
        self.work();
    }

    /// What time it is, in seconds since 1970.
    pub(crate) fn unix_s(&self) -> u64 {
        self.now.unix_s
    }

    /// Something happens to the shard of the ticket.
    pub(crate) fn answer(&mut self, ticket: HoldTicket, is_approved: bool) {
        let shard = usize::from(ticket.shard());
        self.shards[shard].input(Input::Answered(ticket, is_approved));
        self.work();
    }

    /// The worker judges the next message.
    pub(crate) fn judge_slow(&mut self) {
        if let Some(job) = self.slow.pop_front() {
            self.shards[usize::from(job.shard())].input(job.run());
            self.work();
        }
    }

    /// What somebody is asked about, at every shard.
    pub(crate) fn held(&self) -> Vec<HeldSnapshot> {
        let shards = self.shards.iter();
        shards.flat_map(|shard| shard.snapshot().held).collect()
    }

    /// The program's connection, and the shard that it lives in.
    fn shard(&mut self, program: usize) -> (ConnectionId, &mut Shard) {
        let Program { at, shard, .. } = self.programs[program];
        (at, &mut self.shards[usize::from(shard)])
    }

    /// A program connects to a shard and says `HELLO`.
    pub(crate) fn connect(&mut self, shard: usize, uid: u32) -> usize {
        let peer = Principal {
            uid,
            gid: uid,
            pid: 1,
        };
        let at = self.shards[shard].connected(peer, Some(Arc::default()));
        let program = self.programs.len();
        self.programs.push(Program {
            at,
            shard: shard as u16,
            uid,
            unused: Vec::new(),
            read: Vec::new(),
            number: 0,
            is_open: true,
        });
        let hello = Hello {
            version: VERSION,
            name: String::new(),
        };
        self.ask(program, kind::HELLO, &hello);
        let came = self.read_all(program);
        assert_eq!(came[0].kind, kind::WELCOME);
        program
    }

    pub(crate) fn acquire(&mut self, program: usize, durable: bool) -> Acquired {
        self.ask(
            program,
            kind::ACQUIRE,
            &Acquire {
                domain: Some(HOME),
                durable,
            },
        );
        self.store_all();
        self.acquired(program)
    }

    /// Resumes and says that the new secret arrived.
    pub(crate) fn resume(&mut self, program: usize, id: EntityId, secret: [u8; 32]) {
        self.ask(program, kind::RESUME, &Resume { id, secret });
    }

    /// The answer to the last request, if it is an id.
    pub(crate) fn acquired(&mut self, program: usize) -> Acquired {
        let came = self.read_bytes(program, usize::MAX);
        assert_eq!(came[0].kind, kind::ACQUIRED, "{came:?}");
        assert_eq!(came.len(), 1, "the mail is read later");
        codec::from_slice(&came[0].body).unwrap()
    }

    pub(crate) fn ask(&mut self, program: usize, kind: u8, body: &impl Encode) -> u64 {
        self.say(program, kind, &codec::to_vec(body))
    }

    /// A frame with the next number.
    pub(crate) fn say(&mut self, program: usize, kind: u8, body: &[u8]) -> u64 {
        self.programs[program].number += 1;
        let number = self.programs[program].number;
        self.say_numbered(program, kind, number, body);
        number
    }

    pub(crate) fn say_numbered(&mut self, program: usize, kind: u8, number: u64, body: &[u8]) {
        let unused = &mut self.programs[program].unused;
        frame::write(unused, kind, number, &[body]);
        self.feed(program);
        self.work();
    }

    /// Gives the shard what it has not used.
    fn feed(&mut self, program: usize) {
        let is_open = self.programs[program].is_open;
        let (at, shard) = self.shard(program);
        if !is_open || !shard.wants_read(at) {
            return;
        }
        let bytes = std::mem::take(&mut self.programs[program].unused);
        let (at, shard) = self.shard(program);
        let used = shard.received(at, &bytes);
        self.programs[program].unused = bytes[used..].to_vec();
    }

    /// Gives bytes of the program's to its shard. How many it used.
    pub(crate) fn receive(&mut self, program: usize, bytes: &[u8]) -> usize {
        let (at, shard) = self.shard(program);
        shard.received(at, bytes)
    }

    /// The number of the program's next frame.
    pub(crate) fn next_number(&self, program: usize) -> u64 {
        self.programs[program].number + 1
    }

    /// Whether a message of the program to the id goes to another shard.
    pub(crate) fn will_cross(&self, program: usize, dst: EntityId) -> bool {
        let own = self.programs[program].shard;
        self.shared
            .registry
            .find(dst)
            .is_some_and(|shard| shard != own)
    }

    /// The program is gone.
    pub(crate) fn close(&mut self, program: usize) {
        self.programs[program].is_open = false;
        let (at, shard) = self.shard(program);
        shard.disconnected(at);
        self.work();
    }

    /// What the shards want done, as far as nobody else decides when.
    pub(crate) fn work(&mut self) {
        for index in 0..self.shards.len() {
            let mut dirty = Vec::new();
            self.shards[index].take_dirty(&mut dirty);
            for effect in self.shards[index].take_effects() {
                self.perform(index as u16, effect);
            }
        }
        let feedable = |program: &Program| program.is_open && !program.unused.is_empty();
        for program in 0..self.programs.len() {
            if feedable(&self.programs[program]) {
                let (at, shard) = self.shard(program);
                if shard.wants_read(at) {
                    let before = self.programs[program].unused.len();
                    self.feed(program);
                    let is_used = self.programs[program].unused.len() < before;
                    if is_used || self.shard(program).1.has_effects() {
                        self.work();
                    }
                }
            }
        }
    }

    fn perform(&mut self, from: u16, effect: Effect) {
        match effect {
            Effect::Cross(to, crossing) => {
                self.crossings
                    .entry((from, to))
                    .or_default()
                    .push_back(crossing);
            }
            Effect::Persist(ticket, change) => self.storing.push_back((from, ticket, change)),
            Effect::Move(at, to) => self.move_to(at, to),
            Effect::Wake(at_ms) => self.wakes.push(at_ms),
            Effect::AskWorker(job) => self.slow.push_back(job),
            Effect::Judged(record) => self.judged.push(*record),
            Effect::Event(name, ..) => self.events.push(name),
            Effect::RemoteVerdict(host, _, _, verdict) => self.told_hosts.push((host, verdict)),
            Effect::WantPorts(_) | Effect::ToCard(..) => {}
            other => panic!("not in this world: {other:?}"),
        }
    }

    fn move_to(&mut self, at: ConnectionId, to: u16) {
        let is_it = |program: &Program| program.is_open && program.at == at;
        let program = self.programs.iter().position(is_it).unwrap();
        let departed = self.shard(program).1.departed(at, to).unwrap();
        assert_eq!(self.shards[usize::from(to)].arrived(departed), at);
        self.programs[program].shard = to;
    }

    /// One shard hears the next thing from another.
    pub(crate) fn cross(&mut self, from: u16, to: u16) {
        let queue = self.crossings.get_mut(&(from, to));
        if let Some(crossing) = queue.and_then(VecDeque::pop_front) {
            self.shards[usize::from(to)].input(Input::Crossed(crossing));
            self.work();
        }
    }

    /// The store cannot do the next change.
    pub(crate) fn fail_to_store(&mut self) {
        let next = self.storing.pop_front();
        if let Some((shard, Some(ticket), _)) = next {
            self.shards[usize::from(shard)].input(Input::Persisted(ticket, false));
        }
        self.work();
    }

    /// The store does the next change.
    pub(crate) fn store(&mut self) {
        let Some((shard, ticket, change)) = self.storing.pop_front() else {
            return;
        };
        match change {
            Change::Put(capability) => drop(self.stored.insert(capability.id, capability)),
            Change::Remove(id) => drop(self.stored.remove(&id)),
        }
        if let Some(ticket) = ticket {
            self.shards[usize::from(shard)].input(Input::Persisted(ticket, true));
        }
        self.work();
    }

    pub(crate) fn store_all(&mut self) {
        while !self.storing.is_empty() {
            self.store();
        }
    }

    /// Everything that is under way arrives.
    pub(crate) fn settle(&mut self) {
        self.store_all();
        while let Some((&(from, to), _)) = self.crossings.iter().find(|(_, q)| !q.is_empty()) {
            self.cross(from, to);
            self.store_all();
        }
    }

    /// The program's socket takes up to so many bytes.
    pub(crate) fn read_bytes(&mut self, program: usize, max: usize) -> Vec<Came> {
        let (at, shard) = self.shard(program);
        let mut bytes: Vec<u8> = shard.output(at).concat();
        bytes.truncate(max);
        shard.wrote(at, bytes.len());
        let program = &mut self.programs[program];
        program.read.extend_from_slice(&bytes);
        let mut came = Vec::new();
        while let Some((frame, used)) = frame::parse(&program.read).unwrap() {
            came.push(Came {
                kind: frame.kind,
                number: frame.number,
                body: frame.body.to_vec(),
            });
            program.read.drain(..used);
        }
        self.work();
        came
    }

    pub(crate) fn read_all(&mut self, program: usize) -> Vec<Came> {
        self.read_bytes(program, usize::MAX)
    }
}
