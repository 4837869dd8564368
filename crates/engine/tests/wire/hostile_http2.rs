//! Hostile HTTP/2, frame by frame: what cannot be a request is refused on its stream or ends its connection, nothing
//! of it reaches a backend, and other clients are served. A test's number is the requirement it shows.

use crate::support::{connect, domain, edition, group, http_backend, Echo, Gateway, HOST};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn gateway(backend: std::net::SocketAddr) -> Gateway {
    let mut service = http_backend(backend);
    service["path"] = json!("/*");
    Gateway::start(vec![group(), domain(), edition("api1", "ANY", "/*", service, json!({}))])
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A header field as a literal that is not remembered (RFC 7541 section 6.2.2).
fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        assert!(text.len() < 127);
        bytes.push(u8::try_from(text.len()).unwrap());
        bytes.extend_from_slice(text);
    }
    bytes
}

fn head(method: &str, path: &str, more: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [(":method", method), (":scheme", "http"), (":authority", HOST), (":path", path)] {
        block.extend(literal(name.as_bytes(), value.as_bytes()));
    }
    for (name, value) in more {
        block.extend(literal(name, value));
    }
    block
}

fn open(gateway: &Gateway) -> TcpStream {
    let mut stream = connect(gateway.address());
    stream.set_nodelay(true).unwrap();
    stream.write_all(PREFACE).unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream
}

/// The next frame: kind, stream, payload. None when the peer closed.
fn next(stream: &mut TcpStream) -> Option<(u8, u32, Vec<u8>)> {
    let mut start = [0; 9];
    stream.read_exact(&mut start).ok()?;
    let length = usize::from(start[0]) << 16 | usize::from(start[1]) << 8 | usize::from(start[2]);
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).ok()?;
    Some((start[3], u32::from_be_bytes([start[5], start[6], start[7], start[8]]), payload))
}

/// Whether the stream is reset, or its connection ended, before an answer to it.
fn turned_away(stream: &mut TcpStream, id: u32) -> bool {
    loop {
        match next(stream) {
            None | Some((GOAWAY, ..)) => return true,
            Some((RESET, reset, _)) if reset == id => return true,
            Some((HEADERS, answered, _)) if answered == id => return false,
            Some(_) => {}
        }
    }
}

/// Sends until the peer says that the connection is over.
fn is_closed_under(stream: &mut TcpStream, mut send: impl FnMut(u32) -> Vec<u8>) -> bool {
    let mut reader = stream.try_clone().unwrap();
    let closed = std::thread::spawn(move || loop {
        match next(&mut reader) {
            None | Some((GOAWAY, ..)) => return true,
            Some(_) => {}
        }
    });
    for index in 0..20_000 {
        if closed.is_finished() || stream.write_all(&send(index)).is_err() {
            break;
        }
    }
    closed.join().unwrap()
}

#[test]
fn r13_passes_no_request_on_whose_body_is_not_as_long_as_announced() {
    let echo = Echo::start();
    let gateway = gateway(echo.address);
    for body in [b"abc".as_slice(), b"abcdefghijklmn"] {
        let mut stream = open(&gateway);
        let block = head("POST", "/a", &[(b"content-length", b"10")]);
        stream.write_all(&frame(HEADERS, END_HEADERS, 1, &block)).unwrap();
        stream.write_all(&frame(DATA, END_STREAM, 1, body)).unwrap();
        assert!(turned_away(&mut stream, 1), "{body:?}");
    }
    assert_eq!(echo.count(), 0);
    assert_eq!(gateway.get("/a", &[]).status, 200);
}

#[test]
fn r14_refuses_what_would_be_another_request_in_http1() {
    let echo = Echo::start();
    let gateway = gateway(echo.address);
    let fields: [(&[u8], &[u8]); 9] = [
        (b"x-a", b"1\r\nx-b: 2"),
        (b"x-a", b"1\0"),
        (b"x-a\r\nx-b", b"1"),
        (b"x-a: 1", b"2"),
        (b"X-Upper", b"1"),
        (b"", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"),
        (b":path", b"/b"),
    ];
    for (name, value) in fields {
        let mut stream = open(&gateway);
        let block = head("GET", "/a", &[(name, value)]);
        stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).unwrap();
        assert!(turned_away(&mut stream, 1), "{}", String::from_utf8_lossy(name));
    }
    for path in ["/a b", "a", "/a HTTP/1.1\r\nHost: b", ""] {
        let mut stream = open(&gateway);
        stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &head("GET", path, &[]))).unwrap();
        assert!(turned_away(&mut stream, 1), "{path:?}");
    }
    assert_eq!(echo.count(), 0);
}

#[test]
fn r19_ends_a_connection_that_gives_up_its_requests() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = gateway(silent.local_addr().unwrap());
    let block = head("GET", "/a", &[]);
    assert!(is_closed_under(&mut open(&gateway), |index| {
        let id = index * 2 + 1;
        [frame(HEADERS, END_HEADERS | END_STREAM, id, &block), frame(RESET, 0, id, &[0, 0, 0, 8])].concat()
    }));
    assert_eq!(gateway.get("/", &[("Host", "other.example.com")]).code(), "I404DO", "others are served");
}

#[test]
fn r19_counts_requests_that_were_being_served_when_they_were_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = gateway(silent.local_addr().unwrap());
    let block = head("GET", "/a", &[]);
    let mut stream = open(&gateway);
    for index in 0..300 {
        let id = index * 2 + 1;
        let request = [frame(HEADERS, END_HEADERS | END_STREAM, id, &block), frame(PING, 0, 0, &[0; 8])].concat();
        if stream.write_all(&request).is_err() {
            return;
        }
        // Its answer to the ping comes after it took the request up.
        loop {
            match next(&mut stream) {
                None | Some((GOAWAY, ..)) => return,
                Some((PING, ..)) => break,
                Some(_) => {}
            }
        }
        stream.write_all(&frame(RESET, 0, id, &[0, 0, 0, 8])).unwrap();
    }
    panic!("300 requests given up one by one");
}

#[test]
fn r20_ends_a_connection_that_makes_the_gateway_reset() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = gateway(silent.local_addr().unwrap());
    let block = head("GET", "/a", &[]);
    assert!(is_closed_under(&mut open(&gateway), |index| {
        let id = index * 2 + 1;
        [frame(HEADERS, END_HEADERS | END_STREAM, id, &block), frame(WINDOW, 0, id, &[0, 0, 0, 0])].concat()
    }));
}

#[test]
fn r21_ends_a_connection_whose_head_never_ends() {
    let gateway = gateway(Echo::start().address);
    let mut stream = open(&gateway);
    stream.write_all(&frame(HEADERS, 0, 1, &head("GET", "/a", &[]))).unwrap();
    let crumb = literal(b"x-a", &[b'a'; 100]);
    assert!(is_closed_under(&mut stream, |_| frame(CONTINUATION, 0, 1, &crumb)));
}

#[test]
fn r22_refuses_a_small_head_that_grows_when_decoded() {
    let echo = Echo::start();
    let gateway = gateway(echo.address);
    let mut stream = open(&gateway);
    // Remembered once (section 6.2.1), then named by one byte each (section 6.1, the first of the dynamic table).
    let mut block = head("GET", "/a", &[]);
    let mut remembered = literal(b"cookie", &[b'a'; 120]);
    remembered[0] = 0x40;
    block.extend(remembered);
    block.extend(std::iter::repeat_n(0x80 | 62, 4000));
    stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).unwrap();
    loop {
        match next(&mut stream) {
            None | Some((GOAWAY | RESET | HEADERS, ..)) => break,
            Some(_) => {}
        }
    }
    assert_eq!(echo.count(), 0);
    assert_eq!(gateway.get("/a", &[]).status, 200);
}

/// Empty pieces of a body cost their sender nothing: they are either dropped at once or end the connection.
#[test]
fn r23_ends_or_outlives_a_body_of_empty_pieces() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = gateway(silent.local_addr().unwrap());
    let mut stream = open(&gateway);
    stream.write_all(&frame(HEADERS, END_HEADERS, 1, &head("POST", "/a", &[]))).unwrap();
    assert!(is_closed_under(&mut stream, |_| frame(DATA, 0, 1, &[]).repeat(10)));
    assert_eq!(gateway.get("/", &[("Host", "other.example.com")]).code(), "I404DO", "others are served");
}

#[test]
fn r24_answers_or_ends_floods_and_serves_others() {
    let gateway = gateway(Echo::start().address);
    for flood in [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[]), frame(29, 0, 0, &[0; 8])] {
        let mut stream = open(&gateway);
        stream.set_write_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
        for _ in 0..5_000 {
            if stream.write_all(&flood).is_err() {
                break;
            }
        }
        assert_eq!(gateway.get("/a", &[]).status, 200, "{flood:?}");
    }
}
