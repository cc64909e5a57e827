//! The task of one program's connection.

use std::io;
use std::rc::Rc;

use libetp::frame::body::RequestError;

use super::job::Job;
use super::output::flush;
use super::receive::{Received, receive};
use super::worker::{READ_BYTES, Socket, Worker};
use crate::table::ConnectionId;

pub(super) async fn run(worker: Rc<Worker>, id: ConnectionId, socket: Rc<Socket>) {
    loop {
        feed_held(&worker, id, &socket).await;
        if socket.moves_to.get().is_some() || is_over(&worker, id, &socket) {
            break;
        }
        let wants_read = worker.shard.borrow().wants_read(id);
        socket.is_reading.set(wants_read);
        tokio::select! {
            biased;
            ready = socket.stream.readable(), if wants_read => {
                // Others get their turn before a program that always has more.
                if ready.is_err() || read(&worker, id, &socket) == Pass::Full {
                    tokio::task::yield_now().await;
                }
            }
            _ = socket.stream.writable(), if socket.is_blocked.get() => {
                flush(&worker, id);
                worker.settle();
            }
            () = socket.wake.notified() => {}
        }
    }
    finish(&worker, id, socket);
}

fn is_over(worker: &Worker, id: ConnectionId, socket: &Socket) -> bool {
    socket.is_dead.get() || worker.shard.borrow().is_finished(id)
}

/// Whether a read may have left something, in the socket or for the next slice.
#[derive(PartialEq, Eq)]
enum Pass {
    Full,
    Short,
}

/// Bytes that were held back, slice after slice, as far as the shard wants them now.
async fn feed_held(worker: &Rc<Worker>, id: ConnectionId, socket: &Socket) {
    while socket.is_held.get() && worker.shard.borrow().wants_read(id) {
        worker.begin_pass();
        let rest = socket.rest.take();
        give(worker, id, socket, &rest);
        worker.settle();
        if socket.is_held.get() {
            tokio::task::yield_now().await;
        }
    }
}

/// Gives bytes to the shard and keeps what it does not use.
fn give(worker: &Worker, id: ConnectionId, socket: &Socket, bytes: &[u8]) {
    let mut shard = worker.shard.borrow_mut();
    let used = shard.received(id, bytes);
    let mut rest = socket.rest.borrow_mut();
    rest.clear();
    rest.extend_from_slice(&bytes[used..]);
    if rest.is_empty() && rest.capacity() > 4_096 {
        *rest = Vec::new();
    }
    socket
        .is_held
        .set(!rest.is_empty() && (shard.is_slice_over() || !shard.wants_read(id)));
}

fn read(worker: &Rc<Worker>, id: ConnectionId, socket: &Socket) -> Pass {
    worker.begin_pass();
    let received = read_once(worker, id, socket);
    let pass = match received {
        Ok(Received::Bytes {
            may_have_more: true,
            ..
        }) => Pass::Full,
        _ if socket.is_held.get() => Pass::Full,
        _ => Pass::Short,
    };
    match received {
        Ok(Received::Bytes { .. } | Received::Nothing) => {}
        Ok(Received::End) | Err(_) => socket.is_dead.set(true),
        Ok(Received::Foreign) => {
            let detail = "bytes came from another process than the one that connected";
            worker.close(id, RequestError::ForeignDescriptor, detail);
        }
        Ok(Received::Descriptors) => {
            worker.close(id, RequestError::Protocol, "no descriptors are passed here");
        }
    }
    worker.settle();
    pass
}

/// One read into the shared buffer, behind what is left of the last one.
fn read_once(worker: &Worker, id: ConnectionId, socket: &Socket) -> io::Result<Received> {
    let mut buffer = worker.buffer.borrow_mut();
    let kept = {
        let rest = socket.rest.borrow();
        let room = rest.len() + READ_BYTES;
        if buffer.len() < room {
            buffer.resize(room, 0);
        }
        buffer[..rest.len()].copy_from_slice(&rest);
        rest.len()
    };
    let into = &mut buffer[kept..kept + READ_BYTES];
    let received = receive(
        &socket.stream,
        &socket.peer,
        into,
        &mut worker.control.borrow_mut(),
    )?;
    if let Received::Bytes { len, .. } = received {
        give(worker, id, socket, &buffer[..kept + len]);
    }
    Ok(received)
}

fn finish(worker: &Rc<Worker>, id: ConnectionId, socket: Rc<Socket>) {
    worker.sockets.borrow_mut().remove(&id);
    if !move_away(worker, id, socket) {
        worker.shard.borrow_mut().disconnected(id);
    }
    worker.settle();
}

/// Gives the connection to another thread, if it moves. Says whether it is gone from here.
fn move_away(worker: &Worker, id: ConnectionId, socket: Rc<Socket>) -> bool {
    let Some(shard) = socket.moves_to.get().filter(|_| !socket.is_dead.get()) else {
        return false;
    };
    let (Some(socket), Some(to)) = (
        Rc::into_inner(socket),
        worker.peers.shards.get(usize::from(shard)),
    ) else {
        return false;
    };
    let Ok(stream) = socket.stream.into_std() else {
        return false;
    };
    if let Some(departed) = worker.shard.borrow_mut().departed(id, shard) {
        let rest = socket.rest.into_inner();
        to.send(Job::Arrive(stream, departed, rest, socket.admission));
    }
    true
}
