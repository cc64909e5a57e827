//! A host that means its own user harm: it has the card in hand, carries the owner's order to it
//! once, and keeps a copy.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use card_proxy::{CardEvent, CardSettings, CardThread};
use etp_pki::scheme::{inspect, read_secret};
use libetp::client::{CardPin, Handshake, OrderChannel};
use libetp::codec::{self, List};
use libetp::params::runtime::{
    AuthBegin, AuthChallenge, AuthFailed, AuthOk, CardInfo, CardInfoRequest, OrderRefused,
    RefusalCode,
};
use libetp::params::voucher::{ExchangeStarted, StartExchange};
use libetp::params::{Param, Privileged};
use libetp::{EntityId, Header, Message, Mtype, Port};
use softcard::SoftCard;

use crate::report::Attempt;
use crate::{Attempts, DaemonAttack};

/// How long the card may take to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

pub(crate) fn attack(attack: &DaemonAttack) -> Attempts {
    let mut card = Host::power_up(attack, 0)?;
    let (order, authentication) = record(&mut card, attack)?;
    let mut attempts = vec![
        card.deliver("carry the owner's order to the card a second time", &order)?,
        card.deliver("change the order's voucher", &edited(&order, attack)?)?,
        card.deliver("give the order as another program", &readdressed(&order))?,
        card.deliver("repeat the owner's authentication", &authentication)?,
    ];
    let mut card = card.reset(attack)?;
    let after_reset = "carry the order to the card after its reset";
    attempts.push(card.deliver(after_reset, &order)?);
    Ok(attempts)
}

/// What an honest host does: the owner authenticates and orders an exchange. What it carried, it keeps.
fn record(card: &mut Host, attack: &DaemonAttack) -> Fallible<(Message, Message)> {
    let owner = attack.owner;
    let info: CardInfo = card.ask(CardInfoRequest {})?;
    let agree = inspect(&info.certificate)?
        .agree
        .ok_or("the card has no key")?;
    let pin = CardPin::new(owner.domain, &info.certificate, agree);
    let AuthChallenge { challenge } = card.ask(AuthBegin {})?;
    let secret = read_secret(&attack.pin_file)?;
    let secret = secret.trim_ascii_end();
    let handshake = Handshake::start(&pin, owner, challenge, secret)?;
    let authentication = handshake.message().into_message(owner, owner.domain.card());
    let answer: AuthOk = card.carry(authentication.clone())?;
    let mut channel = handshake.finish(&answer, owner)?;
    let order = order(&mut channel, attack);
    let _carried_out: ExchangeStarted = card.carry(order.clone())?;
    Ok((order, authentication))
}

/// The owner's order: an offer to itself, which nobody will answer.
fn order(channel: &mut OrderChannel, attack: &DaemonAttack) -> Message {
    let order = StartExchange {
        vid1: attack.give.0,
        vid2: attack.want.0,
        pb: attack.to,
        third_party: attack.third_party.0,
        third_party_ids: List(Vec::new()),
    };
    let (owner, mtype) = (attack.owner, StartExchange::MTYPE);
    let card = owner.domain.card();
    let param = channel.seal(card, mtype, codec::to_vec(&order));
    message(owner, mtype, param)
}

fn message(src: EntityId, mtype: Mtype, param: Vec<u8>) -> Message {
    let dst = src.domain.card();
    Message {
        header: Header { src, dst, mtype },
        param,
    }
}

/// The same order for the exchange the other way round.
fn edited(order: &Message, attack: &DaemonAttack) -> Fallible<Message> {
    let sealed: Privileged = codec::from_slice(&order.param)?;
    let mut changed: StartExchange = codec::from_slice(&sealed.body)?;
    changed.vid2 = [0x5a; 32];
    changed.pb = attack.owner;
    let param = codec::to_vec(&Privileged {
        counter: sealed.counter + 1,
        tag: sealed.tag,
        body: codec::to_vec(&changed),
    });
    let header = order.header;
    Ok(Message { header, param })
}

fn readdressed(order: &Message) -> Message {
    let src = order.header.src;
    let other = src.domain.entity(Port(src.port.0 + 1));
    message(other, order.header.mtype, order.param.clone())
}

/// A card and whoever has its link.
struct Host {
    thread: CardThread,
    events: Receiver<CardEvent>,
    owner: EntityId,
    /// Number of the last message to the card.
    sent: u64,
    /// Number of the last message from it: it repeats those that it does not know to have arrived.
    seen: u64,
}

impl Host {
    fn power_up(attack: &DaemonAttack, highest_seen: u64) -> Fallible<Self> {
        let (sink, events) = channel();
        let card = SoftCard::open(&attack.card, None)?;
        let settings = CardSettings {
            highest_seen,
            ..CardSettings::default()
        };
        let sink = move |event| {
            // Nobody listens any more once the attack is over.
            let _over = sink.send(event);
        };
        Ok(Self {
            thread: CardThread::spawn("adversary-card", card, settings, sink)?,
            events,
            owner: attack.owner,
            sent: 0,
            seen: highest_seen,
        })
    }

    /// The card loses its power and gets it again.
    fn reset(self, attack: &DaemonAttack) -> Fallible<Self> {
        let seen = self.seen;
        drop(self);
        Self::power_up(attack, seen)
    }

    fn ask<Q: Param, A: Param>(&mut self, question: Q) -> Fallible<A> {
        let card = self.owner.domain.card();
        self.carry(question.into_message(self.owner, card))
    }

    fn carry<A: Param>(&mut self, message: Message) -> Fallible<A> {
        let asked = message.header.mtype;
        let answer = self.answer(message)?;
        match answer.header.mtype == A::MTYPE {
            true => Ok(A::from_param(&answer.param)?),
            false => Err(format!("the card answers {asked} with {}", answer.header.mtype).into()),
        }
    }

    /// What the card says first to a message.
    fn answer(&mut self, message: Message) -> Fallible<Message> {
        self.sent += 1;
        let src = message.header.src;
        let sent = self.thread.sender().try_send(self.sent, message);
        sent.map_err(|_| "the card takes no message")?;
        loop {
            match self.events.recv_timeout(ANSWER_TIME_MAX)? {
                CardEvent::Message { number, message } => {
                    self.seen = number;
                    if message.header.dst == src {
                        return Ok(message);
                    }
                }
                CardEvent::Gone(reason) => return Err(format!("{reason:?}").into()),
                _ => {}
            }
        }
    }

    fn deliver(&mut self, name: &'static str, message: &Message) -> Fallible<Attempt> {
        let answer = self.answer(message.clone())?;
        let (mtype, param) = (answer.header.mtype, answer.param.as_slice());
        let (code, detail) = if mtype == OrderRefused::MTYPE {
            let refused = OrderRefused::from_param(param)?;
            (refused.code, refused.detail)
        } else if mtype == AuthFailed::MTYPE {
            let failed = AuthFailed::from_param(param)?;
            (failed.code, failed.detail)
        } else {
            return Ok(Attempt::got_through(name, format!("answered {mtype}")));
        };
        let code = RefusalCode::from_u16(code).map_or("unknown", RefusalCode::name);
        Ok(Attempt::refused(name, code, detail))
    }
}
