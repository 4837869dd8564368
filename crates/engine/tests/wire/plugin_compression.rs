//! `compression`: each field, through a real socket, and what its headers say.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::service::{answer, Service};
use crate::support::{connect, domain, edition, group, http_backend, seen_header, Answer, Gateway, HOST};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};

const TEXT: &str = "the quick brown fox jumps over the lazy dog; ";

fn long() -> String {
    TEXT.repeat(100)
}

/// Answers with the headers of `X-Answer` (lines parted by `|`), the status of `X-Status` and a long text.
fn backend() -> Service {
    Service::start(|request| {
        let headers = seen_header(request, "x-answer").unwrap_or_default().replace('|', "\r\n");
        let status = seen_header(request, "x-status").unwrap_or("200").parse().unwrap();
        let body = if seen_header(request, "x-short").is_some() { "short".to_owned() } else { long() };
        let more = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        if request["method"] == "HEAD" {
            return format!("HTTP/1.1 200 OK\r\n{more}Content-Length: {}\r\n\r\n", body.len());
        }
        answer(status, &more, &body)
    })
}

fn gateway(backend: SocketAddr, definition: Value) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/a", http_backend(backend), json!({})),
        plugin("p1", "compression", definition),
        binding("api", "api1", "p1"),
    ])
}

fn ask(gateway: &Gateway, accepted: &str, answered: &str) -> Answer {
    gateway.get("/a", &[("Accept-Encoding", accepted), ("X-Answer", answered)])
}

fn plain(answer: &Answer) -> String {
    let body = answer.body.as_slice();
    let mut text = String::new();
    match answer.header("Content-Encoding") {
        Some("gzip") => flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap(),
        Some("br") => brotli::Decompressor::new(body, 4096).read_to_string(&mut text).unwrap(),
        Some("zstd") => zstd::stream::read::Decoder::new(body).unwrap().read_to_string(&mut text).unwrap(),
        _ => panic!("not compressed"),
    };
    text
}

#[test]
fn each_algorithm_makes_the_answer_shorter_and_keeps_it_whole() {
    let backend = backend();
    let gateway = gateway(backend.address, json!({}));
    for algorithm in ["gzip", "br", "zstd"] {
        let answer = ask(&gateway, algorithm, "Content-Type: text/html; charset=utf-8");
        assert_eq!(answer.header("Content-Encoding"), Some(algorithm));
        assert_eq!(plain(&answer), long());
        assert!(answer.body.len() < long().len() / 10, "{algorithm}: {}", answer.body.len());
    }
}

#[test]
fn the_caller_chooses_and_algorithms_gives_the_order() {
    let backend = backend();
    let coding = |definition: Value, accepted: &str| {
        let gateway = gateway(backend.address, definition);
        ask(&gateway, accepted, "Content-Type: text/plain").header("Content-Encoding").map(str::to_owned)
    };
    let of = |name: &str| Some(name.to_owned());
    assert_eq!(coding(json!({"algorithms": ["gzip", "br"]}), "br, gzip"), of("gzip"));
    assert_eq!(coding(json!({"algorithms": ["gzip", "br"]}), "br, gzip;q=0.5"), of("br"));
    assert_eq!(coding(json!({"algorithms": ["zstd"]}), "br, gzip"), None);
    assert_eq!(coding(json!({}), "gzip;q=0"), None);
    assert_eq!(coding(example("compression"), "zstd"), of("zstd"));
}

#[test]
fn types_says_what_is_compressed() {
    let backend = backend();
    let usual = gateway(backend.address, json!({}));
    let is_compressed = |gateway: &Gateway, kind: &str| {
        ask(gateway, "gzip", &format!("Content-Type: {kind}")).header("Content-Encoding").is_some()
    };
    for kind in ["text/plain", "TEXT/HTML", "application/json;charset=utf-8", "image/svg+xml"] {
        assert!(is_compressed(&usual, kind), "{kind}");
    }
    for kind in ["image/png", "text/event-stream", "application/grpc+proto", "application/octet-stream"] {
        assert!(!is_compressed(&usual, kind), "{kind}");
    }
    let own = gateway(backend.address, json!({"types": ["image/*", "text/event-stream"]}));
    assert!(is_compressed(&own, "image/png") && is_compressed(&own, "text/event-stream"));
    assert!(!is_compressed(&own, "text/plain"));
}

#[test]
fn minimum_size_leaves_short_answers_alone() {
    let backend = backend();
    let headers = [("Accept-Encoding", "gzip"), ("X-Answer", "Content-Type: text/plain"), ("X-Short", "1")];
    let short = gateway(backend.address, json!({})).get("/a", &headers);
    assert_eq!((short.header("Content-Encoding"), short.header("Vary"), short.text().as_str()), (None, None, "short"));
    let any = gateway(backend.address, json!({"minimumSize": "5"})).get("/a", &headers);
    assert_eq!(plain(&any), "short");
}

#[test]
fn headers_about_the_bytes_go_and_caches_are_told() {
    let backend = backend();
    let gateway = gateway(backend.address, json!({}));
    let about = "Content-Type: text/plain|ETag: \"v1\"|Content-MD5: x|X-Ca-Content-MD5: x|Repr-Digest: x|Accept-Ranges: bytes|Vary: Origin";
    let answer = ask(&gateway, "gzip", about);
    for name in ["Content-Length", "Content-MD5", "X-Ca-Content-MD5", "Repr-Digest", "Accept-Ranges"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(answer.header("ETag"), Some("W/\"v1\""));
    let varies = |answer: &Answer| {
        let all = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("vary"));
        all.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(varies(&answer), ["Origin", "Accept-Encoding"]);
    let whole = ask(&gateway, "identity", about);
    assert_eq!(varies(&whole), ["Origin", "Accept-Encoding"], "the answer would be another for another caller");
    assert_eq!((whole.header("ETag"), whole.header("Content-MD5"), whole.text()), (Some("\"v1\""), Some("x"), long()));
    assert_eq!(ask(&gateway, "gzip", "Content-Type: text/plain|ETag: W/\"v1\"").header("ETag"), Some("W/\"v1\""));
    assert_eq!(varies(&ask(&gateway, "gzip", "Content-Type: text/plain|Vary: accept-encoding")), ["accept-encoding"]);
}

#[test]
fn what_is_compressed_or_a_part_or_forbidden_stays_as_it_is() {
    let backend = backend();
    let gateway = gateway(backend.address, json!({}));
    for (status, headers) in [
        ("200", "Content-Type: text/plain|Content-Encoding: br"),
        ("200", "Content-Type: text/plain|Cache-Control: private, No-Transform"),
        ("206", "Content-Type: text/plain|Content-Range: bytes 0-4499/9000"),
    ] {
        let all = [("Accept-Encoding", "gzip"), ("X-Answer", headers), ("X-Status", status), ("Range", "bytes=0-4499")];
        let answer = gateway.get("/a", &all);
        assert_eq!((answer.text(), answer.header("Vary")), (long(), None), "{headers}");
        assert_ne!(answer.header("Content-Encoding"), Some("gzip"));
    }
    let error = gateway
        .get("/a", &[("Accept-Encoding", "gzip"), ("X-Answer", "Content-Type: text/plain"), ("X-Status", "500")]);
    assert_eq!((error.status, plain(&error)), (500, long()));
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let backend = backend();
    let gateway = gateway(backend.address, json!({}));
    let headers = [("Accept-Encoding", "br"), ("X-Answer", "Content-Type: text/plain"), ("Connection", "close")];
    let answer = gateway.send("HEAD", "/a", &headers, b"");
    assert_eq!(
        (answer.status, answer.header("Content-Encoding"), answer.header("Content-Length")),
        (200, Some("br"), None)
    );
}

/// The backend goes on only when its caller has read what it sent before.
#[test]
fn a_stream_arrives_while_it_is_made() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (read, was_read) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        for part in ["data: 1\n\n", "data: 2\n\n"] {
            stream.write_all(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes()).unwrap();
            was_read.recv().unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    });
    let gateway = gateway(address, json!({"types": ["text/event-stream"], "algorithms": ["gzip"]}));
    let mut stream = connect(gateway.address());
    let request = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
    }
    let mut decoder = flate2::read::GzDecoder::new(Chunks { reader, left: 0 });
    for expected in ["data: 1\n\n", "data: 2\n\n"] {
        let mut part = vec![0; expected.len()];
        decoder.read_exact(&mut part).unwrap();
        assert_eq!(String::from_utf8(part).unwrap(), expected);
        read.send(()).unwrap();
    }
    let mut rest = String::new();
    decoder.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

/// The content of a chunked body, as it arrives.
struct Chunks<R> {
    reader: R,
    left: usize,
}

impl<R: BufRead> Read for Chunks<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let mut line = String::new();
        if self.left == 0 {
            while line.trim().is_empty() && self.reader.read_line(&mut line)? > 0 {}
            self.left = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        }
        let most = into.len().min(self.left);
        let count = self.reader.read(&mut into[..most])?;
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn a_body_in_many_pieces_is_whole_again() {
    let body: String = (0..60_000).map(|number| format!("{number},")).collect();
    let sent = body.clone();
    let backend = Service::start(move |_| answer(200, "Content-Type: application/json\r\n", &sent));
    let gateway = gateway(backend.address, json!({}));
    for algorithm in ["gzip", "br", "zstd"] {
        assert_eq!(plain(&ask(&gateway, algorithm, "")), body, "{algorithm}");
    }
}

#[test]
fn the_gateways_other_plug_ins_see_the_body_as_it_was() {
    let backend = Service::start(|_| {
        answer(200, "Content-Type: application/json\r\n", &format!("{{\"code\": \"BAD\", \"text\": \"{}\"}}", long()))
    });
    let mapping = json!({
        "parameters": {"code": "BodyJsonField:$.code"},
        "errorCondition": "$code = 'BAD'",
        "defaultMapping": {"statusCode": 418},
    });
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/a", http_backend(backend.address), json!({})),
        plugin("p1", "compression", json!({})),
        plugin("p2", "errorMapping", mapping),
        binding("api", "api1", "p1"),
        binding("api", "api1", "p2"),
    ]);
    let answer = ask(&gateway, "gzip", "");
    assert_eq!((answer.status, plain(&answer).contains("BAD")), (418, true));
}
