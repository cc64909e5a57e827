//! The word by which members know each other's items before they have them.

use std::fmt;
use std::str::FromStr;

use libetp::client::text::hex;
use libetp::digest::{Hash, sha256};
use libetp::id::parse_hex;
use libetp::params::pals::Description;

/// Bytes of a signature (RFC 8032).
const SIGNATURE_BYTES: u32 = 64;

/// A description in one word: `sha256:HASH:BYTES` for bytes, `ed25519:KEY:HASH` for the key's signature of a document's
/// hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescriptionWord(pub Description);

/// Why a word is no [`DescriptionWord`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a description is sha256:HASH:BYTES or ed25519:KEY:HASH, as `pals exchange describe` prints it: HASH and KEY have \
     64 hexadecimal digits"
)]
pub struct DescriptionWordError;

impl DescriptionWord {
    /// Of an item that is these bytes.
    pub fn of_bytes(item: &[u8]) -> Self {
        Self(Description {
            bytes: u32::try_from(item.len()).unwrap_or(u32::MAX),
            hash: sha256(item),
            signer: None,
        })
    }

    /// Of the signature by a public key of the SHA-256 of a document.
    pub fn of_signature(signer: [u8; 32], document: Hash) -> Self {
        Self(Description {
            bytes: SIGNATURE_BYTES,
            hash: document,
            signer: Some(signer),
        })
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let Description {
            bytes,
            hash,
            signer,
        } = &self.0;
        match signer {
            None => format!("{bytes} bytes with SHA-256 {}", hex(hash)),
            Some(signer) => format!(
                "the signature by the Ed25519 key {} of the document with SHA-256 {}",
                hex(signer),
                hex(hash)
            ),
        }
    }
}

impl fmt::Display for DescriptionWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = hex(&self.0.hash);
        match &self.0.signer {
            None => write!(f, "sha256:{hash}:{}", self.0.bytes),
            Some(signer) => write!(f, "ed25519:{}:{hash}", hex(signer)),
        }
    }
}

impl FromStr for DescriptionWord {
    type Err = DescriptionWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(':');
        let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
        let read = match parts {
            [Some("sha256"), Some(hash), Some(bytes), None] => bytes_of(hash, bytes),
            [Some("ed25519"), Some(key), Some(hash), None] => signature_of(key, hash),
            _ => None,
        };
        read.ok_or(DescriptionWordError)
    }
}

fn bytes_of(hash: &str, bytes: &str) -> Option<DescriptionWord> {
    Some(DescriptionWord(Description {
        bytes: bytes.parse().ok()?,
        hash: parse_hex(hash)?,
        signer: None,
    }))
}

fn signature_of(key: &str, hash: &str) -> Option<DescriptionWord> {
    Some(DescriptionWord::of_signature(
        parse_hex(key)?,
        parse_hex(hash)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_others_are_refused() {
        let bytes = DescriptionWord::of_bytes(b"an item");
        let signature = DescriptionWord::of_signature([0xA5; 32], [7; 32]);
        for word in [bytes, signature] {
            assert_eq!(word.to_string().parse(), Ok(word));
        }
        let hash = "ab".repeat(32);
        for wrong in [
            String::new(),
            hash.clone(),
            format!("sha256:{hash}"),
            format!("sha256:{hash}:x"),
            format!("sha256:{hash}:-1"),
            format!("sha256:{hash}:4294967296"),
            format!("sha256:{hash}:7:"),
            format!("sha512:{hash}:7"),
            format!("ed25519:{hash}:{}", &hash[1..]),
        ] {
            assert_eq!(
                wrong.parse::<DescriptionWord>(),
                Err(DescriptionWordError),
                "{wrong}"
            );
        }
    }
}
