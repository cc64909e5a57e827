//! `etp-card-proxy serve`: cards in readers, each at a socket of its own.

use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};

use card_proxy::socket::CardServer;
use libetp::local::{Claim, Trust};
use nix::sys::signal::{SigSet, Signal};
use sd_notify::NotifyState;

use crate::choice::Place;
use crate::claims::Claims;
use crate::log::{Log, Urgency};
use crate::patience::{Patient, Waits};
use crate::service::Sharing;
use crate::system::{System, SystemReaders, service_in_words};
use crate::transport::Lengths;
use crate::view::SharedView;
use crate::{ReaderLink, Use, watch};

/// Name and version, as daemons are told.
const SOFTWARE: &str = concat!("etp-card-proxy/", env!("CARGO_PKG_VERSION"));
/// What a second one is told of the first.
const PROCESS: &str = "card process";
/// Who may connect: only the own user and root.
const PRIVATE: u32 = 0o600;
/// Who may connect: every user, of whom the server then looks at the uid.
const OPEN: u32 = 0o666;

/// What to serve, how and to whom.
#[derive(Clone, Debug)]
pub struct Service {
    /// Sockets and cards.
    pub places: Vec<Place>,
    /// Users whose daemons may use them, beside root and the own one.
    pub uids: Vec<u32>,
    /// Who else may use the cards.
    pub sharing: Sharing,
    /// Which APDUs are sent.
    pub lengths: Lengths,
    /// After how long without a command a card is closed.
    pub idle: Option<std::time::Duration>,
}

/// One card's socket.
struct Seat {
    name: String,
    listener: UnixListener,
    server: CardServer<Patient>,
    log: Log,
    /// The right to the socket, held as long as it is served.
    _claim: Claim,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// In words, why it does not.
pub fn serve(service: &Service, log: &Log) -> Result<(), String> {
    let (stop, stopped) = UnixStream::pair().map_err(words)?;
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    // Before any other thread, so that none of them is ended by one.
    signals.thread_block().map_err(words)?;
    let view = SharedView::default();
    let seats = seats(service, &view, log)?;
    log.say(
        Urgency::Info,
        format!("readers are those of {}", service_in_words()),
    );
    watch::start(SystemReaders::default(), view, log.clone()).map_err(words)?;
    // Where nobody waits for it, nothing is said.
    sd_notify::notify(&[NotifyState::Ready]).map_err(words)?;
    let of_signals = stop.try_clone().map_err(words)?;
    let waiting = std::thread::Builder::new().name("signals".into());
    let waiting = waiting.spawn(move || {
        // It fails only for a set that is none.
        let _ = signals.wait();
        end(&of_signals);
    });
    waiting.map_err(words)?;
    // A socket that fails ends the others.
    let serve = |seat: Seat| {
        let served = seat.serve(&stopped);
        end(&stop);
        served
    };
    std::thread::scope(|scope| {
        let threads = seats.into_iter().map(|seat| scope.spawn(|| serve(seat)));
        let threads: Vec<_> = threads.collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        let ended = ended.map(|served| served.unwrap_or_else(|_| Err("a thread panicked".into())));
        ended.collect::<Vec<_>>().into_iter().collect()
    })
}

/// Ends every socket: what they wait for at the other end of this can be read then.
fn end(stop: &UnixStream) {
    // It fails only where it was done before.
    let _ = stop.shutdown(Shutdown::Both);
}

fn seats(service: &Service, view: &SharedView, log: &Log) -> Result<Vec<Seat>, String> {
    let claims = Claims::default();
    let seats = service.places.iter().enumerate().map(|(number, place)| {
        let name = place.socket.display().to_string();
        let mut claim = Claim::of(&place.socket, PROCESS).map_err(words)?;
        let mode = if service.uids.is_empty() {
            PRIVATE
        } else {
            OPEN
        };
        let listener = claim.bind(mode).map_err(words)?;
        let log = log.about(&name);
        let how = Use {
            selector: place.selector.clone(),
            sharing: service.sharing,
            lengths: service.lengths,
            idle: service.idle,
        };
        let link = ReaderLink::new(
            System::default(),
            how,
            view.clone(),
            claims.of(number),
            log.clone(),
        );
        let link = Patient::spawn(link, "card", Waits::default(), log.clone()).map_err(words)?;
        let uids = service.uids.iter();
        let trust = uids.fold(Trust::default(), |trust, uid| trust.and(*uid));
        log.say(Urgency::Info, format!("{} is served here", place.selector));
        Ok(Seat {
            name,
            listener,
            server: CardServer::new(link, trust, SOFTWARE),
            log,
            _claim: claim,
        })
    });
    seats.collect()
}

impl Seat {
    fn serve(mut self, stop: &UnixStream) -> Result<(), String> {
        let served = self.server.serve(&self.listener, stop);
        served.map_err(|error| {
            self.log.say(Urgency::Error, &error);
            format!("{}: {error}", self.name)
        })
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
