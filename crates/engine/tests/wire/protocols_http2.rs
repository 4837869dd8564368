//! HTTP/2 with clients, and gRPC through to backends: one form for both versions, trailers, streams both ways.

use crate::support::http2::{client, full, pieces, read, request, run, Backend};
use crate::support::{connect, domain, edition, group, http_backend, read_answer, seen_header, Echo, Gateway, HOST};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use serde_json::json;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const GRPC: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];

fn gateway(backend: std::net::SocketAddr) -> Gateway {
    let mut service = http_backend(backend);
    service["path"] = json!("/*");
    service["timeout_ms"] = json!(1000);
    Gateway::start(vec![group(), domain(), edition("api1", "ANY", "/*", service, json!({}))])
}

#[test]
fn serves_many_requests_at_once_on_one_connection() {
    let echo = Echo::start();
    let gateway = gateway(echo.address);
    run(async {
        let sender = client(gateway.address()).await;
        let sent: Vec<_> = (0..50)
            .map(|index| sender.clone().send_request(request("POST", &format!("/a?n={index}"), &[], full(b"body"))))
            .collect();
        for (index, response) in sent.into_iter().enumerate() {
            let answer = read(response.await.unwrap()).await;
            let seen: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((answer.status, seen["target"].as_str().unwrap()), (200, format!("/a?n={index}").as_str()));
            assert_eq!(seen["body"], "body");
            assert!(!answer.header("x-ca-request-id").is_empty());
        }
    });
}

#[test]
fn gives_backends_the_form_of_http1() {
    let echo = Echo::start();
    let gateway = gateway(echo.address);
    let headers = [("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers"), ("x-custom", "kept")];
    run(async {
        let mut sender = client(gateway.address()).await;
        let answer = read(sender.send_request(request("GET", "/a", &headers, full(b""))).await.unwrap()).await;
        let seen: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(seen_header(&seen, "cookie"), Some("a=1; b=2"));
        assert_eq!(seen_header(&seen, "x-custom"), Some("kept"));
        assert_eq!(seen_header(&seen, "te"), None);
        assert_eq!(seen_header(&seen, "host"), Some(echo.address.to_string().as_str()));
    });
}

#[test]
fn answers_refusals_with_their_headers() {
    let gateway = gateway(Echo::start().address);
    run(async {
        let mut sender = client(gateway.address()).await;
        let unknown = Request::get("http://other.example.com/").body(full(b"")).unwrap();
        let answer = read(sender.send_request(unknown).await.unwrap()).await;
        assert_eq!((answer.status, answer.header("x-ca-error-code")), (404, "I404DO"));
    });
}

#[test]
fn refuses_a_host_that_differs_from_the_authority() {
    let gateway = gateway(Echo::start().address);
    run(async {
        let mut sender = client(gateway.address()).await;
        for (host, status) in [(HOST, 200), ("other.example.com", 400)] {
            let headers = [("host", host)];
            let answer = read(sender.send_request(request("GET", "/a", &headers, full(b""))).await.unwrap()).await;
            assert_eq!(answer.status, status, "{host}");
        }
    });
    let target = format!("http://{HOST}/a");
    assert_eq!(gateway.get(&target, &[]).status, 200);
    let answer = gateway.get(&target, &[("Host", "other.example.com")]);
    assert_eq!((answer.status, answer.code()), (400, "I400HD"));
}

#[test]
fn passes_a_grpc_call_with_its_trailers_over_shared_connections() {
    let backend = Backend::start();
    let gateway = gateway(backend.address);
    run(async {
        let mut sender = client(gateway.address()).await;
        for _ in 0..5 {
            let call = request("POST", "/pkg.Service/Unary", &GRPC, full(b"\0\0\0\0\x02hi"));
            let answer = read(sender.send_request(call).await.unwrap()).await;
            assert_eq!((answer.status, answer.body.as_slice()), (200, b"\0\0\0\0\x02hi".as_slice()));
            assert_eq!(answer.trailers.as_ref().unwrap()["grpc-status"], "0");
            assert_eq!(answer.header("seen-te"), "trailers");
            assert_eq!(answer.header("seen-authority"), backend.address.to_string());
            assert_eq!(answer.header("seen-x-ca-request-id"), answer.header("x-ca-request-id"));
        }
    });
    assert_eq!(backend.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn streams_both_ways_for_longer_than_the_timeout_of_the_api() {
    let backend = Backend::start();
    let gateway = gateway(backend.address);
    run(async {
        let mut sender = client(gateway.address()).await;
        let (pieces, body) = pieces();
        pieces.send(Bytes::from_static(b"first")).unwrap();
        let response = sender.send_request(request("POST", "/pkg.Service/Both", &GRPC, body)).await.unwrap();
        let mut answer = response.into_body();
        assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "first");
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(1300) {
            pieces.send(Bytes::from_static(b"more")).unwrap();
            assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "more");
        }
        drop(pieces);
        assert_eq!(answer.frame().await.unwrap().unwrap().into_trailers().unwrap()["grpc-status"], "0");
    });
}

#[test]
fn gives_up_a_grpc_call_that_is_not_answered() {
    let backend = Backend::start();
    let gateway = gateway(backend.address);
    run(async {
        let mut sender = client(gateway.address()).await;
        let answer =
            read(sender.send_request(request("POST", "/pkg.Service/silent", &GRPC, full(b"x"))).await.unwrap()).await;
        assert_eq!((answer.status, answer.header("x-ca-error-code")), (504, "D504TO"));
    });
}

#[test]
fn ends_a_stream_that_is_silent_for_too_long() {
    let backend = Backend::start();
    let mut service = http_backend(backend.address);
    service["path"] = json!("/*");
    let records = vec![group(), domain(), edition("api1", "ANY", "/*", service, json!({}))];
    let gateway = Gateway::start_with(records, |settings| settings.stream_idle_ms = 300);
    run(async {
        let mut sender = client(gateway.address()).await;
        let (pieces, body) = pieces();
        pieces.send(Bytes::from_static(b"first")).unwrap();
        let response = sender.send_request(request("POST", "/s/M", &GRPC, body)).await.unwrap();
        let mut answer = response.into_body();
        answer.frame().await.unwrap().unwrap();
        assert!(answer.frame().await.unwrap().is_err(), "the stream is reset");
    });
}

#[test]
fn ends_streams_through_an_access_that_ends() {
    let backend = Backend::start();
    let network = ("network", "vpc-h".to_owned(), json!({"network_id": "vpc-h", "attachment": {"mode": "host"}}));
    let body = json!({"access_id": "a", "name": "grpc", "network_id": "vpc-h", "target": "127.0.0.1",
        "port": backend.address.port()});
    let service =
        json!({"target": {"type": "vpc", "access": "grpc", "scheme": "http"}, "path": "/*", "timeout_ms": 1000});
    let api = edition("api1", "ANY", "/*", service, json!({}));
    let mut gateway = Gateway::start(vec![group(), domain(), network, ("vpc_access", "grpc".into(), body), api]);
    run(async {
        let mut sender = client(gateway.address()).await;
        let (pieces, body) = pieces();
        pieces.send(Bytes::from_static(b"first")).unwrap();
        let response = sender.send_request(request("POST", "/s/M", &GRPC, body)).await.unwrap();
        let mut answer = response.into_body();
        answer.frame().await.unwrap().unwrap();
        gateway.apply(vec![("vpc_access", "grpc".into(), serde_json::Value::Null)]);
        assert!(answer.frame().await.unwrap().is_err(), "the stream is reset");
    });
}

#[test]
fn closes_a_connection_that_asks_nothing() {
    let gateway = Gateway::start_with(vec![group(), domain()], |settings| settings.client_timeout_ms = 200);
    for front in [b"".as_slice(), b"PRI * HT", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HT"] {
        let mut stream = connect(gateway.address());
        stream.write_all(front).unwrap();
        // What is left to read ends: the peer closed.
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    }
}

#[test]
fn takes_a_request_that_arrives_byte_by_byte() {
    let gateway = gateway(Echo::start().address);
    let mut stream = connect(gateway.address());
    stream.set_nodelay(true).unwrap();
    for byte in format!("PROPFIND /a HTTP/1.1\r\nHost: {HOST}\r\n\r\n").bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(read_answer(&mut std::io::BufReader::new(stream)).seen()["method"], "PROPFIND");
}
