//! A real engine on a port of its own, a backend that shows what it received, and a client that sends bytes as given.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod alone;
pub mod bastion;
pub mod connector;
pub mod docs;
pub mod explained;
pub mod http2;
pub mod plugins;
pub mod rsa_tokens;
pub mod service;
pub mod tls;
pub mod tls_backend;
pub mod tokens;

use isthmus_engine::live::{Applied, Batch, BatchRecord, Live};
use isthmus_engine::settings::{AccessLogSettings, EngineSettings};
use isthmus_engine::Engine;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

pub const HOST: &str = "api.example.com";
pub const APP_CODE: &str = "0123456789abcdef0123456789abcdef";
pub const APP_KEY: &str = "203753385";
pub const APP_SECRET: &str = "mXk1o7tV9cQe2Rz8LwYb5Ns4Jd6Gh0Pu";
pub const APP_ID: u64 = 110840611;

/// How long any wait of a test may last.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// An access log that is one file for ever.
pub fn access_log(path: std::path::PathBuf) -> AccessLogSettings {
    AccessLogSettings { path, bytes: 0, files: 0 }
}

pub struct Gateway {
    pub engine: Option<Engine>,
    pub live: Arc<Live>,
    revision: u64,
    explained: explained::Explained,
}

impl Gateway {
    pub fn start(records: Vec<(&str, String, Value)>) -> Self {
        Self::start_with(records, |_| {})
    }

    pub fn start_with(records: Vec<(&str, String, Value)>, change: impl FnOnce(&mut EngineSettings)) -> Self {
        let mut settings = Self::settings();
        change(&mut settings);
        let explained = explained::Explained::keep(&mut settings);
        let live = Arc::new(Live::default());
        let engine = Engine::start(settings, Arc::clone(&live)).unwrap();
        let mut gateway = Self { engine: Some(engine), live, revision: 0, explained };
        let applied = gateway.apply(records);
        assert_eq!(applied.refused, vec![], "the test's own records must be served");
        gateway
    }

    pub fn settings() -> EngineSettings {
        serde_json::from_value(json!({
            "node": "test", "http": "127.0.0.1:0", "https": null, "health": "127.0.0.1:0", "threads": 1,
            "state": "", "state_key": "", "feed": null, "access_log": null,
            "signature_window_ms": 900_000, "nonce_window_ms": 900_000, "automatic_domain_quota": 1000,
            "request_body_limit": 65536, "connect_timeout_ms": 1000, "client_timeout_ms": 10_000, "stream_idle_ms": 10_000, "drain_ms": 2000,
            "loopback_backends": true, "own_addresses": [], "refusal_body": "empty",
        }))
        .unwrap()
    }

    pub fn apply(&mut self, records: Vec<(&str, String, Value)>) -> Applied {
        self.revision += 1;
        let revision = self.revision;
        let records = records
            .into_iter()
            .map(|(kind, key, body)| BatchRecord {
                kind: kind.to_owned(),
                key,
                revision,
                body: (!body.is_null()).then(|| body.to_string().into()),
            })
            .collect();
        self.live.apply(Batch { store: "test".to_owned(), snapshot: revision == 1, revision, records })
    }

    pub fn address(&self) -> SocketAddr {
        self.engine.as_ref().unwrap().addresses.http
    }

    pub fn health_address(&self) -> SocketAddr {
        self.engine.as_ref().unwrap().addresses.health.unwrap()
    }

    pub fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, headers, b"")
    }

    /// One request on a connection of its own.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut message = format!("{method} {target} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            message.push_str(&format!("Host: {HOST}\r\n"));
        }
        for (name, value) in headers {
            message.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            message.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        message.push_str("\r\n");
        let mut bytes = message.into_bytes();
        bytes.extend_from_slice(body);
        self.raw(&bytes)
    }

    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = connect(self.address());
        stream.write_all(bytes).unwrap();
        let answer = read_answer(&mut BufReader::new(stream));
        self.explained.saw(&answer);
        answer
    }
}

impl Gateway {
    /// Ends it, and looks whether every refusal is explained.
    pub fn end(&mut self) {
        if let Some(engine) = self.engine.take() {
            let records = engine.records.clone();
            engine.stop();
            if !std::thread::panicking() {
                self.explained.check(records);
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn code(&self) -> &str {
        self.header("X-Ca-Error-Code").unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.header("X-Ca-Error-Message").unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What the echo backend received.
    pub fn seen(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not the echo backend's answer: {self:?}"))
    }
}

pub fn read_answer(reader: &mut impl BufRead) -> Answer {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let headers = read_headers(reader);
    let mut answer = Answer { status, headers, body: Vec::new() };
    match answer.header("content-length").map(|text| text.parse::<usize>().unwrap()) {
        Some(length) => {
            answer.body = vec![0; length];
            reader.read_exact(&mut answer.body).unwrap();
        }
        None if answer.header("transfer-encoding").is_some() => answer.body = read_chunks(reader),
        None => {}
    }
    answer
}

fn read_headers(reader: &mut impl BufRead) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).unwrap();
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        match text.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => return headers,
        }
    }
}

fn read_chunks(reader: &mut impl BufRead) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

/// A backend that answers with what it received, as JSON, and counts.
pub struct Echo {
    pub address: SocketAddr,
    pub requests: Arc<AtomicUsize>,
    pub connections: Arc<AtomicUsize>,
    /// Connections that stand.
    pub open: Arc<AtomicUsize>,
}

impl Echo {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let [requests, connections, open] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
        let (seen, opened, standing) = (Arc::clone(&requests), Arc::clone(&connections), Arc::clone(&open));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                opened.fetch_add(1, Ordering::SeqCst);
                standing.fetch_add(1, Ordering::SeqCst);
                let (seen, standing) = (Arc::clone(&seen), Arc::clone(&standing));
                std::thread::spawn(move || {
                    echo(stream, &seen);
                    standing.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, requests, connections, open }
    }

    pub fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// One request as a backend shows it: method, target, headers (names in lower case), body; None when the peer is done.
fn read_request(reader: &mut impl BufRead) -> Option<Value> {
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return None;
    }
    let headers = read_headers(reader);
    let find = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut body = Vec::new();
    if let Some((_, length)) = find("content-length") {
        body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).ok()?;
    } else if find("transfer-encoding").is_some() {
        body = read_chunks(reader);
    }
    let mut parts = line.split(' ');
    let pairs: Vec<_> = headers.iter().map(|(name, value)| json!([name.to_ascii_lowercase(), value])).collect();
    Some(json!({"method": parts.next(), "target": parts.next(), "headers": pairs,
        "body": String::from_utf8_lossy(&body)}))
}

fn echo(stream: TcpStream, seen: &AtomicUsize) {
    let mut writer = stream.try_clone().unwrap();
    let peer = writer.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = read_request(&mut reader) {
        seen.fetch_add(1, Ordering::SeqCst);
        request["peer"] = json!(peer);
        let shown = request.to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", shown.len());
        if writer.write_all(format!("{head}{shown}").as_bytes()).is_err() {
            return;
        }
    }
}

/// The value of a header that the echo backend saw.
pub fn seen_header<'s>(seen: &'s Value, name: &str) -> Option<&'s str> {
    seen["headers"].as_array()?.iter().find(|pair| pair[0] == name).and_then(|pair| pair[1].as_str())
}

// --- records ---------------------------------------------------------------------------------------------------

pub fn group() -> (&'static str, String, Value) {
    let body = json!({"group_id": "g1", "name": "demo", "instance_id": "api-shared-vpc-001", "region": "cn-hangzhou",
        "stages": ["RELEASE", "PRE", "TEST"]});
    ("group", "g1".into(), body)
}

pub fn domain() -> (&'static str, String, Value) {
    ("domain", HOST.into(), json!({"host": HOST, "group_id": "g1"}))
}

pub fn app() -> (&'static str, String, Value) {
    let body = json!({"app_id": APP_ID, "name": "caller", "keys": [{"key": APP_KEY, "secret": APP_SECRET}], "codes": [APP_CODE]});
    ("app", APP_ID.to_string(), body)
}

pub fn grant(api_id: &str) -> (&'static str, String, Value) {
    let key = format!("{api_id}/RELEASE/{APP_ID}");
    ("grant", key, json!({"api_id": api_id, "stage": "RELEASE", "app_id": APP_ID}))
}

pub fn app_auth() -> Value {
    json!({"type": "app", "app_code": "header_and_query", "signature_methods": ["HmacSHA256", "HmacSHA1"]})
}

pub fn anonymous() -> Value {
    json!({"type": "anonymous"})
}

pub fn http_backend(address: SocketAddr) -> Value {
    json!({"target": {"type": "http", "scheme": "http", "host": address.ip().to_string(), "port": address.port()},
        "path": "/backend", "timeout_ms": 5000})
}

/// A pass-through edition in RELEASE; `change` overwrites fields.
pub fn edition(api_id: &str, method: &str, path: &str, backend: Value, change: Value) -> (&'static str, String, Value) {
    let mut body = json!({
        "api_id": api_id, "api_name": format!("name_{api_id}"), "group_id": "g1", "stage": "RELEASE",
        "version": "20261124090000000", "protocols": {"http": true, "https": true}, "method": method, "path": path,
        "auth": anonymous(), "request_mode": "passthrough", "backend": backend,
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    let key = format!("{api_id}/{}", body["stage"].as_str().unwrap());
    ("edition", key, body)
}
