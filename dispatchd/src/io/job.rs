//! The queue into an I/O thread. Messages in it are bounded by what they are; everything else is
//! bounded by its cause.

use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guard_policies::{Membership, Principal};
use libetp::Domain;
use tokio::sync::{mpsc, oneshot};

use super::admission::{Admission, Admissions};
use crate::router::{CardPort, RemotePort};
use crate::table::{Departed, Input, ShardSnapshot};

/// Messages of one class that wait in the queue of an I/O thread.
pub(crate) const QUEUED_MESSAGES_MAX: usize = 8_192;
/// Their bytes.
pub(crate) const QUEUED_BYTES_MAX: usize = 32 << 20;

/// What an I/O thread does next.
pub(crate) enum Job {
    /// Something happened to its shard.
    Input(Input),
    /// As `Input`, for a message that takes room in the queue until the job is done.
    Message(
        Input,
        #[expect(dead_code, reason = "held for its drop")] Room,
    ),
    /// Accept programs on this socket.
    Serve(UnixListener, Admissions),
    /// A program connected.
    Connect(UnixStream, (Principal, Option<Membership>), Admission),
    /// A connection comes from another thread, with bytes that were read and not used.
    Arrive(UnixStream, Departed, Vec<u8>, Admission),
    /// A card's link.
    CardPort(Domain, Box<dyn CardPort>),
    /// The link to other hosts.
    RemotePort(Arc<dyn RemotePort>),
    /// Somebody wants to know what the shard holds.
    Snapshot(oneshot::Sender<ShardSnapshot>),
    /// End.
    Stop,
}

/// Where a queued message comes from; each class has its own room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Another I/O thread.
    Shard,
    /// Cards and the daemon.
    Card,
    /// Other hosts.
    Remote,
    /// Verdicts about messages that found no room.
    Verdict,
}

#[derive(Debug, Default)]
struct Used {
    messages: AtomicUsize,
    bytes: AtomicUsize,
}

/// A place in a queue; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    used: Arc<[Used; 4]>,
    class: Class,
    bytes: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        let used = &self.used[self.class as usize];
        used.messages.fetch_sub(1, Ordering::Relaxed);
        used.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The sending end of a thread's queue.
#[derive(Clone)]
pub(crate) struct JobSender {
    jobs: mpsc::UnboundedSender<Job>,
    used: Arc<[Used; 4]>,
}

/// A queue into an I/O thread.
pub(crate) fn queue() -> (JobSender, mpsc::UnboundedReceiver<Job>) {
    let (jobs, receiver) = mpsc::unbounded_channel();
    let used = Arc::default();
    (JobSender { jobs, used }, receiver)
}

impl JobSender {
    /// Queues something that is bounded by its cause. A thread that ended does nothing.
    pub(crate) fn send(&self, job: Job) {
        // The thread has ended: the daemon is shutting down.
        let _ = self.jobs.send(job);
    }

    /// Queues a message of so many bytes, or gives it back.
    #[expect(clippy::result_large_err, reason = "it comes back as it went in")]
    pub(crate) fn try_message(
        &self,
        class: Class,
        bytes: usize,
        input: Input,
    ) -> Result<(), Input> {
        match self.room(class, bytes) {
            Some(room) => {
                self.send(Job::Message(input, room));
                Ok(())
            }
            None => Err(input),
        }
    }

    fn room(&self, class: Class, bytes: usize) -> Option<Room> {
        let used = &self.used[class as usize];
        let messages = used.messages.fetch_add(1, Ordering::Relaxed);
        let queued = used.bytes.fetch_add(bytes, Ordering::Relaxed);
        let room = Room {
            used: Arc::clone(&self.used),
            class,
            bytes,
        };
        let fits = messages < QUEUED_MESSAGES_MAX && queued + bytes <= QUEUED_BYTES_MAX;
        fits.then_some(room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(sender: &JobSender, class: Class, bytes: usize) -> bool {
        sender
            .try_message(class, bytes, Input::Tick(guard_policies::Now::default()))
            .is_ok()
    }

    #[test]
    fn messages_are_bounded_by_class_and_room_comes_back() {
        let (sender, mut jobs) = queue();
        let sent = (0..=QUEUED_MESSAGES_MAX)
            .filter(|_| send(&sender, Class::Remote, 1))
            .count();
        assert_eq!(sent, QUEUED_MESSAGES_MAX);
        assert!(send(&sender, Class::Card, 1));
        drop(jobs.try_recv());
        assert!(send(&sender, Class::Remote, 1));
        assert!(!send(&sender, Class::Remote, 1));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let (sender, _jobs) = queue();
        assert!(send(&sender, Class::Shard, QUEUED_BYTES_MAX - 1));
        assert!(!send(&sender, Class::Shard, 2));
        assert!(send(&sender, Class::Shard, 1));
    }
}
