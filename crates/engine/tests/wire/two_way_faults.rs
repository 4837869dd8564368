//! Two-way connections whose device breaks off, says nothing, takes nothing, or sends what is no WebSocket frame.

use crate::metrics::wait_for_count;
use crate::support::service::{answer, Service};
use crate::support::{Echo, Gateway, DEADLINE, HOST};
use crate::two_way::{records, until_notified, Client, DEVICE, UNKNOWN};
use serde_json::json;
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Error, Message};

const REGISTERED: &str = "isthmus_devices_registered";

fn with(echo: &Echo, bytes: u64, silence_ms: u64) -> Gateway {
    Gateway::start_with(records(echo.address), |settings| {
        (settings.two_way.bytes, settings.two_way.silence_ms) = (bytes, silence_ms);
    })
}

fn still_serves(gateway: &Gateway) {
    assert_eq!(gateway.get("/plain", &[]).status, 200);
    Client::named(gateway, "another");
}

/// Says heart beats, at most ten a second, until the time is over or the connection is; whether it still stands.
fn beat(client: &mut Client, time: Duration) -> bool {
    client.0.get_ref().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let began = Instant::now();
    while began.elapsed() < time {
        if client.0.send(Message::text("H1")).is_err() {
            return false;
        }
        loop {
            match client.0.read() {
                Ok(Message::Text(_)) => {}
                Err(Error::Io(error)) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => break,
                _ => return false,
            }
        }
    }
    true
}

#[test]
fn silence_and_bytes_are_bounded_as_the_page_says() {
    let usual = Gateway::settings().two_way;
    assert_eq!((usual.bytes, usual.silence_ms), (1_073_741_824, 75_000));
}

#[test]
fn a_connection_that_carried_its_bytes_is_to_connect_anew() {
    let echo = Echo::start();
    let gateway = with(&echo, 20_000, 75_000);
    let mut client = Client::registered(&gateway, DEVICE);
    let mut calls = 0;
    loop {
        client.say(&json!({"method": "POST", "path": "/open", "body": "x".repeat(2_000)}).to_string());
        let word = client.hear();
        if word == "CR" {
            break;
        }
        assert!(word.contains("\"status\":200"), "{word}");
        calls += 1;
        assert!(calls < 10, "20,000 bytes are over");
    }
    assert!(calls >= 2, "not before they are");
    client.0.close(None).unwrap();
    assert_eq!(client.end(), None);
    until_notified(&gateway, DEVICE, UNKNOWN);
    still_serves(&gateway);
}

#[test]
fn who_was_sent_away_and_goes_on_is_cut_off() {
    let echo = Echo::start();
    let gateway = with(&echo, 1_000, 75_000);
    let mut client = Client::registered(&gateway, DEVICE);
    let began = Instant::now();
    assert!(!beat(&mut client, DEADLINE), "it never was cut off");
    assert!(began.elapsed() >= Duration::from_secs(4), "it had no time to close by itself");
    until_notified(&gateway, DEVICE, UNKNOWN);
}

#[test]
fn a_device_that_says_nothing_is_gone_and_one_that_beats_stays() {
    let echo = Echo::start();
    let gateway = with(&echo, 1 << 30, 1_000);
    let mut quiet = Client::registered(&gateway, DEVICE);
    let mut lively = Client::named(&gateway, "lively");
    assert!(beat(&mut lively, Duration::from_millis(3_000)));
    assert_eq!(quiet.end(), None);
    until_notified(&gateway, DEVICE, UNKNOWN);
}

#[test]
fn a_device_that_waits_for_an_answer_may_say_nothing() {
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let never = std::sync::Mutex::new(never);
    let service = Service::start(move |_| {
        never.lock().unwrap().recv_timeout(Duration::from_millis(1_500)).unwrap_err();
        answer(200, "", "late")
    });
    let gateway = Gateway::start_with(records(service.address), |settings| settings.two_way.silence_ms = 400);
    let mut client = Client::open(&gateway);
    assert_eq!(client.call(&json!({"method": "GET", "path": "/open"}))["body"], "late");
}

#[test]
fn a_device_that_breaks_off_is_registered_no_more() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    // In the middle of a frame: it announces ten bytes.
    for sent in [&b""[..], b"\x81", b"\x81\x8a\x00\x00", b"\x81\x8a\x00\x00\x00\x00abc", b"\x01\x82\x00\x00\x00\x00ab"]
    {
        let mut client = Client::registered(&gateway, DEVICE);
        wait_for_count(&gateway, REGISTERED, 1.0);
        client.0.get_mut().write_all(sent).unwrap();
        drop(client);
        until_notified(&gateway, DEVICE, UNKNOWN);
        wait_for_count(&gateway, REGISTERED, 0.0);
    }
    still_serves(&gateway);
}

#[test]
fn a_device_that_takes_nothing_is_given_up() {
    let service = Service::start(|request| match request["method"].as_str() {
        Some("GET") => answer(200, "", &"x".repeat(3_000_000)),
        _ => answer(200, "", ""),
    });
    let gateway = Gateway::start_with(records(service.address), |settings| {
        (settings.request_body_limit, settings.client_timeout_ms) = (4_000_000, 500);
    });
    let mut client = Client::registered(&gateway, DEVICE);
    // Their answers are more than any socket holds.
    for _ in 0..16 {
        client.say(&json!({"method": "GET", "path": "/open"}).to_string());
    }
    until_notified(&gateway, DEVICE, UNKNOWN);
    client.0.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    still_serves(&gateway);
}

/// A masked frame (the mask is zero): its first two bits of a byte, the length as it is announced, its bytes.
fn frame(first: u8, length: u8, more: &[u8], payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | length][..], more, &[0; 4], payload].concat()
}

#[test]
fn what_is_no_frame_ends_the_connection_and_nothing_else() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let garbage: Vec<(&str, Vec<u8>)> = vec![
        ("not masked", b"\x81\x02H1".to_vec()),
        ("a reserved opcode", frame(0x83, 2, b"", b"H1")),
        ("a reserved control opcode", frame(0x8b, 0, b"", b"")),
        ("a reserved bit", frame(0xc1, 2, b"", b"H1")),
        ("the compression nobody agreed on", frame(0xf1, 2, b"", b"H1")),
        ("a long ping", frame(0x89, 126, &[0, 126], &[b'x'; 126])),
        ("half a ping", frame(0x09, 2, b"", b"H1")),
        ("a continuation of nothing", frame(0x80, 2, b"", b"H1")),
        ("a message inside another", [frame(0x01, 1, b"", b"H"), frame(0x81, 2, b"", b"H1")].concat()),
        ("text that is not UTF-8", frame(0x81, 2, b"", b"\xff\xfe")),
        ("the largest length", frame(0x81, 127, &[0xff; 8], b"")),
        ("a length of a terabyte", frame(0x81, 127, &[0, 0, 1, 0, 0, 0, 0, 0], b"")),
        ("a close of one byte", frame(0x88, 1, b"", b"\x03")),
        ("a close with a code that nobody may send", frame(0x88, 2, b"", &1005_u16.to_be_bytes())),
        (
            "a message without end",
            [frame(0x01, 0, b"", b""), frame(0x00, 126, &[0xff, 0xff], &[b'x'; 65_535]).repeat(8)].concat(),
        ),
        ("HTTP", b"GET /plain HTTP/1.1\r\nHost: api.example.com\r\n\r\n".to_vec()),
    ];
    for (what, bytes) in garbage {
        let mut client = Client::registered(&gateway, DEVICE);
        let stream = client.0.get_mut();
        // It may be closed before all of it is sent.
        stream.write_all(&bytes).ok();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(
            !ended.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock),
            "{what}: {ended:?}"
        );
        assert!(!rest.starts_with(b"HTTP"), "{what} is answered {:?}", String::from_utf8_lossy(&rest));
        until_notified(&gateway, DEVICE, UNKNOWN);
    }
    still_serves(&gateway);
}

#[test]
fn bytes_by_chance_do_nothing_to_other_connections() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let mut calm = Client::named(&gateway, DEVICE);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    for length in 1..200 {
        let mut client = Client::open(&gateway);
        let bytes: Vec<u8> = (0..length).map(|_| byte()).collect();
        client.0.get_mut().write_all(&bytes).ok();
    }
    calm.say("H1");
    assert!(calm.hear().starts_with("HO#"));
    assert_eq!(gateway.get("/plain", &[("Host", HOST)]).status, 200);
}
