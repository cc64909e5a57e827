//! Commands of the daemon as a reader and its card can carry them, without I/O.
//!
//! The daemon makes commands of extended length, up to 64 KiB. [`Transport`] writes each anew as one or several APDUs
//! within [`Limits`]: short ones, links of a chain, GET RESPONSE for the rest of a response (61xx), the same command
//! with the right Le (6Cxx). What comes of it is one response, as if the command had gone through whole.
//! `docs/protocol/exchange.md`, "Short APDUs", has the card's side.

mod atr;
mod limits;

use libetp::exchange::apdu::{Apdu, CLASS_CHAINING};
use libetp::exchange::{
    CLA_PROPRIETARY, INS_EXCHANGE, INS_GET_RESPONSE, RESPONSE_DATA_BYTES_MAX, StatusWord, split,
};

pub use atr::takes_extended;
pub use limits::{COMMAND_BYTES_MAX, EXPECTED_BYTES_MAX, Lengths, Limits, Protocol};

/// Ends a chain that a card may have the beginning of, and does nothing else.
const END_OF_CHAIN: [u8; 4] = [CLA_PROPRIETARY, INS_EXCHANGE, 1, 0];

/// Why there is no response although card and reader work. Nothing is known of what the card did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The daemon's command is no APDU.
    #[error("the command is no APDU")]
    Command,
    /// Fewer bytes than a status word.
    #[error("a response of {0} bytes, without a status word")]
    NoStatus(usize),
    /// More than any response has.
    #[error("a response of more than {RESPONSE_DATA_BYTES_MAX} bytes")]
    TooLong,
    /// The card says that the response goes on, and gives nothing of it; or corrects its own correction.
    #[error("the card announces more and gives nothing ({0})")]
    Stuck(StatusWord),
}

/// The way of commands to one card, since it got power.
#[derive(Debug)]
pub struct Transport {
    limits: Limits,
    /// Whether the card answered a command of extended length.
    is_extended_proved: bool,
    /// Whether the card may have the beginning of a chain.
    is_chain_open: bool,
    command: Vec<u8>,
    stage: Stage,
    /// The APDU to send.
    outgoing: Vec<u8>,
    /// Whether it was corrected to the Le that the card wanted.
    is_corrected: bool,
    /// Data of the response so far.
    data: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    /// Ends a chain of before.
    Ending,
    /// Sends the command's data, of which so many bytes went.
    Sending(usize),
    /// Fetches so much of the rest of the response.
    Fetching(usize),
}

impl Transport {
    /// A way to a card that was just powered up.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            is_extended_proved: false,
            is_chain_open: false,
            command: Vec::new(),
            stage: Stage::Idle,
            outgoing: Vec::new(),
            is_corrected: false,
            data: Vec::new(),
        }
    }

    /// The card lost its memory. What was learnt of its lengths stays.
    pub fn powered_up(&mut self) {
        self.is_chain_open = false;
        self.stage = Stage::Idle;
    }

    /// What APDUs are now.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Begins a command; one that was not answered is given up.
    ///
    /// # Errors
    /// [`TransportError::Command`].
    pub fn begin(&mut self, command: &[u8]) -> Result<(), TransportError> {
        Apdu::parse(command).map_err(|_| TransportError::Command)?;
        self.command.clear();
        self.command.extend_from_slice(command);
        self.data.clear();
        self.write(match self.is_chain_open {
            true => Stage::Ending,
            false => Stage::Sending(0),
        });
        Ok(())
    }

    /// The APDU to send now.
    pub fn outgoing(&self) -> &[u8] {
        &self.outgoing
    }

    /// Takes the response to [`outgoing`](Self::outgoing): the whole response, or `None` if there is more to send.
    ///
    /// # Errors
    /// [`TransportError`]; the command is given up.
    pub fn received(&mut self, response: &[u8]) -> Result<Option<Vec<u8>>, TransportError> {
        let taken = self.take(response);
        if !matches!(taken, Ok(None)) {
            self.stage = Stage::Idle;
        }
        taken
    }

    fn take(&mut self, response: &[u8]) -> Result<Option<Vec<u8>>, TransportError> {
        let no_status = TransportError::NoStatus(response.len());
        let (data, status) = split(response).map_err(|_| match response.len() {
            ..2 => no_status,
            _ => TransportError::TooLong,
        })?;
        if let Some(expected) = status.right_expected() {
            return self.correct(status, expected);
        }
        match self.stage {
            Stage::Idle => Err(TransportError::Command),
            Stage::Ending => {
                self.is_chain_open = false;
                self.write(Stage::Sending(0));
                Ok(None)
            }
            Stage::Sending(gone) => self.sent(gone, data, status),
            Stage::Fetching(_) if data.is_empty() && status.has_rest() => {
                Err(TransportError::Stuck(status))
            }
            Stage::Fetching(_) => self.collect(data, status),
        }
    }

    fn sent(
        &mut self,
        gone: usize,
        data: &[u8],
        status: StatusWord,
    ) -> Result<Option<Vec<u8>>, TransportError> {
        let is_extended = matches!(self.outgoing.as_slice(), [_, _, _, _, 0, _, _, ..]);
        if is_extended && !self.is_extended_proved && status == StatusWord::WRONG_LENGTH {
            return self.shorten();
        }
        self.is_extended_proved |= is_extended;
        let left = self.data_len() - gone;
        if left > self.limits.data_bytes_max && status == StatusWord::OK && data.is_empty() {
            self.write(Stage::Sending(gone + self.limits.data_bytes_max));
            return Ok(None);
        }
        // A link that is answered otherwise ended the chain, as its last one does.
        self.is_chain_open = false;
        self.collect(data, status)
    }

    /// The command once more, and all that follow, in short APDUs: reader or card took no extended one, and carried out
    /// nothing.
    fn shorten(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        self.limits = Limits::short(Protocol::T1);
        self.is_chain_open = false;
        self.write(Stage::Sending(0));
        Ok(None)
    }

    /// The same APDU with the Le that the card names.
    fn correct(
        &mut self,
        status: StatusWord,
        expected: usize,
    ) -> Result<Option<Vec<u8>>, TransportError> {
        let outgoing = std::mem::take(&mut self.outgoing);
        let apdu = Apdu::parse(&outgoing).map_err(|_| TransportError::Command)?;
        if self.is_corrected || !apdu.data.is_empty() && self.limits.is_t0 {
            return Err(TransportError::Stuck(status));
        }
        self.is_corrected = true;
        self.put(&Apdu {
            expected: Some(expected),
            ..apdu
        });
        Ok(None)
    }

    fn collect(
        &mut self,
        data: &[u8],
        status: StatusWord,
    ) -> Result<Option<Vec<u8>>, TransportError> {
        if self.data.len() + data.len() > RESPONSE_DATA_BYTES_MAX {
            return Err(TransportError::TooLong);
        }
        self.data.extend_from_slice(data);
        if let Some(rest) = self.rest(status) {
            self.write(Stage::Fetching(rest));
            return Ok(None);
        }
        let mut whole = std::mem::take(&mut self.data);
        whole.extend_from_slice(&status.0.to_be_bytes());
        Ok(Some(whole))
    }

    /// How much to fetch next. In T=0 a card wants to be asked for no more than it has.
    fn rest(&self, status: StatusWord) -> Option<usize> {
        let [_, left] = status.0.to_be_bytes();
        let most = self.limits.expected_bytes_max;
        status.has_rest().then(|| match left {
            1.. if !self.limits.is_extended => most.min(left.into()),
            _ => most,
        })
    }

    fn data_len(&self) -> usize {
        Apdu::parse(&self.command).map_or(0, |apdu| apdu.data.len())
    }

    /// Writes the APDU that a stage begins with.
    fn write(&mut self, stage: Stage) {
        self.stage = stage;
        self.is_corrected = false;
        let command = std::mem::take(&mut self.command);
        if let Ok(apdu) = Apdu::parse(&command) {
            match stage {
                Stage::Idle => self.outgoing.clear(),
                Stage::Ending => self.outgoing = END_OF_CHAIN.into(),
                Stage::Sending(gone) => self.put_part(&apdu, gone),
                Stage::Fetching(expected) => self.put(&Apdu {
                    instruction: INS_GET_RESPONSE,
                    p1: 0,
                    p2: 0,
                    data: &[],
                    expected: Some(expected),
                    ..apdu
                }),
            }
        }
        self.command = command;
    }

    /// The part of a command from `gone` on: a link, if it is not the last.
    fn put_part(&mut self, apdu: &Apdu<'_>, gone: usize) {
        let data = &apdu.data[gone..];
        let expected = apdu
            .expected
            .map(|most| most.min(self.limits.expected_bytes_max));
        match data.split_at_checked(self.limits.data_bytes_max) {
            Some((part, rest)) if !rest.is_empty() => {
                self.is_chain_open = true;
                self.put(&Apdu {
                    class: apdu.class | CLASS_CHAINING,
                    data: part,
                    expected: None,
                    ..*apdu
                });
            }
            _ => self.put(&Apdu {
                data,
                expected,
                ..*apdu
            }),
        }
    }

    fn put(&mut self, apdu: &Apdu<'_>) {
        self.outgoing.clear();
        let has_both = !apdu.data.is_empty() && apdu.expected.is_some();
        let expected = apdu.expected.filter(|_| !(self.limits.is_t0 && has_both));
        let apdu = Apdu { expected, ..*apdu };
        match apdu.is_short() {
            true => apdu.write_short(&mut self.outgoing),
            false => apdu.write_extended(&mut self.outgoing),
        }
    }
}
