//! TLS between hub and connector: 1.3 alone, one authority that belongs to this gateway, certificates on both sides.
//!
//! The hub's certificate carries one fixed name, because who dials knows the authority and not how the gateway is
//! reached. A connector without a certificate knows the authority's fingerprint from its token.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{ring, CryptoProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme};
use std::sync::Arc;

/// The name in a hub's certificate.
pub const HUB_NAME: &str = "hub.isthmus.internal";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// # Errors
/// When the text holds no certificate, or one that cannot be read.
pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) => Err("it holds no certificate".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn key(pem: &str) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| error.to_string())
}

fn roots(authority: &str) -> Result<Arc<RootCertStore>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(Arc::new(roots))
}

/// The hub's side: it sends its authority along, and takes connections without a certificate for enrolment alone.
///
/// # Errors
/// Which of the texts cannot be used.
pub fn server(certificate: &str, private_key: &str, authority: &str) -> Result<Arc<ServerConfig>, String> {
    let mut chain = certificates(certificate)?;
    chain.extend(certificates(authority)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(authority)?, provider())
        .allow_unauthenticated()
        .build()
        .map_err(|error| error.to_string())?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key(private_key)?)
        .map_err(|error| error.to_string())?;
    // A resumed session would skip the question whether the certificate was revoked since.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// A connector's side once it has a certificate.
///
/// # Errors
/// Which of the texts cannot be used.
pub fn client(certificate: &str, private_key: &str, authority: &str) -> Result<Arc<ClientConfig>, String> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots(authority)?)
        .with_client_auth_cert(certificates(certificate)?, key(private_key)?)
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(config))
}

/// A connector's side before: `fingerprint` is the SHA-256 of the authority's certificate.
///
/// # Errors
/// When the provider cannot do TLS 1.3.
pub fn enrolling(fingerprint: [u8; 32]) -> Result<Arc<ClientConfig>, String> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { fingerprint }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut bytes = [0; 32];
    let digest = ::ring::digest::digest(&::ring::digest::SHA256, certificate);
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// Trusts the one authority with this fingerprint, which the server must send, and what that one signed.
#[derive(Debug)]
struct Pinned {
    fingerprint: [u8; 32],
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let pinned = intermediates.iter().find(|certificate| fingerprint(certificate) == self.fingerprint);
        let Some(authority) = pinned else {
            return Err(Error::General("the gateway is not the one that the token is from".to_owned()));
        };
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(end_entity, &[], server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
