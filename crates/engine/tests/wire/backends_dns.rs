//! Backends whose targets name servers tell: SRV records with priorities and weights, addresses, and times to live. The
//! name server is the test's own.

use crate::support::{domain, edition, group, Echo, Gateway, DEADLINE};
use serde_json::{json, Value};
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Instant;

const SRV: u16 = 33;
const A: u16 = 1;

/// What is told of a name: its records of one type, each with a time to live.
type Zone = HashMap<(String, u16), Vec<(u32, Vec<u8>)>>;

#[derive(Clone, Default)]
struct NameServer {
    zone: Arc<Mutex<Zone>>,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl NameServer {
    fn tell(&self, name: &str, kind: u16, records: Vec<(u32, Vec<u8>)>) {
        self.zone.lock().unwrap().insert((name.to_owned(), kind), records);
    }

    fn count(&self, name: &str, kind: u16) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| **asked == (name.to_owned(), kind)).count()
    }

    fn start(&self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let server = self.clone();
        std::thread::spawn(move || {
            let mut query = [0; 1500];
            while let Ok((length, peer)) = socket.recv_from(&mut query) {
                socket.send_to(&server.answer(&query[..length]), peer).ok();
            }
        });
        address
    }

    /// RFC 1035 section 4: the question again, then the records, under a pointer to its name.
    fn answer(&self, query: &[u8]) -> Vec<u8> {
        let (mut at, mut labels) = (12, Vec::new());
        while query[at] != 0 {
            let end = at + 1 + usize::from(query[at]);
            labels.push(String::from_utf8(query[at + 1..end].to_vec()).unwrap().to_ascii_lowercase());
            at = end;
        }
        let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
        let asked = (labels.join("."), kind);
        let records = self.zone.lock().unwrap().get(&asked).cloned();
        self.asked.lock().unwrap().push(asked);
        // A name that is not known at all does not exist; one without records of a type has none.
        let known = self.zone.lock().unwrap().keys().any(|(name, _)| *name == labels.join("."));
        let flags: [u8; 2] = if known { [0x81, 0x80] } else { [0x81, 0x83] };
        let records = records.unwrap_or_default();
        let count = u8::try_from(records.len()).unwrap();
        let mut bytes = [&query[..2], &flags, &[0, 1, 0, count, 0, 0, 0, 0], &query[12..at + 5]].concat();
        for (seconds, data) in records {
            bytes.extend([0xc0, 12]);
            bytes.extend(kind.to_be_bytes());
            bytes.extend([0, 1]);
            bytes.extend(seconds.to_be_bytes());
            bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            bytes.extend(data);
        }
        bytes
    }
}

fn service(priority: u16, weight: u16, port: u16, target: &str) -> Vec<u8> {
    let mut data = [priority.to_be_bytes(), weight.to_be_bytes(), port.to_be_bytes()].concat();
    for label in target.split('.') {
        data.push(u8::try_from(label.len()).unwrap());
        data.extend(label.bytes());
    }
    data.push(0);
    data
}

fn gateway(server: SocketAddr, registry: Value, interval_ms: u64) -> Gateway {
    let target = json!({"type": "discovered", "scheme": "http", "registry": registry});
    let backend = json!({"target": target, "path": "/u", "timeout_ms": 8000});
    let records = vec![group(), domain(), edition("api1", "GET", "/v1", backend, json!({}))];
    Gateway::start_with(records, |settings| {
        settings.discovery_interval_ms = interval_ms;
        settings.name_servers = vec![server];
    })
}

const USERS: &str = "_http._tcp.users.test";

fn users() -> Value {
    json!({"type": "dns", "name": USERS})
}

#[test]
fn srv_records_name_the_targets_their_ports_and_weights() {
    let (first, second, spare) = (Echo::start(), Echo::start(), Echo::start());
    let server = NameServer::default();
    let records = vec![
        (300, service(10, 1, first.address.port(), "a.users.test")),
        (300, service(10, 3, second.address.port(), "b.users.test")),
        (300, service(20, 9, spare.address.port(), "a.users.test")),
        (300, service(10, 9, 1, "gone.users.test")),
    ];
    server.tell(USERS, SRV, records);
    server.tell("a.users.test", A, vec![(300, vec![127, 0, 0, 1])]);
    server.tell("b.users.test", A, vec![(300, vec![127, 0, 0, 1])]);
    let gateway = gateway(server.start(), users(), 20);
    for _ in 0..200 {
        assert_eq!(gateway.get("/v1", &[]).status, 200);
    }
    assert_eq!((first.count(), second.count(), spare.count()), (50, 150, 0), "the best priority, by weight");
    assert_eq!(server.count(USERS, SRV), 1, "an answer is good for its time to live");
}

#[test]
fn an_answer_is_asked_for_again_when_its_time_to_live_is_over() {
    let (before, after) = (Echo::start(), Echo::start());
    let server = NameServer::default();
    server.tell("a.users.test", A, vec![(300, vec![127, 0, 0, 1])]);
    server.tell(USERS, SRV, vec![(1, service(0, 0, before.address.port(), "a.users.test"))]);
    let gateway = gateway(server.start(), users(), 3_600_000);
    assert_eq!(gateway.get("/v1", &[]).status, 200);
    assert_eq!(before.count(), 1);
    server.tell(USERS, SRV, vec![(300, service(0, 0, after.address.port(), "a.users.test"))]);
    let until = Instant::now() + DEADLINE;
    while after.count() == 0 {
        assert_eq!(gateway.get("/v1", &[]).status, 200);
        assert!(Instant::now() < until, "the new target is never found");
    }
}

#[test]
fn with_a_port_every_address_of_the_name_is_a_target() {
    let echo = Echo::start();
    let server = NameServer::default();
    server.tell("users.test", A, vec![(300, vec![127, 0, 0, 1])]);
    let gateway =
        gateway(server.start(), json!({"type": "dns", "name": "users.test", "port": echo.address.port()}), 20);
    assert_eq!(gateway.get("/v1", &[]).status, 200);
    assert_eq!(server.count("users.test", SRV), 0);
}

#[test]
fn a_name_without_records_does_not_resolve_and_the_last_good_answer_stays() {
    let echo = Echo::start();
    let server = NameServer::default();
    let address = server.start();
    let answer = gateway(address, users(), 20).get("/v1", &[]);
    assert_eq!((answer.status, answer.code()), (504, "D504RE"));
    assert_eq!(answer.message(), format!("Backend domain `{USERS}` resolve failed"));
    server.tell("a.users.test", A, vec![(300, vec![127, 0, 0, 1])]);
    server.tell(USERS, SRV, vec![(1, service(0, 0, echo.address.port(), "a.users.test"))]);
    let gateway = gateway(address, users(), 20);
    assert_eq!(gateway.get("/v1", &[]).status, 200);
    server.zone.lock().unwrap().clear();
    let asked = server.count(USERS, SRV);
    let until = Instant::now() + DEADLINE;
    while server.count(USERS, SRV) < asked + 2 {
        assert_eq!(gateway.get("/v1", &[]).status, 200);
        assert!(Instant::now() < until, "it is not asked again");
    }
}
