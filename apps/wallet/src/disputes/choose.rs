//! Which exchange is meant.

use super::{Dispute, Remedy};
use crate::records::{Exchange, Records, Side, State};

/// An exchange that an order may be about.
#[derive(Debug)]
pub(crate) enum Chosen<'r> {
    /// To be ordered.
    Open(&'r Exchange),
    /// Over already: nothing is to be ordered.
    Ended(&'r Exchange),
}

/// Why there is nothing to order.
#[derive(Debug)]
pub(crate) enum Misfit<'r> {
    /// No exchange waits for this order.
    Nothing,
    /// No exchange is meant by these words.
    Unknown,
    /// Several are.
    Several(Vec<&'r Exchange>),
    /// It wants another command, or none.
    Other(&'r Exchange, Advice),
}

/// What is right for an exchange, instead of what was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// The cards agreed: the offering side resolves, the agreeing one aborts.
    Dispute(Dispute),
    /// An own offer that nobody agreed to is taken back.
    Cancel,
    /// An offer of another that was not accepted is rejected.
    Reject,
    /// It was accepted here and the card does not know of it.
    AcceptAgain,
    /// An own offer that is over, and was not cancelled.
    Ended,
}

/// The exchange that `text` means: its number, or the beginning of its n1 or xid that is no
/// other's. Without a text, the only one that waits for this order. The records must be as the
/// card sees them ([`Records::see`]).
///
/// # Errors
/// [`Misfit`].
pub(crate) fn choose<'r>(
    records: &'r Records,
    text: Option<&str>,
    remedy: Remedy,
) -> Result<Chosen<'r>, Misfit<'r>> {
    let fits = |exchange: &&Exchange| remedy.fits(exchange);
    match text {
        None => match records.exchanges.iter().filter(fits).collect::<Vec<_>>()[..] {
            [] => Err(nothing(records)),
            [only] => Ok(Chosen::Open(only)),
            ref several => Err(Misfit::Several(several.to_vec())),
        },
        Some(text) => match records.named(text)[..] {
            [] => Err(Misfit::Unknown),
            [only] => judge(only, remedy),
            ref several => Err(Misfit::Several(several.to_vec())),
        },
    }
}

/// If only one exchange waits at all, it wants the other command.
fn nothing(records: &Records) -> Misfit<'_> {
    let mut running = records.exchanges.iter().filter(|e| e.is_running());
    match (running.next(), running.next()) {
        (Some(only), None) => Misfit::Other(only, advice(only)),
        _ => Misfit::Nothing,
    }
}

fn judge(exchange: &Exchange, remedy: Remedy) -> Result<Chosen<'_>, Misfit<'_>> {
    if remedy.fits(exchange) {
        return Ok(Chosen::Open(exchange));
    }
    let ended = exchange.state.is_final();
    match remedy {
        Remedy::Cancel if ended && exchange.state != State::Cancelled => {
            Err(Misfit::Other(exchange, Advice::Ended))
        }
        _ if ended => Ok(Chosen::Ended(exchange)),
        _ => Err(Misfit::Other(exchange, advice(exchange))),
    }
}

fn advice(exchange: &Exchange) -> Advice {
    match (exchange.is_running(), exchange.side, exchange.state) {
        (true, side, _) => Advice::Dispute(Dispute::of(side)),
        (false, Side::Offered, _) => Advice::Cancel,
        (false, Side::Received, State::Open) => Advice::Reject,
        (false, Side::Received, _) => Advice::AcceptAgain,
    }
}
