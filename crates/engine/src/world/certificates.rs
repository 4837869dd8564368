//! Certificates made ready for handshakes.

use super::World;
use crate::certificates::{ByVersion, OneKey, WithDepth};
use isthmus_plan::{Certificate, ClientAuthority, Group, PlanError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::RootCertStore;
use std::sync::Arc;

/// The id of the certificate for clients that name no host, or one that no certificate has.
const DEFAULT: &str = "default";

/// A certificate, its key, and the hosts it is for.
pub struct ReadyCertificate {
    pub id: Box<str>,
    pub hosts: Vec<String>,
    pub key: Arc<CertifiedKey>,
    pub client: Option<ReadyClient>,
}

/// How callers are asked for a certificate. Tickets of a session are good for these configurations alone.
pub struct ReadyClient {
    pub configs: ByVersion,
    pub subject_passed: bool,
}

impl ReadyCertificate {
    /// # Errors
    /// `PlanError` when chain or key cannot be read, or do not belong together.
    pub fn new(certificate: &Certificate) -> Result<Self, PlanError> {
        let chain = read_chain("chain_pem", &certificate.chain_pem)?;
        let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.reveal().as_bytes())
            .map_err(|_| PlanError::new("key_pem", "is not a private key in PEM"))?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider)
            .map_err(|error| PlanError::new("key_pem", format!("does not go with the chain: {error}")))?;
        let key = Arc::new(key);
        let client = certificate.client.as_ref().map(|authority| ReadyClient::new(authority, &key)).transpose()?;
        Ok(Self { id: certificate.certificate_id.as_str().into(), hosts: certificate.hosts.clone(), key, client })
    }
}

impl ReadyClient {
    fn new(authority: &ClientAuthority, key: &Arc<CertifiedKey>) -> Result<Self, PlanError> {
        let wrong = |error: String| PlanError::new("client.roots_pem", error);
        let roots = read_chain("client.roots_pem", &authority.roots_pem)?;
        let mut store = RootCertStore::empty();
        for root in &roots {
            store.add(root.clone()).map_err(|error| wrong(error.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider)
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let clients: Arc<dyn ClientCertVerifier> =
            Arc::new(WithDepth { inner, roots, depth: usize::from(authority.depth) });
        let keys: Arc<dyn ResolvesServerCert> = Arc::new(OneKey(Arc::clone(key)));
        let configs = ByVersion::new(&keys, Some(&clients)).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { configs, subject_passed: authority.subject_passed })
    }
}

fn read_chain(field: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, PlanError> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| PlanError::new(field, error.to_string()))
}

impl World {
    /// The certificate for a host: its own, the one for its wildcard, else the default one. Who names no host gets that
    /// of a group's default domain.
    pub fn certificate(&self, host: Option<&str>) -> Option<&Arc<ReadyCertificate>> {
        let host = host.map(str::to_ascii_lowercase);
        let host = host.as_deref().or_else(|| self.default_domain()).unwrap_or_default();
        let wildcard = host.split_once('.').map(|(_, rest)| format!("*.{rest}")).unwrap_or_default();
        let id = self.certificate_hosts.get(host).or_else(|| self.certificate_hosts.get(wildcard.as_str()));
        let own = id.and_then(|id| self.certificates.get(id));
        own.or_else(|| self.certificates.get(DEFAULT))
    }

    /// The domain for clients that name none: that of the group whose id comes first.
    pub fn default_domain(&self) -> Option<&str> {
        self.default_domains.get_min().map(|(_, host)| host.as_ref())
    }

    pub(super) fn put_group(&mut self, group: Group) {
        let id = group.group_id.as_str();
        match &group.default_domain {
            Some(host) => drop(self.default_domains.insert(id.into(), host.as_str().into())),
            None => drop(self.default_domains.remove(id)),
        }
        self.groups.insert(id.into(), Arc::new(group));
    }

    pub(super) fn remove_group(&mut self, id: &str) {
        self.default_domains.remove(id);
        self.groups.remove(id);
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
