//! Three cards on their threads, and the hands between them.

use std::io::{Error, Result};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use card_proxy::{ApduRecord, CardEvent, CardSender, CardSettings, CardThread};
use libetp::codec::to_vec;
use libetp::digest::{Hash, sha256};
use libetp::params::Param;
use libetp::params::runtime::{AuthBegin, AuthChallenge, AuthOk};
use libetp::params::voucher::{IssueBegin, IssueChallenge, Issued, Vid};
use libetp::{EntityId, Message, Mtype, Port};
use oncard_runtime::harness::Wallet;
use serde_json::{Value, json};

use super::scheme::{Made, PIN, Scheme, third_party};

/// Places of the cards.
pub(crate) const S_A: usize = 0;
pub(crate) const S_B: usize = 1;
pub(crate) const T: usize = 2;
/// What they are called in the output, by place.
const NAMES: [&str; 3] = ["s_a", "s_b", "t"];
/// How long a card may be silent before the measurement is given up, in seconds.
const SILENCE_S_MAX: u64 = 60;

/// The cards, what they tell, and their owners.
pub(crate) struct Trio {
    seats: [Seat; 3],
    events: Receiver<(usize, CardEvent)>,
    given: u64,
    /// Key id of the third party.
    pub(crate) third_party: Hash,
}

struct Seat {
    /// Ends with the seat.
    _thread: CardThread,
    sender: CardSender,
    certificate: Vec<u8>,
    agree: [u8; 32],
    owner: Wallet,
}

/// What was said, and what it cost.
#[derive(Debug)]
pub(crate) struct Passed {
    /// The messages that ended it, in order.
    pub(crate) said: Vec<Message>,
    elapsed: Duration,
    apdus: [Vec<ApduRecord>; 3],
}

impl Passed {
    /// As one line of the output.
    pub(crate) fn as_json(&self) -> Value {
        let mut line = json!({ "elapsed_us": self.elapsed.as_secs_f64() * 1e6 });
        for (name, apdus) in NAMES.into_iter().zip(&self.apdus) {
            line[name] = json!({
                "apdus": apdus.len(),
                "cpu_us": apdus.iter().map(|apdu| apdu.cpu_us).sum::<u64>(),
                "io_us": apdus.iter().map(|apdu| apdu.io_us).sum::<u64>(),
            });
        }
        line
    }

    /// Goes on with another.
    pub(crate) fn add(&mut self, other: Self) {
        self.said = other.said;
        self.elapsed += other.elapsed;
        for (mine, more) in self.apdus.iter_mut().zip(other.apdus) {
            mine.extend(more);
        }
    }
}

impl Trio {
    /// Seats the cards of S_A, S_B and T; the owners of the first two are authenticated.
    pub(crate) fn seat(cards: [Made; 3]) -> Result<Self> {
        let (tell, events) = channel();
        let mut place = 0;
        let seats = cards.map(|made| {
            let (tell, at) = (tell.clone(), place);
            place += 1;
            Seat::new(made, NAMES[at], move |event| {
                let _ = tell.send((at, event));
            })
        });
        let [a, b, t] = seats;
        let mut trio = Self {
            seats: [a?, b?, t?],
            events,
            given: 0,
            third_party: third_party(),
        };
        trio.authenticate(S_A)?;
        trio.authenticate(S_B)?;
        Ok(trio)
    }

    /// The id of a card.
    pub(crate) fn card(&self, place: usize) -> EntityId {
        self.owner(place).domain.card()
    }

    /// The id of a card's owner.
    pub(crate) fn owner(&self, place: usize) -> EntityId {
        self.seats[place].owner.id
    }

    /// An owner's order.
    pub(crate) fn order<P: Param>(&mut self, place: usize, order: &P) -> Message {
        self.seal(place, P::MTYPE, to_vec(order))
    }

    /// An owner's order of any type.
    pub(crate) fn seal(&mut self, place: usize, mtype: Mtype, body: Vec<u8>) -> Message {
        self.seats[place].owner.seal(mtype, body)
    }

    /// A new voucher for S_A and one for S_B.
    pub(crate) fn issue_both(&mut self, scheme: &Scheme, serial: u8) -> Result<[Vid; 2]> {
        let at_a = self.issue(S_A, scheme, 2 * serial)?;
        Ok([at_a, self.issue(S_B, scheme, 2 * serial + 1)?])
    }

    /// Gives the first message to its card, and what the cards say to each other to its card, until `count` messages
    /// of the type `last` were said. Those are handed to nobody.
    pub(crate) fn pass(&mut self, first: Message, last: Mtype, count: usize) -> Result<Passed> {
        let mut passed = Passed {
            said: Vec::new(),
            elapsed: Duration::ZERO,
            apdus: Default::default(),
        };
        let start = Instant::now();
        self.give(first)?;
        while passed.said.len() < count {
            let (place, event) = self.event()?;
            match event {
                CardEvent::Apdu(record) => passed.apdus[place].push(record),
                CardEvent::Message { message, .. } if message.header.mtype == last => {
                    passed.said.push(message);
                }
                CardEvent::Message { message, .. } => self.hand_on(message)?,
                CardEvent::Failed { reason, .. } => return Err(Error::other(reason)),
                CardEvent::Gone(reason) => return Err(Error::other(reason)),
                CardEvent::Away(why) => return Err(Error::other(why)),
                CardEvent::Served(_)
                | CardEvent::Selected(_)
                | CardEvent::Completed { .. }
                | CardEvent::Overdue => {}
            }
        }
        passed.elapsed = start.elapsed();
        Ok(passed)
    }

    fn event(&self) -> Result<(usize, CardEvent)> {
        let event = self.events.recv_timeout(Duration::from_secs(SILENCE_S_MAX));
        event.map_err(|_| Error::other("the cards say nothing more"))
    }

    /// What goes to a card goes on, what goes to an owner's program is read by it.
    fn hand_on(&mut self, message: Message) -> Result<()> {
        if message.header.mtype == Mtype::ORDER_REFUSED {
            return Err(Error::other(format!("refused: {message:?}")));
        }
        match message.header.dst.port {
            Port::CARD => self.give(message),
            _ => Ok(()),
        }
    }

    fn give(&mut self, message: Message) -> Result<()> {
        let domain = message.header.dst.domain;
        let mut seats = self.seats.iter();
        let seat = seats.find(|seat| seat.owner.id.domain == domain);
        let seat = seat.ok_or_else(|| Error::other(format!("no card of {domain}")))?;
        self.given += 1;
        let given = seat.sender.try_send(self.given, message);
        given.map_err(|error| Error::other(format!("{error:?}")))
    }

    fn issue(&mut self, place: usize, scheme: &Scheme, serial: u8) -> Result<Vid> {
        let begin = self.order(place, &IssueBegin {});
        let opened = self.pass(begin, Mtype::ISSUE_CHALLENGE, 1)?;
        let issue = scheme.issue(&first::<IssueChallenge>(&opened.said)?, serial);
        let issue = self.seats[place].owner.message(issue);
        let issued = self.pass(issue, Mtype::ISSUED, 1)?;
        Ok(first::<Issued>(&issued.said)?.vid)
    }

    fn authenticate(&mut self, place: usize) -> Result<()> {
        let begin = self.seats[place].owner.message(AuthBegin {});
        let begun = self.pass(begin, Mtype::AUTH_CHALLENGE, 1)?;
        let challenge = first::<AuthChallenge>(&begun.said)?.challenge;
        let seat = &self.seats[place];
        let ephemeral = sha256(&challenge);
        let owner = &seat.owner;
        let handshake = owner.handshake(&seat.certificate, &seat.agree, PIN, challenge, &ephemeral);
        let answered = self.pass(handshake.message.clone(), Mtype::AUTH_OK, 1)?;
        let is_proved = handshake.finish(
            &first::<AuthOk>(&answered.said)?,
            &mut self.seats[place].owner,
        );
        match is_proved {
            true => Ok(()),
            false => Err(Error::other("the card did not prove itself")),
        }
    }
}

impl Seat {
    fn new(made: Made, name: &str, events: impl FnMut(CardEvent) + Send + 'static) -> Result<Self> {
        let identity = made.card.identity();
        let (certificate, id) = (
            identity.certificate.clone(),
            identity.domain.entity(Port(1)),
        );
        let thread = CardThread::spawn(name, made.card, CardSettings::default(), events);
        let thread = thread.map_err(Error::other)?;
        Ok(Self {
            sender: thread.sender(),
            _thread: thread,
            certificate,
            agree: made.agree,
            owner: Wallet::new(id),
        })
    }
}

/// The parameters of the first message, which is of that type.
pub(crate) fn first<P: Param>(said: &[Message]) -> Result<P> {
    let found = said.iter().find(|message| message.header.mtype == P::MTYPE);
    let found = found.ok_or_else(|| Error::other(format!("no {}", P::MTYPE)))?;
    P::from_param(&found.param).map_err(|error| Error::other(error.to_string()))
}
