//! Hostile TLS: bytes that are no handshake, tickets shown to another host, connections used for another host. A test's
//! number is the requirement it shows.

use crate::support::tls::{certificate, Authority, Client, Tickets};
use crate::support::{connect, domain, edition, group, http_backend, seen_header, Echo, Gateway, HOST};
use rustls::client::{ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use rustls::server::Acceptor;
use rustls::{ClientConnection, NamedGroup};
use serde_json::json;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

const MUTUAL: &str = "mutual.example.com";

/// A gateway with a host for everybody and one that asks for a certificate of `clients`.
fn gateway(echo: &Echo, authority: &Authority, clients: &Authority) -> Gateway {
    let mut own = certificate("c1", MUTUAL, &authority.issue(MUTUAL));
    own.2["client"] = json!({"roots_pem": clients.pem(), "depth": 1, "subject_passed": true});
    let records = vec![
        group(),
        domain(),
        ("domain", MUTUAL.into(), json!({"host": MUTUAL, "group_id": "g1", "client_certificate": "c1"})),
        edition("api1", "GET", "/nginx", http_backend(echo.address), json!({})),
        own,
        certificate("c2", HOST, &authority.issue(HOST)),
    ];
    Gateway::start_with(records, |settings| settings.https = Some("127.0.0.1:0".parse().unwrap()))
}

/// The first bytes of a good client.
fn hello(authority: &Authority) -> Vec<u8> {
    let config = Arc::new(Client::new(authority).config(true));
    let mut connection = ClientConnection::new(config, ServerName::try_from(HOST).unwrap()).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

/// Some bytes overwritten, taken out, doubled, or cut off at the end.
fn mutated(good: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..random.usize(1..6) {
        if bytes.is_empty() {
            break;
        }
        let at = random.usize(0..bytes.len());
        match random.u8(0..5) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(0..8),
            2 => drop(bytes.remove(at)),
            3 => bytes.insert(at, random.u8(..)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// The number of tries can be raised by the environment: a million takes some minutes.
#[test]
fn r25_no_bytes_of_a_handshake_make_it_panic_or_spin() {
    let authority = Authority::new("root");
    let good = hello(&authority);
    let tries = std::env::var("HANDSHAKES").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let mut random = fastrand::Rng::with_seed(25);
    for _ in 0..tries {
        let bytes = mutated(&good, &mut random);
        let (mut acceptor, mut rest, mut rounds) = (Acceptor::default(), bytes.as_slice(), 0);
        while !rest.is_empty() && acceptor.read_tls(&mut rest).is_ok() && matches!(acceptor.accept(), Ok(None)) {
            rounds += 1;
            assert!(rounds <= bytes.len(), "it spins over {bytes:?}");
        }
    }
    let echo = Echo::start();
    let gateway = gateway(&echo, &authority, &Authority::new("clients"));
    let engine = gateway.engine.as_ref().unwrap();
    for _ in 0..300 {
        let mut stream = connect(engine.addresses.https.unwrap());
        stream.write_all(&mutated(&good, &mut random)).ok();
        stream.shutdown(Shutdown::Write).ok();
        // It ends: with TLS's own alert or without.
        let ended = stream.read_to_end(&mut Vec::new());
        assert!(!matches!(&ended, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock), "{ended:?}");
    }
    assert!(engine.alive());
    assert_eq!(Client::new(&authority).open(engine, HOST).unwrap().get(HOST, "/nginx").status, 200);
}

/// Offers what it got from one host to any other, as a client may that attacks.
#[derive(Debug)]
struct AnyHost(ClientSessionMemoryCache);

impl AnyHost {
    fn new() -> Self {
        Self(ClientSessionMemoryCache::new(8))
    }

    fn key() -> ServerName<'static> {
        ServerName::try_from("any.example.com").unwrap()
    }
}

impl ClientSessionStore for AnyHost {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(Self::key(), group);
    }
    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(&Self::key())
    }
    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(Self::key(), value);
    }
    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&Self::key())
    }
    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&Self::key());
    }
    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(Self::key(), value);
    }
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&Self::key())
    }
}

#[test]
fn r30_a_ticket_of_one_host_opens_no_other() {
    let (echo, authority, clients) = (Echo::start(), Authority::new("root"), Authority::new("clients"));
    let gateway = gateway(&echo, &authority, &clients);
    let engine = gateway.engine.as_ref().unwrap();
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let stranger = Client { versions, tickets: Tickets::kept_in(AnyHost::new()), ..Client::new(&authority) };
        assert_eq!(stranger.open(engine, HOST).unwrap().get(HOST, "/nginx").status, 200);
        let mut again = stranger.open(engine, HOST).unwrap();
        assert!(again.is_resumed(), "tickets work at the host that gave them, or this test shows nothing");
        assert_eq!(again.get(HOST, "/nginx").status, 200);
        let before = echo.count();
        let session = stranger.open(engine, MUTUAL).and_then(|mut session| session.try_get(MUTUAL, "/nginx"));
        assert!(session.is_err(), "{session:?}");
        assert_eq!(echo.count(), before);
    }
}

#[test]
fn r30_a_ticket_dies_with_the_authority_that_it_was_given_under() {
    let (echo, authority, clients) = (Echo::start(), Authority::new("root"), Authority::new("clients"));
    let mut gateway = gateway(&echo, &authority, &clients);
    let alice = clients.issue("alice");
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let mut own = certificate("c1", MUTUAL, &authority.issue(MUTUAL));
        own.2["client"] = json!({"roots_pem": clients.pem(), "depth": 1, "subject_passed": true});
        gateway.apply(vec![own.clone()]);
        let known = Client {
            versions,
            shown: Some(&alice),
            tickets: Tickets::kept_in(AnyHost::new()),
            ..Client::new(&authority)
        };
        let engine = gateway.engine.as_ref().unwrap();
        assert_eq!(known.open(engine, MUTUAL).unwrap().get(MUTUAL, "/nginx").status, 200);
        let mut again = known.open(engine, MUTUAL).unwrap();
        assert!(again.is_resumed());
        let seen = again.get(MUTUAL, "/nginx").seen();
        assert_eq!(seen_header(&seen, "x-client-s-dn"), Some("O=Example,CN=alice"), "a resumed session is hers too");
        own.2["client"]["roots_pem"] = json!(Authority::new("others").pem());
        gateway.apply(vec![own]);
        let after = known.open(gateway.engine.as_ref().unwrap(), MUTUAL);
        let after = after.and_then(|mut session| session.try_get(MUTUAL, "/nginx"));
        assert!(after.is_err(), "{after:?}");
    }
}

#[test]
fn r32_a_connection_for_one_host_leads_to_no_host_that_asks_for_certificates() {
    let (echo, authority, clients) = (Echo::start(), Authority::new("root"), Authority::new("clients"));
    let gateway = gateway(&echo, &authority, &clients);
    let engine = gateway.engine.as_ref().unwrap();
    let alice = clients.issue("alice");
    for client in [Client::new(&authority), Client { shown: Some(&alice), ..Client::new(&authority) }] {
        let mut around = client.open(engine, HOST).unwrap();
        for host in [MUTUAL, "MUTUAL.example.com", "mutual.example.com.", "mutual.example.com:443"] {
            let answer = around.get(host, "/nginx");
            assert_eq!((answer.status, answer.code()), (421, "I421MD"), "{host}");
        }
        assert_eq!(echo.count(), 0);
    }
    let known = Client { shown: Some(&alice), ..Client::new(&authority) };
    assert_eq!(known.open(engine, MUTUAL).unwrap().get(MUTUAL, "/nginx").status, 200);
}
