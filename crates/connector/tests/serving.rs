//! A connector in a process of its own, asked through its socket; backends are this machine's loopback addresses.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed assumption must end the test.

use isthmus_connector::packet::PacketSocket;
use isthmus_connector::protocol::{ErrorKind, Reply, Request};
use serde_json::{json, Value};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(10);
const NET: u8 = 101;

struct Connector {
    process: Child,
    socket: PathBuf,
    folder: PathBuf,
}

impl Connector {
    /// `change` goes over a configuration that allows nothing and maps 10.0.x.y to 127.101.x.y.
    fn start(name: &str, change: Value) -> Self {
        let folder = std::env::temp_dir().join(format!("connector-test-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("vpc.sock");
        Self { process: launch(&socket, &change), socket, folder }
    }

    fn client(&self) -> Client {
        let started = Instant::now();
        loop {
            match PacketSocket::connect(&self.socket) {
                Ok(socket) => return Client { socket },
                Err(error) => {
                    assert!(started.elapsed() < DEADLINE, "{error}");
                    std::thread::yield_now();
                }
            }
        }
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn launch(socket: &Path, change: &Value) -> Child {
    let mut config = json!({"socket": socket, "loopback_map": {"net": NET}, "connect_timeout_ms": 2000});
    for (name, value) in change.as_object().unwrap() {
        config[name] = value.clone();
    }
    let mut program = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    program.push("examples/connector");
    Command::new(program).arg(config.to_string()).stderr(Stdio::piped()).spawn().unwrap()
}

struct Client {
    socket: PacketSocket,
}

impl Client {
    async fn ask(&self, request: &Request) {
        self.socket.send(&serde_json::to_vec(request).unwrap(), None).await.unwrap();
    }

    async fn reply(&self) -> (Reply, Option<OwnedFd>) {
        let packet = tokio::time::timeout(DEADLINE, self.socket.receive()).await.unwrap().unwrap().unwrap();
        (serde_json::from_slice(&packet.bytes).unwrap(), packet.descriptor)
    }

    async fn connect(&self, id: u64, target: SocketAddr) -> (Reply, Option<OwnedFd>) {
        self.ask(&connect(id, target)).await;
        self.reply().await
    }

    async fn refusal(&self, target: &str) -> (ErrorKind, String) {
        match self.connect(1, target.parse().unwrap()).await {
            (Reply::Failed { error, detail, .. }, None) => (error, detail),
            other => panic!("expected a failure, not {other:?}"),
        }
    }
}

fn connect(id: u64, target: SocketAddr) -> Request {
    Request::Connect { id, ip: target.ip(), port: target.port(), timeout_ms: None, source: None }
}

/// A listening backend as the network names it (10.0.0.`host`), and its listener on loopback.
fn backend(host: u8) -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind((std::net::Ipv4Addr::new(127, NET, 0, host), 0)).unwrap();
    let address = SocketAddr::from(([10, 0, 0, host], listener.local_addr().unwrap().port()));
    (address, listener)
}

#[tokio::test]
async fn hands_over_a_connected_socket_from_its_egress_address() {
    let (target, listener) = backend(11);
    let connector = Connector::start("hands", json!({"allow": [target], "egress": ["10.0.0.250", "10.0.0.251"]}));
    let client = connector.client();
    let mut seen = Vec::new();
    for id in [7, 8] {
        let (reply, descriptor) = client.connect(id, target).await;
        let (mut accepted, peer) = listener.accept().unwrap();
        let source: IpAddr = format!("10.0.0.{}", peer.to_string().split(['.', ':']).nth(3).unwrap()).parse().unwrap();
        assert_eq!(reply, Reply::Connected { id, ok: true, source: Some(source) });
        let mut stream = TcpStream::from(descriptor.unwrap());
        stream.set_nonblocking(false).unwrap();
        stream.write_all(b"ping").unwrap();
        let mut text = [0; 4];
        accepted.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"ping");
        seen.push(source.to_string());
    }
    assert_eq!(seen, ["10.0.0.250", "10.0.0.251"]);
}

#[tokio::test]
async fn reaches_only_what_its_list_names() {
    let (target, listener) = backend(12);
    let connector = Connector::start("list", json!({"allow": [target]}));
    let client = connector.client();
    listener.set_nonblocking(true).unwrap();
    for refused in ["10.0.0.13:80".to_owned(), format!("10.0.0.12:{}", target.port() ^ 1)] {
        let (kind, detail) = client.refusal(&refused).await;
        assert_eq!(
            (kind, detail),
            (ErrorKind::RefusedByConnector, format!("{refused} is not on the connector's list"))
        );
    }
    assert!(listener.accept().is_err());
}

#[tokio::test]
async fn refuses_metadata_and_loopback_even_when_its_list_names_them() {
    let listed = ["169.254.169.254:80", "127.0.0.1:80", "[::ffff:127.0.0.1]:80", "[64:ff9b::a9fe:a9fe]:80"];
    let connector = Connector::start("special", json!({"allow": listed}));
    let client = connector.client();
    for target in listed {
        assert_eq!(client.refusal(target).await.0, ErrorKind::RefusedByConnector, "{target}");
    }
}

#[tokio::test]
async fn says_when_nothing_listens_and_when_a_source_address_is_not_there() {
    let (target, listener) = backend(14);
    drop(listener);
    let connector = Connector::start("closed", json!({"allow": [target], "egress": ["10.0.0.250"]}));
    let client = connector.client();
    assert_eq!(client.refusal(&target.to_string()).await.0, ErrorKind::Refused);
    let foreign = Some("10.0.0.9".parse().unwrap());
    client
        .ask(&Request::Connect { id: 3, ip: target.ip(), port: target.port(), timeout_ms: None, source: foreign })
        .await;
    let detail = "10.0.0.9 is none of this connector's".to_owned();
    assert_eq!(client.reply().await.0, Reply::Failed { id: 3, error: ErrorKind::NoSourceAddress, detail });
}

#[tokio::test]
async fn follows_its_list_file_and_allows_nothing_without_it() {
    let (target, _listener) = backend(15);
    let folder = std::env::temp_dir().join(format!("connector-test-{}-lists", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("allow.json");
    std::fs::write(&file, "[]").unwrap();
    let connector = Connector::start("file", json!({"allow_file": file}));
    let client = connector.client();
    assert_eq!(client.refusal(&target.to_string()).await.0, ErrorKind::RefusedByConnector);
    std::fs::write(&file, json!([target]).to_string()).unwrap();
    assert!(client.connect(2, target).await.1.is_some());
    std::fs::write(&file, "[broken").unwrap();
    assert!(client.refusal(&target.to_string()).await.1.starts_with("nothing is allowed: the list "));
    std::fs::write(&file, json!([target]).to_string()).unwrap();
    assert!(client.connect(4, target).await.1.is_some());
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(client.refusal(&target.to_string()).await.0, ErrorKind::RefusedByConnector);
}

#[tokio::test]
async fn answers_many_requests_in_the_order_of_completion() {
    let (target, listener) = backend(16);
    let connector = Connector::start("many", json!({"allow": [target]}));
    let client = connector.client();
    for id in 1..=100 {
        client.ask(&connect(id, target)).await;
    }
    let mut answered = std::collections::BTreeSet::new();
    for _ in 0..100 {
        match client.reply().await {
            (Reply::Connected { id, .. }, Some(_)) => answered.insert(id),
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(answered.len(), 100);
    drop(listener);
}

#[tokio::test]
async fn answers_malformed_packets_with_an_error_and_serves_on() {
    let (target, _listener) = backend(17);
    let connector = Connector::start("malformed", json!({"allow": [target]}));
    let client = connector.client();
    let long = vec![b' '; 20_000];
    for packet in [
        b"{".as_slice(),
        b"[]",
        b"\xff\xfe",
        b"{\"op\": \"connect\", \"id\": 1, \"ip\": \"shop\", \"port\": 80}",
        b"{\"op\": \"format\"}",
        b"{\"op\": \"connect\", \"id\": 1, \"ip\": \"10.0.0.1\", \"port\": 99999}",
        &long,
    ] {
        client.socket.send(packet, None).await.unwrap();
        match client.reply().await {
            (Reply::Failed { id: 0, error: ErrorKind::Other, .. }, None) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(client.connect(2, target).await.1.is_some());
}

#[tokio::test]
async fn introduces_itself_with_the_addresses_that_backends_see() {
    let connector = Connector::start("hello", json!({"allow": ["10.0.0.11:80"], "egress": ["10.0.0.250"]}));
    let client = connector.client();
    client.ask(&Request::Hello { id: 5 }).await;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let egress = vec!["10.0.0.250".parse().unwrap()];
    assert_eq!(client.reply().await.0, Reply::Hello { id: 5, egress, allow_count: 1, version });
}

#[tokio::test]
async fn serves_without_any_right() {
    let connector = Connector::start("rights", json!({"allow": [], "mode": "0666"}));
    connector.client();
    let status = std::fs::read_to_string(format!("/proc/{}/status", connector.process.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(field("CapEff:"), "0000000000000000");
    assert_eq!(field("CapPrm:"), "0000000000000000");
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_ne!(field("Uid:"), "0");
}

#[test]
fn says_why_it_cannot_start() {
    let folder = std::env::temp_dir().join(format!("connector-test-{}-cannot", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let taken = folder.join("taken");
    std::fs::write(&taken, "").unwrap();
    for (change, expected) in [
        (json!({"allow": [], "socket": &taken}), "another file is there"),
        (json!({"allow_file": folder.join("none")}), "cannot be used"),
        (json!({"allow": [], "egress": ["shop"]}), "invalid IP address"),
        (json!({"allow": [], "socket": folder.join("x".repeat(120))}), "connector: the socket "),
    ] {
        let output = launch(&folder.join("vpc.sock"), &change).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(expected) && output.status.code() == Some(2), "{said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn replaces_the_socket_of_a_dead_connector_but_not_of_a_living_one() {
    let mut first = Connector::start("stale", json!({"allow": []}));
    first.client();
    let second = launch(&first.socket, &json!({"allow": []})).wait_with_output().unwrap();
    assert!(String::from_utf8(second.stderr).unwrap().contains("another connector serves it"));
    first.process.kill().unwrap();
    first.process.wait().unwrap();
    first.process = launch(&first.socket, &json!({"allow": []}));
    let client = first.client();
    client.ask(&Request::Hello { id: 1 }).await;
    assert!(matches!(client.reply().await.0, Reply::Hello { .. }));
}

#[tokio::test]
async fn a_silent_backend_keeps_no_other_one_waiting() {
    let (silent, queue) = backend(18);
    let (healthy, _listener) = backend(19);
    let connector = Connector::start("silent", json!({"allow": [silent, healthy], "connect_timeout_ms": 5000}));
    let client = connector.client();
    // A queue that nobody takes from fills up, and what comes then gets no answer.
    let asking = async {
        for id in 1..=2000 {
            client.ask(&connect(id, silent)).await;
        }
        client.ask(&connect(5000, healthy)).await;
    };
    let answered = async {
        loop {
            match client.reply().await.0 {
                Reply::Connected { id: 5000, .. } => return,
                Reply::Connected { .. } => {}
                other => panic!("the silent backend came first: {other:?}"),
            }
        }
    };
    tokio::join!(asking, answered);
    drop(queue);
}
