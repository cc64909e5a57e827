//! Two links and everything that a network can do to them.

use std::collections::{BTreeMap, VecDeque};

use libetp::{Domain, EntityId, Mtype, Port, VerdictCode};
use remote_proxy::link::{
    Attempt, ConnectionId, Control, FrameReader, Link, LinkEffect, MessageFrame, Now, Opened,
    Outgoing, Received, StreamKind, VerdictFrame,
};
use remote_proxy::{LANES, Limits};

use crate::support::message;

const KEYS: [[u8; 32]; 2] = [[1; 32], [2; 32]];
/// The control stream, then the lanes.
const STREAMS: usize = 1 + LANES;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Send {
        side: usize,
        flow: u32,
    },
    Verdict {
        side: usize,
    },
    /// A writer of the side's connections pulls a batch.
    Transmit {
        side: usize,
        stream: usize,
    },
    /// One batch of some connection and direction arrives.
    Arrive {
        pick: u8,
        stream: usize,
    },
    /// A dialled connection opens at one more side.
    Open {
        pick: u8,
    },
    /// Everything under way on a connection is lost, but for a beginning of each stream.
    Cut {
        pick: u8,
        keep: u8,
    },
    /// One side notices that a connection is cut or closed.
    NoticeLoss {
        pick: u8,
    },
    Pass {
        ms: u64,
    },
    Restart {
        side: usize,
    },
}

struct Connection {
    dialler: usize,
    attempt: Attempt,
    opened: [bool; 2],
    /// Whether the side has closed it, or noticed that it is lost.
    over: [bool; 2],
    cut: bool,
    /// Bytes under way, by sender and stream.
    streams: [[VecDeque<Vec<u8>>; STREAMS]; 2],
    /// What each side has read, by sender and stream.
    readers: [[FrameReader; STREAMS]; 2],
}

pub(crate) struct Network {
    now: Now,
    links: [Link; 2],
    incarnations: [u8; 2],
    connections: BTreeMap<u64, Connection>,
    opened: u64,
    numbers: [u64; 2],
    verdict_numbers: [u64; 2],
    /// Messages that a present incarnation sent: number, flow.
    sent: [BTreeMap<u64, u32>; 2],
    /// Deliveries at a side: receiver's incarnation, sender's incarnation, number, flow.
    delivered: [Vec<(u8, u64, u32)>; 2],
    verdicts: [Vec<(u64, VerdictCode)>; 2],
    /// Verdict frames that arrived at a side.
    told: [Vec<u64>; 2],
    ups: [usize; 2],
}

fn link(side: usize, incarnation: u8, now: Now) -> Link {
    Link::new(
        KEYS[side],
        KEYS[1 - side],
        Some(([127, 0, 0, 1], 1).into()),
        [incarnation; 16],
        Limits::default(),
        [incarnation; 32],
        now,
    )
}

impl Network {
    pub(crate) fn new() -> Self {
        let now = Now {
            ms: 0,
            unix_s: 1_000,
        };
        Self {
            now,
            links: [link(0, 1, now), link(1, 101, now)],
            incarnations: [1, 101],
            connections: BTreeMap::new(),
            opened: 0,
            numbers: [0; 2],
            verdict_numbers: [0; 2],
            sent: Default::default(),
            delivered: Default::default(),
            verdicts: Default::default(),
            told: Default::default(),
            ups: [0; 2],
        }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.now.ms
    }

    pub(crate) fn verdicts(&self, side: usize) -> &[(u64, VerdictCode)] {
        &self.verdicts[side]
    }

    pub(crate) fn repeats(&mut self, side: usize) -> u64 {
        self.links[side].status(self.now).repeats
    }

    pub(crate) fn delivered_to(&self, side: usize) -> Vec<u64> {
        self.delivered[side]
            .iter()
            .map(|(_, number, _)| *number)
            .collect()
    }

    pub(crate) fn apply(&mut self, op: Op) {
        match op {
            Op::Send { side, flow } => self.send(side, flow),
            Op::Verdict { side } => self.send_verdict(side),
            Op::Transmit { side, stream } => self.transmit(side, stream),
            Op::Arrive { pick, stream } => self.arrive(pick, stream),
            Op::Open { pick } => self.open(pick),
            Op::Cut { pick, keep } => self.cut(pick, keep),
            Op::NoticeLoss { pick } => self.notice_loss(pick),
            Op::Pass { ms } => self.pass(ms),
            Op::Restart { side } => self.restart(side),
        }
        self.settle();
    }

    fn send(&mut self, side: usize, flow: u32) {
        self.numbers[side] += 1;
        let number = self.numbers[side];
        let entity = |side: usize| EntityId {
            domain: Domain([KEYS[side][0]; 12]),
            port: Port(flow),
        };
        let param = vec![0; (number % 7) as usize * 40_000 % 65_000];
        let message = message(entity(side), entity(1 - side), param);
        self.sent[side].insert(number, flow);
        let outgoing = Outgoing { number, message };
        assert_eq!(self.links[side].send(self.now, outgoing), Ok(()));
    }

    fn send_verdict(&mut self, side: usize) {
        self.verdict_numbers[side] += 1;
        let frame = VerdictFrame {
            sequence: 0,
            src: EntityId::default(),
            dst: EntityId::default(),
            mtype: Mtype(0xC001),
            digest: [0; 16],
            number: self.verdict_numbers[side],
            code: VerdictCode::MailboxFull as u16,
            detail: String::new(),
        };
        assert!(self.links[side].send_verdict(self.now, frame));
    }

    fn transmit(&mut self, side: usize, stream: usize) {
        for (id, connection) in &mut self.connections {
            let id = ConnectionId(*id);
            let batch = match stream {
                0 => self.links[side].transmit_control(self.now, id),
                lane => self.links[side].transmit(self.now, id, lane - 1),
            };
            if !connection.cut {
                connection.streams[side][stream].extend(batch);
            }
        }
    }

    fn arrive(&mut self, pick: u8, stream: usize) {
        let sender = usize::from(pick & 1);
        let Some(id) = self.pick(pick >> 1) else {
            return;
        };
        let receiver = 1 - sender;
        let connection = self.connections.get_mut(&id).unwrap();
        // Streams that carry messages are not read before the hello.
        let unread = stream > 0 && self.links[receiver].current() != Some(ConnectionId(id));
        if unread || !connection.opened[receiver] || connection.over[receiver] {
            return;
        }
        if let Some(batch) = connection.streams[sender][stream].pop_front() {
            self.feed(id, sender, stream, &batch);
        }
    }

    fn feed(&mut self, id: u64, sender: usize, stream: usize, batch: &[u8]) {
        let receiver = 1 - sender;
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let link = &mut self.links[receiver];
        let (now, id) = (self.now, ConnectionId(id));
        let (delivered, told) = (&mut self.delivered[receiver], &mut self.told[receiver]);
        let incarnation = self.incarnations[receiver];
        let fed = connection.readers[sender][stream].feed(batch, &mut |frame| {
            if stream == 0 {
                let received = link.control(now, id, Control::decode(frame)?)?;
                if let Received::Verdict(verdict) = received {
                    told.push(verdict.number);
                }
                return Ok(());
            }
            let frame = MessageFrame::parse(frame.body)?;
            if let Some(outgoing) = link.message(now, id, stream - 1, frame)? {
                let flow = outgoing.message.header.src.port.0;
                delivered.push((incarnation, outgoing.number, flow));
            }
            Ok(())
        });
        if let Err(fault) = fed {
            assert_eq!(
                fault.error.name(),
                "duplicate",
                "honest peers break no rule: {fault}"
            );
            link.fail(now, id, fault);
        }
    }

    fn open(&mut self, pick: u8) {
        let Some(id) = self.pick(pick >> 1) else {
            return;
        };
        let connection = self.connections.get_mut(&id).unwrap();
        // First the dialler has a connection, then the other side.
        let side = match connection.opened[connection.dialler] {
            false => connection.dialler,
            true => 1 - connection.dialler,
        };
        if connection.opened[side] || connection.over[side] {
            return;
        }
        connection.opened[side] = true;
        let ours = connection.dialler == side;
        let opened = Opened {
            attempt: ours.then_some(connection.attempt),
            address: ([127, 0, 0, 1], 1).into(),
            ends_unix_s: u64::MAX / 2_000,
        };
        if !self.links[side].opened(self.now, ConnectionId(id), opened) {
            connection.over[side] = true;
            connection.cut = true;
        }
    }

    fn cut(&mut self, pick: u8, keep: u8) {
        let Some(id) = self.pick(pick) else { return };
        let connection = self.connections.get_mut(&id).unwrap();
        if connection.cut {
            return;
        }
        connection.cut = true;
        let mut streams = std::mem::take(&mut connection.streams);
        for (sender, streams) in streams.iter_mut().enumerate() {
            let receiver = 1 - sender;
            for (stream, batches) in streams.iter_mut().enumerate() {
                let greeted = self.links[receiver].current() == Some(ConnectionId(id));
                let readable = stream == 0 || greeted;
                let over = self.connections[&id].over[receiver];
                let open = self.connections[&id].opened[receiver];
                if let (Some(first), true) = (batches.pop_front(), readable && open && !over) {
                    let kept = first.len() * usize::from(keep) / 256;
                    self.feed(id, sender, stream, &first[..kept]);
                }
            }
        }
    }

    fn notice_loss(&mut self, pick: u8) {
        let side = usize::from(pick & 1);
        let Some(id) = self.pick(pick >> 1) else {
            return;
        };
        let connection = self.connections.get_mut(&id).unwrap();
        if !connection.cut || std::mem::replace(&mut connection.over[side], true) {
            return;
        }
        match connection.opened[side] {
            true => self.links[side].closed(self.now, ConnectionId(id), "lost"),
            false if connection.dialler == side => {
                let attempt = connection.attempt;
                self.links[side].dial_failed(self.now, attempt, "lost");
            }
            false => {}
        }
    }

    fn pass(&mut self, ms: u64) {
        let until = self.now.ms + ms;
        loop {
            let due = self
                .links
                .iter()
                .filter_map(|link| link.deadline_ms(self.now))
                .min();
            self.now.ms = due.unwrap_or(until).clamp(self.now.ms, until);
            self.links
                .iter_mut()
                .for_each(|link| link.timeout(self.now));
            self.settle();
            let due = self
                .links
                .iter()
                .filter_map(|link| link.deadline_ms(self.now))
                .min();
            assert!(
                due.is_none_or(|due| due > self.now.ms),
                "a deadline that stays is a spin"
            );
            if self.now.ms == until {
                return;
            }
        }
    }

    fn restart(&mut self, side: usize) {
        self.incarnations[side] += 1;
        self.links[side] = link(side, self.incarnations[side], self.now);
        // Nobody waits any more for what the former incarnation sent.
        self.sent[side].clear();
        for connection in self.connections.values_mut() {
            connection.cut = true;
            connection.over[side] = true;
            connection.streams = Default::default();
        }
    }

    fn settle(&mut self) {
        for side in 0..2 {
            while let Some(effect) = self.links[side].poll() {
                self.effect(side, effect);
            }
        }
        self.connections
            .retain(|_, connection| connection.over != [true; 2]);
    }

    fn effect(&mut self, side: usize, effect: LinkEffect) {
        match effect {
            LinkEffect::Dial(attempt) => {
                self.opened += 1;
                let reader = |stream| match stream {
                    0 => FrameReader::new(StreamKind::Control),
                    _ => FrameReader::new(StreamKind::Lane),
                };
                let connection = Connection {
                    dialler: side,
                    attempt,
                    opened: [false; 2],
                    over: [false; 2],
                    cut: false,
                    streams: Default::default(),
                    readers: [0, 1].map(|_| std::array::from_fn(reader)),
                };
                self.connections.insert(self.opened, connection);
            }
            LinkEffect::Abandon(attempt) => {
                let mut all = self.connections.values_mut();
                if let Some(c) = all.find(|c| c.dialler == side && c.attempt == attempt) {
                    c.over[side] = true;
                    c.cut = true;
                }
            }
            LinkEffect::Close(id, _) => {
                if let Some(connection) = self.connections.get_mut(&id.0) {
                    connection.over[side] = true;
                    connection.cut = true;
                }
            }
            LinkEffect::GaveUp(outgoing, code, _) => {
                self.verdicts[side].push((outgoing.number, code));
            }
            LinkEffect::Up(_) => self.ups[side] += 1,
            LinkEffect::Down(_) | LinkEffect::Restarted(_) | LinkEffect::Finished => {}
        }
    }

    fn pick(&self, pick: u8) -> Option<u64> {
        let count = self.connections.len();
        let nth = usize::from(pick).checked_rem(count)?;
        self.connections.keys().nth(nth).copied()
    }

    /// A good network for a while: everything opens, arrives and is noticed.
    fn good_round(&mut self) {
        for id in self.connections.keys().copied().collect::<Vec<_>>() {
            let pick = self.connections.keys().position(|known| *known == id);
            let Some(pick) = pick.map(|at| (at as u8) << 1) else {
                continue;
            };
            for _ in 0..2 {
                self.apply(Op::Open { pick });
                self.apply(Op::NoticeLoss { pick });
                self.apply(Op::NoticeLoss { pick: pick | 1 });
            }
        }
        for stream in 0..STREAMS {
            (0..2).for_each(|side| self.apply(Op::Transmit { side, stream }));
            for pick in 0..2 * self.connections.len() as u8 {
                self.apply(Op::Arrive { pick, stream });
            }
        }
        self.apply(Op::Pass { ms: 20 });
    }

    pub(crate) fn settle_link(&mut self) {
        while self.links.iter().any(|link| link.current().is_none()) {
            self.good_round();
        }
    }

    /// A good network until nothing is left to do.
    pub(crate) fn heal(&mut self) {
        for _ in 0..5_000 {
            self.good_round();
            let (now, mut quiet) = (self.now, true);
            for link in &mut self.links {
                let status = link.status(now);
                quiet &= status.queued_messages + status.queued_verdicts == 0;
                quiet &= link.current().is_some();
            }
            let same = self.links[0].current() == self.links[1].current();
            if quiet && same {
                return;
            }
        }
        panic!("the link does not heal: {:#?}", self.links);
    }

    /// At most once, in order, never silent, and no verdict that is a lie.
    pub(crate) fn check(&self) {
        for receiver in 0..2 {
            let sender = 1 - receiver;
            let mut seen = BTreeMap::new();
            let mut last = BTreeMap::new();
            for (incarnation, number, flow) in &self.delivered[receiver] {
                assert!(seen.insert(*number, ()).is_none(), "{number} twice");
                let before = last.insert((*incarnation, *flow), *number);
                assert!(
                    before.is_none_or(|before| before < *number),
                    "{number} out of order"
                );
            }
            let verdicts: BTreeMap<_, _> = self.verdicts[sender].iter().copied().collect();
            assert_eq!(
                verdicts.len(),
                self.verdicts[sender].len(),
                "two verdicts on one message"
            );
            for number in self.sent[sender].keys() {
                match verdicts.get(number) {
                    None => assert!(seen.contains_key(number), "{number} vanished"),
                    Some(VerdictCode::Unknown) => {}
                    Some(code) => assert!(!seen.contains_key(number), "{number}: {code}, a lie"),
                }
            }
            assert!(
                self.told[receiver].is_sorted_by(|a, b| a < b),
                "verdicts doubled"
            );
        }
    }

    pub(crate) fn check_everything_arrived(&self) {
        for side in 0..2 {
            assert_eq!(self.verdicts[side], []);
            let arrived = self.delivered[1 - side].len() as u64;
            assert_eq!(arrived, self.numbers[side]);
            assert_eq!(self.told[1 - side].len() as u64, self.verdict_numbers[side]);
        }
    }
}
