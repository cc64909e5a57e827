//! The owner's own item.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use oncard_trustedpals::exchange::{ITEMS_BYTES_MAX, matches};
use pals::DescriptionWord;
use zeroize::Zeroizing;

use crate::session::program::{Failure, Kind};

pub(super) type Item = Zeroizing<Vec<u8>>;

/// What is in a file that is no longer than items are.
pub(super) fn read(file: &Path) -> Result<Item, Failure> {
    let name = file.display();
    let wrong = |what: String| Failure::new(Kind::Usage, format!("{name}: {what}"));
    let opened = File::open(file).map_err(|error| wrong(error.to_string()))?;
    let mut item = Zeroizing::new(Vec::with_capacity(ITEMS_BYTES_MAX as usize + 1));
    let read = opened.take(ITEMS_BYTES_MAX + 1).read_to_end(&mut item);
    read.map_err(|error| wrong(error.to_string()))?;
    match item.len() as u64 {
        0 => Err(wrong("is empty".into())),
        bytes if bytes > ITEMS_BYTES_MAX => {
            let text = format!("is longer than {ITEMS_BYTES_MAX} bytes");
            Err(wrong(text).hint("send it encrypted, and exchange the key"))
        }
        _ => Ok(item),
    }
}

/// Whether the item is the described one.
pub(super) fn check(file: &Path, item: &[u8], described: &DescriptionWord) -> Result<(), Failure> {
    if matches(&described.0, item) {
        return Ok(());
    }
    let (name, sentence) = (file.display(), described.sentence());
    let text = format!("{name} is not what you are to give: {sentence}");
    Err(Failure::new(Kind::Usage, text)
        .hint("`pals exchange describe` prints what a file is")
        .fact("description", described.to_string()))
}
