//! Who may give a card orders, and for how long: a real daemon, its card, and wallets.

use std::process::Command;
use std::time::Duration;

use libetp::client::blocking::{Capability, CardSession, Connection, set_pin};
use libetp::client::{CardPin, ClientError, PinProof, SavedCapability};
use libetp::codec;
use libetp::params::Param;
use libetp::params::keys::{Sign, Signature};
use libetp::params::runtime::{
    Auth, AuthBegin, CardInfo, CardInfoRequest, OrderRefused, RefusalCode, SetPin,
};
use libetp::{Mtype, VerdictCode};
use nix::sys::signal::Signal;

use crate::host::{Daemon, Host, PIN, PUK, Scheme};

pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// A user that is neither root nor anybody's.
const NOBODY: u32 = 65_534;

pub(crate) fn connect(host: &Host) -> Connection {
    Connection::open(host.socket(), "wallet").unwrap()
}

fn info(capability: &mut Capability) -> CardInfo {
    let card = capability.id().domain.card();
    capability.call(card, &CardInfoRequest {}, TIMEOUT).unwrap()
}

/// What a wallet pins of the card.
pub(crate) fn pinned(capability: &mut Capability) -> CardPin {
    let certificate = info(capability).certificate;
    let leaf = etp_pki::scheme::inspect(&certificate).unwrap();
    CardPin::new(leaf.domain().unwrap(), &certificate, leaf.agree.unwrap())
}

fn authenticate(capability: &mut Capability, pin: &[u8]) -> Result<CardSession, ClientError> {
    let card = pinned(capability);
    CardSession::authenticate(capability, &card, pin, TIMEOUT)
}

/// An order, sealed once for its channel.
struct Sealed {
    words: &'static str,
    param: Vec<u8>,
}

fn seal(session: &mut CardSession, words: &'static str) -> Sealed {
    let data = words.into();
    let param = session.seal(&Sign { data });
    Sealed { words, param }
}

impl Sealed {
    /// Whether it is the answer to this very order: answers may come twice.
    fn is_answered_by(&self, answer: &Signature) -> bool {
        let leaf = etp_pki::scheme::inspect(&answer.certificate).unwrap();
        let data = self.words.as_bytes().to_vec();
        leaf.check_signature("keys/sign", &data, &answer.signature)
            .is_ok()
    }
}

/// Sends an order that was sealed before; what the card says of it.
fn give(capability: &mut Capability, order: &Sealed) -> Result<(), Option<RefusalCode>> {
    let card = capability.id().domain.card();
    capability.send(card, Sign::MTYPE, &order.param).unwrap();
    loop {
        let message = capability.receive().unwrap().message;
        match message.header.mtype {
            Signature::MTYPE => {
                let answer = Signature::from_param(&message.param).unwrap();
                if order.is_answered_by(&answer) {
                    return Ok(());
                }
            }
            OrderRefused::MTYPE => {
                let refused = OrderRefused::from_param(&message.param).unwrap();
                return Err(RefusalCode::from_u16(refused.code));
            }
            _ => {}
        }
    }
}

/// A durable id with a channel: its orders, sealed one after the other and not sent yet.
fn channel(host: &Host) -> (Capability, SavedCapability, Vec<Sealed>) {
    let mut capability = connect(host).acquire(None, true).unwrap();
    let mut session = authenticate(&mut capability, PIN).unwrap();
    let mut orders: Vec<_> = ["first", "second", "third"]
        .map(|words| seal(&mut session, words))
        .into();
    give(&mut capability, &orders.remove(0)).unwrap();
    let saved = capability.saved().unwrap().clone();
    (capability, saved, orders)
}

fn refused(capability: &mut Capability, sealed: &Sealed) {
    let said = give(capability, sealed);
    assert_eq!(said, Err(Some(RefusalCode::NotAuthenticated)));
}

#[test]
fn an_order_of_a_closed_connection_is_refused_when_its_id_comes_back() {
    let host = Scheme::new().host();
    let _daemon = host.start();
    let (capability, saved, orders) = channel(&host);
    drop(capability);
    let mut again = connect(&host).resume(&saved).unwrap();
    refused(&mut again, &orders[0]);
    authenticate(&mut again, PIN).unwrap();
    let said = give(&mut again, &orders[1]);
    assert_eq!(
        said,
        Err(Some(RefusalCode::BadTag)),
        "the new channel is another"
    );
}

#[test]
fn an_order_of_a_fenced_connection_is_refused() {
    let host = Scheme::new().host();
    let _daemon = host.start();
    let (mut older, saved, orders) = channel(&host);
    let mut newer = connect(&host).resume(&saved).unwrap();
    refused(&mut newer, &orders[0]);
    let card = newer.id().domain.card();
    let gone = older
        .send(card, Sign::MTYPE, &orders[1].param)
        .and_then(|_| older.flush());
    assert!(gone.is_err(), "it is fenced: {gone:?}");
}

#[test]
fn an_order_of_before_a_restart_of_the_daemon_is_refused() {
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let host = Scheme::new().host();
        let daemon = host.start();
        let (_, saved, orders) = channel(&host);
        daemon.signal(signal);
        daemon.wait();
        let _daemon = host.start();
        let mut again = connect(&host).resume(&saved).unwrap();
        refused(&mut again, &orders[0]);
    }
}

/// Nobody gets a released id again; an order of it under another id is refused.
#[test]
fn an_order_of_a_released_id_is_refused_under_every_other() {
    let host = Scheme::new().host();
    let _daemon = host.start();
    let (capability, saved, orders) = channel(&host);
    capability.release().unwrap();
    assert!(connect(&host).resume(&saved).is_err());
    let mut other = connect(&host).acquire(None, false).unwrap();
    refused(&mut other, &orders[0]);
    authenticate(&mut other, PIN).unwrap();
    assert_eq!(give(&mut other, &orders[1]), Err(Some(RefusalCode::BadTag)));
}

#[test]
fn a_new_pin_ends_the_channels_of_all() {
    let host = Scheme::new().host();
    let _daemon = host.start();
    let (mut capability, _, orders) = channel(&host);
    let mut other = connect(&host).acquire(None, false).unwrap();
    let card = pinned(&mut other);
    let wrong = set_pin(&mut other, &card, PinProof::Pin(b"0000"), b"8642", TIMEOUT);
    assert_eq!(wrong.unwrap_err().refusal(), Some(RefusalCode::WrongPin));
    let mut another = connect(&host).acquire(None, false).unwrap();
    set_pin(&mut another, &card, PinProof::Puk(PUK), b"8642", TIMEOUT).unwrap();
    refused(&mut capability, &orders[0]);
    let old = authenticate(&mut capability, PIN).unwrap_err();
    assert_eq!(old.refusal(), Some(RefusalCode::WrongPin));
    authenticate(&mut another, b"8642").unwrap();
    assert_eq!(info(&mut another).puk_retries_left, Some(10));
}

fn counter(daemon: &Daemon, name: &str) -> u64 {
    let counters = daemon.connect().status().counters;
    counters.get(name).copied().unwrap_or_default()
}

/// Another user's tries end at the daemon: the owner's retry counters do not move.
#[test]
fn another_users_pin_never_reaches_the_card() {
    if !nix::unistd::geteuid().is_root() {
        return println!("skipped: only root can be another user");
    }
    let host = Scheme::new().host();
    let daemon = host.start();
    let tries = || {
        let info = info(&mut connect(&host).acquire(None, false).unwrap());
        (info.retries_left, info.puk_retries_left)
    };
    assert_eq!(tries(), (3, Some(10)));
    let played = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "authentication::play_another_user"])
        .arg("--nocapture")
        .env("OTHER_USERS_SOCKET", host.socket())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{said}");
    assert_eq!(said.matches("refused: not-owner").count(), 3, "{said}");
    assert_eq!(counter(&daemon, "not-owner"), 3);
    assert_eq!(tries(), (3, Some(10)));
}

/// Not a test: what the other user does.
#[test]
#[ignore = "run by another test, as a process of its own"]
fn play_another_user() {
    let socket = std::env::var_os("OTHER_USERS_SOCKET").expect("the other test sets it");
    nix::unistd::setgroups(&[]).unwrap();
    nix::unistd::setgid(NOBODY.into()).unwrap();
    nix::unistd::setuid(NOBODY.into()).unwrap();
    let connection = Connection::open(socket, "stranger").unwrap();
    let mut me = connection.acquire(None, false).unwrap();
    let card = me.id().domain.card();
    let handshake = vec![0; 160];
    let tries: [(Mtype, Vec<u8>); 3] = [
        (AuthBegin::MTYPE, codec::to_vec(&AuthBegin {})),
        (
            Auth::MTYPE,
            codec::to_vec(&Auth {
                handshake: handshake.clone(),
            }),
        ),
        (SetPin::MTYPE, codec::to_vec(&SetPin { handshake })),
    ];
    for (mtype, param) in tries {
        me.send(card, mtype, &param).unwrap();
        let verdicts = me.flush().unwrap();
        let [undelivered] = verdicts.as_slice() else {
            panic!("{mtype}: {verdicts:?}");
        };
        assert_eq!(undelivered.verdict.code, VerdictCode::Refused);
        assert!(undelivered.verdict.detail.contains("not-owner"));
        println!("refused: not-owner");
    }
}
