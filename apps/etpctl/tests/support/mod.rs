//! A daemon in the hands of a test.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test has its own copy and uses a part"
)]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;

use libetp::client::control::{self, ControlReply, ControlRequest};
use libetp::codec::to_vec;
use libetp::frame::body::{RequestError, VerdictBody, Welcome};
use libetp::frame::{self, kind};

/// A daemon that answers the control requests of all connections, in turn.
pub fn serve(
    directory: &Path,
    mut answer: impl FnMut(ControlRequest) -> ControlReply + Send + 'static,
) {
    serve_bodies(directory, move |body| {
        let request = control::decode(body).unwrap();
        (kind::CONTROL_REPLY, control::encode(&answer(request)))
    });
}

/// A daemon that tells this user nothing.
pub fn forbid(directory: &Path) {
    let verdict = to_vec(&VerdictBody {
        code: RequestError::Forbidden as u16,
        detail: "only administrators".into(),
    });
    serve_bodies(directory, move |_| (kind::VERDICT, verdict.clone()));
}

/// Answers each frame but `HELLO` by kind and body.
fn serve_bodies(directory: &Path, mut answer: impl FnMut(&[u8]) -> (u8, Vec<u8>) + Send + 'static) {
    let listener = UnixListener::bind(directory.join("etp.sock")).unwrap();
    std::thread::spawn(move || {
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut input, mut chunk) = (Vec::new(), [0; 4096]);
            while let Ok(len @ 1..) = stream.read(&mut chunk) {
                input.extend_from_slice(&chunk[..len]);
                let mut out = Vec::new();
                while let Some((frame, used)) = frame::parse(&input).unwrap() {
                    let (version, software) = (frame::VERSION, "fake 0".into());
                    let (kind, body) = match frame.kind {
                        kind::HELLO => (kind::WELCOME, to_vec(&Welcome { version, software })),
                        _ => answer(frame.body),
                    };
                    frame::write(&mut out, kind, frame.number, &[&body]);
                    input.drain(..used);
                }
                if stream.write_all(&out).is_err() {
                    break;
                }
            }
        }
    });
}
