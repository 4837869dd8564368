//! What backends receive and what callers get back: pass-through, mapping, mocks, failures.

use crate::support::{
    app, app_auth, connect, domain, edition, grant, group, http_backend, read_answer, seen_header, Echo, Gateway,
    APP_CODE, HOST,
};
use serde_json::{json, Value};
use std::io::{BufReader, Read, Write};
use std::net::TcpListener;

fn one(edition: (&'static str, String, Value)) -> Gateway {
    Gateway::start(vec![group(), domain(), edition])
}

#[test]
fn passes_everything_through_but_hop_by_hop_headers_and_adds_its_own() {
    let echo = Echo::start();
    let gateway = one(edition("api1", "ANY", "/nginx", http_backend(echo.address), json!({})));
    let headers = [
        ("X-Custom", "kept"),
        ("Connection", "close, X-Secret, X-Ca-Request-Id, Content-Length"),
        ("X-Secret", "dropped"),
        ("TE", "trailers"),
        ("X-Ca-Request-Id", "forged"),
        ("x_ca_request_id", "forged"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("ca_version", "1.1.2"),
    ];
    let answer = gateway.send("PUT", "/nginx?b=2&a=%20x&a=", &headers, b"payload");
    let seen = answer.seen();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(seen["target"], "/backend?b=2&a=%20x&a=");
    assert_eq!(seen["body"], "payload");
    assert_eq!(seen_header(&seen, "x-custom"), Some("kept"));
    assert_eq!(seen_header(&seen, "ca_version"), Some("1.1.2"));
    for gone in ["connection", "x-secret", "te", "x_ca_request_id"] {
        assert_eq!(seen_header(&seen, gone), None, "{gone}");
    }
    assert_eq!(seen_header(&seen, "x-forwarded-for"), Some("203.0.113.9, 127.0.0.1"));
    assert_eq!(seen_header(&seen, "x-ca-request-id"), answer.header("X-Ca-Request-Id"));
    assert_eq!(seen_header(&seen, "host"), Some(echo.address.to_string().as_str()));
}

#[test]
fn maps_declared_parameters_and_drops_the_rest() {
    let echo = Echo::start();
    let mut backend = http_backend(echo.address);
    backend["path"] = json!("/users/[uid]/orders");
    let change = json!({
        "request_mode": "mapping",
        "parameters": [
            {"name": "id", "location": "path", "parameter_type": "long", "required": true},
            {"name": "q", "location": "query", "parameter_type": "string", "required": false, "default": "none"},
            {"name": "X-Token", "location": "head", "parameter_type": "string", "required": false},
        ],
        "mappings": [
            {"source": {"request": "id"}, "location": "path", "name": "uid"},
            {"source": {"request": "q"}, "location": "query", "name": "search"},
            {"source": {"request": "X-Token"}, "location": "query", "name": "token"},
            {"source": {"request": "id"}, "location": "head", "name": "X-User"},
            {"source": {"constant": "fixed value"}, "location": "query", "name": "k"},
            {"source": {"system": "CaClientIp"}, "location": "head", "name": "X-Real"},
            {"source": {"system": "CaAppId"}, "location": "query", "name": "app"},
        ],
    });
    let gateway = one(edition("api1", "GET", "/v1/[id]", backend, change));
    let answer = gateway.get("/v1/42?q=a%26b&unknown=1", &[("X-Token", "t"), ("X-Unknown", "1")]);
    let seen = answer.seen();
    assert_eq!(seen["target"], "/users/42/orders?search=a%26b&token=t&k=fixed+value&app=null");
    assert_eq!(seen_header(&seen, "x-user"), Some("42"));
    assert_eq!(seen_header(&seen, "x-real"), Some("127.0.0.1"));
    assert_eq!(seen_header(&seen, "x-unknown"), None);
    assert_eq!(gateway.get("/v1/42", &[]).seen()["target"], "/users/42/orders?search=none&k=fixed+value&app=null");
}

#[test]
fn hands_over_what_an_app_says_of_itself_and_which_instance_serves() {
    let echo = Echo::start();
    let mappings = json!([
        {"source": {"system": "CaAppExtendInfo"}, "location": "head", "name": "X-Extend"},
        {"source": {"system": "CaInstanceId"}, "location": "head", "name": "X-Instance"},
    ]);
    let change = json!({"request_mode": "mapping", "mappings": mappings, "auth": app_auth()});
    let mut gateway = one(edition("api1", "GET", "/v1", http_backend(echo.address), change));
    let (kind, key, mut body) = app();
    body["extend"] = json!("gold, since 2019");
    gateway.apply(vec![(kind, key, body), grant("api1")]);
    let seen = gateway.get("/v1", &[("Authorization", &format!("APPCODE {APP_CODE}"))]).seen();
    assert_eq!(seen_header(&seen, "x-extend"), Some("gold, since 2019"));
    assert_eq!(seen_header(&seen, "x-instance"), Some("api-shared-vpc-001"));
    gateway.apply(vec![app()]);
    let seen = gateway.get("/v1", &[("Authorization", &format!("APPCODE {APP_CODE}"))]).seen();
    assert_eq!(seen_header(&seen, "x-extend").unwrap_or_default(), "");
}

#[test]
fn names_every_violation_of_a_declared_parameter() {
    let echo = Echo::start();
    let change = json!({
        "request_mode": "mapping",
        "parameters": [
            {"name": "n", "location": "query", "parameter_type": "int", "required": true, "constraint": {"min_value": 1.0, "max_value": 10.0}},
            {"name": "s", "location": "query", "parameter_type": "string", "required": false, "constraint": {"max_length": 2, "regular_expression": "[a-z]+"}},
            {"name": "b", "location": "query", "parameter_type": "boolean", "required": true},
            {"name": "e", "location": "query", "parameter_type": "string", "required": false, "constraint": {"allowed": ["x", "y"]}},
        ],
    });
    let gateway = one(edition("api1", "GET", "/v1", http_backend(echo.address), change));
    let answer = gateway.get("/v1?s=ok&b=true", &[]);
    assert_eq!((answer.status, answer.code(), answer.message()), (400, "I400MP", "Invalid Parameter Required `n`"));
    let answer = gateway.get("/v1?n=11&s=ABC&b=maybe&e=z", &[]);
    let text = "Invalid parameter `n` must be at most 10, `s` must have at most 2 characters, `b` must be true or false, `e` must be one of x,y";
    assert_eq!((answer.status, answer.code(), answer.message()), (400, "I400IP", text));
    for (query, valid) in [
        ("n=1&b=TRUE", true),
        ("n=x&b=true", false),
        ("n=1&b=true&s=zz", true),
        ("n=1&b=true&s=Z", false),
        ("n=99999999999&b=true", false),
    ] {
        assert_eq!(gateway.get(&format!("/v1?{query}"), &[]).status == 200, valid, "{query}");
    }
}

#[test]
fn forwards_undeclared_parameters_in_mapping_passthrough_and_rebuilds_forms() {
    let echo = Echo::start();
    let change = json!({
        "request_mode": "mapping_passthrough", "body_format": "form",
        "parameters": [
            {"name": "a", "location": "query", "parameter_type": "string", "required": false},
            {"name": "f", "location": "body", "parameter_type": "int", "required": true},
        ],
        "mappings": [
            {"source": {"request": "a"}, "location": "query", "name": "renamed"},
            {"source": {"request": "f"}, "location": "body", "name": "field"},
        ],
    });
    let gateway = one(edition("api1", "POST", "/v1", http_backend(echo.address), change));
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Unknown", "1")];
    let seen = gateway.send("POST", "/v1?a=1&z=2", &form, b"f=7&g=8").seen();
    assert_eq!(seen["target"], "/backend?renamed=1&z=2");
    assert_eq!(seen["body"], "field=7&g=8");
    assert_eq!(seen_header(&seen, "x-unknown"), Some("1"));
    assert_eq!(gateway.send("POST", "/v1", &form, b"f=x").code(), "I400IP");
}

#[test]
fn prefers_text_over_placeholders_over_the_rest_segment_by_segment() {
    let echo = Echo::start();
    let mock = |name: &str| json!({"target": {"type": "mock", "status": 200, "body": name}, "timeout_ms": 1});
    let mut records = vec![group(), domain()];
    for (index, (method, path)) in [
        ("GET", "/a/b"),
        ("POST", "/a/[x]"),
        ("GET", "/[y]/b"),
        ("GET", "/a/*"),
        ("ANY", "/a/b"),
        ("GET", "/files/[name]/*"),
        ("GET", "/*"),
    ]
    .into_iter()
    .enumerate()
    {
        records.push(edition(&format!("api{index}"), method, path, mock(&format!("{method} {path}")), json!({})));
    }
    let gateway = Gateway::start(records);
    for (method, path, expected) in [
        ("GET", "/a/b", "GET /a/b"),
        ("PUT", "/a/b", "ANY /a/b"),
        ("POST", "/a/c", "POST /a/[x]"),
        ("GET", "/z/b", "GET /[y]/b"),
        ("GET", "/a/c", "GET /a/*"),
        ("GET", "/a/c/d", "GET /a/*"),
        ("GET", "/files/n/x/y", "GET /files/[name]/*"),
        ("GET", "/", "GET /*"),
        ("GET", "/a", "GET /*"),
        ("GET", "/a%62/b", "GET /[y]/b"),
        ("GET", "/%61/b", "GET /a/b"),
    ] {
        assert_eq!(gateway.send(method, path, &[], b"").text(), expected, "{method} {path}");
    }
    let _ = echo;
}

#[test]
fn forwards_placeholders_and_the_rest_of_the_path() {
    let echo = Echo::start();
    let mut backend = http_backend(echo.address);
    backend["path"] = json!("/store/[name]/*");
    let gateway = one(edition("api1", "GET", "/files/[name]/*", backend, json!({})));
    assert_eq!(
        gateway.get("/files/%E8%8C%B6%20cup/a/b%3Fc?q=1", &[]).seen()["target"],
        "/store/%E8%8C%B6%20cup/a/b%3Fc?q=1"
    );
}

#[test]
fn answers_a_mock_without_a_backend() {
    let target = json!({"type": "mock", "status": 418, "headers": [{"name": "X-Mock", "value": "yes"}], "body": "{}"});
    let gateway = one(edition("api1", "GET", "/mock", json!({"target": target, "timeout_ms": 1}), json!({})));
    let answer = gateway.get("/mock", &[]);
    assert_eq!((answer.status, answer.header("X-Mock"), answer.text().as_str()), (418, Some("yes"), "{}"));
    assert_eq!(answer.code(), "");
}

#[test]
fn reaches_a_vpc_access_with_its_host_and_stops_when_the_access_ends() {
    let echo = Echo::start();
    let network = ("network", "vpc-h".to_owned(), json!({"network_id": "vpc-h", "attachment": {"mode": "host"}}));
    let body = json!({"access_id": "a", "name": "nginx", "network_id": "vpc-h", "target": "127.0.0.1",
        "port": echo.address.port(), "host": "shop.internal"});
    let backend =
        json!({"target": {"type": "vpc", "access": "nginx", "scheme": "http"}, "path": "/", "timeout_ms": 5000});
    let api = edition("api1", "GET", "/nginx", backend, json!({}));
    let mut gateway =
        Gateway::start(vec![group(), domain(), network, ("vpc_access", "nginx".into(), body.clone()), api]);
    for _ in 0..3 {
        let seen = gateway.get("/nginx", &[]).seen();
        assert_eq!((seen["target"].as_str(), seen_header(&seen, "host")), (Some("/"), Some("shop.internal")));
    }
    assert_eq!(echo.connections.load(std::sync::atomic::Ordering::SeqCst), 1, "connections are kept and used again");
    gateway.apply(vec![("vpc_access", "nginx".into(), Value::Null)]);
    let answer = gateway.get("/nginx", &[]);
    assert_eq!(
        (answer.status, answer.code(), answer.message()),
        (504, "X504VE", "Backend VPC access/instance invalid")
    );
    gateway.apply(vec![("vpc_access", "nginx".into(), body)]);
    assert_eq!(gateway.get("/nginx", &[]).status, 200);
    assert_eq!(
        echo.connections.load(std::sync::atomic::Ordering::SeqCst),
        2,
        "a new access never uses an old one's connection"
    );
}

#[test]
fn tells_backend_failures_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let garbage = TcpListener::bind("127.0.0.1:0").unwrap();
    let garbage_address = garbage.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in garbage.incoming().flatten() {
            drop(stream.read(&mut [0; 1024]));
            stream.write_all(b"not http at all\r\n\r\n").ok();
        }
    });
    let mut slow = http_backend(silent.local_addr().unwrap());
    slow["timeout_ms"] = json!(200);
    let nowhere = json!({"target": {"type": "http", "scheme": "http", "host": "no-such-host.invalid", "port": 80}, "path": "/", "timeout_ms": 5000});
    let access =
        json!({"target": {"type": "vpc", "access": "missing", "scheme": "http"}, "path": "/", "timeout_ms": 5000});
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("closed", "GET", "/closed", http_backend(closed), json!({})),
        edition("slow", "GET", "/slow", slow, json!({})),
        edition("garbage", "GET", "/garbage", http_backend(garbage_address), json!({})),
        edition("nowhere", "GET", "/nowhere", nowhere, json!({})),
        edition("access", "GET", "/access", access, json!({})),
    ]);
    for (path, status, code, message) in [
        ("/closed", 504, "D504CO", "Backend service connect failed `connection refused`"),
        ("/slow", 504, "D504TO", "Backend service request timeout"),
        ("/garbage", 502, "N502RE", "Backend response transport failure"),
        ("/nowhere", 504, "D504RE", "Backend domain `no-such-host.invalid` resolve failed"),
        ("/access", 504, "X504VE", "Backend VPC access/instance invalid"),
    ] {
        let answer = gateway.get(path, &[]);
        assert_eq!((answer.status, answer.code(), answer.message()), (status, code, message), "{path}");
    }
}

#[test]
fn never_connects_to_its_own_ports() {
    let echo = Echo::start();
    let mut gateway = one(edition("api1", "GET", "/nginx", http_backend(echo.address), json!({})));
    for own in [gateway.address(), gateway.health_address()] {
        gateway.apply(vec![edition("api1", "GET", "/nginx", http_backend(own), json!({}))]);
        let answer = gateway.get("/nginx", &[]);
        assert_eq!((answer.status, answer.code()), (504, "D504IL"), "{}", answer.message());
    }
}

#[test]
fn refuses_loopback_backends_unless_a_setting_allows_them() {
    let echo = Echo::start();
    let records = vec![group(), domain(), edition("api1", "GET", "/nginx", http_backend(echo.address), json!({}))];
    let gateway = Gateway::start_with(records, |settings| settings.loopback_backends = false);
    assert_eq!(gateway.get("/nginx", &[]).code(), "D504IL");
    assert_eq!(echo.count(), 0);
}

#[test]
fn keeps_connections_of_clients_open_and_answers_in_order() {
    let mock = json!({"target": {"type": "mock", "status": 200, "body": "hi"}, "timeout_ms": 1});
    let gateway = one(edition("api1", "GET", "/mock", mock, json!({})));
    let mut stream = connect(gateway.address());
    stream
        .write_all(
            format!("GET /mock HTTP/1.1\r\nHost: {HOST}\r\n\r\nGET /nope HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes(),
        )
        .unwrap();
    let mut reader = BufReader::new(stream);
    assert_eq!(read_answer(&mut reader).status, 200);
    assert_eq!(read_answer(&mut reader).status, 404);
}

#[test]
fn answers_malformed_messages_with_400_and_closes() {
    let gateway = Gateway::start(vec![group(), domain()]);
    for message in [
        "GET /nginx\r\n\r\n",
        "G<T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nBad Header: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\nhello",
    ] {
        let mut stream = connect(gateway.address());
        stream.write_all(message.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("HTTP/1.1 400 "), "{message:?} → {text:?}");
    }
    assert_eq!(gateway.get("/", &[]).code(), "I404NF", "the engine goes on serving");
}
