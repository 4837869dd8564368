//! R60 to R63: nothing that a caller or a tenant sends leads the gateway to where it may not go, or brings it down.

use crate::support::{connect, domain, edition, group, http_backend, read_answer, seen_header, Echo, Gateway, HOST};
use serde_json::{json, Value};
use std::io::{BufReader, Write};
use std::net::TcpListener;

fn fields(body: &mut Value, each: &mut impl FnMut(&mut Value)) {
    match body {
        Value::Object(map) => map.values_mut().for_each(|value| fields(value, each)),
        Value::Array(list) => list.iter_mut().for_each(|value| fields(value, each)),
        scalar => each(scalar),
    }
}

/// R60: scheme, host and port of a backend come from the plan alone.
#[test]
fn r60_request_data_never_chooses_the_backend() {
    let (own, other) = (Echo::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    other.set_nonblocking(true).unwrap();
    let elsewhere = other.local_addr().unwrap();
    let mut backend = http_backend(own.address);
    backend["path"] = json!("/[rest]");
    let change = json!({"mappings": [{"source": {"request": "rest"}, "location": "path", "name": "rest"}],
        "parameters": [{"name": "rest", "location": "path", "parameter_type": "string", "required": true}]});
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("mapped", "GET", "/m/[rest]", backend, change),
        edition("all", "ANY", "/p/*", http_backend(own.address), json!({})),
    ]);
    let url = format!("http://{elsewhere}/");
    let encoded = url.replace(':', "%3A").replace('/', "%2F");
    for target in [
        format!("/p/{elsewhere}"),
        format!("/p/@{elsewhere}/"),
        format!("/p/x?unix:{}|http://{elsewhere}/", "A".repeat(500)),
        format!("/m/@{elsewhere}"),
        format!("/m/{encoded}"),
        format!("/m/..%2f..%2f@{elsewhere}"),
        "/m/unix:%2Fvar%2Frun%2Fdocker.sock".to_owned(),
        format!("/p/x?url={encoded}"),
    ] {
        let headers = [
            ("X-Forwarded-Host", elsewhere.to_string()),
            ("X-Host", elsewhere.to_string()),
            ("X-Original-URL", url.clone()),
            ("X-Rewrite-URL", url.clone()),
            ("Forwarded", format!("host={elsewhere};proto=https")),
            ("X-Forwarded-Port", elsewhere.port().to_string()),
            ("X-Forwarded-Proto", "https".to_owned()),
            ("Destination", url.clone()),
        ];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = gateway.get(&target, &headers);
        assert!([200, 400, 404].contains(&answer.status), "{target}: {}", answer.status);
        if answer.status == 200 {
            let host = seen_header(&answer.seen(), "host").map(str::to_owned);
            assert_eq!(host, Some(own.address.to_string()), "{target}");
        }
    }
    // A target in absolute form names a host too; it is the gateway's own, or nobody's.
    let mut stream = connect(gateway.address());
    stream.write_all(format!("GET http://{elsewhere}/p/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
    assert!([200, 400, 404].contains(&read_answer(&mut BufReader::new(stream)).status));
    assert!(other.accept().is_err(), "nobody connected to the address that the requests named");
}

/// R61: what a name leads to is checked at each connection, whatever the spelling.
#[test]
fn r61_addresses_are_checked_after_names_were_resolved() {
    let echo = Echo::start();
    let port = echo.address.port();
    let to = |host: &str| json!({"target": {"type": "http", "scheme": "http", "host": host, "port": port}, "path": "/", "timeout_ms": 2000});
    let hosts = [
        "localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "::1",
        "::ffff:127.0.0.1",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "224.0.0.1",
        "255.255.255.255",
        "64:ff9b::7f00:1",
        "localhost.",
        "LOCALHOST",
    ];
    let mut records = vec![group(), domain()];
    for (index, host) in hosts.iter().enumerate() {
        records.push(edition(&format!("api{index}"), "GET", &format!("/{index}"), to(host), json!({})));
    }
    let gateway = Gateway::start_with(records, |settings| settings.loopback_backends = false);
    for (index, host) in hosts.iter().enumerate() {
        let answer = gateway.get(&format!("/{index}"), &[]);
        assert!(["D504IL", "D504RE"].contains(&answer.code()), "{host}: {} {}", answer.status, answer.code());
    }
    assert_eq!(echo.connections.load(std::sync::atomic::Ordering::SeqCst), 0);
}

/// R62: a record with blanks is accepted whole or refused whole, its neighbours are served, and nothing panics.
#[test]
fn r62_blank_fields_harm_nobody_else() {
    let echo = Echo::start();
    let good = edition("good", "GET", "/good", http_backend(echo.address), json!({}));
    let network = json!({"network_id": "vpc-h", "attachment": {"mode": "host"}, "instances": {"i-1": "127.0.0.1"}});
    let access = json!({"access_id": "a", "name": "bad", "network_id": "vpc-h", "target": "i-1", "port": 80, "host": "h",
        "set": {"targets": [{"target": "i-1", "port": 80, "weight": 1}], "balance": {"by": "header", "name": "X"},
            "check": {"kind": "http", "path": "/", "interval_ms": 1000, "timeout_ms": 1000, "unhealthy_after": 1, "healthy_after": 1}}});
    let targets = [
        json!({"type": "http", "scheme": "http", "host": "h", "port": 1, "host_header": "x"}),
        json!({"type": "vpc", "access": "bad", "scheme": "https", "host": "h"}),
        json!({"type": "function", "url": "http://h/", "region": "r", "service": "s", "function": "f", "qualifier": "q", "header_names": ["a"]}),
        json!({"type": "discovered", "scheme": "http", "registry": {"type": "nacos", "servers": ["http://h"], "group": "g", "service": "s"}}),
        json!({"type": "mock", "status": 200, "headers": [{"name": "a", "value": "b"}], "body": "x"}),
    ];
    let mut bodies = vec![("network", "vpc-h".to_owned(), network), ("vpc_access", "bad".to_owned(), access)];
    for target in targets {
        bodies.push(edition(
            "bad",
            "GET",
            "/bad",
            json!({"target": target, "path": "/", "timeout_ms": 500}),
            json!({}),
        ));
    }
    let mut gateway = Gateway::start(vec![group(), domain(), good]);
    let mut refused = 0;
    for (kind, key, body) in bodies {
        let mut count = 0;
        fields(&mut body.clone(), &mut |_| count += 1);
        for blank in [json!(""), json!(null), json!(0), json!(-1), json!([]), json!({}), json!("\u{0}"), json!(1e300)] {
            for index in 0..count {
                let (mut changed, mut at) = (body.clone(), 0);
                fields(&mut changed, &mut |value| {
                    if at == index {
                        *value = blank.clone();
                    }
                    at += 1;
                });
                refused += usize::from(!gateway.apply(vec![(kind, key.clone(), changed)]).refused.is_empty());
                gateway.get("/bad", &[]);
            }
        }
    }
    assert!(refused > 100, "most blanks are refused: {refused}");
    assert_eq!(gateway.get("/good", &[]).status, 200);
    assert!(gateway.engine.as_ref().unwrap().alive());
}

/// R63: records 2, 10 and 100 times as large as any limit of ours.
#[test]
fn r63_oversized_configuration_is_accepted_or_refused_whole() {
    let echo = Echo::start();
    let good = edition("good", "GET", "/good", http_backend(echo.address), json!({}));
    let mut gateway = Gateway::start(vec![group(), domain(), good]);
    for times in [2, 10, 100] {
        let target =
            |index: usize| json!({"target": format!("10.{}.0.1", index % 250), "port": 1 + index % 60000, "weight": 1});
        let set = json!({"targets": (0..256 * times).map(target).collect::<Vec<_>>()});
        let access = json!({"access_id": "a", "name": "big", "network_id": "vpc-h", "target": "10.0.0.1", "port": 80, "set": set});
        assert_eq!(gateway.apply(vec![("vpc_access", "big".to_owned(), access)]).refused.len(), 1);
        let long = "x".repeat(64 * 1024 * times);
        for backend in [
            json!({"target": {"type": "http", "scheme": "http", "host": long, "port": 80}, "path": "/", "timeout_ms": 500}),
            json!({"target": {"type": "function", "function": long}, "path": "/", "timeout_ms": 500}),
            json!({"target": {"type": "mock", "status": 200, "body": long}, "timeout_ms": 500}),
            json!({"target": {"type": "http", "scheme": "http", "host": "127.0.0.1", "port": echo.address.port()}, "path": format!("/{long}"), "timeout_ms": 5000}),
        ] {
            gateway.apply(vec![edition("bad", "GET", "/bad", backend, json!({}))]);
            let answer = gateway.get("/bad", &[]);
            assert!((200..=504).contains(&answer.status), "{}", answer.status);
        }
        assert_eq!(gateway.get("/good", &[]).status, 200, "{times}×");
    }
    assert!(gateway.engine.as_ref().unwrap().alive());
}
