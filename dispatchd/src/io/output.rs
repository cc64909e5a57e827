//! Writing to programs.

use std::io::{self, IoSlice};
use std::rc::Rc;

use libetp::frame::body::RequestError;

use super::worker::{Socket, Worker};
use crate::table::ConnectionId;

/// Writes what the shard has for a connection, as far as its socket takes it.
pub(super) fn flush(worker: &Worker, id: ConnectionId) {
    let Some(socket) = worker.sockets.borrow().get(&id).map(Rc::clone) else {
        return;
    };
    let mut shard = worker.shard.borrow_mut();
    loop {
        let pieces = shard.output(id);
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        if len == 0 {
            socket.is_blocked.set(false);
            break;
        }
        match write(&socket, pieces) {
            Ok(written) => shard.wrote(id, written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                socket.is_blocked.set(true);
                break;
            }
            Err(_) => {
                socket.is_dead.set(true);
                break;
            }
        }
    }
    let is_changed = socket.is_blocked.get()
        || socket.is_dead.get()
        || socket.is_reading.get() != shard.wants_read(id);
    if is_changed || shard.is_finished(id) {
        socket.wake.notify_one();
    }
}

fn write(socket: &Socket, pieces: [&[u8]; 3]) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); 3];
    let mut count = 0;
    for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
        slices[count] = IoSlice::new(piece);
        count += 1;
    }
    match &slices[..count] {
        [one] => socket.stream.try_write(one),
        several => socket.stream.try_write_vectored(several),
    }
}

impl Worker {
    /// Ends a connection with a reason.
    pub(super) fn close(&self, id: ConnectionId, reason: RequestError, detail: &str) {
        self.shard.borrow_mut().close(id, reason, detail);
    }
}
