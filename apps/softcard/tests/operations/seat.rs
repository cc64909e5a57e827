//! A soft card, the host's end of its link, and its owner.

use card_proxy::{Action, Binding, BindingSettings, CardEvent, LinkError};
use libetp::codec::to_vec;
use libetp::digest::sha256;
use libetp::params::Param;
use libetp::params::runtime::{
    AuthBegin, AuthChallenge, AuthOk, AuthPayload, SetPinPayload, pin_block,
};
use libetp::{EntityId, Message, Mtype, Port};
use oncard_runtime::harness::{Handshake, Wallet};
use oncard_runtime::{Card, Writes};

use crate::support::disk::{Disk, Operation};
use crate::support::run::{Dump, Noted, Notes, Run, new_disk};
use crate::support::{PIN, agree_of, programs};

const SETTINGS: BindingSettings = BindingSettings {
    session: *b"a host's",
    highest_seen: 0,
    faults_max: BindingSettings::FAULTS_MAX,
};
/// What a card that gets power again is given.
const ENTROPY_AGAIN: [u8; 32] = [43; 32];

/// What is done with a card. An order that is given again is sealed again, since a card that lost
/// its power knows nobody.
pub(crate) enum What {
    Plain(Message),
    Order(Mtype, Vec<u8>),
    Auth(&'static [u8]),
    SetPin {
        is_puk: bool,
        secret: &'static [u8],
        new_pin: &'static [u8],
    },
}

impl What {
    pub(crate) fn order<P: Param>(order: &P) -> Self {
        Self::Order(P::MTYPE, to_vec(order))
    }
}

/// What a binding was told, to bring another one to the same point.
enum Told {
    Queued(u64, Message),
    Response(Vec<u8>),
}

/// How the host reaches its card.
pub(crate) trait Way {
    /// Sends a command and gives its response.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError>;

    /// Takes power and gives it back.
    fn power_up(&mut self);

    /// What the card's store holds.
    fn dump(&self) -> Dump;
}

/// A command, its response, and what happened to that.
pub(crate) struct Exchanged {
    pub(crate) command: Vec<u8>,
    pub(crate) response: Vec<u8>,
    pub(crate) mishap: Option<Mishap>,
}

/// What happens to a response, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is lost.
    Lost,
    /// It is lost, and the card gets power anew.
    PowerLost,
}

/// The card itself.
pub(crate) struct Direct {
    pub(crate) card: Card<Noted>,
    disk: Disk,
    notes: Notes,
    /// Everything that was said.
    pub(crate) log: Vec<Exchanged>,
    /// What happens to the next response.
    pub(crate) mishap: Option<Mishap>,
}

impl Direct {
    fn over(disk: &Disk, entropy: [u8; 32]) -> Self {
        let (store, notes) = Noted::open(disk);
        Self {
            card: Card::new(store, programs(), entropy).expect("powered up"),
            disk: disk.clone(),
            notes,
            log: Vec::new(),
            mishap: None,
        }
    }
}

impl Way for Direct {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let response = self.card.transmit(command);
        let mishap = self.mishap.take();
        self.log.push(Exchanged {
            command: command.into(),
            response: response.clone(),
            mishap,
        });
        match mishap {
            None => Ok(response),
            Some(Mishap::Lost) => Err(LinkError::Lost("lost".into())),
            Some(Mishap::PowerLost) => {
                self.power_up();
                Err(LinkError::Reset)
            }
        }
    }

    fn power_up(&mut self) {
        self.card.power_up(ENTROPY_AGAIN).expect("powered up");
    }

    fn dump(&self) -> Dump {
        self.card.store().dump()
    }
}

pub(crate) struct Seat<W = Direct> {
    pub(crate) way: W,
    certificate: Vec<u8>,
    binding: Binding,
    told: Vec<Told>,
    queued: u64,
    now_ms: u64,
    pub(crate) owner: Wallet,
    is_known: bool,
}

/// One command, carried out, and what it did to the disk.
pub(crate) struct Done {
    pub(crate) response: Vec<u8>,
    pub(crate) said: Vec<Message>,
    pub(crate) run: Run,
}

impl Seat {
    pub(crate) fn new(writes: &Writes, entropy: u8) -> Self {
        let disk = Disk::new(new_disk(writes));
        let way = Direct::over(&disk, [entropy; 32]);
        let identity = way.card.identity();
        let owner = Wallet::new(identity.domain.entity(Port(1)));
        let mut seat = Self {
            certificate: identity.certificate.clone(),
            way,
            binding: Binding::new(SETTINGS),
            told: Vec::new(),
            queued: 0,
            now_ms: 0,
            owner,
            is_known: false,
        };
        seat.settle();
        seat
    }

    /// Gives the card a message in one command, and notes every write.
    pub(crate) fn deliver_noted(&mut self, name: &str, message: Message) -> Done {
        let before = self.way.disk.bytes();
        self.way.disk.heal();
        self.way.notes.replace(vec![(0, self.dump())]);
        self.queue(message);
        let response = self.transmit().expect("a command to transmit");
        let run = Run {
            name: name.to_owned(),
            before,
            journal: self.way.disk.journal(),
            states: self.way.notes.take(),
        };
        // A binding that is brought here waits for this response.
        self.told.pop();
        Done {
            said: self.events(),
            response,
            run,
        }
    }

    /// This seat as a power cut leaves it while the card handled the noted command: with what is on
    /// `disk`, and with the response if that had left.
    pub(crate) fn after_cut(&self, disk: &Disk, response: Option<&[u8]>) -> Self {
        let mut seat = self.at(Direct::over(disk, ENTROPY_AGAIN), &self.told);
        seat.binding.next(0);
        seat.binding.take_events();
        let response = response.ok_or(LinkError::Reset);
        seat.binding.completed(0, response);
        seat
    }

    /// This seat before the message that was queued last, with the same card in another place. It got power there.
    pub(crate) fn before_last<W: Way>(&self, way: W) -> Seat<W> {
        let queued = |told: &Told| matches!(told, Told::Queued(..));
        let last = self.told.iter().rposition(queued).expect("a message");
        let mut seat = self.at(way, &self.told[..last]);
        seat.binding.take_events();
        seat
    }

    /// The host, brought to where it was, with a card in another place.
    fn at<W>(&self, way: W, told: &[Told]) -> Seat<W> {
        let mut binding = Binding::new(SETTINGS);
        for told in told {
            match told {
                Told::Queued(number, message) => binding.queue(*number, message.clone()),
                Told::Response(response) => {
                    binding.next(0);
                    binding.completed(0, Ok(response));
                }
            }
        }
        Seat {
            way,
            certificate: self.certificate.clone(),
            binding,
            told: Vec::new(),
            queued: self.queued,
            now_ms: 0,
            owner: Wallet::new(self.owner.id),
            is_known: false,
        }
    }

    /// The command for a message, not sent.
    pub(crate) fn command(&mut self, message: Message) -> Vec<u8> {
        self.queue(message);
        match self.binding.next(self.now_ms) {
            Action::Transmit { command, .. } => command.into(),
            other => panic!("no command: {other:?}"),
        }
    }

    /// What a command writes to the disk, past the host.
    pub(crate) fn writes_of(&mut self, command: &[u8]) -> Vec<Operation> {
        self.way.disk.heal();
        self.way.card.transmit(command);
        self.way.disk.journal()
    }
}

impl<W: Way> Seat<W> {
    /// The card's own id.
    pub(crate) fn id(&self) -> EntityId {
        self.owner.id.domain.card()
    }

    /// Another id of the card's domain.
    pub(crate) fn port(&self, port: Port) -> EntityId {
        self.id().domain.entity(port)
    }

    /// What the store holds.
    pub(crate) fn dump(&self) -> Dump {
        self.way.dump()
    }

    /// Another daemon opens the card.
    pub(crate) fn is_opened_anew(&mut self) {
        self.way.power_up();
        self.binding = Binding::new(BindingSettings {
            session: *b"a daemon",
            ..SETTINGS
        });
        self.is_forgotten();
    }

    /// The card lost its power, and knows nobody any more.
    pub(crate) fn is_forgotten(&mut self) {
        self.is_known = false;
    }

    /// The message that does it; the owner authenticates first, or asks for a challenge.
    pub(crate) fn say(&mut self, what: &What) -> Message {
        match what {
            What::Plain(message) => message.clone(),
            What::Order(mtype, body) => {
                self.introduce();
                self.owner.seal(*mtype, body.clone())
            }
            What::Auth(pin) => self.shake(pin).message,
            What::SetPin {
                is_puk,
                secret,
                new_pin,
            } => self.new_pin(*is_puk, secret, new_pin),
        }
    }

    /// Does it, and tells what the card said.
    pub(crate) fn act(&mut self, what: &What) -> Vec<Message> {
        let message = self.say(what);
        self.deliver(message)
    }

    /// Gives the card a message; what it sends until it is at rest.
    pub(crate) fn deliver(&mut self, message: Message) -> Vec<Message> {
        self.queue(message);
        self.settle()
    }

    /// What the card sends until it is at rest; the host recovers as the card proxy does.
    pub(crate) fn settle(&mut self) -> Vec<Message> {
        while self.transmit().is_some() {}
        self.events()
    }

    /// Tries a PIN, as another program than the owner's.
    pub(crate) fn try_pin(&mut self, port: Port, pin: &'static [u8]) -> Vec<Message> {
        let stranger = Wallet::new(self.port(port));
        let owner = std::mem::replace(&mut self.owner, stranger);
        let said = self.act(&What::Auth(pin));
        self.owner = owner;
        said
    }

    fn queue(&mut self, message: Message) {
        self.queued += 1;
        self.told.push(Told::Queued(self.queued, message.clone()));
        self.binding.queue(self.queued, message);
    }

    /// One command and its response; nothing if there is no reason for one.
    fn transmit(&mut self) -> Option<Vec<u8>> {
        loop {
            let response = match self.binding.next(self.now_ms) {
                Action::Transmit { command, .. } => self.way.transmit(command),
                Action::Reset => {
                    self.way.power_up();
                    Ok(Vec::new())
                }
                Action::WaitUntil(at_ms) => {
                    self.now_ms = at_ms;
                    continue;
                }
                Action::Idle | Action::AwaitCard(_) => return None,
                Action::Gone => panic!("the card was given up"),
            };
            let completed = response.as_deref().map_err(Clone::clone);
            self.binding.completed(self.now_ms, completed);
            let response = response.unwrap_or_default();
            self.told.push(Told::Response(response.clone()));
            return Some(response);
        }
    }

    fn events(&mut self) -> Vec<Message> {
        let mut said = Vec::new();
        for event in self.binding.take_events() {
            match event {
                CardEvent::Message { message, .. } => said.push(message),
                CardEvent::Failed { reason, .. } => panic!("not taken: {reason}"),
                CardEvent::Gone(reason) => panic!("given up: {reason}"),
                _ => {}
            }
        }
        said
    }

    fn introduce(&mut self) {
        if self.is_known {
            return;
        }
        let handshake = self.shake(PIN);
        let said = self.deliver(handshake.message.clone());
        self.is_known = handshake.finish(&one::<AuthOk>(&said), &mut self.owner);
        assert!(self.is_known);
    }

    fn challenge(&mut self) -> [u8; 32] {
        let begin = self.owner.message(AuthBegin {});
        one::<AuthChallenge>(&self.deliver(begin)).challenge
    }

    fn shake(&mut self, pin: &[u8]) -> Handshake {
        let challenge = self.challenge();
        let payload = AuthPayload {
            pin: pin_block(pin).expect("a PIN that fits"),
            id: self.owner.id,
            challenge,
        };
        let certificate = &self.certificate;
        let (agree, ephemeral) = (agree_of(certificate), sha256(&challenge));
        self.owner
            .handshake_with(certificate, &agree, &payload, &ephemeral)
    }

    fn new_pin(&mut self, is_puk: bool, secret: &[u8], new_pin: &[u8]) -> Message {
        let challenge = self.challenge();
        let payload = SetPinPayload {
            is_puk,
            secret: pin_block(secret).expect("a PUK that fits"),
            new_pin: pin_block(new_pin).expect("a PIN that fits"),
            id: self.owner.id,
            challenge,
        };
        let certificate = &self.certificate;
        let (agree, ephemeral) = (agree_of(certificate), sha256(&challenge));
        let owner = &self.owner;
        owner
            .set_pin_with(certificate, &agree, &payload, &ephemeral)
            .message
    }
}

/// The only message of a type.
#[track_caller]
pub(crate) fn one<P: Param>(said: &[Message]) -> P {
    let of_type: Vec<_> = said
        .iter()
        .filter(|message| message.header.mtype == P::MTYPE)
        .collect();
    assert_eq!(of_type.len(), 1, "not one {}: {said:?}", P::MTYPE);
    P::from_param(&of_type[0].param).expect("its parameters")
}
