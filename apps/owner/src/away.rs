//! Why a card did not answer: whoever has the way to it may say that it is not there.

use std::time::Duration;

use libetp::Port;
use libetp::client::Taking;
use libetp::params::host::{CardState, CardWatch};

use crate::{Access, Failure, Home, Kind, Program, Settings, connect, trust};

/// How long the daemon may take to say how the card is.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A failure by silence, with what the daemon says of the card if that is the reason.
pub fn explain<P: Program>(access: &Access<'_>, failure: Failure<P>) -> Failure<P> {
    let is_silence = failure.kind == Kind::Timeout;
    match is_silence.then(|| state::<P>(access)).flatten() {
        Some(state) if state.state != "live" => failure.hint(hint::<P>(&state)),
        _ => failure,
    }
}

/// How the card is, if the daemon says it.
fn state<P: Program>(access: &Access<'_>) -> Option<CardState> {
    let home = Home::<P>::open(access.home).ok()?;
    let settings = Settings::load(&home, access).ok()?;
    let connection = connect::<P>(&settings.socket, &trust(access)).ok()?;
    // The program's own id: a card that is away reserves no ports for new ones.
    let mut capability = home.capability().resume(connection).ok()??;
    // Mail stays for the next command.
    capability.set_taking(Taking::Explicit);
    let daemon = settings.id.domain.entity(Port::DIAGNOSTICS);
    capability.call(daemon, &CardWatch {}, TIMEOUT).ok()
}

fn hint<P: Program>(card: &CardState) -> String {
    let wait_s = card.wait_ms.div_ceil(1_000);
    let meanwhile = match wait_s {
        0 => "what was sent to it went back".to_owned(),
        wait_s => {
            format!("what was sent to it waits up to {wait_s} s and is carried out when it is back")
        }
    };
    format!(
        "the card is {}: {}; put it back, then look at `{}`: {meanwhile}",
        card.state,
        why(&card.reason),
        P::OVERVIEW
    )
}

/// What the daemon's word for it means.
fn why(reason: &str) -> &'static str {
    match reason {
        "no-card" => "none is in the reader",
        "other-card" => "another one is in its place",
        "no-link" => "there is no way to it",
        "elsewhere" => "it stated that it is at another host",
        "rolled-back" => "it is older than it was",
        "not-proved" => "it does not prove what it claims",
        "misbehaves" => "it does not keep to the protocol",
        _ => "`etpctl card list` says why, to an administrator",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::tests::Example;

    #[test]
    fn a_card_that_is_away_is_named_with_what_happens_meanwhile() {
        let card = |wait_ms| CardState {
            state: "absent".into(),
            reason: "no-card".into(),
            wait_ms,
        };
        let waits = hint::<Example>(&card(60_000));
        assert!(
            waits.contains("absent: none is in the reader") && waits.contains("up to 60 s"),
            "{waits}"
        );
        assert!(hint::<Example>(&card(0)).contains("went back"));
    }
}
