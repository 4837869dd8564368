//! Certificates made for a test, and a client that speaks TLS with them.

use super::{connect, read_answer, Answer};
use isthmus_engine::Engine;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::{ClientSessionStore, Resumption};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use serde_json::{json, Value};
use std::io::{BufReader, Write};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// An authority that tests trust.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
pub struct Pair {
    pub chain: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        Self { issuer: CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate().unwrap()).unwrap() }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a host, or of a caller with this common name.
    pub fn issue(&self, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair { chain: certificate.pem(), key: key.serialize_pem() }
    }

    /// A certificate whose time is over.
    pub fn issue_expired(&self, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair { chain: certificate.pem(), key: key.serialize_pem() }
    }

    /// A certificate with an authority in between.
    pub fn issue_through(&self, between: &str, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(authority_params(between), key, &self.issuer).unwrap();
        let second = Authority { issuer };
        let pair = second.issue(name);
        Pair { chain: pair.chain + &second.pem(), key: pair.key }
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// The record of a certificate.
pub fn certificate(id: &str, host: &str, pair: &Pair) -> (&'static str, String, Value) {
    let body = json!({"certificate_id": id, "hosts": [host], "chain_pem": pair.chain, "key_pem": pair.key});
    ("certificate", id.to_owned(), body)
}

/// A client; it trusts one authority.
pub struct Client<'c> {
    pub trusted: &'c Authority,
    pub shown: Option<&'c Pair>,
    pub versions: &'c [&'static SupportedProtocolVersion],
    /// Where it keeps tickets of its sessions.
    pub tickets: Option<Tickets>,
}

/// Tickets are good for one configuration alone.
pub struct Tickets {
    store: Arc<dyn ClientSessionStore>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tickets {
    pub fn kept_in(store: impl ClientSessionStore + 'static) -> Option<Self> {
        Some(Self { store: Arc::new(store), config: OnceLock::new() })
    }
}

impl<'c> Client<'c> {
    pub fn new(trusted: &'c Authority) -> Self {
        Self { trusted, shown: None, versions: rustls::ALL_VERSIONS, tickets: None }
    }

    pub fn config(&self, names_host: bool) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.trusted.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(self.versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        let mut config = match self.shown {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let chain = CertificateDer::pem_slice_iter(pair.chain.as_bytes()).collect::<Result<_, _>>().unwrap();
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.enable_sni = names_host;
        if let Some(tickets) = &self.tickets {
            config.resumption = Resumption::store(Arc::clone(&tickets.store));
        }
        config
    }

    /// Connects as `name`; fails when the handshake does.
    pub fn open(&self, engine: &Engine, name: &str) -> std::io::Result<Session> {
        let is_address = name.parse::<IpAddr>().is_ok();
        self.open_with(engine, name, !is_address)
    }

    /// Connects without saying to whom, and expects a certificate of `name`.
    pub fn open_unnamed(&self, engine: &Engine, name: &str) -> std::io::Result<Session> {
        self.open_with(engine, name, false)
    }

    fn open_with(&self, engine: &Engine, name: &str, names_host: bool) -> std::io::Result<Session> {
        let server = ServerName::try_from(name.to_owned()).unwrap();
        let config = || Arc::new(self.config(names_host));
        let config = self.tickets.as_ref().map_or_else(config, |kept| Arc::clone(kept.config.get_or_init(config)));
        let mut connection = ClientConnection::new(config, server).unwrap();
        let mut stream = connect(engine.addresses.https.unwrap());
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(Session { stream: BufReader::new(StreamOwned::new(connection, stream)) })
    }
}

pub struct Session {
    stream: BufReader<StreamOwned<ClientConnection, std::net::TcpStream>>,
}

impl Session {
    /// Whether a ticket of an earlier session was taken.
    pub fn is_resumed(&self) -> bool {
        self.stream.get_ref().conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    pub fn get(&mut self, host: &str, target: &str) -> Answer {
        self.try_get(host, target).unwrap()
    }

    /// With TLS 1.3 a server turns a client's certificate away after the handshake: then this fails.
    pub fn try_get(&mut self, host: &str, target: &str) -> std::io::Result<Answer> {
        self.send(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nX-Client-S-Dn: CN=forged\r\n\r\n"))
    }

    /// A whole request as it is.
    pub fn send(&mut self, text: &str) -> std::io::Result<Answer> {
        self.stream.get_mut().write_all(text.as_bytes())?;
        std::io::BufRead::fill_buf(&mut self.stream)?;
        Ok(read_answer(&mut self.stream))
    }
}
