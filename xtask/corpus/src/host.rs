//! What hosts and administrators write.

use std::path::Path;
use std::sync::OnceLock;

use dispatchd::config::Loaded;
use etp_pki::scheme::{Authority, SchemeFile, Seeds};
use etp_pki::{Anchors, Role};
use libetp::client::SavedCapability;
use remote_proxy::link::{Control, FrameReader, LENGTH_LEN, MessageFrame, StreamKind};

/// The certificates of the corpus are of the scheme that these seeds make.
const NOW_UNIX_S: u64 = 1_790_000_000;

/// Whatever role is asked for, the verifier accepts a certificate of that role only.
pub(crate) fn certificate(bytes: &[u8]) {
    static ANCHORS: OnceLock<Anchors> = OnceLock::new();
    let _ = etp_pki::scheme::inspect(bytes);
    let anchors = ANCHORS.get_or_init(|| {
        let intermediates = [2, 3, 4, 5, 6, 7].map(|seed| [seed; 32]);
        let seeds = Seeds {
            root: [1; 32],
            intermediates,
        };
        let authority = Authority::generate("seed", &seeds, NOW_UNIX_S);
        authority
            .expect("a scheme from these seeds")
            .file()
            .anchors()
    });
    let accepted = Role::ALL
        .iter()
        .filter(|role| etp_pki::verify(bytes, **role, anchors).is_ok());
    assert!(accepted.count() <= 1);
}

pub(crate) fn saved_capability(bytes: &[u8]) {
    let _ = ciborium::from_reader::<SavedCapability, _>(bytes);
}

pub(crate) fn scheme_file(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(file) = SchemeFile::parse(text) {
        let again = file.to_text().expect("a file that parsed can be written");
        assert!(SchemeFile::parse(&again).is_ok());
    }
}

pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let _ = Loaded::parse(Path::new("fuzz.toml"), text.to_owned());
}

/// What a frame is does not depend on how the stream was cut, and written again it is the same.
pub(crate) fn link_frame(bytes: &[u8]) {
    for stream in [StreamKind::Control, StreamKind::Lane] {
        let whole = frames(stream, &[bytes]);
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        assert_eq!(frames(stream, &[head, tail]), whole);
    }
}

/// The frames of a stream that comes in pieces, and whether it came to an error.
fn frames(stream: StreamKind, pieces: &[&[u8]]) -> (Vec<(u8, Vec<u8>)>, bool) {
    let mut reader = FrameReader::new(stream);
    let mut frames = Vec::new();
    let fed = pieces.iter().try_for_each(|piece| {
        reader.feed(piece, &mut |frame| {
            let mut again = Vec::new();
            if let Ok(control) = Control::decode(frame) {
                control.write_to(&mut again);
                assert_eq!(&again[LENGTH_LEN + 1..], frame.body);
            }
            again.clear();
            if let Ok(message) = MessageFrame::parse(frame.body) {
                message.write_to(&mut again);
                assert_eq!(&again[LENGTH_LEN + 1..], frame.body);
            }
            frames.push((frame.kind, frame.body.to_vec()));
            Ok(())
        })
    });
    (frames, fed.is_err())
}
