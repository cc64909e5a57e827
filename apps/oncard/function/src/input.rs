//! What a function is given: `docs/protocol/function.md`.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::work::Input;

/// Bytes before the inputs: members, this member, bytes of a value.
const HEAD_BYTES: usize = 2 + 2 + 4;

/// How many members there are, which one asks, how long values are, and each member's: a byte that says whether
/// there is one, and its bytes or zeros. Numbers are big-endian.
///
/// The inputs have the same length, and there are at most 65,535 members.
pub fn encode(inputs: &[Input], me: usize) -> Zeroizing<Vec<u8>> {
    let value_bytes = inputs.iter().flatten().map(|it| it.len()).max();
    let value_bytes = value_bytes.unwrap_or_default();
    let len = HEAD_BYTES + inputs.len() * (1 + value_bytes);
    let mut to = Zeroizing::new(Vec::with_capacity(len));
    to.extend((inputs.len() as u16).to_be_bytes());
    to.extend((me as u16).to_be_bytes());
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
