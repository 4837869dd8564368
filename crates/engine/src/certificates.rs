//! Which certificate a client gets: by the name it asks for, from the plan of the moment.

use crate::live::Live;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::ServerConfig;
use std::fmt;
use std::sync::Arc;

/// # Errors
/// The TLS library's own.
pub fn server_config(live: Arc<Live>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(FromPlan(live)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

struct FromPlan(Arc<Live>);

impl fmt::Debug for FromPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FromPlan")
    }
}

impl ResolvesServerCert for FromPlan {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.world().certificate(hello.server_name()).cloned()
    }
}
