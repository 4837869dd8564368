//! Spellings of a path and of a header's value: one reading for routing, identity, plug-ins and backend. A test's
//! number is the requirement it shows.

use crate::support::plugins::{binding, plugin};
use crate::support::{app_auth, domain, edition, group, http_backend, seen_header, Echo, Gateway, HOST};
use serde_json::{json, Value};

/// `/internal/*` is for apps only and closed to these addresses by a plug-in; `/*` is open; both keep their path.
fn gateway(echo: &Echo) -> Gateway {
    let backend = |path: &str| {
        let mut backend = http_backend(echo.address);
        backend["path"] = json!(path);
        backend
    };
    let list = json!({"type": "ALLOW", "items": [{"blocks": ["10.0.0.0/8"]}]});
    Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/internal/*", backend("/internal/*"), json!({"auth": app_auth()})),
        edition("api2", "ANY", "/*", backend("/*"), json!({})),
        edition("api3", "ANY", "/strip/*", backend("/kept/*"), json!({})),
        edition("api4", "ANY", "/listed/*", backend("/listed/*"), json!({})),
        plugin("p1", "ipControl", list),
        binding("api", "api4", "p1"),
    ])
}

fn spellings(word: &str) -> Vec<String> {
    let encoded: String = word.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let first = format!("%{:02X}{}", word.as_bytes()[0], &word[1..]);
    let words = [word.to_owned(), encoded, first, format!("{word};a=b"), format!("{word}%00"), format!("./{word}")];
    let starts = [
        "/",
        "//",
        "///",
        "/./",
        "/%2e/",
        "/x/../",
        "/x/%2e%2e/",
        "/x/..;/",
        "/;/",
        "/%2f",
        "/%5c",
        "/\\",
        "/..//",
        "/x/.%2e/",
        "/%252f",
        "/x//../",
        "/.;a/",
    ];
    let ends = ["/a", "//a", "/./a", "/../%s/a", "%2fa", "/a/..", "/"];
    let mut all = Vec::new();
    for start in starts {
        for known in &words {
            for end in ends {
                all.push(format!("{start}{known}{}", end.replace("%s", word)));
            }
        }
    }
    all
}

/// How a backend reads a path: parameters of segments cut off, decoded once, dots and empty segments resolved.
fn resolved(target: &str) -> String {
    let path = target.split('?').next().unwrap();
    let bare: Vec<&str> = path.split('/').map(|segment| segment.split(';').next().unwrap()).collect();
    let decoded = percent_encoding::percent_decode_str(&bare.join("/")).decode_utf8_lossy().replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    segments.join("/")
}

#[test]
fn r33_r34_r35_no_spelling_of_a_closed_path_reaches_the_backend() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for word in ["internal", "listed"] {
        let all = spellings(word);
        assert!(all.len() > 500);
        for spelling in all {
            let answer = gateway.get(&spelling, &[]);
            if answer.status == 200 {
                let target = answer.seen()["target"].as_str().unwrap().to_owned();
                let read = resolved(&target);
                assert!(read != word && !read.starts_with(&format!("{word}/")), "{spelling} became {target}");
            }
        }
    }
    assert_eq!(gateway.get("/internal/a", &[]).code(), "A400MA");
    assert_eq!(gateway.get("/listed/a", &[]).code(), "A403IP");
}

#[test]
fn r34_encoded_separators_and_dots_have_one_documented_answer() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for path in [
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%5Cb",
        "/a\\b",
        "//a",
        "/a//b",
        "/a/../b",
        "/a/%2e%2e/b",
        "/a/./b",
        "/a/..;x/b",
    ] {
        let answer = gateway.get(path, &[]);
        assert_eq!((answer.status, answer.code()), (400, "I400PA"), "{path}");
    }
    assert_eq!(echo.count(), 0);
}

#[test]
fn r37_what_is_stripped_from_the_path_leaves_one_reading_of_the_rest() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for rest in ["a", "a%20b", "%C3%A9", "a%3Fb", "a%23b", "a%25b", "a%252fb", "a;b=c", "a+b", "%7e~", "a,b"] {
        let answer = gateway.get(&format!("/strip/{rest}"), &[]);
        let seen = answer.seen();
        let target = seen["target"].as_str().unwrap();
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        assert_eq!(decode(target), decode(&format!("/kept/{rest}")), "{rest}: {target}");
    }
}

#[test]
fn r38_parameters_of_a_segment_change_neither_route_nor_identity() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for path in ["/internal;x/a", "/internal;/a", "/;x/internal/a", "/internal/;x/a", "/internal/..;/internal/a"] {
        let answer = gateway.get(path, &[]);
        if answer.status == 200 {
            let target = answer.seen()["target"].as_str().unwrap().to_owned();
            assert_ne!(resolved(&target), "internal/a", "{path} became {target}");
        }
    }
}

#[test]
fn r39_control_characters_are_refused_wherever_they_stand_in_a_header() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for byte in (0..32u8).chain([127]).filter(|byte| !matches!(byte, b'\t' | b'\n' | b'\r')) {
        for field in [&b"X-A: a"[..], b"X-A: ", b"X-"] {
            let mut message = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n").into_bytes();
            message.extend_from_slice(field);
            message.push(byte);
            message.extend_from_slice(b"b: c\r\n\r\n");
            let answer = gateway.raw(&message);
            assert_eq!((answer.status, answer.code()), (400, "I400HD"), "{byte:#x} behind {field:?}");
        }
    }
    assert_eq!(echo.count(), 0);
}

#[test]
fn r60_nothing_in_a_request_chooses_the_backend() {
    let (echo, other) = (Echo::start(), Echo::start());
    let gateway = gateway(&echo);
    let elsewhere = other.address.to_string();
    let targets = [
        format!("http://{elsewhere}/a"),
        format!("/unix:/run/x|http://{elsewhere}/a"),
        format!("/@{elsewhere}/a"),
        format!("/a?url=http://{elsewhere}/"),
        format!("/:{}@{elsewhere}/", other.address.port()),
    ];
    for target in targets {
        let answer = gateway.get(&target, &[("X-Forwarded-Host", &elsewhere), ("X-Host", &elsewhere)]);
        if answer.status == 200 {
            let seen: Value = answer.seen();
            assert_ne!(seen_header(&seen, "host"), Some(elsewhere.as_str()), "{target}");
        }
    }
    assert_eq!(other.count(), 0);
}
