//! Ordinary calls to backends that are spoken to by HTTP/2, because the backend or its VPC access says so.

use crate::support::http2::{Backend, Read};
use crate::support::tls::Authority;
use crate::support::{connect, domain, edition, group, http_backend, read_answer, tls_backend, Echo, Gateway, HOST};
use serde_json::{json, Value};
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener};

fn http2(address: SocketAddr, change: Value) -> Value {
    let mut backend = http_backend(address);
    backend["path"] = json!("/*");
    backend["http2"] = json!(true);
    for (name, value) in change.as_object().unwrap() {
        backend[name] = value.clone();
    }
    backend
}

fn gateway(backend: Value) -> Gateway {
    Gateway::start(vec![group(), domain(), edition("api1", "ANY", "/*", backend, json!({}))])
}

#[test]
fn a_backend_that_says_so_gets_every_call_by_http2_on_one_connection() {
    let backend = Backend::start();
    let gateway = gateway(http2(backend.address, json!({})));
    for body in ["hello", ""] {
        let answer = gateway.send("POST", "/x?a=1", &[("Cookie", "a=1")], body.as_bytes());
        assert_eq!((answer.status, answer.text().as_str()), (200, body));
        assert_eq!(answer.header("seen-authority"), Some(backend.address.to_string().as_str()));
        assert_eq!(answer.header("seen-te"), None, "only gRPC asks for trailers");
        assert_eq!(answer.header("seen-cookie"), Some("a=1"));
    }
    assert_eq!(backend.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn a_vpc_access_says_it_for_all_its_backends() {
    let backend = Backend::start();
    let network = ("network", "vpc-h".to_owned(), json!({"network_id": "vpc-h", "attachment": {"mode": "host"}}));
    let access = json!({"access_id": "a", "name": "users", "network_id": "vpc-h", "target": "127.0.0.1",
        "port": backend.address.port(), "host": "users.internal", "http2": true});
    let service =
        json!({"target": {"type": "vpc", "access": "users", "scheme": "http"}, "path": "/*", "timeout_ms": 5000});
    let api = edition("api1", "ANY", "/*", service, json!({}));
    let gateway = Gateway::start(vec![group(), domain(), network, ("vpc_access", "users".into(), access), api]);
    let answer = gateway.get("/x", &[]);
    assert_eq!((answer.status, answer.header("seen-authority")), (200, Some("users.internal")));
}

#[test]
fn the_timeout_covers_the_whole_call() {
    let backend = Backend::start();
    let gateway = gateway(http2(backend.address, json!({"timeout_ms": 200})));
    let answer = gateway.get("/silent", &[]);
    assert_eq!((answer.status, answer.code()), (504, "D504TO"));
    assert_eq!(gateway.get("/x", &[]).status, 200, "others go on, on the same connection");
    // The backend sends the answer's head and then waits for the rest of a body that does not come.
    let mut stream = connect(gateway.address());
    let head = format!("POST /x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10\r\n\r\nhalf");
    stream.write_all(head.as_bytes()).unwrap();
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read_answer(&mut BufReader::new(stream))));
    assert!(ended.is_err() || ended.is_ok_and(|answer| answer.status != 200), "the answer must not look whole");
}

#[test]
fn what_speaks_no_http2_is_a_backend_that_fails() {
    let echo = Echo::start();
    let answer = gateway(http2(echo.address, json!({}))).get("/x", &[]);
    assert_eq!((answer.status, answer.code()), (502, "N502RE"), "{}", answer.message());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(gateway(http2(closed, json!({}))).get("/x", &[]).code(), "D504CO");
    let old = tls_backend::start(&Authority::new("root").issue("127.0.0.1"), None);
    let target = json!({"type": "http", "scheme": "https", "host": "127.0.0.1", "port": old.port()});
    let answer = gateway(http2(old, json!({"target": target, "verify_tls": false}))).get("/x", &[]);
    assert_eq!((answer.status, answer.code()), (504, "D504CS"), "it does not agree to h2");
}

#[test]
fn clients_of_http2_and_http1_meet_it_alike() {
    let backend = Backend::start();
    let gateway = gateway(http2(backend.address, json!({})));
    let answer: Read = crate::support::http2::run(async {
        let mut sender = crate::support::http2::client(gateway.address()).await;
        let body = crate::support::http2::full(b"hello");
        let request = crate::support::http2::request("POST", "/x", &[], body);
        crate::support::http2::read(sender.send_request(request).await.unwrap()).await
    });
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"hello".as_slice()));
    assert_eq!(gateway.send("POST", "/x", &[], b"hello").body, b"hello");
}
