//! A daemon in the hands of a test.
#![allow(unreachable_pub, reason = "each test has its own copy")]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;

use libetp::client::control::{self, ControlReply, ControlRequest};
use libetp::codec::to_vec;
use libetp::frame::{self, body, kind};

/// A daemon that answers the control requests of all connections, in turn.
pub fn serve(
    directory: &Path,
    mut answer: impl FnMut(ControlRequest) -> ControlReply + Send + 'static,
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
                        kind::HELLO => {
                            (kind::WELCOME, to_vec(&body::Welcome { version, software }))
                        }
                        _ => {
                            let request = control::decode(frame.body).unwrap();
                            (kind::CONTROL_REPLY, control::encode(&answer(request)))
                        }
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
