//! Commands that come in links, and responses that go in pieces, as short APDUs and T=0 need them.
//!
//! A card carries out whole commands only. Links of an EXCHANGE are put together here (command chaining), and of a
//! response that is longer than its command's Le, GET RESPONSE fetches the rest. Either is forgotten at power-up, and
//! when any other command comes.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use libetp::exchange::apdu::{Apdu, CLASS_CHAINING};
use libetp::exchange::{
    CLA_INTERINDUSTRY, CLA_PROPRIETARY, COMMAND_DATA_BYTES_MAX, CommandError, INS_EXCHANGE,
    INS_GET_RESPONSE, StatusWord,
};

use crate::exchange::bare;

/// What came and is not whole yet, and what was not fetched yet.
#[derive(Default)]
pub(crate) struct Pieces {
    chain: Option<Chain>,
    rest: Option<Rest>,
}

/// Links of an EXCHANGE.
struct Chain {
    sequence: u8,
    data: Vec<u8>,
}

/// The part of a response that its command did not ask for.
struct Rest {
    data: Vec<u8>,
    status: StatusWord,
}

/// A command that came in one piece, or whose last link came.
pub(crate) struct Whole<'a> {
    last: Apdu<'a>,
    data: Cow<'a, [u8]>,
}

impl Whole<'_> {
    pub(crate) fn apdu(&self) -> Apdu<'_> {
        Apdu {
            data: &self.data,
            ..self.last
        }
    }

    /// Most data that the response may have.
    pub(crate) fn expected(&self) -> usize {
        self.last.expected.unwrap_or_default()
    }
}

impl Pieces {
    /// Takes a command APDU; the command that it is or completes, or else its answer.
    pub(crate) fn take<'a>(&mut self, command: &'a [u8]) -> Result<Whole<'a>, Vec<u8>> {
        let (chain, rest) = (self.chain.take(), self.rest.take());
        let apdu = Apdu::parse(command).map_err(refuse)?;
        match (apdu.class, apdu.instruction) {
            (CLA_INTERINDUSTRY | CLA_PROPRIETARY, INS_GET_RESPONSE) => {
                Err(self.fetched(&apdu, rest))
            }
            (LINK, INS_EXCHANGE) => Err(self.linked(&apdu, chain)),
            _ => completed(apdu, chain).map_err(refuse),
        }
    }

    /// The response, or its first piece.
    pub(crate) fn give(&mut self, mut response: Vec<u8>, expected: usize) -> Vec<u8> {
        let Some(end) = response.len().checked_sub(2).filter(|end| *end > expected) else {
            return response;
        };
        let status = response.split_off(end);
        let data = response.split_off(expected);
        response.extend(bare(StatusWord::rest(data.len())));
        self.rest = Some(Rest {
            data,
            status: StatusWord(u16::from_be_bytes([status[0], status[1]])),
        });
        response
    }

    fn fetched(&mut self, apdu: &Apdu<'_>, rest: Option<Rest>) -> Vec<u8> {
        match (apdu, rest) {
            (
                Apdu {
                    p1: 0,
                    p2: 0,
                    data: [],
                    ..
                },
                Some(Rest { mut data, status }),
            ) => {
                data.extend(bare(status));
                self.give(data, apdu.expected.unwrap_or_default())
            }
            (
                Apdu {
                    p1: 0,
                    p2: 0,
                    data: [],
                    ..
                },
                None,
            ) => bare(StatusWord::NOT_SELECTED),
            (Apdu { p1: 0, p2: 0, .. }, _) => refuse(CommandError::Length),
            _ => refuse(CommandError::Parameters),
        }
    }

    fn linked(&mut self, apdu: &Apdu<'_>, chain: Option<Chain>) -> Vec<u8> {
        if apdu.p1 != 0 {
            return refuse(CommandError::Parameters);
        }
        match joined(apdu, chain) {
            Ok(data) => {
                let sequence = apdu.p2;
                self.chain = Some(Chain { sequence, data });
                bare(StatusWord::OK)
            }
            Err(error) => refuse(error),
        }
    }
}

/// Class of every link but the last.
const LINK: u8 = CLA_PROPRIETARY | CLASS_CHAINING;

/// Without a chain that it continues, a command is whole by itself.
fn completed(apdu: Apdu<'_>, chain: Option<Chain>) -> Result<Whole<'_>, CommandError> {
    let continues = (apdu.class, apdu.instruction, apdu.p1) == (CLA_PROPRIETARY, INS_EXCHANGE, 0);
    let chain = chain.filter(|chain| continues && chain.sequence == apdu.p2);
    let data = match chain {
        Some(chain) => Cow::Owned(joined(&apdu, Some(chain))?),
        None => Cow::Borrowed(apdu.data),
    };
    Ok(Whole { last: apdu, data })
}

/// The data of a chain, with one more link.
fn joined(apdu: &Apdu<'_>, chain: Option<Chain>) -> Result<Vec<u8>, CommandError> {
    let chain = chain.filter(|chain| chain.sequence == apdu.p2);
    let mut data = chain.map(|chain| chain.data).unwrap_or_default();
    match data.len() + apdu.data.len() {
        ..=COMMAND_DATA_BYTES_MAX => {
            data.extend_from_slice(apdu.data);
            Ok(data)
        }
        _ => Err(CommandError::Length),
    }
}

fn refuse(error: CommandError) -> Vec<u8> {
    bare(error.status_word())
}
