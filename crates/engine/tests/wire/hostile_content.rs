//! Content that costs more than it weighs, or that two readers understand in two ways. A test's number is the
//! requirement it shows.

use crate::support::plugins::{binding, plugin};
use crate::support::{app, app_auth, domain, edition, grant, group, http_backend, Echo, Gateway, APP_KEY, HOST};
use isthmus_plan::Secret;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn gateway(backend: SocketAddr, plugins: Vec<(&str, Value)>, change: Value) -> Gateway {
    let mut records = vec![group(), domain(), edition("api1", "ANY", "/a", http_backend(backend), change)];
    for (index, (plugin_type, definition)) in plugins.into_iter().enumerate() {
        let id = format!("p{index}");
        records.push(plugin(&id, plugin_type, definition));
        records.push(binding("api", "api1", &id));
    }
    Gateway::start(records)
}

/// A backend that answers everybody with a body that would be 64 MiB.
fn bombing(bomb: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            BufReader::new(&stream).fill_buf().unwrap();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n";
            let head = format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n", bomb.len());
            stream.write_all(&[head.as_bytes(), &bomb].concat()).ok();
        }
    });
    address
}

/// 64 MiB of spaces and a small object, as few bytes.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"{\"a\": 1}").unwrap();
    for _ in 0..1024 {
        encoder.write_all(&[b' '; 65536]).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn r28_nothing_is_inflated_on_the_way_in_or_out() {
    let bomb = bomb();
    assert!(bomb.len() < 65536 * 2, "{}", bomb.len());
    let echo = Echo::start();
    let checks = json!({"body": {"type": "object"}});
    let strict = gateway(echo.address, vec![("requestValidation", checks)], json!({}));
    let small = &bomb[..60_000];
    let answer = strict.send("POST", "/a", &[JSON, ("Content-Encoding", "gzip")], small);
    assert_eq!((answer.status, answer.code()), (400, "I400BD"), "what it cannot read it refuses");
    assert_eq!(echo.count(), 0);
    // Plug-ins that look into answers see bytes that are no JSON, and pass them on as they are.
    let looks = json!({"parameters": {"a": "BodyJsonField:$.a"}, "errorCondition": "$a = 1",
        "mappings": [{"condition": "$a = 1", "statusCode": 500}]});
    let more = vec![("errorMapping", looks), ("compression", json!({"algorithms": ["br"]}))];
    let looking = gateway(bombing(bomb.clone()), more, json!({}));
    let started = Instant::now();
    let answer = looking.get("/a", &[("Accept-Encoding", "br, gzip")]);
    assert_eq!((answer.status, answer.header("Content-Encoding")), (200, Some("gzip")));
    assert_eq!(answer.body, bomb);
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Each pattern takes for ever in an engine that goes back, on the text beside it.
#[test]
fn r29_a_providers_pattern_takes_no_longer_than_the_text() {
    let text = format!("{}!", "a".repeat(30_000));
    for pattern in ["(a+)+", "(a|aa)+", "(a*)*", "(.*)(.*)(.*)(.*)(.*)[^!]", "([a-zA-Z]+)*"] {
        let parameters = json!([{"name": "q", "location": "head", "parameter_type": "string", "required": true,
            "constraint": {"regular_expression": pattern}}]);
        let mapping = json!({"request_mode": "mapping", "parameters": parameters});
        let echo = Echo::start();
        let by_parameter = gateway(echo.address, vec![], mapping);
        let started = Instant::now();
        assert_eq!(by_parameter.get("/a", &[("q", &text)]).code(), "I400IP", "{pattern}");
        let schema = json!({"body": {"properties": {"q": {"pattern": format!("^({pattern})$")}}}});
        let by_schema = gateway(echo.address, vec![("requestValidation", schema)], json!({}));
        let body = json!({"q": text}).to_string();
        assert_eq!(by_schema.send("POST", "/a", &[JSON], body.as_bytes()).code(), "I400BD", "{pattern}");
        assert!(started.elapsed() < Duration::from_secs(5), "{pattern}: {:?}", started.elapsed());
    }
}

#[test]
fn r29_a_pattern_that_grows_beyond_bounds_is_refused_where_it_is_given() {
    let echo = Echo::start();
    let mut gateway = gateway(echo.address, vec![], json!({}));
    let huge = "(((x{100}){100}){100}){100}";
    let parameters = json!([{"name": "q", "location": "head", "parameter_type": "string", "required": true,
        "constraint": {"regular_expression": huge}}]);
    let api = edition(
        "api1",
        "ANY",
        "/a",
        http_backend(echo.address),
        json!({"request_mode": "mapping", "parameters": parameters}),
    );
    let refused = gateway.apply(vec![api]).refused;
    let names = |text: &str| refused.iter().any(|one| one.reason.contains(text));
    assert!(names("parameters[0].constraint.regular_expression"), "{refused:?}");
    let refused = gateway.apply(vec![plugin("p9", "requestValidation", json!({"body": {"pattern": huge}}))]).refused;
    assert!(refused.iter().any(|one| one.reason.contains("definition.body")), "{refused:?}");
}

/// A validator that reads the first and a backend that reads the last would see two requests.
#[test]
fn r47_a_body_with_a_doubled_key_is_refused_at_any_depth() {
    let echo = Echo::start();
    let schema = json!({"body": {"type": "object", "properties": {"role": {"enum": ["user"]}}}});
    let gateway = gateway(echo.address, vec![("requestValidation", schema)], json!({}));
    for body in [
        r#"{"role": "user", "role": "admin"}"#,
        r#"{"role": "admin", "role": "user"}"#,
        r#"{"role": "user", "r\u006fle": "admin"}"#,
        r#"{"role": "user", "more": [{"a": {"b": 1, "b": 2}}]}"#,
    ] {
        let answer = gateway.send("POST", "/a", &[JSON], body.as_bytes());
        assert_eq!((answer.status, answer.code()), (400, "I400BD"), "{body}");
        assert!(answer.message().contains("a key occurs twice"), "{}", answer.message());
    }
    assert_eq!(echo.count(), 0);
    assert_eq!(gateway.send("POST", "/a", &[JSON], br#"{"role": "user", "Role": "x"}"#).status, 200);
}

/// Where two secrets differ must not show in the time; on a megabyte, the usual comparison is thousands of times faster
/// when the first byte differs.
#[test]
fn r54_secrets_are_compared_in_the_same_time_wherever_they_differ() {
    let length = 1 << 20;
    let stored = Secret::new("a".repeat(length));
    let early = Secret::new(format!("b{}", "a".repeat(length - 1)));
    let late = Secret::new(format!("{}b", "a".repeat(length - 1)));
    let time = |other: &Secret| {
        let started = Instant::now();
        assert!(std::hint::black_box(&stored) != std::hint::black_box(other));
        started.elapsed()
    };
    // By turns, and the least of each: what else runs on the machine does not count.
    let (first, last) = (0..15)
        .map(|_| (time(&early), time(&late)))
        .reduce(|least, this| (least.0.min(this.0), least.1.min(this.1)))
        .unwrap();
    let ratio = first.as_secs_f64() / last.as_secs_f64();
    assert!((0.2..5.0).contains(&ratio), "{first:?} for the first byte, {last:?} for the last");
}

/// What differs is said openly (`A400IK` for a key nobody has), the work before it does not: a wrong signature costs
/// the same wherever it is wrong.
#[test]
fn r54_a_wrong_signature_is_refused_in_the_same_way_wherever_it_is_wrong() {
    let echo = Echo::start();
    let mut records = vec![group(), domain(), app(), grant("api1")];
    records.push(edition("api1", "ANY", "/a", http_backend(echo.address), json!({"auth": app_auth()})));
    let gateway = Gateway::start(records);
    let text = "GET\n\n\n\n\n/a";
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, crate::support::APP_SECRET.as_bytes());
    let good = ring::hmac::sign(&key, text.as_bytes()).as_ref().to_vec();
    let ask = |signature: &[u8]| {
        use base64::Engine as _;
        let signature = base64::engine::general_purpose::STANDARD.encode(signature);
        let headers = [("X-Ca-Key", APP_KEY), ("X-Ca-Signature", signature.as_str()), ("Host", HOST)];
        gateway.get("/a", &headers)
    };
    assert_eq!(ask(&good).status, 200);
    let mut answers = Vec::new();
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut wrong = good.clone();
        wrong[at] ^= 1;
        let answer = ask(&wrong);
        answers.push((answer.status, answer.code().to_owned(), answer.message().to_owned(), answer.body));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].1, "A403IS");
}
