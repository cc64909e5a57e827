//! Answers every message with itself: `echo [SOCKET]` prints its id and serves until the daemon
//! ends. The whole of a program against the capability API.

use libetp::client::{ClientError, Condition, Connection, Handlers};

const SOCKET: &str = "/run/tenet/dispatchd.sock";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ClientError> {
    let socket = std::env::args().nth(1).unwrap_or_else(|| SOCKET.into());
    let mut me = Connection::open(socket, "echo")
        .await?
        .acquire(None, false)
        .await?;
    println!("{}", me.id());
    let mut handlers = Handlers::new();
    handlers.on(Condition::any(), |delivery, out| {
        let message = &delivery.message;
        out.send(
            message.header.src,
            message.header.mtype,
            message.param.clone(),
        );
    });
    me.serve(&mut handlers).await
}
