//! A reader in a process of its own, played by a thread: cards are put in and pulled out.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use card_proxy::socket::CardServer;
use card_proxy::{Link, LinkError};
use libetp::exchange::{Command, SelectReply, StatusWord};
use libetp::local::{Claim, Trust};
use libetp::{Domain, Mtype};
use softcard::SoftCard;

/// A reader, whose card is in a directory.
#[derive(Clone, Default)]
pub(crate) struct Reader(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    card: Option<SoftCard>,
    /// Whom the card says it is, if that is a lie.
    claims: Option<Domain>,
    /// Types of the messages that cards were given, command by command.
    given: Vec<Vec<Mtype>>,
}

impl Inside {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        if let Ok(Command::Exchange(exchange)) = Command::parse(command) {
            let mtypes = exchange.messages().map(|message| message.header.mtype);
            self.given.push(mtypes.collect());
        }
        let response = self.card()?.transmit(command)?;
        let said = self.claims.zip(SelectReply::parse(&response).ok());
        Ok(said.map_or(response, |(domain, reply)| lie(domain, reply)))
    }

    fn card(&mut self) -> Result<&mut SoftCard, LinkError> {
        let empty = || LinkError::Absent("the reader is empty".into());
        self.card.as_mut().ok_or_else(empty)
    }
}

/// A card that wants to be the one of the domain, and newer than anybody remembers it.
fn lie(domain: Domain, reply: SelectReply) -> Vec<u8> {
    let lie = SelectReply {
        domain,
        generation: 1 << 40,
        ..reply
    };
    [lie.to_data(), StatusWord::OK.0.to_be_bytes().into()].concat()
}

impl Reader {
    pub(crate) fn with(card: &Path) -> Self {
        let reader = Self::default();
        reader.insert(card);
        reader
    }

    pub(crate) fn insert(&self, card: &Path) {
        let card = SoftCard::open(card, None).unwrap();
        let mut inside = self.lock();
        inside.given.clear();
        assert!(inside.card.replace(card).is_none(), "one card at a time");
    }

    /// Puts a card in that says it is the one of the domain.
    pub(crate) fn insert_liar(&self, card: &Path, domain: Domain) {
        self.lock().claims = Some(domain);
        self.insert(card);
    }

    /// Types of the messages that were given to the card since it was put in, command by command.
    pub(crate) fn given(&self) -> Vec<Vec<Mtype>> {
        self.lock().given.clone()
    }

    pub(crate) fn pull(&self) {
        let mut inside = self.lock();
        inside.claims = None;
        assert!(inside.card.take().is_some(), "there is no card to pull");
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link for Reader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.lock().transmit(command)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.lock().card()?.reset()
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }

    fn check(&mut self) -> Result<(), LinkError> {
        self.lock().card().map(drop)
    }
}

/// The process; it ends when this is dropped.
pub(crate) struct Process {
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn serve(socket: PathBuf, reader: &Reader) -> Self {
        let mut claim = Claim::of(&socket, "card").unwrap();
        let listener = claim.bind(0o600).unwrap();
        let (stop, stopped) = UnixStream::pair().unwrap();
        let mut server = CardServer::new(reader.clone(), Trust::default(), "test reader");
        let thread = std::thread::spawn(move || {
            let _claim = claim;
            server.serve(&listener, &stopped).unwrap();
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
