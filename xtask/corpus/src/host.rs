//! What hosts and administrators write.

use std::path::Path;

use dispatchd::config::Loaded;
use etp_pki::scheme::SchemeFile;

pub(crate) fn certificate(bytes: &[u8]) {
    let _ = etp_pki::scheme::inspect(bytes);
}

pub(crate) fn scheme_file(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(file) = SchemeFile::parse(text) {
        let again = file.to_text().expect("a file that parsed can be written");
        assert!(SchemeFile::parse(&again).is_ok());
    }
}

pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let _ = Loaded::parse(Path::new("fuzz.toml"), text.to_owned());
}
