//! A peer made by hand: any certificate, any TLS, any bytes.

use std::net::SocketAddr;
use std::sync::Arc;

use libetp::codec::List;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream};
use remote_proxy::link::{Control, Frame, FrameReader, Hello, StreamKind, VERSION, kind, write};
use remote_proxy::{ALPN, CHANNELS};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

use super::node::PATIENCE;
use super::world::HostKey;

/// How the rogue does TLS.
pub(crate) struct RogueTls {
    pub(crate) groups: Vec<&'static dyn SupportedKxGroup>,
    pub(crate) alpn: Vec<u8>,
    /// Whether a client shows its certificate.
    pub(crate) certified: bool,
}

impl Default for RogueTls {
    fn default() -> Self {
        Self {
            groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
            alpn: ALPN.to_vec(),
            certified: true,
        }
    }
}

impl RogueTls {
    fn provider(&self) -> Arc<CryptoProvider> {
        Arc::new(CryptoProvider {
            kx_groups: self.groups.clone(),
            ..aws_lc_rs::default_provider()
        })
    }

    fn client(&self, host: &HostKey) -> quinn::ClientConfig {
        let builder = rustls::ClientConfig::builder_with_provider(self.provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody));
        let mut config = match self.certified {
            true => builder
                .with_client_auth_cert(chain(host), key(host))
                .unwrap(),
            false => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![self.alpn.clone()];
        quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap()))
    }

    /// A client that would resume if it were given a ticket.
    pub(crate) fn resuming_client(&self, host: &HostKey) -> quinn::ClientConfig {
        let mut config = rustls::ClientConfig::builder_with_provider(self.provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_client_auth_cert(chain(host), key(host))
            .unwrap();
        config.alpn_protocols = vec![self.alpn.clone()];
        config.enable_early_data = true;
        quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap()))
    }

    fn server(&self, host: &HostKey) -> quinn::ServerConfig {
        let mut config = rustls::ServerConfig::builder_with_provider(self.provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(Arc::new(Anybody))
            .with_single_cert(chain(host), key(host))
            .unwrap();
        config.alpn_protocols = vec![self.alpn.clone()];
        quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(config).unwrap()))
    }

    /// Dials a node as `host`. That TLS is done at this side says nothing yet.
    pub(crate) async fn dial(
        &self,
        host: &HostKey,
        address: SocketAddr,
    ) -> Result<(Endpoint, Connection), ConnectionError> {
        let endpoint = Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
        let connecting = endpoint.connect_with(self.client(host), address, "host.invalid");
        connecting
            .unwrap()
            .await
            .map(|connection| (endpoint, connection))
    }

    /// A server that shows the certificate of `host`.
    pub(crate) fn listen(&self, host: &HostKey) -> Endpoint {
        Endpoint::server(self.server(host), ([127, 0, 0, 1], 0).into()).unwrap()
    }
}

/// A rogue that got through TLS, with its control stream.
pub(crate) struct Rogue {
    pub(crate) connection: Connection,
    pub(crate) control: SendStream,
    receive: RecvStream,
    reader: FrameReader,
    pub(crate) incarnation: [u8; 16],
    frames: Vec<Control>,
    _endpoint: Endpoint,
}

impl Rogue {
    /// Dials a node as one of its peers; says nothing yet.
    pub(crate) async fn dial(host: &HostKey, address: SocketAddr) -> Self {
        let (endpoint, connection) = RogueTls::default().dial(host, address).await.unwrap();
        let (control, receive) = connection.open_bi().await.unwrap();
        Self::over(endpoint, connection, control, receive, host)
    }

    /// Waits for a node to dial; says nothing yet.
    pub(crate) async fn accept(host: &HostKey, endpoint: Endpoint) -> Self {
        let incoming = patiently(endpoint.accept()).await.unwrap();
        let connection = incoming.await.unwrap();
        let (control, receive) = patiently(connection.accept_bi()).await.unwrap();
        Self::over(endpoint, connection, control, receive, host)
    }

    fn over(
        endpoint: Endpoint,
        connection: Connection,
        control: SendStream,
        receive: RecvStream,
        host: &HostKey,
    ) -> Self {
        Self {
            connection,
            control,
            receive,
            reader: FrameReader::new(StreamKind::Control),
            incarnation: [host.key[0]; 16],
            frames: Vec::new(),
            _endpoint: endpoint,
        }
    }

    /// Dials and exchanges hellos.
    pub(crate) async fn meet(host: &HostKey, address: SocketAddr) -> Self {
        let mut rogue = Self::dial(host, address).await;
        let hello = rogue.hello();
        rogue.say(&hello).await;
        rogue.wait(|frame| matches!(frame, Control::Hello(_))).await;
        rogue
    }

    pub(crate) fn hello(&self) -> Control {
        hello(self.incarnation)
    }

    pub(crate) async fn say(&mut self, control: &Control) {
        let mut bytes = Vec::new();
        control.write_to(&mut bytes);
        self.control.write_all(&bytes).await.unwrap();
    }

    /// Reads control frames until one is as wanted.
    pub(crate) async fn wait(&mut self, mut wanted: impl FnMut(&Control) -> bool) -> Control {
        loop {
            if let Some(at) = self.frames.iter().position(&mut wanted) {
                return self.frames.remove(at);
            }
            let chunk = patiently(self.receive.read_chunk(1 << 16, true))
                .await
                .unwrap();
            let mut frames = Vec::new();
            let mut on_frame = |frame: Frame<'_>| {
                frames.push(Control::decode(frame)?);
                Ok(())
            };
            self.reader
                .feed(&chunk.unwrap().bytes, &mut on_frame)
                .unwrap();
            self.frames.extend(frames);
        }
    }

    /// Opens a lane properly.
    pub(crate) async fn lane(&self, lane: u8) -> SendStream {
        let mut stream = self.connection.open_uni().await.unwrap();
        let mut bytes = Vec::new();
        write(&mut bytes, kind::LANE, &[&[lane]]);
        stream.write_all(&bytes).await.unwrap();
        stream
    }

    /// The code and words with which the node closes.
    pub(crate) async fn closed(&self) -> (u64, String) {
        match patiently(self.connection.closed()).await {
            ConnectionError::ApplicationClosed(close) => {
                let words = String::from_utf8_lossy(&close.reason).into_owned();
                (close.error_code.into_inner(), words)
            }
            other => panic!("closed otherwise: {other}"),
        }
    }
}

/// The first hello of a host that was never met.
pub(crate) fn hello_of(host: &HostKey) -> Control {
    hello([host.key[0]; 16])
}

fn hello(incarnation: [u8; 16]) -> Control {
    Control::Hello(Hello {
        version: VERSION,
        incarnation,
        peer_incarnation: None,
        received: List(vec![0; CHANNELS]),
    })
}

/// Waits, but not for ever.
pub(crate) async fn patiently<T>(future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, future).await;
    waited.expect("something comes in time")
}

fn chain(host: &HostKey) -> Vec<CertificateDer<'static>> {
    vec![host.leaf.clone().into(), host.intermediate.clone().into()]
}

fn key(host: &HostKey) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from(PrivatePkcs8KeyDer::from(host.identity().key.to_vec()))
}

/// Takes everybody for what they say.
#[derive(Debug)]
struct Anybody;

fn check(
    message: &[u8],
    cert: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    verify_tls13_signature(message, cert, dss, &algorithms)
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        unreachable!("QUIC is TLS 1.3")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        check(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for Anybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        unreachable!("QUIC is TLS 1.3")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        check(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
