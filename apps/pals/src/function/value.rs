//! Inputs as people write them.

use std::fs;
use std::path::Path;

use libetp::limits::PARAM_BYTES_MAX;
use oncard_function::Input;
use zeroize::Zeroizing;

use crate::report::Failure;

/// Reads one input: see `pals function run --help`.
pub(super) fn read(text: &str) -> Result<Input, Failure> {
    if text == "absent" {
        return Ok(None);
    }
    if let Some(path) = text.strip_prefix('@') {
        let bytes = fs::read(path).map_err(Failure::file(Path::new(path)))?;
        return Ok(Some(Zeroizing::new(bytes)));
    }
    let wrong = |why| Failure::Value(text.to_owned(), why);
    parts(text).map(Some).map_err(wrong)
}

/// Reads what cannot be absent.
pub(crate) fn present(text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let wrong = || Failure::Value(text.to_owned(), "this cannot be absent".into());
    read(text)?.ok_or_else(wrong)
}

fn parts(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let (mut bytes, mut kind) = (Zeroizing::new(Vec::new()), None);
    for part in text.split(',') {
        let (named, value) = match part.split_once(':') {
            Some((named, value)) => (Some(named), value),
            None => (kind, part),
        };
        kind = named;
        let Some(kind) = kind else {
            return Err(format!("`{part}` has no type before it, such as u64:"));
        };
        bytes.extend(one(kind, value)?);
        if bytes.len() > PARAM_BYTES_MAX {
            return Err(format!("an input has at most {PARAM_BYTES_MAX} bytes"));
        }
    }
    Ok(bytes)
}

macro_rules! number {
    ($kind:expr, $value:expr, $($type:ident),*) => {
        match $kind {
            $(stringify!($type) => {
                let number = $value.parse::<$type>();
                number.map(|it| it.to_be_bytes().to_vec()).ok()
            })*
            other => return Err(format!("`{other}` is no type; there are u8 to u128, i8 to i128, hex, text and zeros")),
        }
    };
}

fn one(kind: &str, value: &str) -> Result<Vec<u8>, String> {
    let bytes = match kind {
        "hex" => bytes_of(value),
        "text" => Some(value.into()),
        "zeros" => zeros(value),
        kind => number!(
            kind, value, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128
        ),
    };
    bytes.ok_or_else(|| format!("`{value}` is no {kind}"))
}

fn zeros(count: &str) -> Option<Vec<u8>> {
    let count = count.parse().ok()?;
    (count <= PARAM_BYTES_MAX).then(|| vec![0; count])
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    pairs.map(byte).collect()
}
