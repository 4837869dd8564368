//! Signatures as callers get them wrong, each over a string written by hand: the record names the mistake.

use crate::records::Recording;
use crate::support::*;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use ring::hmac;
use serde_json::json;

const TARGET: &str = "/users/7?b=2+3&a=1&e=";
const SENT: [(&str, &str); 5] = [
    ("Accept", "application/json"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("X-Ca-Key", APP_KEY),
    ("X-Ca-Stage", "RELEASE"),
    ("X-Ca-Signature-Headers", "X-Ca-Stage,X-Ca-Key"),
];
const RIGHT: &str =
    "GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e";

/// What the caller signed, and a part of what the record must say.
const CASES: &[(&str, &str)] = &[
    ("get\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e", "lower case; it must be in upper"),
    ("GET\n\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e", "Accept was sent"),
    ("GET\n*/*\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e", "`Accept: */*`"),
    ("GET\napplication/json\n\n\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e", "Content-Type was sent"),
    ("GET\napplication/json\n\ntext/plain\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e", "without its parameters"),
    ("GET\napplication/json\ntext/plain; charset=utf-8\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e", "each needs its empty line"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Stage:RELEASE\nX-Ca-Key:203753385\n/users/7?a=1&b=2 3&e", "not sorted by name"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nx-ca-key:203753385\nx-ca-stage:RELEASE\n/users/7?a=1&b=2 3&e", "signed in lower case"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key: 203753385\nX-Ca-Stage: RELEASE\n/users/7?a=1&b=2 3&e", "behind the colon"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\n/users/7?a=1&b=2 3&e", "X-Ca-Stage is listed"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\n/users/7?a=1&b=2 3&e", "but not signed"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?b=2 3&a=1&e", "parameters are not sorted"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7", "the query is not signed"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e=", "its name stands alone"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\nhttp://api.example.com/users/7?a=1&b=2 3&e", "whole URL"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\nusers/7?a=1&b=2 3&e", "leading slash"),
    ("GET\r\napplication/json\r\n\r\ntext/plain; charset=utf-8\r\n\r\nX-Ca-Key:203753385\r\nX-Ca-Stage:RELEASE\r\n/users/7?a=1&b=2 3&e", "CR LF"),
    ("GET\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e\n", "ends with a line feed"),
    ("POST\napplication/json\n\ntext/plain; charset=utf-8\n\nX-Ca-Key:203753385\nX-Ca-Stage:RELEASE\n/users/7?a=1&b=2 3&e", "no known mistake"),
];

fn signature(text: &str, algorithm: hmac::Algorithm) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(algorithm, APP_SECRET.as_bytes()), text.as_bytes())
}

fn called(recording: &Recording, signature: &str) -> Answer {
    recording.gateway.get(TARGET, &[&SENT[..], &[("X-Ca-Signature", signature)]].concat())
}

#[test]
fn a_record_names_the_mistake_of_a_signature_that_does_not_hold() {
    let echo = Echo::start();
    let api = edition("a1", "GET", "/users/[id]", http_backend(echo.address), json!({"auth": app_auth()}));
    let recording = Recording::start("mistakes", vec![group(), domain(), app(), grant("a1"), api]);
    let base64 = |text: &str| BASE64.encode(signature(text, hmac::HMAC_SHA256));
    assert_eq!(called(&recording, &base64(RIGHT)).status, 200, "the test's own string must be right");
    for (text, expected) in CASES {
        let answer = called(&recording, &base64(text));
        assert_eq!(answer.code(), "A403IS", "{text}");
        let detail = recording.of(&answer).detail;
        assert!(detail.contains(expected), "{text:?} gave {detail:?}, not {expected:?}");
        assert!(!answer.message().contains("cause"), "only the provider may know: {}", answer.message());
        if !expected.starts_with("no known") {
            assert!(detail.contains("\nserver GET#application/json##"), "{detail}");
        }
    }
    let other = BASE64.encode(signature(RIGHT, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY));
    assert!(recording.of(&called(&recording, &other)).detail.contains("the other algorithm"));
    let digits: String =
        signature(RIGHT, hmac::HMAC_SHA256).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let told = recording.of(&called(&recording, &digits)).detail;
    assert!(told.contains("signature"), "{told}");
}

#[test]
fn a_record_says_how_far_a_clock_is_off() {
    let echo = Echo::start();
    let api = edition("a1", "GET", "/users/[id]", http_backend(echo.address), json!({"auth": app_auth()}));
    let recording = Recording::start("clock", vec![group(), domain(), app(), grant("a1"), api]);
    for (timestamp, expected) in
        [("1000000000000", "behind"), ("9000000000000", "ahead"), ("1795000000", "in seconds"), ("today", "no number")]
    {
        let signature = [("X-Ca-Key", APP_KEY), ("X-Ca-Signature", "eA=="), ("X-Ca-Timestamp", timestamp)];
        let answer = recording.gateway.get("/users/7", &signature);
        assert_eq!(answer.code(), "S403TE");
        let detail = recording.of(&answer).detail;
        assert!(detail.contains(expected), "{timestamp}: {detail}");
    }
}
