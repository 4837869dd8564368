//! Connections to backends that are used again, and what becomes of a request when the backend closes one just then.

use crate::support::{connect, domain, edition, group, http_backend, read_answer, Gateway, HOST};
use bytes::Bytes;
use hyper::Response;
use serde_json::{json, Value};
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

fn one(edition: (&'static str, String, Value)) -> Gateway {
    Gateway::start(vec![group(), domain(), edition])
}

/// How many requests a connection's first and its second place had.
type Seen = Arc<[AtomicUsize; 2]>;

fn both(seen: &Seen) -> (usize, usize) {
    (seen[0].load(SeqCst), seen[1].load(SeqCst))
}

#[test]
fn retries_on_a_new_connection_when_the_backend_closed_the_pooled_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        // Answers once per connection, promises to keep it open and closes it.
        for mut stream in listener.incoming().flatten() {
            drop(stream.read(&mut [0; 4096]));
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").ok();
        }
    });
    let gateway = one(edition("api1", "GET", "/nginx", http_backend(address), json!({})));
    for _ in 0..50 {
        assert_eq!(gateway.get("/nginx", &[]).text(), "ok");
    }
}

/// Answers the first request of each connection and reads the second one before it cuts the connection. Counts both.
fn cuts_when_it_is_used_again() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen: Seen = Arc::default();
    let counts = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let counts = Arc::clone(&counts);
            std::thread::spawn(move || {
                for (number, count) in counts.iter().enumerate() {
                    if stream.read(&mut [0; 4096]).unwrap_or(0) == 0 {
                        return;
                    }
                    count.fetch_add(1, SeqCst);
                    if number == 0 {
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").ok();
                    }
                }
            });
        }
    });
    (address, seen)
}

/// What a backend of HTTP/2 does with the second request of a connection.
#[derive(Clone, Copy)]
enum Second {
    Cut,
    Refused,
}

/// The same by HTTP/2.
fn http2_backend(second: Second) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let seen: Seen = Arc::default();
    let counts = Arc::clone(&seen);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, second, Arc::clone(&counts)));
            }
        });
    });
    (address, seen)
}

async fn serve(stream: tokio::net::TcpStream, second: Second, counts: Seen) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut number = 0;
    while let Some(Ok((_, mut answer))) = connection.accept().await {
        number += 1;
        counts[usize::from(number == 2)].fetch_add(1, SeqCst);
        match second {
            Second::Cut if number == 2 => return,
            Second::Refused if number == 2 => answer.send_reset(h2::Reason::REFUSED_STREAM),
            _ => {
                let mut body = answer.send_response(Response::new(()), false).unwrap();
                body.send_data(Bytes::from_static(b"ok"), true).unwrap();
            }
        }
    }
}

fn gateway(method: &str, http2: bool, address: SocketAddr) -> Gateway {
    let mut backend = http_backend(address);
    backend["http2"] = json!(http2);
    one(edition("api1", method, "/nginx", backend, json!({})))
}

#[test]
fn what_may_come_twice_is_sent_again_when_a_pooled_connection_is_cut_before_an_answer() {
    for (http2, (address, seen)) in [(false, cuts_when_it_is_used_again()), (true, http2_backend(Second::Cut))] {
        let gateway = gateway("GET", http2, address);
        for _ in 0..20 {
            assert_eq!(gateway.get("/nginx", &[]).text(), "ok");
        }
        let (first, second) = both(&seen);
        assert!(second > 0 && first == 20, "{first} answered, {second} cut");
    }
}

#[test]
fn what_may_come_twice_is_sent_again_when_a_backend_refuses_a_stream() {
    let (address, seen) = http2_backend(Second::Refused);
    let gateway = gateway("GET", true, address);
    for _ in 0..20 {
        assert_eq!(gateway.get("/nginx", &[]).text(), "ok");
    }
    assert!(both(&seen).1 > 0);
}

#[test]
fn what_may_not_come_twice_is_never_sent_again() {
    for (http2, (address, seen)) in [(false, cuts_when_it_is_used_again()), (true, http2_backend(Second::Cut))] {
        let gateway = gateway("POST", http2, address);
        let answers: Vec<_> = (0..20).map(|_| gateway.send("POST", "/nginx", &[], b"")).collect();
        let (first, second) = both(&seen);
        assert!(second > 0 && first + second == 20, "{first} answered, {second} cut");
        let failed = answers.iter().filter(|answer| (answer.status, answer.code()) == (502, "N502RE")).count();
        assert_eq!(failed, second);
    }
}

#[test]
fn a_backend_of_http_1_0_does_not_make_callers_speak_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            drop(stream.read(&mut [0; 4096]));
            stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nas long as it likes").ok();
        }
    });
    let gateway = gateway("GET", false, address);
    let mut stream = connect(gateway.address());
    for version in ["1.1", "1.1", "1.0"] {
        stream.write_all(format!("GET /nginx HTTP/{version}\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
        let mut reader = BufReader::new(&stream);
        let mut first = [0; 8];
        reader.read_exact(&mut first).unwrap();
        assert_eq!(first.as_slice(), format!("HTTP/{version}").as_bytes());
        if version == "1.1" {
            assert_eq!(read_answer(&mut reader).text(), "as long as it likes");
        } else {
            let mut rest = String::new();
            reader.read_to_string(&mut rest).unwrap();
            assert!(rest.ends_with("as long as it likes"), "{rest}");
        }
    }
}
