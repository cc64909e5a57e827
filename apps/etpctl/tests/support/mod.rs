//! A daemon in the hands of a test.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test has its own copy and uses a part"
)]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use libetp::client::control::{self, ControlReply, ControlRequest};
use libetp::codec::to_vec;
use libetp::frame::body::{RequestError, VerdictBody, Welcome};
use libetp::frame::{self, Frame, kind};

/// `etpctl` for the daemon whose socket is in this directory.
pub fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etpctl"));
    command.env_clear().env("HOME", directory).arg("--socket");
    command.arg(directory.join("etp.sock")).args(arguments);
    command
}

/// A daemon that answers the control requests of all connections, in turn.
pub fn serve(
    directory: &Path,
    mut answer: impl FnMut(ControlRequest) -> ControlReply + Send + 'static,
) {
    serve_encoded(directory, move |request| control::encode(&answer(request)));
}

/// The same, with answers that may be none.
pub fn serve_encoded(
    directory: &Path,
    mut answer: impl FnMut(ControlRequest) -> Vec<u8> + Send + 'static,
) {
    serve_frames(directory, move |frame| {
        let request = control::decode(frame.body).unwrap();
        (kind::CONTROL_REPLY, answer(request))
    });
}

/// A daemon that tells this user nothing.
pub fn forbid(directory: &Path) {
    let verdict = to_vec(&VerdictBody {
        code: RequestError::Forbidden as u16,
        detail: "only administrators".into(),
    });
    serve_frames(directory, move |_| (kind::VERDICT, verdict.clone()));
}

/// Answers each frame but `HELLO` by kind and body.
pub fn serve_frames(
    directory: &Path,
    mut answer: impl FnMut(&Frame<'_>) -> (u8, Vec<u8>) + Send + 'static,
) {
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
                        _ => answer(&frame),
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
