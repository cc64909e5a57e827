//! Reading with the credentials of the writer.
//!
//! The kernel attaches the credentials of whoever wrote, and never joins bytes of two writers in
//! one read. The control buffer has room for them and for nothing else, so descriptors that a
//! program tries to pass are never installed.

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;

use guard_policies::Principal;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixCredentials, recvmsg};
use tokio::io::Interest;
use tokio::net::UnixStream;

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// So many bytes, written by the process that connected; whether there may be more.
    Bytes { len: usize, may_have_more: bool },
    /// The program closed its end.
    End,
    /// Nothing there.
    Nothing,
    /// Written by another process or user.
    Foreign,
    /// The program tried to pass descriptors.
    Descriptors,
}

/// Room for [`UnixCredentials`] only.
pub(super) fn control_buffer() -> Vec<u8> {
    nix::cmsg_space!(UnixCredentials)
}

/// Reads what is there, up to the length of `into`.
pub(super) fn receive(
    stream: &UnixStream,
    peer: &Principal,
    into: &mut [u8],
    control: &mut [u8],
) -> io::Result<Received> {
    let room = into.len();
    let mut received = Received::Nothing;
    let result = stream.try_io(Interest::READABLE, || {
        received = receive_once(stream, peer, into, control)?;
        // A short read emptied the socket: reading again would only say so. Answering "would
        // block" makes the runtime wait for the next arrival, as its own `read` does.
        match received {
            Received::Bytes { len, .. } if len < room => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    });
    match result {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(received),
    }
}

fn receive_once(
    stream: &UnixStream,
    peer: &Principal,
    into: &mut [u8],
    control: &mut [u8],
) -> io::Result<Received> {
    let room = into.len();
    let mut pieces = [IoSliceMut::new(into)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(stream.as_raw_fd(), &mut pieces, Some(control), flags)?;
    if message.bytes == 0 {
        return Ok(Received::End);
    }
    let Ok(mut control) = message.cmsgs() else {
        return Ok(Received::Descriptors);
    };
    let is_own = control.any(|message| is_from(&message, peer));
    Ok(match is_own {
        true => Received::Bytes {
            len: message.bytes,
            may_have_more: message.bytes == room,
        },
        false => Received::Foreign,
    })
}

fn is_from(message: &ControlMessageOwned, peer: &Principal) -> bool {
    let ControlMessageOwned::ScmCredentials(writer) = message else {
        return false;
    };
    writer.pid() == peer.pid && writer.uid() == peer.uid
}
