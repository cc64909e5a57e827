//! What a function is given: `docs/protocol/function.md`.

use alloc::vec::Vec;

use libetp::digest::Hash;
use zeroize::Zeroizing;

use crate::work::Input;

/// What a session tells its function beside the inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Which session it is. Nobody could choose it.
    pub id: Hash,
    /// The parameters of the function, at most 65,535 bytes: public, and the same for all members.
    pub parameters: Vec<u8>,
}

/// Bytes beside parameters and values: members, this member, session, lengths of parameters and of a value.
const HEAD_BYTES: usize = 2 + 2 + 32 + 2 + 4;

/// How many members there are, which one asks, the session, the parameters after their length, how long values are,
/// and each member's: a byte that says whether there is one, and its bytes or zeros. Numbers are big-endian.
///
/// There are at most 65,535 members. A value that is shorter than the longest is ended with zeros.
pub fn encode(session: &Session, inputs: &[Input], me: usize) -> Zeroizing<Vec<u8>> {
    let parameters = &session.parameters;
    let value_bytes = inputs.iter().flatten().map(|it| it.len()).max();
    let value_bytes = value_bytes.unwrap_or_default();
    let len = HEAD_BYTES + parameters.len() + inputs.len() * (1 + value_bytes);
    let mut to = Zeroizing::new(Vec::with_capacity(len));
    to.extend((inputs.len() as u16).to_be_bytes());
    to.extend((me as u16).to_be_bytes());
    to.extend(session.id);
    to.extend((parameters.len() as u16).to_be_bytes());
    to.extend(parameters);
    to.extend((value_bytes as u32).to_be_bytes());
    for input in inputs {
        to.push(u8::from(input.is_some()));
        let end = to.len() + value_bytes;
        if let Some(value) = input {
            to.extend_from_slice(value);
        }
        to.resize(end, 0);
    }
    to
}
