//! Moves bytes between the pure hub and quinn.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Verdict, VerdictCode};

use crate::config::{ConfigError, RemoteConfig};
use crate::event::{EventSink, RemoteEvent};
use crate::handle::Shared;
use crate::inbox::Command;

/// A proxy that is checked and bound, but does not run yet.
pub(crate) struct Prepared {
    key: Hash,
    socket: std::net::UdpSocket,
    local_addr: SocketAddr,
    shared: Arc<Shared>,
}

impl Prepared {
    pub(crate) fn new(config: RemoteConfig, shared: Arc<Shared>) -> Result<Self, ConfigError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let leaf = config.check(now.map_or(0, |since| since.as_secs()))?;
        let listen = config.listen.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
        let socket = std::net::UdpSocket::bind(listen);
        let socket = socket.map_err(|error| ConfigError::Listen(listen, error))?;
        let local_addr = socket.local_addr();
        Ok(Self {
            key: leaf.key,
            local_addr: local_addr.map_err(|error| ConfigError::Listen(listen, error))?,
            socket,
            shared,
        })
    }

    pub(crate) fn key(&self) -> Hash {
        self.key
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    pub(crate) fn run(self, mut events: EventSink) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            loop {
                for command in self.shared.inbox.take(Vec::new()) {
                    match command {
                        Command::Send(number, message) => events(RemoteEvent::Verdict {
                            subject: Subject::of(&message),
                            number,
                            verdict: Verdict::new(VerdictCode::HostUnreachable, "no link"),
                        }),
                        Command::Shutdown => return,
                        _ => {}
                    }
                }
                self.shared.inbox.ready().await;
            }
        });
        self.shared.ended.store(true, Ordering::Release);
        drop(self.socket);
    }
}
