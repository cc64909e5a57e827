//! A dialogue as a table that people read.

use libetp::exchange::apdu::{Apdu, CLASS_CHAINING};
use libetp::exchange::{
    AID, Command, ExchangeCommand, ExchangeReply, INS_EXCHANGE, INS_GET_RESPONSE, INS_SELECT,
    SelectReply, StatusWord, split,
};

use crate::seat::{Exchanged, Mishap};

/// Bytes of a command that are shown: class to P2, and lengths.
const SHOWN_BYTES: usize = 7;

/// One row: which card, and what was said.
pub(crate) struct Row {
    pub(crate) card: &'static str,
    pub(crate) said: Exchanged,
}

pub(crate) const HEAD: &str = "| card | command | bytes | carries | status | bytes | carries |\n\
                               |---|---|---|---|---|---|---|\n";

impl Row {
    /// The row in Markdown.
    pub(crate) fn line(&self) -> String {
        let Exchanged {
            command,
            response,
            mishap,
        } = &self.said;
        let apdu = Apdu::parse(command).expect("an APDU");
        let (data, status) = split(response).expect("a response");
        let carries = command_words(&apdu);
        let answers = response_words(&apdu, response);
        let (card, remark) = (self.card, remark(*mishap));
        format!(
            "| {card} | `{}` | {} | {carries} | {:04X} | {} | {answers}{remark} |\n",
            shown(command),
            command.len(),
            status.0,
            data.len()
        )
    }
}

fn remark(mishap: Option<Mishap>) -> &'static str {
    match mishap {
        None => "",
        Some(Mishap::Lost) => "; **lost**",
        Some(Mishap::PowerLost) => "; **lost with the card's power**",
    }
}

fn shown(command: &[u8]) -> String {
    let head = command.iter().take(SHOWN_BYTES);
    let head: Vec<String> = head.map(|byte| format!("{byte:02X}")).collect();
    let rest = if command.len() > SHOWN_BYTES {
        " .."
    } else {
        ""
    };
    head.join(" ") + rest
}

fn command_words(apdu: &Apdu<'_>) -> String {
    match (apdu.instruction, apdu.class & CLASS_CHAINING) {
        (INS_SELECT, _) => {
            let session = &apdu.data[AID.len()..];
            format!("SELECT, session `{}`", String::from_utf8_lossy(session))
        }
        (INS_GET_RESPONSE, _) => "GET RESPONSE".into(),
        (INS_EXCHANGE, 0) => match Command::of(apdu) {
            Ok(Command::Exchange(exchange)) => exchange_words(&exchange),
            _ => format!("EXCHANGE {}, its last link", apdu.p2),
        },
        (INS_EXCHANGE, _) => format!("EXCHANGE {}, a link", apdu.p2),
        (instruction, _) => panic!("instruction {instruction:02x}"),
    }
}

fn exchange_words(exchange: &ExchangeCommand<'_>) -> String {
    let messages = exchange
        .messages()
        .map(|message| format!("{} ({})", message.header.mtype, message.wire_len()));
    let messages: Vec<String> = messages.collect();
    let messages = match messages.is_empty() {
        true => "nothing".into(),
        false => messages.join(", "),
    };
    format!("EXCHANGE {}: {messages}", exchange.sequence)
}

fn response_words(apdu: &Apdu<'_>, response: &[u8]) -> String {
    if let Ok(reply) = SelectReply::parse(response) {
        let last = match reply.same_session {
            true => format!("the last command was {}", reply.last_sequence),
            false => "no command of this session".into(),
        };
        return format!("generation {}, {last}", reply.generation);
    }
    match (ExchangeReply::parse(response), split(response)) {
        (Ok(reply), _) if apdu.instruction == INS_EXCHANGE => reply_words(&reply),
        (_, Ok((data, status))) if status.has_rest() || !data.is_empty() => {
            piece_words(data, status)
        }
        (_, Ok((_, status))) => status.name().into(),
        (_, Err(error)) => panic!("{error}"),
    }
}

fn reply_words(reply: &ExchangeReply) -> String {
    let messages = reply.messages.iter().map(|numbered| {
        let message = &numbered.message;
        format!("{} ({})", message.header.mtype, message.wire_len())
    });
    let messages: Vec<String> = messages.collect();
    match messages.is_empty() {
        true => "nothing".into(),
        false => messages.join(", "),
    }
}

fn piece_words(data: &[u8], status: StatusWord) -> String {
    let words = match (status.has_rest(), data.is_empty()) {
        (true, true) => "all of it is to be fetched",
        (true, false) => "a piece",
        (false, _) => "the last piece",
    };
    words.into()
}
