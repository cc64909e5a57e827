//! From a socket address to a connection with a known host, in both directions.

use std::rc::Rc;
use std::time::Duration;

use etp_pki::{Leaf, Role};
use libetp::digest::Hash;
use quinn::crypto::rustls::HandshakeData;
use quinn::{Connection, ConnectionError, Incoming, VarInt};
use rustls_pki_types::CertificateDer;
use tokio::time::timeout;

use super::Driver;
use super::connection::{self, Wires};
use crate::event::Counter;
use crate::link::{Attempt, ConnectionId, LinkError, LinkFault, Opened};
use crate::tls::{ALPN, SERVER_NAME, refusal};

impl Driver {
    /// Begins an attempt to dial.
    pub(super) fn dial(self: &Rc<Self>, host: Hash, attempt: Attempt) {
        let driver = self.clone();
        let task = tokio::task::spawn_local(async move {
            let dialled = driver.dialled(host).await;
            driver.dials.borrow_mut().remove(&(host, attempt));
            match dialled {
                Ok(connection) => driver.connected(connection, Some((host, attempt))),
                Err(reason) => {
                    driver.turn(host, |hub, now| {
                        hub.dial_failed(now, host, attempt, &reason);
                    });
                }
            }
        });
        let mut dials = self.dials.borrow_mut();
        dials.insert((host, attempt), task.abort_handle());
    }

    async fn dialled(&self, host: Hash) -> Result<Connection, String> {
        let (address, client) = self.clients.get(&host).ok_or("no address")?;
        let connecting = self
            .endpoint
            .connect_with(client.clone(), *address, SERVER_NAME);
        let connecting = connecting.map_err(|error| error.to_string())?;
        let connected = connecting.await;
        connected.map_err(|error| {
            self.note_failure(Some(host), &error);
            reason(&error)
        })
    }

    /// Somebody dials. Where many handshakes are under way, the address has to be proved first.
    pub(super) fn incoming(self: Rc<Self>, incoming: Incoming) {
        let under_way = self.handshakes.get();
        if under_way >= self.limits.handshakes_max {
            let detail = format!("{} turned away", incoming.remote_address());
            incoming.refuse();
            return self.refuse(None, Counter::HandshakesFull, detail);
        }
        let crowded = under_way >= self.limits.handshakes_max / 2;
        if crowded && incoming.may_retry() {
            // It can only fail if the address was proved, and `may_retry` says that it was not.
            let _sent = incoming.retry();
            return;
        }
        self.handshakes.set(under_way + 1);
        tokio::task::spawn_local(async move {
            let accepted = self.accepted(incoming).await;
            self.handshakes.set(self.handshakes.get() - 1);
            if let Some(connection) = accepted {
                self.connected(connection, None);
            }
        });
    }

    async fn accepted(&self, incoming: Incoming) -> Option<Connection> {
        let address = incoming.remote_address();
        let limit = Duration::from_millis(self.limits.handshake_ms_max);
        // What the first packet says can already be refused.
        let handshake = async { incoming.accept()?.await };
        match timeout(limit, handshake).await {
            Ok(Ok(connection)) => return Some(connection),
            Ok(Err(error)) => {
                tracing::debug!(%address, %error, "handshake failed");
                self.note_failure(None, &error);
            }
            Err(_) => {
                let detail = format!("{address} did not finish its handshake");
                self.refuse(None, Counter::HandshakeTimeout, detail);
            }
        }
        None
    }

    /// The handshake is over. In TLS 1.3 the dialler gets here before its own certificate was
    /// judged; the link is up only with the peer's hello.
    fn connected(self: &Rc<Self>, connection: Connection, dialled: Option<(Hash, Attempt)>) {
        let leaf = match self.identify(&connection) {
            Ok(leaf) => leaf,
            Err(fault) => return refuse_connection(&connection, &fault),
        };
        let id = ConnectionId(self.connections.replace(self.connections.get() + 1));
        let opened = Opened {
            attempt: dialled.map(|(_, attempt)| attempt),
            address: connection.remote_address(),
            ends_unix_s: leaf.not_after.min(self.ends_unix_s),
        };
        let wires = Rc::new(Wires::new(
            leaf.key,
            id,
            connection.clone(),
            dialled.is_some(),
        ));
        let key = (leaf.key, id);
        self.wires.borrow_mut().insert(key, wires.clone());
        if !self.turn(leaf.key, |hub, now| hub.opened(now, leaf.key, id, opened)) {
            self.wires.borrow_mut().remove(&key);
            let fault = LinkFault::new(LinkError::Duplicate, "not wanted any more");
            return refuse_connection(&connection, &fault);
        }
        tokio::task::spawn_local(connection::serve(self.clone(), wires));
    }

    /// Who the peer is, read from the certificate that the handshake has verified.
    fn identify(&self, connection: &Connection) -> Result<Leaf, LinkFault> {
        let not_a_peer = |detail: String| LinkFault::new(LinkError::NotAPeer, detail);
        let data = connection
            .handshake_data()
            .and_then(|data| data.downcast().ok());
        let protocol = data.and_then(|data: Box<HandshakeData>| data.protocol);
        if protocol.as_deref() != Some(ALPN) {
            return Err(not_a_peer("another application protocol".to_owned()));
        }
        let chain = connection
            .peer_identity()
            .and_then(|chain| chain.downcast().ok());
        let chain: Box<Vec<CertificateDer<'static>>> =
            chain.ok_or_else(|| not_a_peer("no certificate".to_owned()))?;
        let leaf = chain
            .first()
            .ok_or_else(|| not_a_peer("no certificate".to_owned()))?;
        etp_pki::verify(leaf, Role::Host, &self.anchors)
            .map_err(|error| not_a_peer(error.to_string()))
    }

    /// Counts a handshake that this side refused. What the verifier refused, it has counted.
    fn note_failure(&self, host: Option<Hash>, error: &ConnectionError) {
        if let Some(counter) = counter_of(error) {
            self.refuse(host, counter, reason(error));
        }
    }

    fn refuse(&self, host: Option<Hash>, counter: Counter, detail: String) {
        let command = crate::inbox::Command::Refused(host, counter, detail);
        if self.shared.inbox.note(command).is_err() {
            tracing::warn!(counter = counter.name(), "refusal not counted: inbox full");
        }
    }
}

fn refuse_connection(connection: &Connection, fault: &LinkFault) {
    let code = VarInt::from_u32(fault.error as u32);
    connection.close(code, fault.detail.as_bytes());
}

/// TLS alerts, as RFC 8446, section 6.2 and RFC 7301, section 3.2 number them.
mod alert {
    pub(super) const HANDSHAKE_FAILURE: u8 = 40;
    pub(super) const BAD_CERTIFICATE: u8 = 42;
    pub(super) const CERTIFICATE_UNKNOWN: u8 = 46;
    pub(super) const ILLEGAL_PARAMETER: u8 = 47;
    pub(super) const PROTOCOL_VERSION: u8 = 70;
    pub(super) const INSUFFICIENT_SECURITY: u8 = 71;
    pub(super) const CERTIFICATE_REQUIRED: u8 = 116;
    pub(super) const NO_APPLICATION_PROTOCOL: u8 = 120;
}

/// First of the QUIC error codes that stand for TLS alerts (RFC 9001, section 4.8).
const CRYPTO_ERROR: u64 = 0x100;

/// The counter of a handshake that failed at this side, unless it is counted already.
fn counter_of(error: &ConnectionError) -> Option<Counter> {
    let ConnectionError::TransportError(error) = error else {
        return None;
    };
    let code = u64::from(error.code).checked_sub(CRYPTO_ERROR);
    let alert = code.and_then(|code| u8::try_from(code).ok());
    match alert {
        Some(alert::CERTIFICATE_UNKNOWN) => None,
        Some(alert::NO_APPLICATION_PROTOCOL) => Some(Counter::TlsAlpn),
        Some(alert::CERTIFICATE_REQUIRED | alert::BAD_CERTIFICATE) => Some(Counter::TlsCertificate),
        Some(
            alert::HANDSHAKE_FAILURE
            | alert::ILLEGAL_PARAMETER
            | alert::PROTOCOL_VERSION
            | alert::INSUFFICIENT_SECURITY,
        ) => Some(Counter::TlsParameters),
        _ => Some(Counter::TlsHandshake),
    }
}

/// Why a connection ended, for people.
pub(super) fn reason(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            let known = LinkError::from_code(close.error_code.into_inner());
            let name = known.map_or("unknown reason", LinkError::name);
            let words = String::from_utf8_lossy(&close.reason);
            format!("closed by the other host: {name}: {words}")
        }
        other => handshake_reason(other.to_string()),
    }
}

/// Only the words of a refusal, if it is one, of this side or the other.
fn handshake_reason(text: String) -> String {
    let side = match text.starts_with("aborted by peer") {
        true => "refused by the other host",
        false => "refused",
    };
    match refusal(&text) {
        Some(words) => format!("{side}: {words}"),
        None => text,
    }
}
