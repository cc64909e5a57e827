//! Who wins among equals: that of the smallest hash.

use sha2::{Digest, Sha256};

pub(crate) fn hash(session: &[u8; 32], member: usize) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"auction/tie");
    hash.update(session);
    hash.update((member as u16).to_be_bytes());
    hash.finalize().into()
}
