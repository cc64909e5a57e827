//! Streams that can not be mistaken for complete.

use bytes::Bytes;
use quinn::{SendStream, VarInt, WriteError};

use crate::link::LinkError;

/// A stream that is reset when it is dropped. (A quinn stream that is dropped is finished, which
/// the reader can not tell from an orderly end.)
pub(super) struct ResetOnDrop(SendStream);

impl ResetOnDrop {
    pub(super) fn new(stream: SendStream) -> Self {
        Self(stream)
    }

    /// Writes a whole batch, waiting for room.
    pub(super) async fn write(&mut self, batch: Vec<u8>) -> Result<(), WriteError> {
        self.0.write_chunk(Bytes::from(batch)).await
    }
}

impl Drop for ResetOnDrop {
    fn drop(&mut self) {
        let code = VarInt::from_u32(LinkError::StreamEnded as u32);
        // A stream that is closed already needs no reset.
        let _closed = self.0.reset(code);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ed25519_dalek::SigningKey;
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use etp_pki::scheme::{Authority, Request, Seeds};
    use etp_pki::{Role, key_id};
    use quinn::{Connection, Endpoint, ReadError};

    use super::*;
    use crate::config::HostIdentity;
    use crate::tls::{self, Allowed, PeerVerifier};

    /// Two ends of a connection of one host with itself.
    async fn pair() -> (Endpoint, Endpoint, Connection, Connection) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.unwrap().as_secs();
        let seeds = Seeds {
            root: [1; 32],
            intermediates: std::array::from_fn(|role| [role as u8 + 2; 32]),
        };
        let authority = Authority::generate("test", &seeds, now).unwrap();
        let key = SigningKey::from_bytes(&[9; 32]);
        let public = key.verifying_key().to_bytes();
        let leaf = authority.issue(Role::Host, &Request::host(public, 1), now);
        let identity = HostIdentity {
            leaf: leaf.unwrap(),
            intermediate: authority.file().intermediate(Role::Host).to_vec(),
            key: key.to_pkcs8_der().unwrap().as_bytes().to_vec().into(),
        };
        let verifier = || {
            let allowed = Allowed::Dialled(key_id(&public));
            PeerVerifier::new(authority.file().anchors(), allowed, Arc::new(|_, _, _| {}))
        };
        let server = tls::server(&identity, verifier()).unwrap();
        let server = quinn::ServerConfig::with_crypto(Arc::new(server));
        let server = Endpoint::server(server, ([127, 0, 0, 1], 0).into()).unwrap();
        let client = Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
        let config = Arc::new(tls::client(&identity, verifier()).unwrap());
        let address = server.local_addr().unwrap();
        let config = quinn::ClientConfig::new(config);
        let dialling = client
            .connect_with(config, address, tls::SERVER_NAME)
            .unwrap();
        let accepting = async { server.accept().await.unwrap().await.unwrap() };
        let (dialled, accepted) = tokio::join!(dialling, accepting);
        (server, client, dialled.unwrap(), accepted)
    }

    #[tokio::test]
    async fn a_dropped_stream_does_not_look_complete() {
        let (_server, _client, dialled, accepted) = pair().await;
        let mut stream = ResetOnDrop::new(dialled.open_uni().await.unwrap());
        stream.write(b"half a message".to_vec()).await.unwrap();
        let mut reader = accepted.accept_uni().await.unwrap();
        drop(stream);
        let mut buffer = [0; 64];
        let end = loop {
            match reader.read(&mut buffer).await {
                Ok(Some(_)) => {}
                other => break other,
            }
        };
        assert_eq!(end, Err(ReadError::Reset(VarInt::from_u32(0x16))));
    }
}
