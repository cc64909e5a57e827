//! What a remote proxy needs to know, and what makes that impossible.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;

use etp_pki::{Anchors, CertificateError, Role};
use libetp::Domain;
use libetp::digest::Hash;
use zeroize::Zeroizing;

use crate::limits::Limits;
use crate::store::StatementStore;

/// Everything a [`RemoteProxy`](crate::RemoteProxy) is started with.
pub struct RemoteConfig {
    /// Where to take links from other hosts; `None` only dials. Port 0 picks a free one.
    pub listen: Option<SocketAddr>,
    /// Who this host is.
    pub identity: HostIdentity,
    /// What certificates are judged by.
    pub anchors: Anchors,
    /// The hosts that may have a link, and what is routed to them.
    pub peers: Vec<Peer>,
    /// Domains of this host's own cards; see
    /// [`RemoteHandle::set_local_domains`](crate::RemoteHandle::set_local_domains).
    pub local_domains: Vec<Domain>,
    /// What must outlive the process.
    pub store: Box<dyn StatementStore>,
    /// Deadlines and bounds.
    pub limits: Limits,
}

/// The certificate and key with which a host authenticates its links.
pub struct HostIdentity {
    /// The leaf certificate, DER.
    pub leaf: Vec<u8>,
    /// The role intermediate that signed it, DER; sent along, though peers pin its key.
    pub intermediate: Vec<u8>,
    /// The private key, PKCS #8 DER.
    pub key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HostIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostIdentity").finish_non_exhaustive()
    }
}

/// Another host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its key id.
    pub key: Hash,
    /// Where to dial it; `None` waits for it to dial.
    pub address: Option<SocketAddr>,
    /// The domains that are routed to it.
    pub domains: Vec<Domain>,
}

/// Why a remote proxy does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The host's own certificate is not one.
    #[error("the host's certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// Key and certificate do not belong together, or the key cannot be read.
    #[error("the host's key: {0}")]
    Key(rustls::Error),
    /// The key exchange that links demand cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// A peer is this host.
    #[error("a peer has this host's own key")]
    PeerIsSelf,
    /// A peer is named twice.
    #[error("peer {0} is configured twice")]
    PeerTwice(KeyText),
    /// A domain is routed to two peers.
    #[error("domain {0} is routed to two peers")]
    RouteTwice(Domain),
    /// A local domain is routed to a peer.
    #[error("domain {0} is local and routed to a peer")]
    RouteIsLocal(Domain),
    /// The listening address cannot be had.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// No randomness from the system.
    #[error("no entropy: {0}")]
    Entropy(getrandom::Error),
    /// The proxy's thread could not be started.
    #[error("cannot start the proxy's thread: {0}")]
    Thread(std::io::Error),
}

/// A key id in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyText(pub Hash);

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        libetp::id::write_hex(f, &self.0)
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl RemoteConfig {
    /// Checks everything that can be known before a link is opened.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub(crate) fn check(&self, unix_s: u64) -> Result<etp_pki::Leaf, ConfigError> {
        let leaf = etp_pki::verify(&self.identity.leaf, Role::Host, &self.anchors)?;
        leaf.valid_at(unix_s)?;
        self.check_peers(leaf.key)?;
        self.routes()?;
        Ok(leaf)
    }

    fn check_peers(&self, own: Hash) -> Result<(), ConfigError> {
        let mut keys = BTreeSet::new();
        for peer in &self.peers {
            if peer.key == own {
                return Err(ConfigError::PeerIsSelf);
            }
            if !keys.insert(peer.key) {
                return Err(ConfigError::PeerTwice(KeyText(peer.key)));
            }
        }
        Ok(())
    }

    /// Which host each domain is routed to.
    ///
    /// # Errors
    /// [`ConfigError::RouteTwice`] and [`ConfigError::RouteIsLocal`].
    pub(crate) fn routes(&self) -> Result<BTreeMap<Domain, Hash>, ConfigError> {
        let mut routes = BTreeMap::new();
        for peer in &self.peers {
            for domain in &peer.domains {
                if self.local_domains.contains(domain) {
                    return Err(ConfigError::RouteIsLocal(*domain));
                }
                if routes.insert(*domain, peer.key).is_some() {
                    return Err(ConfigError::RouteTwice(*domain));
                }
            }
        }
        Ok(routes)
    }
}
