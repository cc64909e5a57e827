//! What hosts and administrators write.

use std::path::Path;

use dispatchd::config::Loaded;
use etp_pki::scheme::SchemeFile;
use remote_proxy::link::{Control, FrameReader, LENGTH_LEN, MessageFrame, StreamKind};

pub(crate) fn certificate(bytes: &[u8]) {
    let _ = etp_pki::scheme::inspect(bytes);
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
