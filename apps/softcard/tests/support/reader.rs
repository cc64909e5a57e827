//! A virtual reader as its card sees it: the driver's end of the connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

pub const POWER_OFF: u8 = 0;
pub const POWER_ON: u8 = 1;
pub const RESET: u8 = 2;
const SEND_ATR: u8 = 4;

/// A reader that waits for cards, of which it serves one at a time.
pub struct Reader {
    listener: TcpListener,
    card: Option<TcpStream>,
}

impl Reader {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Self {
            listener,
            card: None,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("bound")
    }

    /// Waits for a card; one that was there is pulled.
    pub fn next_card(&mut self) {
        self.card = None;
        self.card = Some(self.listener.accept().expect("a card").0);
    }

    /// Says something, as the driver does: the length in a packet of its own.
    pub fn say(&mut self, body: &[u8]) {
        let card = self.card.as_mut().expect("a card");
        let length = u16::try_from(body.len()).expect("fits");
        card.write_all(&length.to_be_bytes()).expect("written");
        card.write_all(body).expect("written");
    }

    /// What the card answers; `None` if it is pulled instead.
    pub fn hear(&mut self) -> Option<Vec<u8>> {
        let card = self.card.as_mut().expect("a card");
        let mut length = [0; 2];
        let pulled = |kind| [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset].contains(&kind);
        match card.read_exact(&mut length) {
            Err(error) if pulled(error.kind()) => return None,
            read => read.expect("a length"),
        }
        let mut body = vec![0; u16::from_be_bytes(length).into()];
        match card.read_exact(&mut body) {
            Err(error) if pulled(error.kind()) => None,
            read => read.map(|()| Some(body)).expect("a body"),
        }
    }

    pub fn atr(&mut self) -> Vec<u8> {
        self.say(&[SEND_ATR]);
        self.hear().expect("an answer to reset")
    }

    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        self.say(command);
        self.hear().expect("a response")
    }

    /// Pulls the card.
    pub fn pull(&mut self) {
        self.card = None;
    }
}
