//! Everything that can fail before a proxy runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use libetp::digest::Hash;
use quinn::{
    ClientConfig, IdleTimeout, ServerConfig, TransportConfig, ValidationTokenConfig, VarInt,
};

use super::clock::Clock;
use crate::config::{ConfigError, RemoteConfig};
use crate::handle::Shared;
use crate::hub::{Hub, HubConfig};
use crate::inbox::Command;
use crate::limits::{LANES, Limits};
use crate::tls::{self, Allowed, PeerVerifier, RefusalSink};

/// Bytes of one lane that may be under way unread.
const LANE_WINDOW_BYTES: u32 = 2 << 20;
/// Bytes of one connection that may be under way unread, and unsent.
const LINK_WINDOW_BYTES: u32 = 8 << 20;

/// A proxy that is checked and bound, but does not run yet.
pub(crate) struct Prepared {
    pub(super) hub: Hub,
    pub(super) clock: Clock,
    pub(super) key: Hash,
    /// Last second in which our own certificate is valid, Unix time.
    pub(super) ends_unix_s: u64,
    pub(super) anchors: etp_pki::Anchors,
    pub(super) limits: Limits,
    pub(super) server: Option<ServerConfig>,
    pub(super) clients: BTreeMap<Hash, (SocketAddr, ClientConfig)>,
    pub(super) socket: UdpSocket,
    pub(super) local_addr: SocketAddr,
    pub(super) shared: Arc<Shared>,
}

impl Prepared {
    pub(crate) fn new(config: RemoteConfig, shared: Arc<Shared>) -> Result<Self, ConfigError> {
        let clock = Clock::start();
        let leaf = config.check(clock.now().unix_s)?;
        let refusals = refusal_sink(&shared);
        let server = server(&config, &refusals)?;
        let clients = clients(&config, &refusals)?;
        let (socket, local_addr) = bind(config.listen)?;
        let limits = config.limits.clone();
        let anchors = config.anchors.clone();
        let mut hub = hub(config, leaf.key, clock)?;
        let status = hub.status(clock.now());
        *shared.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        Ok(Self {
            hub,
            clock,
            key: leaf.key,
            ends_unix_s: leaf.not_after,
            anchors,
            limits,
            server,
            clients,
            socket,
            local_addr,
            shared,
        })
    }

    pub(crate) fn key(&self) -> Hash {
        self.key
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }
}

/// Handshakes are judged where the hub can not be reached, so refusals go through the inbox.
fn refusal_sink(shared: &Arc<Shared>) -> RefusalSink {
    let shared = shared.clone();
    Arc::new(move |host, counter, detail| {
        let command = Command::Refused(host, counter, detail);
        if shared.inbox.note(command).is_err() {
            tracing::warn!(counter = counter.name(), "refusal not counted: inbox full");
        }
    })
}

fn server(
    config: &RemoteConfig,
    refusals: &RefusalSink,
) -> Result<Option<ServerConfig>, ConfigError> {
    if config.listen.is_none() {
        return Ok(None);
    }
    let peers: BTreeSet<_> = config.peers.iter().map(|peer| peer.key).collect();
    let allowed = Allowed::Peers(peers);
    let verifier = PeerVerifier::new(config.anchors.clone(), allowed, refusals.clone());
    let crypto = tls::server(&config.identity, verifier)?;
    let mut server = ServerConfig::with_crypto(Arc::new(crypto));
    let mut no_tokens = ValidationTokenConfig::default();
    no_tokens.sent(0);
    server
        .transport_config(Arc::new(transport(&config.limits, 1)?))
        .validation_token_config(no_tokens)
        .max_incoming(config.limits.handshakes_max);
    Ok(Some(server))
}

fn clients(
    config: &RemoteConfig,
    refusals: &RefusalSink,
) -> Result<BTreeMap<Hash, (SocketAddr, ClientConfig)>, ConfigError> {
    let mut clients = BTreeMap::new();
    let transport = Arc::new(transport(&config.limits, 0)?);
    for peer in &config.peers {
        let Some(address) = peer.address else {
            continue;
        };
        let allowed = Allowed::Dialled(peer.key);
        let verifier = PeerVerifier::new(config.anchors.clone(), allowed, refusals.clone());
        let crypto = tls::client(&config.identity, verifier)?;
        let mut client = ClientConfig::new(Arc::new(crypto));
        client.transport_config(transport.clone());
        clients.insert(peer.key, (address, client));
    }
    Ok(clients)
}

/// `bidirectional` is how many such streams the other side may open: the dialler's one.
fn transport(limits: &Limits, bidirectional: u32) -> Result<TransportConfig, ConfigError> {
    let idle = Duration::from_millis(limits.idle_ms_max);
    let idle = IdleTimeout::try_from(idle);
    let idle = idle.map_err(|error| ConfigError::Tls(format!("idle timeout: {error}")))?;
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(bidirectional))
        .max_concurrent_uni_streams(VarInt::from_u32(LANES as u32))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(LANE_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(LINK_WINDOW_BYTES))
        .send_window(LINK_WINDOW_BYTES.into())
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(Some(Duration::from_millis(limits.keep_alive_ms)));
    Ok(transport)
}

fn bind(listen: Option<SocketAddr>) -> Result<(UdpSocket, SocketAddr), ConfigError> {
    let address = listen.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
    let failed = |error| ConfigError::Listen(address, error);
    let socket = UdpSocket::bind(address).map_err(failed)?;
    let local_addr = socket.local_addr().map_err(failed)?;
    Ok((socket, local_addr))
}

fn hub(config: RemoteConfig, own: Hash, clock: Clock) -> Result<Hub, ConfigError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(ConfigError::Entropy)?;
    let routes = config.routes()?;
    let peers = config
        .peers
        .iter()
        .map(|peer| (peer.key, peer.address))
        .collect();
    let config = HubConfig {
        own,
        peers,
        routes,
        local: config.local_domains.into_iter().collect(),
        anchors: config.anchors,
        store: config.store,
        limits: config.limits,
        seed,
    };
    Ok(Hub::new(config, clock.now()))
}
