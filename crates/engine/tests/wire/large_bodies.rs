//! Bodies that are larger than the engine may grow: streamed in both directions, whatever their size, and held back
//! when the other side is slow. `bench/large.py` does the same with gigabytes.

use crate::support::alone::Alone;
use crate::support::http2::{client, request, run_for, Body};
use crate::support::{connect, read_answer, HOST};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const SIZE: usize = 256 << 20;
const PIECE: usize = 64 << 10;
const GROWTH: u64 = 20 << 20;

/// Holds the backend until the test lets it go.
type Gate = Arc<(Mutex<bool>, Condvar)>;

fn open(gate: &Gate) {
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
}

/// Reads a body to its end behind the gate and tells its length; a GET gets a body of `SIZE`.
fn backend(gate: &Gate) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let gate = Arc::clone(gate);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let gate = Arc::clone(&gate);
            std::thread::spawn(move || {
                let mut writer = stream.try_clone().unwrap();
                let mut reader = BufReader::new(stream);
                while let Some(head) = head(&mut reader) {
                    drop(gate.1.wait_while(gate.0.lock().unwrap(), |open| !*open).unwrap());
                    if head.starts_with("get ") {
                        let start = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
                        writer.write_all(start.as_bytes()).unwrap();
                        let piece = vec![b'x'; PIECE];
                        (0..SIZE / PIECE).for_each(|_| writer.write_all(&piece).unwrap());
                        continue;
                    }
                    let text = length_of_body(&head, &mut reader).to_string();
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
                    writer.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    address
}

fn head(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return None;
        }
    }
    Some(head.to_ascii_lowercase())
}

fn length_of_body(head: &str, reader: &mut impl BufRead) -> u64 {
    let sink = &mut std::io::sink();
    if let Some((_, rest)) = head.split_once("content-length: ") {
        let length = rest.split_once("\r\n").unwrap().0.parse().unwrap();
        return std::io::copy(&mut reader.take(length), sink).unwrap();
    }
    let mut whole = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let length = u64::from_str_radix(line.trim(), 16).unwrap();
        std::io::copy(&mut reader.by_ref().take(length + 2), sink).unwrap();
        if length == 0 {
            return whole;
        }
        whole += length;
    }
}

fn upload(engine: &Alone, chunked: bool) {
    let mut stream = connect(engine.address);
    let framing = if chunked { "Transfer-Encoding: chunked".into() } else { format!("Content-Length: {SIZE}") };
    let start = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\n{framing}\r\n\r\n");
    stream.write_all(start.as_bytes()).unwrap();
    let data = vec![b'x'; PIECE];
    let piece = if chunked { [format!("{PIECE:x}\r\n").as_bytes(), &data, b"\r\n"].concat() } else { data };
    (0..SIZE / PIECE).for_each(|_| stream.write_all(&piece).unwrap());
    stream.write_all(if chunked { b"0\r\n\r\n" } else { b"" }).unwrap();
    let answer = read_answer(&mut BufReader::new(stream));
    assert_eq!((answer.status, answer.text()), (200, SIZE.to_string()));
}

/// Runs `exchange` and fails when the engine needed much more memory for it than before.
fn within_bounds(engine: &Alone, what: &str, exchange: impl FnOnce()) {
    let before = engine.most_memory();
    exchange();
    let growth = engine.most_memory() - before;
    assert!(growth < GROWTH, "{what}: the engine grew by {growth} bytes");
}

#[test]
fn a_large_upload_is_streamed() {
    let gate = Gate::default();
    open(&gate);
    let engine = Alone::start(backend(&gate), "true");
    within_bounds(&engine, "with a length", || upload(&engine, false));
    within_bounds(&engine, "in chunks", || upload(&engine, true));
    assert!(engine.stop());
}

#[test]
fn a_large_download_is_streamed() {
    let gate = Gate::default();
    open(&gate);
    let engine = Alone::start(backend(&gate), "true");
    within_bounds(&engine, "download", || {
        let mut stream = connect(engine.address);
        let start = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        stream.write_all(start.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        assert!(head(&mut reader).unwrap().starts_with("http/1.1 200"));
        assert_eq!(std::io::copy(&mut reader, &mut std::io::sink()).unwrap(), SIZE as u64);
    });
    assert!(engine.stop());
}

#[test]
fn large_bodies_are_streamed_over_http2() {
    let gate = Gate::default();
    open(&gate);
    let engine = Alone::start(backend(&gate), "true");
    let body = || -> Body {
        let piece = Bytes::from(vec![b'x'; PIECE]);
        StreamBody::new(Box::pin(stream::iter((0..SIZE / PIECE).map(move |_| Ok(Frame::data(piece.clone()))))))
    };
    within_bounds(&engine, "over HTTP/2", || {
        run_for(Duration::from_secs(120), async {
            let mut sender = client(engine.address).await;
            let answer = sender.send_request(request("POST", "/a", &[], body())).await.unwrap();
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), SIZE.to_string());
            let mut answer = sender.send_request(request("GET", "/a", &[], crate::support::http2::full(b""))).await;
            let mut received = 0;
            while let Some(frame) = answer.as_mut().unwrap().frame().await {
                received += frame.unwrap().into_data().map_or(0, |data| data.len());
            }
            assert_eq!(received, SIZE);
        });
    });
    assert!(engine.stop());
}

/// The client is held back, not the body kept, while the backend reads nothing.
#[test]
fn a_backend_that_does_not_read_holds_the_client_back() {
    let gate = Gate::default();
    let engine = Alone::start(backend(&gate), "true");
    within_bounds(&engine, "held back", || {
        let mut stream = connect(engine.address);
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let start = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {SIZE}\r\n\r\n");
        stream.write_all(start.as_bytes()).unwrap();
        let (piece, mut sent) = (vec![b'x'; PIECE], 0);
        // What the sockets on the way hold is all that is taken.
        while let Ok(length) = stream.write(&piece) {
            sent += length;
            assert!(sent < SIZE / 2, "the whole body is taken although nobody reads it");
        }
        open(&gate);
        stream.set_write_timeout(None).unwrap();
        let rest = vec![b'x'; SIZE - sent];
        stream.write_all(&rest).unwrap();
        assert_eq!(read_answer(&mut BufReader::new(stream)).text(), SIZE.to_string());
    });
    assert!(engine.stop());
}
