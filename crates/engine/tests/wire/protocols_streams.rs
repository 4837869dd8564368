//! Streams through the gateway: WebSocket, server-sent events, bodies that wait for permission, and bodies larger than
//! memory should ever be.

use crate::support::{
    app, app_auth, connect, domain, edition, grant, group, http_backend, read_answer, seen_header, Echo, Gateway,
    APP_CODE, DEADLINE, HOST,
};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// A backend of which the test plays each connection, after its request's head was read.
fn played(play: impl Fn(Vec<String>, BufReader<TcpStream>) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let play = std::sync::Arc::new(play);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let play = std::sync::Arc::clone(&play);
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let head = head(&mut reader);
                play(head, reader);
            });
        }
    });
    address
}

fn head(reader: &mut impl BufRead) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            return lines;
        }
        lines.push(line.trim_end().to_owned());
    }
}

/// Switches, shows the head it got as the first line, then echoes bytes.
fn websocket() -> SocketAddr {
    played(|head, mut reader| {
        let mut stream = reader.get_ref().try_clone().unwrap();
        let seen = head.join("|").to_ascii_lowercase();
        let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        stream.write_all(format!("{switch}{seen}\n").as_bytes()).unwrap();
        let mut bytes = [0; 1024];
        while let Ok(length @ 1..) = reader.read(&mut bytes) {
            stream.write_all(&bytes[..length]).unwrap();
        }
    })
}

fn api(backend: SocketAddr, change: Value) -> (&'static str, String, Value) {
    let mut service = http_backend(backend);
    service["timeout_ms"] = json!(500);
    edition("api1", "GET", "/ws", service, change)
}

fn sockets() -> Value {
    json!({"protocols": {"http": true, "https": true, "websocket": true}})
}

/// Sends a handshake and reads the head of its answer.
fn shake(address: SocketAddr, more: &str) -> (BufReader<TcpStream>, Vec<String>) {
    let mut stream = connect(address);
    let text = format!(
        "GET /ws HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n{KEY}{more}\r\n"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let lines = head(&mut reader);
    (reader, lines)
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line
}

fn until(reader: &mut impl BufRead, expected: &str) {
    loop {
        match line(reader).as_str() {
            "" => panic!("it ended before {expected:?}"),
            read if read == expected => return,
            _ => {}
        }
    }
}

#[test]
fn passes_a_websocket_both_ways_in_every_request_mode() {
    for mode in ["passthrough", "mapping"] {
        let mut change = sockets();
        change["request_mode"] = json!(mode);
        let gateway = Gateway::start(vec![group(), domain(), api(websocket(), change)]);
        let (mut reader, lines) = shake(gateway.address(), "");
        assert_eq!(lines[0], "HTTP/1.1 101 Switching Protocols", "{lines:?}");
        for expected in
            ["Upgrade: websocket", "Connection: Upgrade", "Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
        {
            assert!(lines.iter().any(|line| line == expected), "{expected} in {lines:?}");
        }
        assert!(lines.iter().any(|line| line.starts_with("X-Ca-Request-Id: ")));
        let seen = line(&mut reader);
        for expected in ["get /backend http/1.1", "upgrade: websocket", "sec-websocket-key: dghlihnhbxbszsbub25jzq=="] {
            assert!(seen.contains(expected), "{expected} in {seen}");
        }
        for text in ["one\n", "HTTP/1.1 400 Bad Request\n"] {
            reader.get_mut().write_all(text.as_bytes()).unwrap();
            assert_eq!(line(&mut reader), text);
        }
    }
}

#[test]
fn refuses_a_websocket_to_an_api_without_it_or_a_caller_without_a_grant() {
    let backend = websocket();
    let gateway = Gateway::start(vec![group(), domain(), api(backend, json!({}))]);
    let (_, lines) = shake(gateway.address(), "");
    assert!(lines[0].contains(" 403 ") && lines.iter().any(|line| line == "X-Ca-Error-Code: I403PT"), "{lines:?}");
    let mut change = sockets();
    change["auth"] = app_auth();
    let gateway = Gateway::start(vec![group(), domain(), app(), grant("api1"), api(backend, change)]);
    let (_, lines) = shake(gateway.address(), "");
    assert!(lines.iter().any(|line| line == "X-Ca-Error-Code: A400MA"), "{lines:?}");
    let (_, lines) = shake(gateway.address(), &format!("Authorization: APPCODE {APP_CODE}\r\n"));
    assert!(lines[0].contains(" 101 "), "{lines:?}");
}

#[test]
fn ends_a_websocket_with_its_access_and_when_the_engine_drains_and_records_it() {
    let log = std::env::temp_dir().join(format!("isthmus-streams-{}.log", std::process::id()));
    let backend = websocket();
    let network = ("network", "vpc-h".to_owned(), json!({"network_id": "vpc-h", "attachment": {"mode": "host"}}));
    let access = json!({"access_id": "a", "name": "ws", "network_id": "vpc-h", "target": "127.0.0.1",
        "port": backend.port()});
    let service = json!({"target": {"type": "vpc", "access": "ws", "scheme": "http"}, "path": "/", "timeout_ms": 500});
    let records = vec![
        group(),
        domain(),
        network,
        ("vpc_access", "ws".into(), access.clone()),
        edition("api1", "GET", "/ws", service, sockets()),
    ];
    let mut gateway =
        Gateway::start_with(records, |settings| settings.access_log = Some(crate::support::access_log(log.clone())));
    let (mut reader, _) = shake(gateway.address(), "");
    line(&mut reader);
    gateway.apply(vec![("vpc_access", "ws".into(), Value::Null)]);
    assert_eq!(line(&mut reader), "", "it ends with its access");
    gateway.apply(vec![("vpc_access", "ws".into(), access)]);
    let (mut reader, _) = shake(gateway.address(), "");
    line(&mut reader);
    let started = Instant::now();
    gateway.engine.take().unwrap().stop();
    assert!(started.elapsed() < Duration::from_millis(1500), "a drain does not wait for it");
    assert_eq!(line(&mut reader), "");
    let text = std::fs::read_to_string(&log).unwrap();
    assert_eq!(text.matches("\"statusCode\":101").count(), 2, "{text}");
    std::fs::remove_file(&log).ok();
}

#[test]
fn r10_serves_what_follows_an_upgrade_that_was_not_taken_as_a_request_of_its_own() {
    let echo = Echo::start();
    let gateway = Gateway::start(vec![group(), domain(), api(echo.address, sockets())]);
    let (mut stream, two) = (
        connect(gateway.address()),
        format!(
            "GET /ws HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{KEY}\r\n\
             GET /nope HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
        ),
    );
    stream.write_all(two.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    assert_eq!(read_answer(&mut reader).status, 200);
    assert_eq!(read_answer(&mut reader).code(), "I404NF");
    assert_eq!(echo.count(), 1);
}

#[test]
fn r10_takes_no_switch_that_was_not_asked_for() {
    let gateway = Gateway::start(vec![group(), domain(), api(websocket(), sockets())]);
    let answer = gateway.get("/ws", &[]);
    assert_eq!((answer.status, answer.code()), (502, "N502RE"));
}

#[test]
fn r15_passes_no_upgrade_to_http2_on() {
    let echo = Echo::start();
    let gateway = Gateway::start(vec![group(), domain(), api(echo.address, sockets())]);
    for connection in ["Upgrade, HTTP2-Settings", "Upgrade"] {
        let headers = [("Connection", connection), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")];
        let seen = gateway.get("/ws", &headers).seen();
        for gone in ["upgrade", "http2-settings", "connection"] {
            assert_eq!(seen_header(&seen, gone), None, "{gone}");
        }
    }
}

#[test]
fn passes_each_event_on_at_once_and_for_longer_than_the_timeout_of_the_api() {
    let (next, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let backend = played(move |_, reader| {
        let mut stream = reader.get_ref();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            .unwrap();
        for index in 0..3 {
            let event = format!("data: {index}\n\n");
            stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).unwrap();
            // The next one is sent only once the caller has seen this one.
            wait.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    });
    let gateway = Gateway::start(vec![group(), domain(), api(backend, json!({}))]);
    let mut stream = connect(gateway.address());
    stream.write_all(format!("GET /ws HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    head(&mut reader);
    let started = Instant::now();
    for index in 0..3 {
        until(&mut reader, &format!("data: {index}\n"));
        if index == 1 {
            std::thread::sleep(Duration::from_millis(700).saturating_sub(started.elapsed()));
        }
        next.send(()).unwrap();
    }
    until(&mut reader, "0\r\n");
}

#[test]
fn asks_for_a_body_only_once_the_request_is_permitted() {
    let echo = Echo::start();
    let mut change = json!({"method": "POST"});
    change["auth"] = app_auth();
    let gateway = Gateway::start(vec![group(), domain(), app(), grant("api1"), api(echo.address, change)]);
    for (code, first) in [("wrong", "HTTP/1.1 400 Bad Request"), (APP_CODE, "HTTP/1.1 100 Continue")] {
        let mut stream = connect(gateway.address());
        let text = format!(
            "POST /ws HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: APPCODE {code}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        assert_eq!(head(&mut reader)[0], first);
        if code == APP_CODE {
            reader.get_mut().write_all(b"hello").unwrap();
            assert_eq!(read_answer(&mut reader).seen()["body"], "hello");
        }
    }
    assert_eq!(echo.count(), 1);
}

/// Resident memory of this process, which the engine is part of.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// `ISTHMUS_LARGE_BODY` in bytes makes it larger, for example 5368709120.
#[test]
fn streams_large_bodies_without_keeping_them() {
    let size: u64 = std::env::var("ISTHMUS_LARGE_BODY").map_or(256 << 20, |text| text.parse().unwrap());
    let piece = vec![7; 64 * 1024];
    let sent = piece.clone();
    let backend = played(move |lines, mut reader| {
        if lines[0].starts_with("POST") {
            let taken = std::io::copy(&mut (&mut reader).take(size), &mut std::io::sink()).unwrap();
            let body = taken.to_string();
            write!(reader.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        } else {
            write!(reader.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").unwrap();
            for _ in 0..size / sent.len() as u64 {
                reader.get_mut().write_all(&sent).unwrap();
            }
        }
    });
    let mut service = http_backend(backend);
    service["timeout_ms"] = json!(600_000);
    let records = vec![group(), domain(), edition("api1", "ANY", "/ws", service, json!({}))];
    let gateway = Gateway::start_with(records, |settings| settings.request_body_limit = size);
    let mut stream = connect(gateway.address());
    stream.write_all(format!("GET /ws HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    head(&mut reader);
    let before = resident();
    assert_eq!(std::io::copy(&mut reader.by_ref().take(size), &mut std::io::sink()).unwrap(), size);
    write!(reader.get_mut(), "POST /ws HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {size}\r\n\r\n").unwrap();
    for _ in 0..size / piece.len() as u64 {
        reader.get_mut().write_all(&piece).unwrap();
    }
    assert_eq!(read_answer(&mut reader).text(), size.to_string());
    let grown = resident().saturating_sub(before);
    println!("{size} bytes down and up: resident memory grew by {grown} bytes");
    assert!(grown < 20 << 20, "grew by {grown}");
}
