//! A daemon small enough to be wrong on purpose: one thread per connection, one card's domain,
//! durable secrets that rotate as the protocol says.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use libetp::codec::{self, Encode};
use libetp::frame::body::{self, RequestError};
use libetp::frame::{self, Frame, Origin, kind};
use libetp::{Domain, EntityId, Message, Mtype, Port, VerdictCode};

pub(crate) const DOMAIN: Domain = Domain([2; 12]);

/// What answers messages: given one, the messages that come back and their origin, or a verdict.
pub(crate) type Peer = Box<dyn FnMut(&Message) -> Result<Vec<Message>, VerdictCode> + Send>;

#[derive(Default)]
struct Durable {
    current: [u8; 32],
    next: Option<[u8; 32]>,
    spent: Vec<[u8; 32]>,
    /// What a crash of a careless daemon would go back to.
    backup: [u8; 32],
}

#[derive(Default)]
struct State {
    last_port: u32,
    last_secret: u64,
    durable: BTreeMap<EntityId, Durable>,
    taken: Vec<u64>,
    reads: Vec<usize>,
    fallbacks: u32,
    ends_at_flush: bool,
}

pub(crate) struct FakeDaemon {
    pub(crate) directory: tempfile::TempDir,
    state: Arc<Mutex<State>>,
}

impl FakeDaemon {
    pub(crate) fn start(peer: Peer) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("etp.sock")).unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, peer) = (state.clone(), Arc::new(Mutex::new(peer)));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (state, peer) = (shared.clone(), peer.clone());
                let stream = stream.unwrap();
                std::thread::spawn(move || Served::new(stream, state, peer).run());
            }
        });
        Self { directory, state }
    }

    /// A peer that sends every message back.
    pub(crate) fn echo() -> Self {
        Self::start(Box::new(|message| {
            let header = message.header;
            let param = message.param.clone();
            Ok(vec![Message::new(
                header.dst,
                header.src,
                header.mtype,
                param,
            )])
        }))
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("etp.sock")
    }

    /// Deliveries that were reported as taken.
    pub(crate) fn taken(&self) -> Vec<u64> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Sends in each read of the daemon.
    pub(crate) fn reads(&self) -> Vec<usize> {
        self.state.lock().unwrap().reads.clone()
    }

    /// The daemon's storage goes back to what it was before the last resume.
    pub(crate) fn lose_last_secret(&self, id: EntityId) {
        let mut state = self.state.lock().unwrap();
        let durable = state.durable.get_mut(&id).unwrap();
        durable.current = durable.backup;
        durable.next = None;
        durable.spent.clear();
    }

    /// From now on, connections end when the daemon has read a flush, without an answer.
    pub(crate) fn end_at_flush(&self, ends: bool) {
        self.state.lock().unwrap().ends_at_flush = ends;
    }

    /// How often a secret was not known.
    pub(crate) fn bad_secrets(&self) -> u32 {
        self.state.lock().unwrap().fallbacks
    }

    pub(crate) fn is_revoked(&self, id: EntityId) -> bool {
        !self.state.lock().unwrap().durable.contains_key(&id)
    }
}

struct Served {
    stream: UnixStream,
    state: Arc<Mutex<State>>,
    peer: Arc<Mutex<Peer>>,
    id: Option<EntityId>,
    fresh: bool,
    delivered: u64,
    out: Vec<u8>,
}

impl Served {
    fn new(stream: UnixStream, state: Arc<Mutex<State>>, peer: Arc<Mutex<Peer>>) -> Self {
        Self {
            stream,
            state,
            peer,
            id: None,
            fresh: false,
            delivered: 0,
            out: Vec::new(),
        }
    }

    fn run(mut self) {
        let (mut input, mut chunk) = (Vec::new(), vec![0; 1 << 20]);
        while let Ok(len @ 1..) = self.stream.read(&mut chunk) {
            input.extend_from_slice(&chunk[..len]);
            let mut sends = 0;
            while let Some((frame, used)) = frame::parse(&input).unwrap() {
                sends += usize::from(frame.kind == kind::SEND);
                self.frame(&frame);
                input.drain(..used);
            }
            self.state.lock().unwrap().reads.push(sends);
            if self
                .stream
                .write_all(&std::mem::take(&mut self.out))
                .is_err()
            {
                return;
            }
        }
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.spend_old_secret();
        match frame.kind {
            kind::HELLO => {
                let version = frame::VERSION;
                let software = "fake 0".into();
                self.answer(
                    kind::WELCOME,
                    frame.number,
                    &body::Welcome { version, software },
                );
            }
            kind::ACQUIRE => self.acquire(frame),
            kind::RESUME => self.resume(frame),
            kind::SEND => self.send(frame),
            kind::TAKEN => self.state.lock().unwrap().taken.push(frame.number),
            kind::FLUSH if self.state.lock().unwrap().ends_at_flush => {
                self.stream.shutdown(std::net::Shutdown::Both).unwrap();
            }
            kind::FLUSH => frame::write(&mut self.out, kind::FLUSHED, frame.number, &[]),
            kind::CONTROL => {
                frame::write(
                    &mut self.out,
                    kind::CONTROL_REPLY,
                    frame.number,
                    &[frame.body],
                );
            }
            kind::RELEASE => {
                assert_eq!(frame.body, [0x80], "an empty array");
                frame::write(&mut self.out, kind::RELEASED, frame.number, &[]);
            }
            other => panic!("kind {other}"),
        }
    }

    fn answer(&mut self, kind: u8, number: u64, body: &impl Encode) {
        frame::write(&mut self.out, kind, number, &[&codec::to_vec(body)]);
    }

    fn refuse(&mut self, number: u64, code: u16) {
        let detail = String::new();
        self.answer(kind::VERDICT, number, &body::VerdictBody { code, detail });
    }

    /// The first frame after `ACQUIRED` ends the old secret.
    fn spend_old_secret(&mut self) {
        if !std::mem::take(&mut self.fresh) {
            return;
        }
        let mut state = self.state.lock().unwrap();
        if let Some(durable) = self.id.and_then(|id| state.durable.get_mut(&id))
            && let Some(next) = durable.next.take()
        {
            let old = std::mem::replace(&mut durable.current, next);
            durable.spent.push(old);
        }
    }

    fn acquire(&mut self, frame: &Frame<'_>) {
        let acquire: body::Acquire = codec::from_slice(frame.body).unwrap();
        let mut state = self.state.lock().unwrap();
        state.last_port += 1;
        let id = DOMAIN.entity(Port(state.last_port));
        let secret = acquire.durable.then(|| new_secret(&mut state));
        if let Some(current) = secret {
            let durable = Durable {
                current,
                backup: current,
                ..Durable::default()
            };
            state.durable.insert(id, durable);
        }
        drop(state);
        self.id = Some(id);
        let resumed = false;
        self.answer(
            kind::ACQUIRED,
            frame.number,
            &body::Acquired {
                id,
                secret,
                resumed,
            },
        );
    }

    fn resume(&mut self, frame: &Frame<'_>) {
        let body::Resume { id, secret } = codec::from_slice(frame.body).unwrap();
        let mut state = self.state.lock().unwrap();
        let fresh = new_secret(&mut state);
        let Some(durable) = state.durable.get_mut(&id) else {
            drop(state);
            return self.refuse(frame.number, RequestError::BadSecret as u16);
        };
        if durable.spent.contains(&secret) {
            state.durable.remove(&id);
            drop(state);
            return self.refuse(frame.number, RequestError::SecretReused as u16);
        }
        if secret != durable.current && Some(secret) != durable.next {
            state.fallbacks += 1;
            drop(state);
            return self.refuse(frame.number, RequestError::BadSecret as u16);
        }
        durable.backup = durable.current;
        durable.current = secret;
        durable.next = Some(fresh);
        drop(state);
        (self.id, self.fresh) = (Some(id), true);
        let (secret, resumed) = (Some(fresh), true);
        self.answer(
            kind::ACQUIRED,
            frame.number,
            &body::Acquired {
                id,
                secret,
                resumed,
            },
        );
    }

    fn send(&mut self, frame: &Frame<'_>) {
        let mut dst = [0; 16];
        dst.copy_from_slice(&frame.body[..16]);
        let mtype = Mtype(u16::from_be_bytes([frame.body[16], frame.body[17]]));
        let (src, dst) = (self.id.unwrap(), EntityId::from_bytes(dst));
        let message = Message::new(src, dst, mtype, frame.body[18..].to_vec());
        let answers = (self.peer.lock().unwrap())(&message);
        match answers {
            Ok(answers) => answers.iter().for_each(|answer| self.deliver(answer)),
            Err(code) => self.refuse(frame.number, code as u16),
        }
    }

    fn deliver(&mut self, message: &Message) {
        self.delivered += 1;
        let origin = match message.header.src.is_card() {
            true => Origin::Card,
            false => Origin::App,
        };
        let body: [&[u8]; 2] = [&[origin as u8], &message.to_bytes()];
        frame::write(&mut self.out, kind::DELIVER, self.delivered, &body);
    }
}

fn new_secret(state: &mut State) -> [u8; 32] {
    state.last_secret += 1;
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&state.last_secret.to_be_bytes());
    secret
}
