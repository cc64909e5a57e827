//! `etp-card-proxy readers`: which readers there are, and what is in them.

use std::fmt::Write;

use libetp::exchange::{SelectCommand, SelectReply, StatusWord, split};
use libetp::text::hex;
use pcsc::Error;
use serde_json::{Value, json};

use crate::life::of_service;
use crate::service::{Fault, Service, Sharing};
use crate::suspects;
use crate::system::{System, SystemReaders, service_in_words};
use crate::transport::{Lengths, Limits, Protocol, Transport};
use crate::view::{Reader, Slot};

/// A reader, and what its card says.
#[derive(Debug)]
pub struct Seen {
    reader: Reader,
    card: Option<Card>,
}

#[derive(Debug)]
enum Card {
    /// One of TENeT.
    Ours(Protocol, SelectReply),
    /// Somebody else's, with its answer to SELECT.
    Foreign(StatusWord),
    /// Nobody could ask it.
    Unknown(String),
}

/// Looks at all readers, and asks each card that no program uses whether it is one of TENeT. That takes a SELECT, and
/// leaves the card as it is.
///
/// # Errors
/// In words, why PC/SC does not tell.
pub fn look() -> Result<Vec<Seen>, String> {
    let failed = |error| format!("{}: {}", service_in_words(), of_service(error));
    let readers = SystemReaders::now().map_err(failed)?;
    let seen = readers.into_iter().map(|reader| Seen {
        card: matches!(reader.slot, Slot::Card(_)).then(|| ask(&reader)),
        reader,
    });
    Ok(seen.collect())
}

/// For people.
pub fn as_text(seen: &[Seen]) -> String {
    let mut text = String::new();
    for Seen { reader, card } in seen {
        let _ = writeln!(text, "{}", reader.name);
        let _ = writeln!(text, "  {}", what(reader, card.as_ref()));
        if let Slot::Card(atr) = &reader.slot {
            let _ = writeln!(text, "  answer to reset  {}", hex(atr));
        }
    }
    match text.is_empty() {
        true => "no reader is connected\n".into(),
        false => text,
    }
}

/// For programs.
pub fn as_json(seen: &[Seen]) -> Value {
    let reader = |Seen { reader, card }: &Seen| {
        let (slot, atr) = match &reader.slot {
            Slot::Empty => ("empty", None),
            Slot::Mute => ("mute", None),
            Slot::Card(atr) => ("card", Some(hex(atr))),
        };
        let domain = match card {
            Some(Card::Ours(_, reply)) => Some(reply.domain.to_string()),
            _ => None,
        };
        let is_ours = match card {
            Some(Card::Ours(..)) => Some(true),
            Some(Card::Foreign(_)) => Some(false),
            _ => None,
        };
        json!({
            "name": reader.name,
            "slot": slot,
            "atr": atr,
            "in_use": reader.is_in_use,
            "exclusive": reader.is_exclusive,
            "tenet": is_ours,
            "domain": domain,
            "words": what(reader, card.as_ref()),
        })
    };
    json!({ "readers": seen.iter().map(reader).collect::<Vec<_>>() })
}

fn what(reader: &Reader, card: Option<&Card>) -> String {
    match (&reader.slot, card) {
        (Slot::Empty, _) => "no card".into(),
        (Slot::Mute, _) => "a card that is mute".into(),
        (_, Some(Card::Ours(protocol, reply))) => {
            format!("card {} ({protocol:?})", reply.domain)
        }
        (_, Some(Card::Foreign(status))) => {
            format!("a card of something else (SELECT is answered {status})")
        }
        (_, Some(Card::Unknown(why))) => format!("a card; {why}"),
        (_, None) => "a card".into(),
    }
}

fn ask(reader: &Reader) -> Card {
    let asked = select(&reader.name);
    match asked {
        Ok(card) => card,
        Err(Fault::Service(Error::SharingViolation)) => Card::Unknown(in_use(&suspects::running())),
        Err(Fault::Service(error)) => Card::Unknown(of_service(error)),
        Err(Fault::Transport(error)) => Card::Unknown(error.to_string()),
    }
}

/// Who has the card, as far as it can be guessed.
fn in_use(suspects: &[String]) -> String {
    match suspects {
        [] => "another program uses it".into(),
        suspects => format!(
            "another program uses it; running here: {}",
            suspects.join(", ")
        ),
    }
}

fn select(reader: &str) -> Result<Card, Fault> {
    let mut system = System::default();
    system.establish().map_err(Fault::Service)?;
    let opened = system
        .connect(reader, Sharing::Exclusive)
        .map_err(Fault::Service)?;
    let (protocol, data_max) = (opened.protocol, opened.reader_data_max);
    let limits = Limits::of(protocol, data_max, &opened.atr, Lengths::Auto);
    let mut session = [0; 8];
    getrandom::fill(&mut session).map_err(|_| Fault::Service(Error::InternalError))?;
    let mut transport = Transport::new(limits);
    let command = SelectCommand { session }.to_bytes();
    transport.begin(&command).map_err(Fault::Transport)?;
    let response = system.carry(Sharing::Exclusive, &mut transport)?;
    Ok(match (SelectReply::parse(&response), split(&response)) {
        (Ok(reply), _) => Card::Ours(protocol, reply),
        (Err(_), Ok((_, status))) => Card::Foreign(status),
        (Err(error), Err(_)) => Card::Unknown(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_have_a_card_is_named_with_it() {
        let words = in_use(&["etp-card-proxy (7)".into(), "scdaemon (8)".into()]);
        assert_eq!(
            words,
            "another program uses it; running here: etp-card-proxy (7), scdaemon (8)"
        );
        assert_eq!(in_use(&[]), "another program uses it");
    }
}
