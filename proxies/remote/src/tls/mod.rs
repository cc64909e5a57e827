//! TLS of a link: 1.3 only, X25519MLKEM768 only, both sides certified, nothing resumed.
//!
//! No key log is written, whatever the environment says: rustls keeps none unless asked.

mod verify;

use std::sync::Arc;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::NoServerSessionStorage;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::config::{ConfigError, HostIdentity};

pub(crate) use verify::{Allowed, PeerVerifier, RefusalSink, refusal};

/// The application protocol of a link.
pub const ALPN: &[u8] = b"etp/1";

/// The name that diallers give to TLS. It is not sent, and nobody is known by it: hosts are known
/// by their key ids.
pub(crate) const SERVER_NAME: &str = "host.invalid";

/// aws-lc-rs, cut down to TLS 1.3 and one hybrid key exchange.
pub(crate) fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
            aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
            aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ],
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
        ..aws_lc_rs::default_provider()
    }
}

/// What a host answers a dialler with.
pub(crate) fn server(
    identity: &HostIdentity,
    verifier: PeerVerifier,
) -> Result<QuicServerConfig, ConfigError> {
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| ConfigError::Tls(error.to_string()))?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(chain(identity), key(identity))
        .map_err(ConfigError::Key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    QuicServerConfig::try_from(config).map_err(|error| ConfigError::Tls(error.to_string()))
}

/// What a host dials one peer with.
pub(crate) fn client(
    identity: &HostIdentity,
    verifier: PeerVerifier,
) -> Result<QuicClientConfig, ConfigError> {
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| ConfigError::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(chain(identity), key(identity))
        .map_err(ConfigError::Key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    config.enable_early_data = false;
    QuicClientConfig::try_from(config).map_err(|error| ConfigError::Tls(error.to_string()))
}

fn chain(identity: &HostIdentity) -> Vec<CertificateDer<'static>> {
    let certificates = [&identity.leaf, &identity.intermediate];
    certificates
        .into_iter()
        .map(|der| CertificateDer::from(der.clone()))
        .collect()
}

fn key(identity: &HostIdentity) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.to_vec()))
}
