//! Messages that two parsers could cut apart differently: bodies, chunks, upgrades, early answers, and what a backend
//! says too much. A test's number is the requirement it shows.

use crate::support::service::{answer, Service};
use crate::support::{app_auth, connect, domain, edition, group, http_backend, read_answer, Echo, Gateway, HOST};
use serde_json::json;
use std::io::{BufReader, Read, Write};
use std::net::SocketAddr;

/// Anyone may call `/open/*`; `/app` asks for an app and `/mock` is answered here.
fn gateway(address: SocketAddr) -> Gateway {
    let mut backend = http_backend(address);
    backend["path"] = json!("/*");
    let mock = json!({"target": {"type": "mock", "status": 203, "headers": [], "body": "mocked"}, "path": "", "timeout_ms": 1000});
    Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/open/*", backend, json!({})),
        edition("api2", "ANY", "/app", http_backend(address), json!({"auth": app_auth()})),
        edition("api3", "ANY", "/mock", mock, json!({})),
    ])
}

fn head(method: &str, path: &str, lines: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n")
}

/// The status of every answer on one connection that got these bytes and then no more.
fn statuses(gateway: &Gateway, bytes: &[u8]) -> Vec<u16> {
    let mut stream = connect(gateway.address());
    // A gateway that closed already makes the rest of a long body fail; what it answered is still read.
    stream.write_all(bytes).ok();
    stream.shutdown(std::net::Shutdown::Write).ok();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).ok();
    let text = String::from_utf8_lossy(&received);
    text.split("HTTP/1.").skip(1).filter_map(|answer| answer.get(2..5)?.parse().ok()).collect()
}

fn targets(service: &Service) -> Vec<String> {
    service.requests().iter().map(|request| request["target"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn r04_lengths_that_are_no_plain_number_are_no_answer_of_a_backend() {
    for length in ["", "+5", "0x5", "5 5", "-1", "99999999999999999999", "5\r\nContent-Length: 6", "5,6"] {
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello");
        let service = Service::start(move |_| text.clone());
        let gateway = gateway(service.address);
        let refused = gateway.get("/open/a", &[]);
        assert_eq!((refused.status, refused.code()), (502, "N502RE"), "{length:?}");
    }
}

#[test]
fn r04_an_answer_with_a_length_and_chunks_is_read_by_its_chunks_or_not_at_all() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let service = Service::start(move |_| text.to_owned());
    let answer = gateway(service.address).get("/open/a", &[]);
    assert!(answer.status == 502 || answer.body == b"hello", "{answer:?}");
    assert!(answer.header("content-length").is_none() || answer.header("transfer-encoding").is_none());
}

#[test]
fn r05_refuses_chunk_sizes_that_are_no_plain_number() {
    for size in ["0x1", "1_0", "+1", "-1", "", "1ffffffffffffffff", "g", "1 1", "\u{661}"] {
        let echo = Echo::start();
        let gateway = gateway(echo.address);
        let lines = "Transfer-Encoding: chunked\r\n";
        let message =
            format!("{}{size}\r\nA\r\n0\r\n\r\n{}", head("POST", "/open/a", lines), head("GET", "/open/b", ""));
        let found = statuses(&gateway, message.as_bytes());
        assert!(found.len() <= 1 && found.iter().all(|status| *status >= 400), "{size:?}: {found:?}");
        assert_eq!(echo.count(), 0, "{size:?}");
        assert_eq!(gateway.get("/open/a", &[]).status, 200);
    }
}

#[test]
fn r07_a_body_ends_before_the_next_request_begins_whatever_the_method() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "POST"] {
        for path in ["/open/first", "/app", "/mock", "/nowhere"] {
            let service = Service::start(|_| answer(200, "", ""));
            let gateway = gateway(service.address);
            let inner = head("GET", "/open/smuggled", "");
            let lines = format!("Content-Length: {}\r\n", inner.len());
            let message = format!("{}{inner}{}", head(method, path, &lines), head("GET", "/open/second", ""));
            let found = statuses(&gateway, message.as_bytes());
            assert!(matches!(found.len(), 1 | 2), "{method} {path}: {found:?}");
            assert!(!targets(&service).contains(&"/smuggled".to_owned()), "{method} {path}");
        }
    }
}

#[test]
fn r09_r17_bytes_behind_an_early_answer_are_never_a_request() {
    let service = Service::start(|_| answer(200, "", ""));
    let gateway = gateway(service.address);
    let inner = head("GET", "/open/smuggled", "").repeat(40_000);
    let chunked = format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    for (path, early) in [("/app", 400), ("/mock", 203), ("/nowhere", 404)] {
        let with_length = format!("{}{inner}", head("POST", path, &format!("Content-Length: {}\r\n", inner.len())));
        let with_chunks = format!("{}{chunked}", head("POST", path, "Transfer-Encoding: chunked\r\n"));
        for message in [with_length, with_chunks] {
            let next = head("GET", "/open/next", "");
            let found = statuses(&gateway, format!("{message}{next}").as_bytes());
            // A body longer than the limit is refused by itself; the connection is closed in that case.
            assert!(found.len() <= 2, "{path}: {found:?}");
            assert!(found.first().is_none_or(|status| *status == early || *status == 413), "{path}: {found:?}");
            assert!(targets(&service).iter().all(|target| target == "/next"), "{path}");
        }
    }
}

#[test]
fn r11_a_request_of_http_1_0_has_no_chunks_and_no_body_without_a_length() {
    let service = Service::start(|_| answer(200, "", ""));
    let gateway = gateway(service.address);
    let chunked =
        format!("POST /open/a HTTP/1.0\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    assert_eq!(statuses(&gateway, chunked.as_bytes()), [400]);
    let endless =
        format!("POST /open/b HTTP/1.0\r\nHost: {HOST}\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    assert_eq!(statuses(&gateway, endless.as_bytes()), [200]);
    assert_eq!(targets(&service), ["/b"]);
    assert_eq!(service.last()["body"], "");
}

#[test]
fn r15_an_upgrade_to_http_2_is_not_passed_on() {
    let echo = Echo::start();
    let gateway = gateway(echo.address);
    let lines = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    let answer = gateway.raw(head("GET", "/open/a", lines).as_bytes());
    assert_eq!(answer.status, 200);
    let seen = answer.seen().to_string().to_ascii_lowercase();
    for word in ["h2c", "http2-settings", "upgrade"] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
    assert_eq!(gateway.raw(head("GET", "/open/a", "HTTP2-Settings: AAMAAABk\r\n").as_bytes()).status, 200);
    let alone = gateway.raw(head("GET", "/open/a", "HTTP2-Settings: AAMAAABk\r\n").as_bytes()).seen();
    assert!(!alone.to_string().to_ascii_lowercase().contains("http2-settings"), "{alone}");
}

#[test]
fn r16_a_final_answer_instead_of_continue_poisons_no_connection() {
    let service = Service::start(|request| match request["target"].as_str() {
        Some("/refused") => answer(417, "", "no"),
        _ => answer(200, "", "fine"),
    });
    let gateway = gateway(service.address);
    for round in 0..200 {
        let path = if round % 2 == 0 { "/open/refused" } else { "/app" };
        let asked = head("POST", path, "Expect: 100-continue\r\nContent-Length: 5\r\n");
        let mut stream = connect(gateway.address());
        stream.write_all(asked.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut first = read_answer(&mut reader);
        if first.status == 100 {
            stream.write_all(b"hello").unwrap();
            first = read_answer(&mut reader);
        }
        assert_eq!(first.status, if round % 2 == 0 { 417 } else { 400 }, "round {round}");
        let next = gateway.get("/open/next", &[]);
        assert_eq!((next.status, next.text().as_str()), (200, "fine"), "round {round}");
    }
}

#[test]
fn r18_what_a_backend_says_too_much_reaches_nobody() {
    let stray = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Stray: 1\r\n\r\nstolen";
    let service = Service::start(move |request| {
        let own = answer(200, "", request["target"].as_str().unwrap());
        match request["target"].as_str() {
            Some("/two") => format!("{own}{stray}"),
            Some("/more") => format!("{own}and more"),
            _ => own,
        }
    });
    let gateway = gateway(service.address);
    for round in 0..100 {
        let (first, next) = (["/two", "/more"][round % 2], format!("/next-{round}"));
        assert_eq!(gateway.get(&format!("/open{first}"), &[]).text(), first);
        let answer = gateway.get(&format!("/open{next}"), &[]);
        assert_eq!((answer.text(), answer.header("X-Stray")), (next, None), "round {round}");
    }
}

#[test]
fn r18_an_answer_that_ends_too_early_is_not_ended_for_the_client() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let half = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            stream.read_exact(&mut [0; 16]).ok();
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").ok();
        }
    });
    let gateway = gateway(half);
    let mut stream = connect(gateway.address());
    stream.write_all(head("GET", "/open/a", "").as_bytes()).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).ok();
    let text = String::from_utf8_lossy(&received);
    assert!(text.contains("hello"), "{text}");
    assert!(!text.ends_with("0\r\n\r\n"), "a broken answer must not look whole: {text}");
}
