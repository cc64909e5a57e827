//! The floor: one thread, two connections at a time, bytes copied as they come.

use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

/// As large as dispatchd's read buffer, so that neither wins by it.
const BUFFER_BYTES: usize = 256 * 1024;

pub(crate) fn run(socket: &Path) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = UnixListener::bind(socket)?;
        loop {
            let (one, _) = listener.accept().await?;
            let (other, _) = listener.accept().await?;
            join(one, other);
        }
    })
}

fn join(one: UnixStream, other: UnixStream) {
    let (one_read, one_write) = one.into_split();
    let (other_read, other_write) = other.into_split();
    tokio::task::spawn_local(copy(one_read, other_write));
    tokio::task::spawn_local(copy(other_read, one_write));
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(len @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..len]).await.is_err() {
            return;
        }
    }
}
