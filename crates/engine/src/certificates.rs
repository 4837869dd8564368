//! TLS of the listeners: which certificate a client gets, by the name it asks for, which versions it may speak, and
//! whether it must show a certificate of its own. All from the plan of the moment.
//!
//! `listen` calls `Handshakes::accept` for each connection. Invariant: what a connection may do was decided by the name
//! in its first message; `request/entrance.rs` holds later requests on it to that.

use crate::live::Live;
use crate::world::World;
use hyper::header::HeaderValue;
use isthmus_plan::TlsVersion;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme, SupportedProtocolVersion};
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::LazyConfigAcceptor;
use x509_cert::der::Decode;

/// What a caller showed of itself in the handshake.
#[derive(Clone)]
pub struct ClientCertificate {
    /// The certificate of ours under whose authority it was checked.
    pub certificate_id: Box<str>,
    /// Its distinguished name (RFC 4514), when backends are to get it.
    pub subject: Option<HeaderValue>,
}

/// One configuration for each oldest version of TLS.
#[derive(Clone)]
pub struct ByVersion {
    tls12: Arc<ServerConfig>,
    tls13: Arc<ServerConfig>,
}

impl ByVersion {
    /// # Errors
    /// The TLS library's own.
    pub fn new(
        keys: &Arc<dyn ResolvesServerCert>,
        clients: Option<&Arc<dyn ClientCertVerifier>>,
    ) -> Result<Self, rustls::Error> {
        let tls13 = server_config(&[&rustls::version::TLS13], keys, clients)?;
        let tls12 = server_config(&[&rustls::version::TLS13, &rustls::version::TLS12], keys, clients)?;
        Ok(Self { tls12, tls13 })
    }

    fn oldest(&self, oldest: TlsVersion) -> &Arc<ServerConfig> {
        match oldest {
            TlsVersion::Tls12 => &self.tls12,
            TlsVersion::Tls13 => &self.tls13,
        }
    }
}

fn server_config(
    versions: &[&'static SupportedProtocolVersion],
    keys: &Arc<dyn ResolvesServerCert>,
    clients: Option<&Arc<dyn ClientCertVerifier>>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients)),
    };
    let mut config = builder.with_cert_resolver(Arc::clone(keys));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The server's side of TLS, for all threads.
#[derive(Clone)]
pub struct Handshakes {
    live: Arc<Live>,
    usual: ByVersion,
}

impl Handshakes {
    /// # Errors
    /// The TLS library's own.
    pub fn new(live: Arc<Live>) -> Result<Self, rustls::Error> {
        let keys: Arc<dyn ResolvesServerCert> = Arc::new(FromPlan(Arc::clone(&live)));
        Ok(Self { live, usual: ByVersion::new(&keys, None)? })
    }

    /// # Errors
    /// A handshake that failed; the peer got TLS's own alert.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Option<ClientCertificate>)> {
        let started = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
        let world = self.live.world();
        let hello = started.client_hello();
        let name = hello.server_name();
        let asking = world.certificate(name).filter(|certificate| certificate.client.is_some()).cloned();
        let client = asking.as_ref().and_then(|certificate| certificate.client.as_ref());
        let configs = client.map_or(&self.usual, |client| &client.configs);
        let config = Arc::clone(configs.oldest(oldest_tls(&world, name)));
        drop(world);
        let stream = started.into_stream(config).await?;
        let shown = asking.and_then(|certificate| {
            let passed = certificate.client.as_ref().is_some_and(|client| client.subject_passed);
            let leaf = stream.get_ref().1.peer_certificates()?.first()?;
            let subject = passed.then(|| subject(leaf)).flatten();
            Some(ClientCertificate { certificate_id: certificate.id.clone(), subject })
        });
        Ok((stream, shown))
    }
}

/// What the instance of a name's group says.
fn oldest_tls(world: &World, name: Option<&str>) -> TlsVersion {
    let host = name.map(str::to_ascii_lowercase);
    let host = host.as_deref().or_else(|| world.default_domain());
    let domain = host.and_then(|host| world.domain(host));
    let group = domain.and_then(|domain| world.group(&domain.domain.group_id));
    let instance = group.and_then(|group| world.instance(group));
    instance.map_or(TlsVersion::Tls12, |instance| instance.instance.oldest_tls)
}

fn subject(certificate: &CertificateDer<'_>) -> Option<HeaderValue> {
    let read = x509_cert::Certificate::from_der(certificate).ok()?;
    HeaderValue::from_str(&read.tbs_certificate().subject().to_string()).ok()
}

struct FromPlan(Arc<Live>);

impl fmt::Debug for FromPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FromPlan")
    }
}

impl ResolvesServerCert for FromPlan {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.world().certificate(hello.server_name()).map(|certificate| Arc::clone(&certificate.key))
    }
}

/// One key, whatever the client asks for.
#[derive(Debug)]
pub struct OneKey(pub Arc<CertifiedKey>);

impl ResolvesServerCert for OneKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// The library's check of a caller's certificate, and at most so many certificates between it and an authority's.
#[derive(Debug)]
pub struct WithDepth {
    pub inner: Arc<dyn ClientCertVerifier>,
    pub roots: Vec<CertificateDer<'static>>,
    pub depth: usize,
}

impl ClientCertVerifier for WithDepth {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let own = between.iter().filter(|one| !self.roots.iter().any(|root| root.as_ref() == one.as_ref()));
        if own.count() > self.depth {
            return Err(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer));
        }
        self.inner.verify_client_cert(leaf, between, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
