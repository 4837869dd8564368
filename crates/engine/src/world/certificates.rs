//! Certificates made ready for handshakes.

use super::World;
use isthmus_plan::{Certificate, PlanError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// The id of the certificate for clients that name no host, or one that no certificate has.
const DEFAULT: &str = "default";

/// A certificate, its key, and the hosts it is for.
pub struct ReadyCertificate {
    pub hosts: Vec<String>,
    pub key: Arc<CertifiedKey>,
}

impl ReadyCertificate {
    /// # Errors
    /// `PlanError` when chain or key cannot be read, or do not belong together.
    pub fn new(certificate: &Certificate) -> Result<Self, PlanError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate.chain_pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| PlanError::new("chain_pem", error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.reveal().as_bytes())
            .map_err(|_| PlanError::new("key_pem", "is not a private key in PEM"))?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider)
            .map_err(|error| PlanError::new("key_pem", format!("does not go with the chain: {error}")))?;
        Ok(Self { hosts: certificate.hosts.clone(), key: Arc::new(key) })
    }
}

impl World {
    /// The certificate for a host: its own, the one for its wildcard, else the default one.
    pub fn certificate(&self, host: Option<&str>) -> Option<&Arc<CertifiedKey>> {
        let host = host.map(str::to_ascii_lowercase).unwrap_or_default();
        let wildcard = host.split_once('.').map(|(_, rest)| format!("*.{rest}")).unwrap_or_default();
        let id = self.certificate_hosts.get(host.as_str()).or_else(|| self.certificate_hosts.get(wildcard.as_str()));
        let own = id.and_then(|id| self.certificates.get(id));
        own.or_else(|| self.certificates.get(DEFAULT)).map(|ready| &ready.key)
    }

    pub(super) fn put_certificate(&mut self, certificate: &Certificate) -> Result<(), PlanError> {
        let ready = ReadyCertificate::new(certificate)?;
        self.remove_certificate(&certificate.certificate_id);
        for host in &ready.hosts {
            self.certificate_hosts.insert(host.as_str().into(), certificate.certificate_id.as_str().into());
        }
        self.certificates.insert(certificate.certificate_id.as_str().into(), Arc::new(ready));
        Ok(())
    }

    pub(super) fn remove_certificate(&mut self, id: &str) {
        let Some(old) = self.certificates.remove(id) else { return };
        for host in &old.hosts {
            if self.certificate_hosts.get(host.as_str()).is_some_and(|owner| **owner == *id) {
                self.certificate_hosts.remove(host.as_str());
            }
        }
    }
}
