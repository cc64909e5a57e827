//! What a plugin says of a message, checked.

use libetp::limits::PARAM_BYTES_MAX;
use libetp::text::shown;

use super::limits::REASON_BYTES_MAX;
use crate::{Failure, Opinion, Text};

/// What is said if a plugin gives no reason.
const NO_REASON: &str = "no reason is given";

/// Reads `code << 32 | length`, and that many bytes at the beginning of the plugin's buffer.
///
/// # Errors
///
/// What is wrong with the answer: a code that means nothing, a length beyond the limit of its
/// code, a reason that is no UTF-8.
pub(super) fn decode(answer: i64, buffer: &[u8]) -> Result<Opinion, Failure> {
    let answer = answer.cast_unsigned();
    let (code, len) = (answer >> 32, (answer & 0xffff_ffff) as usize);
    let max = longest(code).ok_or_else(|| fault(format!("it answered with code {code}")))?;
    let out = buffer.get(..len).filter(|out| out.len() <= max);
    let out =
        out.ok_or_else(|| fault(format!("it answered with {len} bytes; {max} are the limit")))?;
    Ok(match code {
        0 => Opinion::Indifferent,
        1 => Opinion::Drop(reason(out)?),
        2 => Opinion::Refuse(reason(out)?),
        3 => Opinion::Hold(reason(out)?),
        _ => Opinion::Rewrite(out.to_vec()),
    })
}

/// The most bytes that come with a code; `None` for a code that means nothing.
fn longest(code: u64) -> Option<usize> {
    match code {
        0 => Some(0),
        1..=3 => Some(REASON_BYTES_MAX),
        4 => Some(PARAM_BYTES_MAX),
        _ => None,
    }
}

fn reason(out: &[u8]) -> Result<Text, Failure> {
    match std::str::from_utf8(out) {
        Ok("") => Ok(NO_REASON.into()),
        Ok(text) => Ok(shown(text).into()),
        Err(_) => Err(fault("its reason is no UTF-8".into())),
    }
}

fn fault(what: String) -> Failure {
    Failure(what.into())
}
