//! `pals exchange describe`.

use std::fs;
use std::path::Path;

use libetp::client::text::hex;
use libetp::digest::sha256;
use libetp::id::parse_hex;
use pals::DescriptionWord;
use serde_json::json;

use super::item;
use crate::report::Report;
use crate::session::options::Describe;
use crate::session::program::{Failure, Kind};

pub(super) fn run(describe: &Describe) -> Result<Report, Failure> {
    let word = match (&describe.signature_of, &describe.key) {
        (Some(document), Some(key)) => signature(document, key, describe.file.as_deref())?,
        _ => bytes(describe.file.as_deref())?,
    };
    Ok(report(&word))
}

fn bytes(file: Option<&Path>) -> Result<DescriptionWord, Failure> {
    let file = file.ok_or_else(|| Failure::new(Kind::Usage, "there is no item to describe"))?;
    item::read(file).map(|item| DescriptionWord::of_bytes(&item))
}

fn signature(
    document: &Path,
    key: &str,
    signature: Option<&Path>,
) -> Result<DescriptionWord, Failure> {
    let key = parse_hex(key).ok_or_else(|| {
        let text = "--key is no Ed25519 public key of 64 hexadecimal digits";
        Failure::new(Kind::Usage, text).hint(KEY_HINT)
    })?;
    let word = DescriptionWord::of_signature(key, hash(document)?);
    if let Some(file) = signature {
        item::check(file, &item::read(file)?, &word)?;
    }
    Ok(word)
}

const KEY_HINT: &str = "the last 32 bytes of `openssl pkey -in FILE -pubout -outform DER`";

fn hash(document: &Path) -> Result<[u8; 32], Failure> {
    let name = document.display();
    let read = fs::read(document).map(|bytes| sha256(&bytes));
    read.map_err(|error| Failure::new(Kind::Usage, format!("{name}: {error}")))
}

/// The word alone, so that it can be sent on.
fn report(word: &DescriptionWord) -> Report {
    let DescriptionWord(description) = word;
    let json = json!({
        "description": word.to_string(),
        "bytes": description.bytes,
        "sha256": hex(&description.hash),
        "signer": description.signer.map(|signer| hex(&signer)),
    });
    Report {
        text: word.to_string(),
        json,
    }
}
