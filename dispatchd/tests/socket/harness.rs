//! A running table with a card that is a channel, and programs that speak raw frames.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use dispatchd::router::{
    CARD_WINDOW_MESSAGES, ControlRequest, ControlTicket, Entry, Event, HostPort, Limits,
    QuotaLimits, Router, Settings, Snapshot, TraceRecord,
};
use dispatchd::table::{CapabilityStore, CardLimits, StoreError, StoredCapability};
use libetp::codec::{self, Decode, Encode};
use libetp::frame::body::{
    Acquire, Acquired, Closing, Hello, RequestError, Resume, VerdictBody, Welcome,
};
use libetp::frame::{self, Origin, VERSION, kind};
use libetp::{Domain, EntityId, Message, Mtype, VerdictCode};
use tokio::sync::mpsc;

pub(crate) const DOMAIN: Domain = Domain([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
pub(crate) const ABROAD: Domain = Domain([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
/// A control request that the daemon takes its time for.
pub(crate) const UNANSWERED: &[u8] = b"later";
/// A type that nobody registered.
pub(crate) const PRIVATE: Mtype = Mtype(0xC001);
/// Longer than anything here takes; only a failure waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What the table tells the daemon.
#[derive(Default)]
pub(crate) struct Host {
    router: OnceLock<Router>,
    next_port: AtomicU32,
    /// Whether the card answers requests for ports.
    pub(crate) gives_ports: AtomicBool,
    wanted: Mutex<u32>,
    is_wanted: Condvar,
    ticket: Mutex<Option<ControlTicket>>,
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) traces: Mutex<Vec<TraceRecord>>,
    pub(crate) messages: Mutex<Vec<(Entry, Message)>>,
}

impl HostPort for Host {
    fn message(&self, entry: Entry, message: Message) {
        self.messages.lock().unwrap().push((entry, message));
    }

    fn want_ports(&self, domain: Domain) {
        *self.wanted.lock().unwrap() += 1;
        self.is_wanted.notify_all();
        if self.gives_ports.load(Ordering::SeqCst) {
            let first = self.next_port.fetch_add(256, Ordering::SeqCst);
            let router = self.router.get().expect("the router runs");
            router.ports(domain, 1 + first, 256);
        }
    }

    /// Answers with the request itself, unless it asks for no answer.
    fn control(&self, request: ControlRequest) {
        *self.ticket.lock().unwrap() = Some(request.ticket);
        if request.body == UNANSWERED {
            return;
        }
        let router = self.router.get().expect("the router runs");
        router.control_reply(request.ticket, request.body);
    }

    fn event(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn trace(&self, records: &[TraceRecord]) {
        self.traces.lock().unwrap().extend_from_slice(records);
    }
}

impl Host {
    /// Returns when the card was asked for ports so often.
    pub(crate) fn wait_for_port_requests(&self, count: u32) {
        let wanted = self.wanted.lock().unwrap();
        let waited = self
            .is_wanted
            .wait_timeout_while(wanted, PATIENCE, |n| *n < count)
            .unwrap();
        assert!(!waited.1.timed_out());
    }

    /// That of the last control request.
    pub(crate) fn last_ticket(&self) -> ControlTicket {
        self.ticket.lock().unwrap().expect("there was a request")
    }

    /// How often something with this name happened.
    pub(crate) fn count(&self, name: &str) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|event| event.name == name).count()
    }
}

/// A store that outlives its table.
#[derive(Clone, Default)]
pub(crate) struct Memory(pub Arc<Mutex<BTreeMap<EntityId, StoredCapability>>>);

impl CapabilityStore for Memory {
    fn load(&mut self) -> Result<Vec<StoredCapability>, StoreError> {
        Ok(self.0.lock().unwrap().values().cloned().collect())
    }

    fn put(&mut self, capability: &StoredCapability) -> Result<(), StoreError> {
        self.0
            .lock()
            .unwrap()
            .insert(capability.id, capability.clone());
        Ok(())
    }

    fn remove(&mut self, id: EntityId) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(&id);
        Ok(())
    }
}

/// A running table.
pub(crate) struct Daemon {
    pub(crate) router: Router,
    pub(crate) host: Arc<Host>,
    pub(crate) card: mpsc::Receiver<(u64, Message)>,
    pub(crate) store: Memory,
    socket: PathBuf,
    _directory: tempfile::TempDir,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.router.shutdown();
    }
}

/// How a table is started.
pub(crate) struct Setup {
    pub(crate) threads: u16,
    pub(crate) trace: bool,
    pub(crate) limits: Limits,
    pub(crate) connections: QuotaLimits,
    pub(crate) store: Memory,
    /// Ports below this one were handed out before.
    pub(crate) first_port: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            threads: 1,
            trace: false,
            limits: Limits::default(),
            connections: QuotaLimits::default(),
            store: Memory::default(),
            first_port: 0,
        }
    }
}

pub(crate) fn daemon() -> Daemon {
    Setup::default().start()
}

impl Setup {
    pub(crate) fn start(self) -> Daemon {
        let directory = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(directory.path(), open).unwrap();
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(&socket, all).unwrap();
        let host = Arc::new(Host::default());
        host.gives_ports.store(true, Ordering::SeqCst);
        host.next_port.store(self.first_port, Ordering::SeqCst);
        let settings = Settings {
            threads: self.threads,
            trace: self.trace,
            software: "dispatchd 0.1.0".into(),
            limits: self.limits,
            connections: self.connections,
            ..Settings::default()
        };
        let store = Box::new(self.store.clone());
        let port: Arc<dyn HostPort> = host.clone();
        let router = Router::start(settings, store, port).unwrap();
        assert!(host.router.set(router.clone()).is_ok());
        router.set_owners(DOMAIN, [nix::unistd::geteuid().as_raw()]);
        let (port, card) = mpsc::channel(CARD_WINDOW_MESSAGES);
        router.attach_card(
            DOMAIN,
            port,
            CardLimits {
                message_bytes_max: 60_000,
            },
        );
        router.serve(listener).unwrap();
        Daemon {
            router,
            host,
            card,
            store: self.store,
            socket,
            _directory: directory,
        }
    }
}

impl Daemon {
    pub(crate) fn socket(&self) -> &std::path::Path {
        &self.socket
    }

    /// A program that connected and said nothing yet.
    pub(crate) fn connect(&self) -> Program {
        Program::connect(&self.socket)
    }

    /// A program that said `HELLO`.
    pub(crate) fn greet(&self) -> Program {
        let mut program = self.connect();
        program.hello();
        program
    }

    /// A program that is an id.
    pub(crate) fn acquire(&self) -> Program {
        let mut program = self.greet();
        program.acquire(false);
        program
    }

    /// The card comes back.
    pub(crate) fn attach_card(&mut self) {
        let (port, card) = mpsc::channel(CARD_WINDOW_MESSAGES);
        let limits = CardLimits {
            message_bytes_max: 60_000,
        };
        self.router.attach_card(DOMAIN, port, limits);
        self.card = card;
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(self.router.snapshot())
    }

    /// Returns when the table holds what is expected.
    #[track_caller]
    pub(crate) fn until(&self, is_so: impl Fn(&Snapshot) -> bool) {
        let start = std::time::Instant::now();
        while !is_so(&self.snapshot()) {
            assert!(start.elapsed() < PATIENCE, "{:?}", self.snapshot());
            std::thread::yield_now();
        }
    }

    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.snapshot()
            .counters
            .get(name)
            .copied()
            .unwrap_or_default()
    }

    /// The next message for the card, and its number.
    pub(crate) fn for_card(&mut self) -> (u64, Message) {
        self.card.blocking_recv().expect("the port is attached")
    }
}

/// A frame that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) kind: u8,
    pub(crate) number: u64,
    pub(crate) body: Vec<u8>,
}

impl Came {
    pub(crate) fn read<T: Decode>(&self, expected: u8) -> T {
        assert_eq!(self.kind, expected, "{self:?}");
        codec::from_slice(&self.body).unwrap()
    }

    pub(crate) fn verdict(&self) -> (u64, u16, String) {
        let verdict: VerdictBody = self.read(kind::VERDICT);
        (self.number, verdict.code, verdict.detail)
    }

    pub(crate) fn delivery(&self) -> (u64, Origin, Message) {
        assert_eq!(self.kind, kind::DELIVER, "{self:?}");
        let origin = Origin::from_u8(self.body[0]).unwrap();
        (
            self.number,
            origin,
            Message::from_bytes(&self.body[1..]).unwrap(),
        )
    }
}

/// A program that speaks raw frames.
pub(crate) struct Program {
    pub(crate) stream: UnixStream,
    pub(crate) id: EntityId,
    pub(crate) secret: Option<[u8; 32]>,
    number: u64,
    read: Vec<u8>,
}

impl Program {
    pub(crate) fn connect(socket: &std::path::Path) -> Self {
        Self::over(UnixStream::connect(socket).unwrap())
    }

    pub(crate) fn over(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            id: EntityId::default(),
            secret: None,
            number: 0,
            read: Vec::new(),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends a frame with the next number.
    pub(crate) fn say(&mut self, kind: u8, body: &[u8]) -> u64 {
        self.number += 1;
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, self.number, &[body]);
        self.write(&bytes);
        self.number
    }

    pub(crate) fn ask(&mut self, kind: u8, body: &impl Encode) -> u64 {
        self.say(kind, &codec::to_vec(body))
    }

    pub(crate) fn taken(&mut self, number: u64) {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind::TAKEN, number, &[]);
        self.write(&bytes);
    }

    pub(crate) fn send(&mut self, dst: EntityId, mtype: Mtype, param: &[u8]) -> u64 {
        self.say(kind::SEND, &send_body(dst, mtype, param))
    }

    /// The next frame, or `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Came> {
        loop {
            if let Some((frame, used)) = frame::parse(&self.read).unwrap() {
                let came = Came {
                    kind: frame.kind,
                    number: frame.number,
                    body: frame.body.to_vec(),
                };
                self.read.drain(..used);
                return Some(came);
            }
            let mut bytes = [0; 65_536];
            match self.stream.read(&mut bytes).unwrap() {
                0 => return None,
                len => self.read.extend_from_slice(&bytes[..len]),
            }
        }
    }

    pub(crate) fn come(&mut self) -> Came {
        self.next().expect("the daemon says something")
    }

    pub(crate) fn hello(&mut self) {
        let hello = Hello {
            version: VERSION,
            name: "test".into(),
        };
        let number = self.ask(kind::HELLO, &hello);
        let came = self.come();
        let welcome: Welcome = came.read(kind::WELCOME);
        assert_eq!((came.number, welcome.version), (number, VERSION));
    }

    pub(crate) fn acquire(&mut self, durable: bool) {
        self.ask(
            kind::ACQUIRE,
            &Acquire {
                domain: None,
                durable,
            },
        );
        self.acquired();
    }

    pub(crate) fn acquired(&mut self) -> Acquired {
        let acquired: Acquired = self.come().read(kind::ACQUIRED);
        self.id = acquired.id;
        self.secret = acquired.secret;
        acquired
    }

    pub(crate) fn resume(&mut self, id: EntityId, secret: [u8; 32]) -> u64 {
        self.ask(kind::RESUME, &Resume { id, secret })
    }

    /// All that comes before the answer to a flush.
    pub(crate) fn flush(&mut self) -> Vec<Came> {
        let number = self.say(kind::FLUSH, &[]);
        let mut before = Vec::new();
        loop {
            let came = self.come();
            if came.kind == kind::FLUSHED {
                assert_eq!((came.number, came.body.len()), (number, 0));
                return before;
            }
            before.push(came);
        }
    }

    /// The daemon closes, with this reason and nothing after it.
    #[track_caller]
    pub(crate) fn expect_closing(&mut self, reason: RequestError) -> String {
        let closing: Closing = self.come().read(kind::CLOSING);
        assert_eq!(
            RequestError::from_u16(closing.reason),
            Some(reason),
            "{}",
            closing.detail
        );
        assert_eq!(self.next(), None);
        closing.detail
    }

    /// The next frame refuses the request or message `number` with this code.
    #[track_caller]
    pub(crate) fn expect_verdict(&mut self, number: u64, code: u16) -> String {
        let (about, got, detail) = self.come().verdict();
        assert_eq!((about, got), (number, code), "{detail}");
        detail
    }

    #[track_caller]
    pub(crate) fn expect_refusal(&mut self, number: u64, error: RequestError) -> String {
        self.expect_verdict(number, error as u16)
    }

    #[track_caller]
    pub(crate) fn expect_failed(&mut self, number: u64, code: VerdictCode) -> String {
        self.expect_verdict(number, code as u16)
    }
}

pub(crate) fn send_body(dst: EntityId, mtype: Mtype, param: &[u8]) -> Vec<u8> {
    let mut body = dst.to_bytes().to_vec();
    body.extend_from_slice(&mtype.0.to_be_bytes());
    body.extend_from_slice(param);
    body
}
