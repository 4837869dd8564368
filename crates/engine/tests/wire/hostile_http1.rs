//! Hostile HTTP/1.1 through real sockets: malformed messages are answered with this gateway's headers and nothing of
//! them reaches a backend. A test's number is the requirement it shows.

use crate::support::{connect, domain, edition, group, http_backend, read_answer, Answer, Echo, Gateway, HOST};
use serde_json::json;
use std::io::{BufReader, Read, Write};

fn gateway(echo: &Echo) -> Gateway {
    let mut service = http_backend(echo.address);
    service["path"] = json!("/*");
    Gateway::start(vec![group(), domain(), edition("api1", "ANY", "/*", service, json!({}))])
}

/// The first answer to these bytes, and whether the connection is closed after it.
fn answer_and_close(gateway: &Gateway, bytes: &[u8]) -> (Answer, bool) {
    let mut stream = connect(gateway.address());
    stream.write_all(bytes).unwrap();
    let mut reader = BufReader::new(stream);
    let answer = read_answer(&mut reader);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).ok();
    (answer, rest.is_empty())
}

/// Each is answered 4xx with a code and an id, the connection is closed, and no backend hears of it.
fn refused(lines: &[&str]) {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for line in lines {
        let message = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\n{line}\r\n\r\nhello");
        let (answer, closed) = answer_and_close(&gateway, message.as_bytes());
        assert_eq!((answer.status, answer.code()), (400, "I400HD"), "{line:?}");
        assert_eq!(answer.header("X-Ca-Request-Id").unwrap_or_default().len(), 36, "{line:?}");
        assert!(closed, "{line:?}");
    }
    assert_eq!(echo.count(), 0);
    assert_eq!(gateway.get("/a", &[]).status, 200);
}

#[test]
fn r01_refuses_heads_that_are_too_large_whole() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    let many = "X-Many: 1\r\n".repeat(150);
    let large = format!("X-Large: {}\r\n", "a".repeat(300_000));
    for fields in [many, large] {
        let message = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n{fields}\r\n");
        let (answer, _) = answer_and_close(&gateway, message.as_bytes());
        assert_eq!((answer.status, answer.code()), (431, "I431HD"));
        assert_eq!(answer.message(), "Request Header Fields Too Large");
    }
    assert_eq!(echo.count(), 0);
}

#[test]
fn r02_refuses_an_empty_header_name() {
    refused(&[": value", ":"]);
}

#[test]
fn r03_refuses_lengths_that_are_no_plain_number() {
    refused(&[
        "Content-Length:",
        "Content-Length: +5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5,5",
        "Content-Length: 5, 6",
    ]);
}

#[test]
fn r06_refuses_transfer_codings_that_can_be_misread() {
    refused(&[
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding:",
    ]);
}

#[test]
fn r08_refuses_odd_whitespace_line_ends_and_control_characters() {
    refused(&[
        "X-A : 1",
        "X A: 1",
        " X-A: 1",
        "X-A: 1\r\n folded",
        "X-A: a\0b",
        "X-A: a\rb",
        "X\u{a0}: 1",
        "X-A: a\u{7f}b",
    ]);
}

#[test]
fn r06_a_length_beside_chunks_counts_for_nobody() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for lines in ["Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 3"]
    {
        let message = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        let answer = gateway.raw(message.as_bytes());
        if answer.status == 200 {
            let seen = answer.seen();
            assert_eq!(seen["body"], "hello", "{lines:?}");
            assert_eq!(crate::support::seen_header(&seen, "content-length"), None, "{lines:?}");
        }
    }
}

#[test]
fn r03_the_same_length_twice_is_sent_once() {
    let echo = Echo::start();
    let message = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello");
    let seen = gateway(&echo).raw(message.as_bytes()).seen();
    let lengths = seen["headers"].as_array().unwrap().iter().filter(|pair| pair[0] == "content-length").count();
    assert_eq!((lengths, &seen["body"]), (1, &json!("hello")));
}
