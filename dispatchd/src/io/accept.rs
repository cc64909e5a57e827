//! Accepting programs.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::time::Duration;

use guard_policies::Principal;
use libetp::codec;
use libetp::frame::body::{Closing, RequestError};
use libetp::frame::{self, kind};
use nix::errno::Errno;
use nix::sys::socket::{getsockopt, setsockopt, sockopt};
use tokio::net::{UnixListener, UnixStream};

use super::admission::Admissions;
use super::job::Job;
use super::membership::membership;
use super::worker::Peers;
use crate::router::Event;

/// How long accepting rests when there are no descriptors left.
const REST: Duration = Duration::from_millis(100);

/// A listening socket whose connections carry the credentials of every writer.
pub(crate) fn prepare(listener: StdListener) -> io::Result<StdListener> {
    setsockopt(&listener, sockopt::PassCred, &true)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts for ever, and spreads programs over the I/O threads.
pub(crate) async fn accept(listener: StdListener, admissions: Admissions, peers: Peers) {
    let Ok(listener) = UnixListener::from_std(listener) else {
        return;
    };
    let mut reserve = Reserve::new();
    let mut threads = peers.shards.iter().cycle();
    loop {
        let stream = next(&listener, &mut reserve, &peers).await;
        let stream = stream.and_then(|stream| stream.into_std().ok());
        let job = stream.and_then(|stream| welcome(stream, &admissions, &peers).ok().flatten());
        if let Some((job, thread)) = job.zip(threads.next()) {
            thread.send(job);
        }
    }
}

/// Who connected, if there is a descriptor for it. Rests after a failure.
async fn next(listener: &UnixListener, reserve: &mut Reserve, peers: &Peers) -> Option<UnixStream> {
    let error = match listener.accept().await {
        Ok((stream, _)) => return Some(stream),
        Err(error) => error,
    };
    report(peers, "accept-failed", None, error.to_string());
    let stream = match is_out_of_descriptors(&error) {
        true => reserve.turn_one_away(listener).await,
        false => None,
    };
    tokio::time::sleep(REST).await;
    stream
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    [Errno::EMFILE as i32, Errno::ENFILE as i32]
        .map(Some)
        .contains(&error.raw_os_error())
}

/// Checks who connected; `None` if it was turned away.
fn welcome(stream: StdStream, admissions: &Admissions, peers: &Peers) -> io::Result<Option<Job>> {
    setsockopt(&stream, sockopt::PassCred, &true)?;
    let credentials = getsockopt(&stream, sockopt::PeerCredentials)?;
    let peer = Principal {
        uid: credentials.uid(),
        gid: credentials.gid(),
        pid: credentials.pid(),
    };
    match admissions.admit(peer.uid) {
        Ok(admission) => {
            let membership = membership(&stream, peer.pid);
            let membership = membership.inspect_err(|error| {
                report(peers, "membership-unknown", Some(peer), error.to_string());
            });
            let who = (peer, membership.ok());
            Ok(Some(Job::Connect(stream, who, admission)))
        }
        Err(limit) => {
            report(peers, limit, Some(peer), "too many connections".into());
            turn_away(stream)?;
            Ok(None)
        }
    }
}

fn turn_away(mut stream: StdStream) -> io::Result<()> {
    let closing = Closing {
        reason: RequestError::Quota as u16,
        detail: "too many connections".into(),
    };
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind::CLOSING, 0, &[&codec::to_vec(&closing)]);
    stream.write_all(&bytes)
}

fn report(peers: &Peers, name: &'static str, principal: Option<Principal>, detail: String) {
    peers.host.event(Event {
        name,
        id: None,
        principal,
        detail,
    });
}

/// A descriptor kept free, so that a program can be told that there is none for it.
struct Reserve(Option<File>);

impl Reserve {
    fn new() -> Self {
        Self(File::open("/dev/null").ok())
    }

    /// Accepts a connection that waits, with the spare descriptor, and closes it again; unless another one could be
    /// spared meanwhile, so that there is room for this.
    async fn turn_one_away(&mut self, listener: &UnixListener) -> Option<UnixStream> {
        self.0.take()?;
        let waiting = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        let stream = waiting.ok().and_then(Result::ok).map(|(stream, _)| stream);
        *self = Self::new();
        if self.0.is_some() {
            return stream;
        }
        if let Some(stream) = stream.and_then(|stream| stream.into_std().ok()) {
            // Best effort: the program learns it from the closed socket too.
            let _ = turn_away(stream);
        }
        *self = Self::new();
        None
    }
}
