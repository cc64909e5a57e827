//! Who the other side of a handshake is: a host of the scheme, valid now, and the one expected.
//!
//! The chain is the scheme's affair ([`etp_pki::verify`]); that the peer holds the key is
//! rustls' own check of the handshake signature.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use etp_pki::{Anchors, Role};
use libetp::digest::Hash;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::KeyText;
use crate::event::Counter;

/// Where refusals are told to, from within a handshake.
pub(crate) type RefusalSink = Arc<dyn Fn(Option<Hash>, Counter, String) + Send + Sync>;

/// Which hosts may be at the other side.
#[derive(Clone, Debug)]
pub(crate) enum Allowed {
    /// The one that was dialled.
    Dialled(Hash),
    /// Every configured peer.
    Peers(BTreeSet<Hash>),
}

/// Judges the certificate of the other side, in either direction.
pub(crate) struct PeerVerifier {
    anchors: Anchors,
    allowed: Allowed,
    algorithms: WebPkiSupportedAlgorithms,
    refusals: RefusalSink,
}

/// Why the other side is refused; said in words, because the alert carries none.
#[derive(thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

/// Words as well: rustls shows errors that are not its own by this, and puts them between
/// [`FRAME`].
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands before and behind a [`Refusal`] in the text of the alert.
const FRAME: (&str, &str) = ("invalid peer certificate: Other(OtherError(", "))");

/// The refusal in the text of an alert, of this side or the other.
pub(crate) fn refusal(alert: &str) -> Option<&str> {
    let (_, framed) = alert.split_once(FRAME.0)?;
    framed.strip_suffix(FRAME.1)
}

impl PeerVerifier {
    pub(crate) fn new(anchors: Anchors, allowed: Allowed, refusals: RefusalSink) -> Self {
        Self {
            anchors,
            allowed,
            algorithms: super::provider().signature_verification_algorithms,
            refusals,
        }
    }

    fn judge(&self, der: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
        self.check(der, now).map_err(|(host, counter, detail)| {
            (self.refusals)(host, counter, detail.clone());
            let refusal = OtherError(Arc::new(Refusal(detail)));
            Error::InvalidCertificate(CertificateError::Other(refusal))
        })
    }

    fn check(
        &self,
        der: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<(), (Option<Hash>, Counter, String)> {
        let leaf = etp_pki::verify(der, Role::Host, &self.anchors).map_err(|error| {
            let counter = match error {
                etp_pki::CertificateError::WrongRole { .. } => Counter::TlsRole,
                _ => Counter::TlsCertificate,
            };
            (None, counter, error.to_string())
        })?;
        leaf.valid_at(now.as_secs())
            .map_err(|error| (Some(leaf.key), Counter::TlsExpired, error.to_string()))?;
        self.check_key(leaf.key)
            .map_err(|(counter, detail)| (Some(leaf.key), counter, detail))
    }

    fn check_key(&self, key: Hash) -> Result<(), (Counter, String)> {
        let text = KeyText(key);
        match &self.allowed {
            Allowed::Dialled(expected) if *expected != key => {
                let detail = format!("host {text} answered, {} was dialled", KeyText(*expected));
                Err((Counter::TlsWrongKey, detail))
            }
            Allowed::Peers(peers) if !peers.contains(&key) => {
                let detail = format!("host {text} is not configured as a peer");
                Err((Counter::HostNotConfigured, detail))
            }
            _ => Ok(()),
        }
    }

    fn check_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }
}

/// TLS 1.2 is never negotiated.
fn no_tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(end_entity, now)
            .map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(end_entity, now)
            .map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl fmt::Debug for PeerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerVerifier")
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}
