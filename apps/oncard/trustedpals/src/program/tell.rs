//! What the card says: to its owner's program, and to other cards.

use alloc::vec::Vec;

use libetp::digest::Hash;
use libetp::limits::HEADER_LEN;
use libetp::params::Param;
use libetp::params::pals::{LinkHandshake, Outcome, Packet, SessionResult, Stage};
use oncard_runtime::{Context, Rejection};

use super::memory::{Memory, Session};
use super::records;
use crate::link::HANDSHAKE_MESSAGE_BYTES;
use crate::party::Said;
use crate::session::Terms;

/// What surrounds a packet in its parameters: the array, session, round and the packet's length.
const PACKET_FRAME_BYTES: usize = 1 + 9 + 5 + 3;
/// Bytes of the parameters of a handshake's message.
pub(super) const HANDSHAKE_BYTES: usize = 1 + 9 + 1 + 2 + HANDSHAKE_MESSAGE_BYTES;
/// Most bytes of a `session-state`.
const STATE_BYTES_MAX: usize = 1 + 34 + 34 + 2 + 4 * 5;

/// The label of a session's packets.
pub(super) fn label(session: &Hash) -> [u8; 8] {
    let mut label = [0; 8];
    label.copy_from_slice(&session[..8]);
    label
}

/// Tells who attends to the session where it is.
pub(super) fn state(session: &Session, context: &mut Context<'_>) {
    context.send_volatile(session.attendant, session.state());
}

/// How a session ended for its owner.
pub(super) type Ending<'e> = (Outcome, Option<&'e [u8]>);

/// Tells who attends to the session how it ended for its owner, once, though the card may have rounds before it. With
/// power nothing of it is lost from here on.
pub(super) fn ending(
    memory: &mut Memory,
    (outcome, result): Ending<'_>,
    context: &mut Context<'_>,
) {
    let Some(session) = memory.session.as_ref().filter(|_| memory.ended.is_none()) else {
        return;
    };
    let ended = SessionResult {
        descriptor: *session.descriptor(),
        session: session.id(),
        outcome: outcome as u8,
        result: result.map(<[u8]>::to_vec),
    };
    records::delete(context);
    context.send(session.attendant, ended.clone());
    memory.ended = Some(ended);
}

/// The card is in the session no more. Who attends to it learns how it ended, if that was not told before.
pub(super) fn end(memory: &mut Memory, ending: Option<Ending<'_>>, context: &mut Context<'_>) {
    let was_told = memory.ended.is_some();
    if let Some(ending) = ending {
        self::ending(memory, ending, context);
    }
    let session = memory.session.take().filter(|_| was_told);
    if let Some(session) = session {
        context.send_volatile(session.attendant, session.state_in(Stage::Over));
    }
}

/// Whether there is room for so many messages with so many bytes of parameters in all, and a state.
pub(super) fn check_room(
    messages: usize,
    param_bytes_in_all: usize,
    context: &Context<'_>,
) -> Result<(), Rejection> {
    let bytes = (messages + 1) * HEADER_LEN + param_bytes_in_all + STATE_BYTES_MAX;
    context.check_volatile_room(messages + 1, bytes)
}

/// Bytes of the parameters of every packet of a session.
pub(super) fn packet_param_bytes(terms: &Terms) -> usize {
    PACKET_FRAME_BYTES + terms.plan().packet_bytes()
}

/// Says something to another member's card.
pub(super) fn say(
    (member, said): (usize, Said),
    terms: &Terms,
    session: &Hash,
    context: &mut Context<'_>,
) {
    let (card, session) = (terms.card(member), label(session));
    match said {
        Said::Packet { round, packet } => {
            let round = round.to_be_bytes();
            let packet = Packet {
                session,
                round,
                packet,
            };
            context.send_volatile(card, packet);
        }
        Said::First(message) => context.send_volatile(card, handshake(session, 1, message)),
        Said::Second(message) => context.send_volatile(card, handshake(session, 2, message)),
    }
}

fn handshake(session: [u8; 8], step: u8, message: Vec<u8>) -> impl Param {
    LinkHandshake {
        session,
        step,
        message,
    }
}
