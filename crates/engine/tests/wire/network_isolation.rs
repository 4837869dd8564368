//! Networks with the same addresses are never mixed up, and nothing a caller sends chooses where a request goes.

use crate::support::connector::Connector;
use crate::support::{connect, domain, edition, group, read_answer, Echo, Gateway, HOST};
use serde_json::{json, Value};
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NETWORKS: usize = 50;
const TARGET: &str = "10.0.0.11";

/// A network, the access to its `10.0.0.11:80`, and an API at `/n<number>` that uses it.
fn records(number: usize, connector: &Connector) -> Vec<(&'static str, String, Value)> {
    let (network, name) = (format!("vpc-{number}"), format!("web-{number}"));
    let attachment = json!({"mode": "connector", "socket": connector.socket});
    let target = json!({"type": "vpc", "access": name, "scheme": "http"});
    let backend = json!({"target": target, "path": "/", "timeout_ms": 5000});
    vec![
        (
            "network",
            network.clone(),
            json!({"network_id": network, "attachment": attachment, "cidrs": ["10.0.0.0/24"]}),
        ),
        (
            "vpc_access",
            name.clone(),
            json!({"access_id": name, "name": name, "network_id": network, "target": TARGET, "port": 80}),
        ),
        edition(&format!("api{number}"), "ANY", &format!("/n{number}"), backend, json!({})),
    ]
}

/// A backend that answers with its own number.
fn numbered(number: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let body = format!("network {number}");
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

#[test]
fn fifty_networks_with_the_same_addresses_are_never_mixed_up() {
    let connectors: Vec<_> =
        (0..NETWORKS).map(|number| Connector::start(&format!("n{number}"), numbered(number))).collect();
    let mut all = vec![group(), domain()];
    all.extend(connectors.iter().enumerate().flat_map(|(number, connector)| records(number, connector)));
    let gateway = Gateway::start_with(all, |settings| settings.threads = 2);
    let address = gateway.address();
    let answered = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for client in 0..8 {
            let answered = Arc::clone(&answered);
            scope.spawn(move || {
                let mut stream = connect(address);
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                for turn in 0..NETWORKS * 4 {
                    let number = (turn * 7 + client * 13) % NETWORKS;
                    write!(stream, "GET /n{number} HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
                    assert_eq!(read_answer(&mut reader).text(), format!("network {number}"));
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(answered.load(Ordering::SeqCst), 8 * NETWORKS * 4);
    let wanted: SocketAddr = format!("{TARGET}:80").parse().unwrap();
    for connector in &connectors {
        let asked = connector.asked();
        assert!(!asked.is_empty() && asked.iter().all(|target| *target == wanted), "{asked:?}");
    }
}

#[test]
fn nothing_a_caller_sends_chooses_where_a_request_goes() {
    let (own, decoy) = (Echo::start(), Echo::start());
    let connector = Connector::start("own", own.address);
    let mut all = vec![group(), domain()];
    all.extend(records(0, &connector));
    let gateway = Gateway::start(all);
    let place = decoy.address.to_string();
    let headers = [
        ("X-Forwarded-Host", place.as_str()),
        ("Forwarded", "host=169.254.169.254"),
        ("X-Original-URL", "http://169.254.169.254/"),
        ("X-Ca-Backend", place.as_str()),
        ("Proxy-Connection", "keep-alive"),
    ];
    assert_eq!(gateway.send("GET", "/n0", &headers, b"").status, 200);
    for request in [
        format!("GET http://{place}/n0 HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("GET /n0 HTTP/1.1\r\nHost: {place}\r\n\r\n"),
        format!("GET /n0 HTTP/1.1\r\nHost: {HOST}@{place}\r\n\r\n"),
        format!("GET /n0 HTTP/1.1\r\nHost: {HOST}\r\nHost: {place}\r\n\r\n"),
        format!("GET //{place}/n0 HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("GET /n0/../@{place}/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("CONNECT {place} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
    ] {
        gateway.raw(request.as_bytes());
    }
    assert_eq!(decoy.connections.load(Ordering::SeqCst), 0, "the decoy was connected to");
    let wanted: SocketAddr = format!("{TARGET}:80").parse().unwrap();
    assert!(connector.asked().iter().all(|target| *target == wanted), "{:?}", connector.asked());
}

#[test]
fn a_redirect_of_a_backend_goes_to_the_caller() {
    let decoy = Echo::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let place = decoy.address;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            drop(stream.read(&mut [0; 4096]));
            let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{place}/\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    let connector = Connector::start("redirect", address);
    let mut all = vec![group(), domain()];
    all.extend(records(0, &connector));
    let answer = Gateway::start(all).get("/n0", &[]);
    assert_eq!((answer.status, answer.header("Location")), (302, Some(format!("http://{place}/").as_str())));
    assert_eq!(decoy.connections.load(Ordering::SeqCst), 0, "the redirect was followed");
}

#[test]
fn an_access_that_is_taken_away_ends_what_is_kept_for_it_and_leaves_the_other_networks_alone() {
    let (first, second) = (Echo::start(), Echo::start());
    let connectors = [Connector::start("first", first.address), Connector::start("second", second.address)];
    let mut all = vec![group(), domain()];
    all.extend(connectors.iter().enumerate().flat_map(|(number, connector)| records(number, connector)));
    let mut gateway = Gateway::start(all);
    for _ in 0..2 {
        assert_eq!((gateway.get("/n0", &[]).status, gateway.get("/n1", &[]).status), (200, 200));
    }
    gateway.apply(vec![("vpc_access", "web-0".to_owned(), Value::Null)]);
    assert_eq!(gateway.get("/n0", &[]).code(), "X504VE");
    let end = Instant::now() + Duration::from_secs(10);
    while first.open.load(Ordering::SeqCst) > 0 {
        assert!(Instant::now() < end, "the connection that was kept for the access stands");
        std::thread::yield_now();
    }
    assert_eq!((gateway.get("/n1", &[]).status, second.open.load(Ordering::SeqCst)), (200, 1));
    // An API cannot use an access by naming it before it is there, nor another network's by its target.
    gateway.apply(records(0, &connectors[1]).into_iter().filter(|(kind, ..)| *kind != "vpc_access").collect());
    assert_eq!(gateway.get("/n0", &[]).code(), "X504VE");
    assert_eq!((first.count(), second.connections.load(Ordering::SeqCst)), (2, 1));
}

#[test]
fn a_request_that_a_connector_lost_is_sent_again_once_if_its_method_may_come_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            drop(stream.read(&mut [0; 4096]));
            // Every second connection ends before an answer, as when what carried it dies.
            if count.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
            }
        }
    });
    let connector = Connector::start("lost", address);
    let mut all = vec![group(), domain()];
    all.extend(records(0, &connector));
    let gateway = Gateway::start(all);
    assert_eq!(gateway.get("/n0", &[]).status, 200);
    assert_eq!(heard.load(Ordering::SeqCst), 2, "once lost, once answered");
    assert_eq!(gateway.send("POST", "/n0", &[], b"order").code(), "N502RE");
    assert_eq!(heard.load(Ordering::SeqCst), 3, "what may not come twice is not sent twice");
}
