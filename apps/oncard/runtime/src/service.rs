//! The runtime's own messages: family 01, and ping.

mod auth;
mod set_pin;

use libetp::codec::List;
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use libetp::params::runtime::{
    CapabilityEnded, CardInfo, CardInfoRequest, EnrolHost, Hello, HelloBody, HelloChallenge,
    HostEnrolled, PortsReserved, RefusalCode, ReservePorts, Serve, Statement, StatementBody,
};
use libetp::{EntityId, Message, Mtype, Port};

use crate::card::Core;
use crate::context::worn_out;
use crate::dispatch::{Sender, Stop};
use crate::limits::{PING_NONCE_BYTES_MAX, PORT_BLOCK};
use crate::pin::Kind;
use crate::program::Rejection;
use crate::records;
use crate::store::Store;
use crate::transaction::Transaction;

/// The first port that a card reserves.
const FIRST_PORT: u32 = Port::CARD.0 + 1;
/// Behind the last.
const PORTS_END: u32 = Port::HOST_FIRST.0;

/// Families of message types that the runtime handles itself.
pub(crate) const FAMILIES: &[u8] = &[0x00, records::FAMILY];
/// Tags that the runtime signs under; no program may register them.
pub(crate) const TAGS: &[&str] = &["hello", "serve"];

/// The parameters of a message.
fn read<P: Param>(param: &[u8]) -> Result<P, Rejection> {
    P::from_param(param)
        .map_err(|error| Rejection::refused(RefusalCode::Malformed, alloc::format!("{error}")))
}

/// One message for the runtime, and what it is carried out on.
pub(crate) struct Service<'a> {
    pub(crate) core: &'a mut Core,
    pub(crate) store: &'a mut dyn Store,
    pub(crate) transaction: &'a mut Transaction,
}

impl Service<'_> {
    /// Carries out a message. `param`: of a privileged type, the body.
    pub(crate) fn carry_out(
        &mut self,
        message: &Message,
        sender: Sender,
        param: &[u8],
    ) -> Result<(), Stop> {
        let src = message.header.src;
        match (message.header.mtype, sender) {
            (Mtype::PING, sender) => self.ping(src, sender, param)?,
            (Mtype::CARD_INFO_REQUEST, Sender::Program | Sender::Daemon) => {
                self.card_info(src, param)?;
            }
            (Mtype::HELLO_CHALLENGE, Sender::Daemon) => self.hello(src, param)?,
            (Mtype::RESERVE_PORTS, Sender::Daemon) => self.reserve_ports(src, param)?,
            (Mtype::SERVE, Sender::Daemon) => self.serve(src, param)?,
            (Mtype::CAPABILITY_ENDED, Sender::Daemon) => self.capability_ended(param)?,
            (Mtype::AUTH_BEGIN, Sender::Program) => self.auth_begin(src, param)?,
            (Mtype::AUTH, Sender::Program) => self.auth(src, param)?,
            (Mtype::SET_PIN, Sender::Program) => self.set_pin(src, param)?,
            (Mtype::ENROL_HOST, Sender::Program) => self.enrol_host(src, param)?,
            (Mtype::UNDELIVERABLE, Sender::Diagnostics) => {
                return Err(Rejection::Ignored("undeliverable").into());
            }
            (mtype, sender) => return Err(not_here(mtype, sender).into()),
        }
        Ok(())
    }

    fn send<P: Param>(&mut self, dst: EntityId, param: P) {
        let src = self.core.me.identity.card();
        self.transaction.send(&param.into_message(src, dst));
    }

    fn ping(&mut self, src: EntityId, sender: Sender, param: &[u8]) -> Result<(), Rejection> {
        let Ping { nonce } = read(param)?;
        if nonce.len() > PING_NONCE_BYTES_MAX {
            return Err(Rejection::refused(
                RefusalCode::Malformed,
                alloc::format!("a nonce has at most {PING_NONCE_BYTES_MAX} bytes"),
            ));
        }
        let card = self.core.me.identity.card();
        let pong = Pong { nonce }.into_message(card, src);
        match sender {
            // Anybody may ask, so it must not wear out the store.
            Sender::Foreign => self.transaction.send_volatile(&pong),
            _ => self.transaction.send(&pong),
        }
        Ok(())
    }

    fn card_info(&mut self, src: EntityId, param: &[u8]) -> Result<(), Rejection> {
        read::<CardInfoRequest>(param)?;
        let programs = self.core.programs.iter();
        let info = CardInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            class: self.core.me.identity.class,
            certificate: self.core.me.identity.certificate.clone(),
            retries_left: self.tries(Kind::Pin)?,
            programs: List(programs.map(|program| program.name().into()).collect()),
            puk_retries_left: match self.has(Kind::Puk)? {
                true => Some(self.tries(Kind::Puk)?),
                false => None,
            },
        };
        self.send(src, info);
        Ok(())
    }

    fn hello(&mut self, src: EntityId, param: &[u8]) -> Result<(), Stop> {
        let HelloChallenge { nonce } = read(param)?;
        let body = HelloBody {
            nonce,
            boot_id: self.core.ram.boot_id,
            generation: self.core.ram.next_generation()?,
            domain: self.core.me.identity.domain,
            highest_port: self.next_port()? - 1,
        };
        let hello = Hello {
            boot_id: body.boot_id,
            generation: body.generation,
            highest_port: body.highest_port,
            certificate: self.core.me.identity.certificate.clone(),
            signature: self.core.me.sign("hello", &body),
        };
        self.send(src, hello);
        Ok(())
    }

    /// The lowest port that was never reserved.
    fn next_port(&self) -> Result<u32, Rejection> {
        let next: Option<u32> = self.transaction.read(self.store, records::PORTS)?;
        match next.unwrap_or(FIRST_PORT) {
            next @ FIRST_PORT..=PORTS_END => Ok(next),
            _ => Err(Rejection::refused(
                RefusalCode::Storage,
                "the record of the ports is damaged",
            )),
        }
    }

    fn reserve_ports(&mut self, src: EntityId, param: &[u8]) -> Result<(), Rejection> {
        read::<ReservePorts>(param)?;
        let first = self.next_port()?;
        let end = first.checked_add(PORT_BLOCK);
        let end = end
            .filter(|end| *end <= PORTS_END)
            .ok_or_else(|| Rejection::refused(RefusalCode::Limit, "the card has no ports left"))?;
        self.transaction.write(records::PORTS, &end);
        let count = PORT_BLOCK;
        self.send(src, PortsReserved { first, count });
        Ok(())
    }

    fn serve(&mut self, src: EntityId, param: &[u8]) -> Result<(), Rejection> {
        let Serve { host_key, nonce } = read(param)?;
        if self.transaction.read(self.store, records::HOST)? != Some(host_key) {
            return Err(Rejection::refused(
                RefusalCode::State,
                "not the host that the owner enrolled",
            ));
        }
        let last: u64 = self
            .transaction
            .read(self.store, records::STATEMENTS)?
            .unwrap_or(0);
        let number = last.checked_add(1).ok_or_else(worn_out)?;
        self.transaction.write(records::STATEMENTS, &number);
        let identity = &self.core.me.identity;
        let body = StatementBody {
            domain: identity.domain,
            card_key: identity.key,
            host_key,
            number,
            nonce,
        };
        let statement = Statement {
            certificate: identity.certificate.clone(),
            host_key,
            number,
            nonce,
            signature: self.core.me.sign("serve", &body),
        };
        self.send(src, statement);
        Ok(())
    }

    fn capability_ended(&mut self, param: &[u8]) -> Result<(), Rejection> {
        let CapabilityEnded { id } = read(param)?;
        self.core.ram.owner.forget(id);
        Ok(())
    }

    fn enrol_host(&mut self, src: EntityId, param: &[u8]) -> Result<(), Rejection> {
        let EnrolHost { host_key } = read(param)?;
        self.transaction.write(records::HOST, &host_key);
        self.send(src, HostEnrolled { host_key });
        Ok(())
    }
}

/// A message of the runtime's that this sender may not send, or that no card takes.
fn not_here(mtype: Mtype, sender: Sender) -> Rejection {
    const DAEMONS: &[Mtype] = &[
        Mtype::HELLO_CHALLENGE,
        Mtype::RESERVE_PORTS,
        Mtype::SERVE,
        Mtype::CAPABILITY_ENDED,
    ];
    match sender {
        Sender::Program | Sender::Daemon if !DAEMONS.contains(&mtype) => {
            Rejection::refused(RefusalCode::UnknownType, "not a message for a card")
        }
        _ => Rejection::Ignored("not-from-this-sender"),
    }
}
