//! Peers that keep what they were given: too many connections, heads and bodies that never end, answers that nobody
//! takes. A test's number is the requirement it shows.

use crate::support::alone::Alone;
use crate::support::{
    anonymous, app, app_auth, connect, domain, edition, group, http_backend, read_answer, Answer, Echo, Gateway,
    APP_KEY, DEADLINE, HOST,
};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn records(backend: SocketAddr) -> Vec<(&'static str, String, serde_json::Value)> {
    let mut service = http_backend(backend);
    service["timeout_ms"] = json!(60_000);
    vec![group(), domain(), edition("api1", "ANY", "/a", service, json!({"auth": anonymous()}))]
}

fn impatient(backend: SocketAddr) -> Gateway {
    Gateway::start_with(records(backend), |settings| {
        settings.client_timeout_ms = 300;
        settings.stream_idle_ms = 400;
    })
}

/// A byte every now and then, for as long as the peer listens.
fn trickle(mut stream: TcpStream, byte: &'static [u8]) {
    std::thread::spawn(move || {
        let until = Instant::now() + DEADLINE;
        while stream.write_all(byte).is_ok() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(40));
        }
    });
}

/// Reads what there is until the peer ends the connection, which it must.
fn ends(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return all,
            Ok(length) => all.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("still open: {error}"),
            Err(_) => return all,
        }
    }
}

#[test]
fn r31_a_head_that_arrives_too_slowly_ends_its_connection() {
    let gateway = impatient(Echo::start().address);
    for start in [format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nX-A: "), "G".to_owned()] {
        let mut stream = connect(gateway.address());
        stream.write_all(start.as_bytes()).unwrap();
        trickle(stream.try_clone().unwrap(), b"a");
        ends(&mut stream);
    }
    assert_eq!(gateway.get("/a", &[]).status, 200);
}

fn slow_body(gateway: &Gateway, headers: &str, trickled: &'static [u8]) -> Answer {
    let mut stream = connect(gateway.address());
    let head = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\n{headers}Content-Length: 60000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    trickle(stream.try_clone().unwrap(), trickled);
    let started = Instant::now();
    let answer = read_answer(&mut BufReader::new(stream));
    assert!(started.elapsed() < Duration::from_secs(5), "after {:?}", started.elapsed());
    answer
}

#[test]
fn r31_a_body_that_arrives_too_slowly_is_refused_whether_it_is_read_first_or_passed_on() {
    let echo = Echo::start();
    let mut gateway = impatient(echo.address);
    let slow = (400, "I400BD", "Invalid Body: it was sent too slowly");
    for trickled in [b"a".as_slice(), b""] {
        let answer = slow_body(&gateway, "", trickled);
        assert_eq!((answer.status, answer.code(), answer.message()), slow);
    }
    let signed = json!({"auth": app_auth()});
    gateway.apply(vec![app(), edition("api1", "ANY", "/a", http_backend(echo.address), signed)]);
    let headers =
        format!("X-Ca-Key: {APP_KEY}\r\nX-Ca-Signature: eA==\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let answer = slow_body(&gateway, &headers, b"a");
    assert_eq!((answer.status, answer.code(), answer.message()), slow);
    assert_eq!(echo.count(), 0);
}

/// What a backend is slow to read is not the client's fault, and a body that keeps up takes as long as it takes.
#[test]
fn r31_a_body_that_keeps_up_is_never_too_slow() {
    let gateway = impatient(Echo::start().address);
    let mut stream = connect(gateway.address());
    let head = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..20 {
        stream.write_all(&[b'a'; 500]).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(read_answer(&mut BufReader::new(stream)).seen()["body"].as_str().map(str::len), Some(10_000));
}

/// A backend whose answer never ends; tells when it is let go.
fn endless() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, ended) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let told = told.clone();
            std::thread::spawn(move || {
                BufReader::new(&stream).fill_buf().unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
                let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65536], b"\r\n"].concat();
                while stream.write_all(&chunk).is_ok() {}
                told.send(()).ok();
            });
        }
    });
    (address, ended)
}

#[test]
fn r31_an_answer_that_nobody_takes_ends_its_connection_and_lets_the_backend_go() {
    let (backend, ended) = endless();
    let gateway = impatient(backend);
    let mut stream = connect(gateway.address());
    stream.write_all(format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
    ended.recv_timeout(DEADLINE).expect("the backend is let go");
    drop(stream);
}

/// It answers pings and takes frames, but opens no window for the answer.
#[test]
fn r31_an_answer_over_http2_that_nobody_takes_does_too() {
    let (backend, ended) = endless();
    let gateway = impatient(backend);
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let mut bytes = vec![0, 0, u8::try_from(payload.len()).unwrap(), kind, flags, 0, 0, 0, stream];
        bytes.extend_from_slice(payload);
        bytes
    };
    for window in [0_u8, 100] {
        let mut stream = connect(gateway.address());
        let mut head = Vec::new();
        for (name, value) in [(":method", "GET"), (":scheme", "http"), (":authority", HOST), (":path", "/a")] {
            head.extend([0, u8::try_from(name.len()).unwrap()]);
            head.extend(name.as_bytes());
            head.push(u8::try_from(value.len()).unwrap());
            head.extend(value.as_bytes());
        }
        let initial_window = [0, 4, 0, 0, 0, window];
        let start = [frame(4, 0, 0, &initial_window), frame(1, 5, 1, &head)].concat();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        stream.write_all(&start).unwrap();
        // Answers each ping (kind 6) of the gateway.
        let mut reader = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut start = [0; 9];
            while reader.read_exact(&mut start).is_ok() {
                let mut payload = vec![0; usize::from(start[1]) << 8 | usize::from(start[2])];
                reader.read_exact(&mut payload).ok();
                if start[3] == 6 && start[4] == 0 {
                    stream.write_all(&frame(6, 1, 0, &payload)).ok();
                }
            }
        });
        ended.recv_timeout(DEADLINE).expect("the backend is let go");
    }
}

#[test]
fn r31_a_connection_that_asks_nothing_more_is_closed() {
    let gateway = impatient(Echo::start().address);
    let mut stream = connect(gateway.address());
    stream.write_all(format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(read_answer(&mut BufReader::new(stream.try_clone().unwrap())).status, 200);
    ends(&mut stream);
}

#[test]
fn r31_an_address_has_no_more_connections_than_it_may_have() {
    let echo = Echo::start();
    let gateway = Gateway::start_with(records(echo.address), |settings| settings.connections_per_address = 3);
    let mut held: Vec<TcpStream> = (0..3).map(|_| connect(gateway.address())).collect();
    for stream in &mut held {
        stream.write_all(format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(read_answer(&mut BufReader::new(stream.try_clone().unwrap())).status, 200);
    }
    assert_eq!(ends(&mut connect(gateway.address())), b"");
    let mut health = connect(gateway.health_address());
    health.write_all(b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let text = String::from_utf8(ends(&mut health)).unwrap();
    assert!(text.contains("\nisthmus_connections_refused_total 1\n"), "{text}");
    drop(held.pop());
    let until = Instant::now() + DEADLINE;
    loop {
        let mut stream = connect(gateway.address());
        stream.write_all(format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes()).ok();
        if ends(&mut stream).starts_with(b"HTTP/1.1 200") {
            break;
        }
        assert!(Instant::now() < until, "the place was not given back");
    }
}

#[test]
fn r26_the_listener_lives_on_when_no_descriptor_is_left() {
    let echo = Echo::start();
    let engine = Alone::start(echo.address, "ulimit -n 64");
    let address = engine.address;
    let ask = || {
        let mut stream = connect(address);
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        stream.write_all(format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes()).ok();
        let mut start = [0; 12];
        stream.read_exact(&mut start).is_ok_and(|()| start == *b"HTTP/1.1 200")
    };
    assert!(ask());
    for round in 0..3 {
        let held: Vec<TcpStream> = (0..200).map(|_| connect(address)).collect();
        let until = Instant::now() + DEADLINE;
        while ask() {
            assert!(Instant::now() < until, "descriptors never ran out");
        }
        drop(held);
        while !ask() {
            assert!(Instant::now() < until, "round {round}: nothing is accepted any more");
        }
    }
    assert!(engine.stop());
}
