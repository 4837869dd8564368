//! TLS towards backends: the system's root certificates, host name verified.

use crate::request::answer::{Kind, Refusal};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::TlsConnector;

/// One configuration for all threads, so that sessions are resumed across them.
///
/// # Errors
/// The TLS library's own text; root certificates that cannot be read are left out.
pub fn client_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The same, for backends that must speak HTTP/2.
pub fn with_http2(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

pub async fn connect(
    config: &Arc<ClientConfig>,
    name: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Refusal> {
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| Refusal::because(Kind::BackendTls, "the backend's host is not a name a certificate can have"))?;
    TlsConnector::from(Arc::clone(config))
        .connect(server, stream)
        .await
        .map_err(|error| Refusal::because(Kind::BackendTls, "handshake failed").with_detail(error.to_string()))
}
