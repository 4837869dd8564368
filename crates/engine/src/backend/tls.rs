//! TLS towards backends: whom the gateway trusts, what it shows of itself, and why a handshake failed.
//!
//! Certificates are verified against the system's authorities and those of a setting, unless a backend or a VPC access
//! says that its own is not. Made once at the start of an engine, used by `connect.rs`. Sessions are resumed across
//! threads, never between what is verified and what is not.

use crate::request::answer::{Kind, Refusal};
use crate::settings::EngineSettings;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature, CryptoProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::TlsConnector;

/// The configurations for backends, one set for all threads.
pub struct BackendTls {
    verified: Pair,
    unverified: Pair,
}

struct Pair {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl Pair {
    fn new(config: ClientConfig) -> Self {
        let mut http2 = config.clone();
        http2.alpn_protocols = vec![b"h2".to_vec()];
        Self { http1: Arc::new(config), http2: Arc::new(http2) }
    }
}

impl BackendTls {
    /// # Errors
    /// A file of the settings that cannot be read or used; the text names it. Root certificates of the system that
    /// cannot be read are left out.
    pub fn new(settings: &EngineSettings) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = &settings.backend_ca_file {
            for authority in chain("backend_ca_file", file)? {
                roots.add(authority).map_err(|error| wrong("backend_ca_file", file, error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = || {
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
            builder.with_safe_default_protocol_versions().map_err(io::Error::other)
        };
        let any = Arc::new(AnyCertificate { provider: Arc::clone(&provider) });
        let verified = builder()?.with_root_certificates(roots);
        let unverified = builder()?.dangerous().with_custom_certificate_verifier(any);
        let (Some(certificate), Some(key)) = (&settings.backend_certificate_file, &settings.backend_key_file) else {
            return match (&settings.backend_certificate_file, &settings.backend_key_file) {
                (None, None) => Ok(Self {
                    verified: Pair::new(verified.with_no_client_auth()),
                    unverified: Pair::new(unverified.with_no_client_auth()),
                }),
                _ => Err(io::Error::other("backend_certificate_file and backend_key_file belong together; set both")),
            };
        };
        let shown = chain("backend_certificate_file", certificate)?;
        let secret = || PrivateKeyDer::from_pem_file(key).map_err(|error| wrong("backend_key_file", key, error));
        let unfit = |error| wrong("backend_certificate_file", certificate, error);
        Ok(Self {
            verified: Pair::new(verified.with_client_auth_cert(shown.clone(), secret()?).map_err(unfit)?),
            unverified: Pair::new(unverified.with_client_auth_cert(shown, secret()?).map_err(unfit)?),
        })
    }

    pub fn http1(&self, verifies: bool) -> &Arc<ClientConfig> {
        &self.pair(verifies).http1
    }

    /// For backends that must speak HTTP/2.
    pub fn http2(&self, verifies: bool) -> &Arc<ClientConfig> {
        &self.pair(verifies).http2
    }

    fn pair(&self, verifies: bool) -> &Pair {
        if verifies {
            &self.verified
        } else {
            &self.unverified
        }
    }
}

fn chain(setting: &str, file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read.map_err(|error| wrong(setting, file, error))? {
        none if none.is_empty() => Err(wrong(setting, file, "it has no certificate in PEM")),
        certificates => Ok(certificates),
    }
}

fn wrong(setting: &str, file: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{setting}: {} cannot be used: {error}", file.display()))
}

pub async fn connect(
    config: &Arc<ClientConfig>,
    name: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Refusal> {
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| Refusal::because(Kind::BackendTls, "the backend's host is not a name a certificate can have"))?;
    TlsConnector::from(Arc::clone(config)).connect(server, stream).await.map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> Refusal {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let reason = match inner {
        Some(Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            CertificateError::UnknownIssuer => "the certificate is of an unknown authority",
            _ => "the certificate is not valid",
        },
        Some(Error::AlertReceived(_)) => "the backend ended the handshake",
        _ => "handshake failed",
    };
    Refusal::because(Kind::BackendTls, reason).with_detail(error.to_string())
}

/// Takes any certificate, as long as the peer has its key.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
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
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
