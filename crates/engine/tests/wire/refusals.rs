//! Each refusal of this engine, provoked through a real socket.

use crate::support::{anonymous, app, app_auth, domain, edition, grant, group, http_backend, Answer, Echo, Gateway};
use crate::support::{APP_CODE, APP_ID, APP_KEY, HOST};
use serde_json::{json, Value};
use std::time::{SystemTime, UNIX_EPOCH};

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn gateway(echo: &Echo) -> Gateway {
    Gateway::start(records(echo, json!({"auth": app_auth()})))
}

fn records(echo: &Echo, change: Value) -> Vec<(&'static str, String, Value)> {
    vec![group(), domain(), app(), grant("api1"), edition("api1", "GET", "/nginx", http_backend(echo.address), change)]
}

fn code() -> String {
    format!("APPCODE {APP_CODE}")
}

#[track_caller]
fn expect(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.code(), answer.message()), (status, code, message));
    assert!(answer.body.is_empty(), "a refusal has no body unless a setting says so");
    let id = answer.header("X-Ca-Request-Id").unwrap_or_default();
    assert!(id.len() == 36 && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'), "{id}");
}

#[test]
fn answers_the_backends_page_to_an_authorised_app_code() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for target in ["/nginx", "/nginx?a=1"] {
        assert_eq!(gateway.get(target, &[("Authorization", &code())]).status, 200);
    }
    for name in ["AppCode", "appcode", "APPCODE"] {
        assert_eq!(gateway.get(&format!("/nginx?{name}={APP_CODE}"), &[]).status, 200);
    }
    let answer = gateway.get("/nginx", &[("Authorization", &format!("appcode {APP_CODE}"))]);
    assert_eq!((answer.status, answer.code()), (200, ""));
}

#[test]
fn refuses_an_unknown_domain_stage_and_path() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    expect(
        &gateway.get("/nginx", &[("Host", "other.example.com")]),
        404,
        "I404DO",
        "Invalid Domain `other.example.com`",
    );
    expect(&gateway.get("/nginx", &[("X-Ca-Stage", "NOPE")]), 400, "I400SG", "Invalid Stage `NOPE`");
    expect(&gateway.get("/nope", &[]), 404, "I404NF", "API not found with `GET /nope`");
    expect(&gateway.send("POST", "/nginx", &[], b""), 404, "I404NF", "API not found with `POST /nginx`");
    expect(&gateway.get("/nginx", &[("X-Ca-Stage", "TEST")]), 404, "I404NF", "API not found with `GET /nginx`");
}

#[test]
fn chooses_the_stage_by_header_in_any_case_and_by_the_bound_domain() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    let test = json!({"stage": "TEST", "backend": {"target": {"type": "mock", "status": 200, "body": "test stage"}, "timeout_ms": 1}});
    let bound = json!({"host": "test.example.com", "group_id": "g1", "stage": "TEST"});
    gateway
        .apply(vec![edition("api1", "GET", "/nginx", json!(null), test), ("domain", "test.example.com".into(), bound)]);
    assert_eq!(gateway.get("/nginx", &[("X-Ca-Stage", "test")]).text(), "test stage");
    assert_eq!(gateway.get("/nginx", &[("Host", "test.example.com")]).text(), "test stage");
    let answer = gateway.get("/nginx", &[("Host", "TEST.example.com:8080"), ("X-Ca-Stage", "RELEASE")]);
    assert_eq!(answer.text(), "test stage", "a domain bound to a stage serves only that stage");
}

#[test]
fn refuses_callers_without_or_with_wrong_credentials() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    let needed = "Need authorization, `X-Ca-Key` or `Authorization: APPCODE ...` is required";
    expect(&gateway.get("/nginx", &[]), 400, "A400MA", needed);
    expect(&gateway.get("/nginx", &[("Authorization", "Basic eDp5")]), 400, "A400MA", needed);
    expect(&gateway.get("/nginx", &[("Authorization", "APPCODE nope")]), 400, "A400AC", "Invalid AppCode `not found`");
    expect(&gateway.get("/nginx?AppCode=nope", &[]), 400, "A400AC", "Invalid AppCode `not found`");
    let headers = [("X-Ca-Key", "nope"), ("X-Ca-Signature", "eA==")];
    expect(&gateway.get("/nginx", &headers), 400, "A400IK", "Invalid AppKey");
    let headers = [("X-Ca-Key", APP_KEY), ("X-Ca-Signature", "eA==")];
    expect(&gateway.get("/nginx", &headers), 403, "A403IS", "Invalid Signature, Server StringToSign:`GET#####/nginx`");
    assert_eq!(echo.count(), 0);
}

#[test]
fn accepts_an_app_code_only_where_the_api_allows_it() {
    let echo = Echo::start();
    let auth = |place: &str| json!({"auth": {"type": "app", "app_code": place, "signature_methods": ["HmacSHA256"]}});
    let mut gateway = Gateway::start(records(&echo, auth("header")));
    assert_eq!(gateway.get("/nginx", &[("Authorization", &code())]).status, 200);
    assert_eq!(gateway.get(&format!("/nginx?AppCode={APP_CODE}"), &[]).code(), "A400MA");
    gateway.apply(vec![edition("api1", "GET", "/nginx", http_backend(echo.address), auth("nowhere"))]);
    assert_eq!(gateway.get("/nginx", &[("Authorization", &code())]).code(), "A400AC");
}

#[test]
fn refuses_without_a_grant_with_an_expired_one_and_for_a_disabled_app() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    let authorization = code();
    let call = |gateway: &Gateway| gateway.get("/nginx", &[("Authorization", &authorization)]);
    let (kind, key, mut body) = grant("api1");
    gateway.apply(vec![(kind, key.clone(), Value::Null)]);
    expect(&call(&gateway), 403, "I403AA", "Unauthorized");
    body["expires_at"] = json!(now_ms() - 1);
    gateway.apply(vec![(kind, key.clone(), body.clone())]);
    expect(&call(&gateway), 403, "A403EP", "App authorization expired");
    body["expires_at"] = json!(now_ms() + 60_000);
    gateway.apply(vec![(kind, key, body)]);
    assert_eq!(call(&gateway).status, 200);
    let (kind, key, mut body) = app();
    body["disabled"] = json!(true);
    gateway.apply(vec![(kind, key, body)]);
    expect(&call(&gateway), 403, "I403AA", "Unauthorized");
}

#[test]
fn rejects_a_timestamp_outside_the_window_and_a_nonce_used_twice() {
    let echo = Echo::start();
    let change = json!({"auth": {"type": "app", "app_code": "nowhere", "signature_methods": ["HmacSHA256"], "force_nonce": true}});
    let gateway = Gateway::start(records(&echo, change));
    let signed = |timestamp: i64, nonce: &str| {
        let timestamp = timestamp.to_string();
        let string = format!("GET\n\n\n\n\nx-ca-nonce:{nonce}\nx-ca-timestamp:{timestamp}\n/nginx");
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, crate::support::APP_SECRET.as_bytes());
        use base64::Engine as _;
        let signature = base64::engine::general_purpose::STANDARD.encode(ring::hmac::sign(&key, string.as_bytes()));
        let mut headers = vec![("X-Ca-Key", APP_KEY), ("X-Ca-Signature", &signature), ("X-Ca-Timestamp", &timestamp)];
        headers.push(("X-Ca-Signature-Headers", "x-ca-timestamp,x-ca-nonce"));
        if !nonce.is_empty() {
            headers.push(("X-Ca-Nonce", nonce));
        }
        gateway.get("/nginx", &headers)
    };
    let window = 900_000;
    assert_eq!(signed(now_ms(), "one").status, 200);
    expect(&signed(now_ms(), "one"), 403, "S403NU", "Nonce Used");
    assert_eq!(signed(now_ms() - window + 30_000, "two").status, 200);
    expect(&signed(now_ms() - window - 1000, "three"), 403, "S403TE", "X-Ca-Timestamp is expired");
    expect(&signed(now_ms() + window + 30_000, "four"), 403, "S403TE", "X-Ca-Timestamp is expired");
    expect(&signed(now_ms(), ""), 400, "I400NC", "X-Ca-Nonce is required");
    let burnt = [("X-Ca-Key", APP_KEY), ("X-Ca-Signature", "eA=="), ("X-Ca-Nonce", "five")];
    assert_eq!(gateway.get("/nginx", &burnt).code(), "A403IS");
    assert_eq!(signed(now_ms(), "five").status, 200, "a wrong signature must not burn a nonce");
}

#[test]
fn rejects_a_body_that_does_not_match_its_md5() {
    let echo = Echo::start();
    let mut records = records(&echo, json!({"auth": app_auth()}));
    records.push(edition("post", "POST", "/post", http_backend(echo.address), json!({"auth": app_auth()})));
    let gateway = Gateway::start(records);
    let headers = [("X-Ca-Key", APP_KEY), ("X-Ca-Signature", "eA=="), ("Content-MD5", "eA==")];
    let answer = gateway.send("POST", "/post", &headers, b"{}");
    expect(&answer, 400, "I400I5", "Invalid Content-MD5 `does not match the body`");
    expect(&gateway.send("POST", "/post", &headers, b""), 400, "I400I5", "Invalid Content-MD5 `sent without a body`");
}

#[test]
fn refuses_bodies_over_the_limit_announced_or_not() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(&echo, json!({"auth": anonymous(), "method": "ANY"})));
    let body = vec![b'x'; 65537];
    expect(&gateway.send("POST", "/nginx", &[], &body), 413, "I413RL", "Request body too Large");
    let mut chunked =
        format!("POST /nginx HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..17 {
        chunked.extend_from_slice(b"1000\r\n");
        chunked.extend_from_slice(&[b'x'; 4096]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(gateway.raw(&chunked).code(), "I413RL");
    assert_eq!(gateway.send("POST", "/nginx", &[], &body[..65536]).seen()["body"].as_str().map(str::len), Some(65536));
}

#[test]
fn refuses_headers_that_cannot_be_understood() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    let hosts = format!("GET /nginx HTTP/1.1\r\nHost: {HOST}\r\nHost: other.example.com\r\n\r\n");
    expect(&gateway.raw(hosts.as_bytes()), 400, "I400HD", "Invalid Header `Host` occurs more than once");
    let headers = [("X-Ca-Key", APP_KEY), ("X-Ca-Signature", "eA=="), ("X-Ca-Signature-Method", "HmacMD5")];
    expect(&gateway.get("/nginx", &headers), 400, "I400HD", "Invalid Header `X-Ca-Signature-Method` unknown method");
}

#[test]
fn refuses_a_body_that_is_not_sent_as_announced() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(&echo, json!({"auth": app_auth(), "method": "ANY"})));
    let head = format!("POST /nginx HTTP/1.1\r\nHost: {HOST}\r\nX-Ca-Key: {APP_KEY}\r\nX-Ca-Signature: eA==\r\n");
    let body = "Content-MD5: eA==\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n";
    let answer = gateway.raw(format!("{head}{body}").as_bytes());
    assert_eq!((answer.status, answer.code()), (400, "I400BD"), "{}", answer.message());
    assert_eq!(echo.count(), 0);
}

#[test]
fn refuses_the_protocol_that_the_api_does_not_offer() {
    let echo = Echo::start();
    let gateway =
        Gateway::start(records(&echo, json!({"auth": anonymous(), "protocols": {"http": false, "https": true}})));
    expect(&gateway.get("/nginx", &[]), 403, "I403PT", "Invalid protocol HTTP unsupported");
}

#[test]
fn refuses_callers_from_the_internet_where_an_api_is_closed_to_it() {
    let echo = Echo::start();
    let closed = || records(&echo, json!({"auth": anonymous(), "internal_only": true}));
    let from = |networks: &[&str]| {
        let networks: Vec<String> = networks.iter().map(|text| (*text).to_owned()).collect();
        Gateway::start_with(closed(), |settings| settings.internal_networks = networks).get("/nginx", &[])
    };
    // Whatever a caller says of itself: the connection counts.
    let claims = Gateway::start(closed()).get("/nginx", &[("X-Forwarded-For", "10.0.0.1"), ("X-Real-IP", "10.0.0.1")]);
    for refused in [from(&[]), from(&["10.0.0.0/8", "::1"]), claims] {
        expect(&refused, 403, "A403IN", "Access from internet is disabled");
    }
    assert_eq!(echo.count(), 0);
    assert_eq!(from(&["10.0.0.0/8", "127.0.0.0/8"]).status, 200);
    assert_eq!(from(&["127.0.0.1"]).status, 200);
}

#[test]
fn counts_calls_on_the_automatic_domain_and_refuses_over_the_quota() {
    let echo = Echo::start();
    let mut records = records(&echo, json!({"auth": anonymous()}));
    let host = "g1-cn-hangzhou.isthmus.localhost";
    records.push(("domain", host.into(), json!({"host": host, "group_id": "g1", "automatic": true})));
    let gateway = Gateway::start_with(records, |settings| settings.automatic_domain_quota = 3);
    for _ in 0..3 {
        assert_eq!(gateway.get("/nginx", &[("Host", host)]).status, 200);
    }
    let text = format!("Throttled by INNER DOMAIN Flow Control, {host} is a test domain, only 3 requests per day");
    expect(&gateway.get("/nginx", &[("Host", host)]), 429, "T429ID", &text);
    assert_eq!(gateway.get("/nginx", &[]).status, 200, "other domains are not counted");
}

#[test]
fn refuses_paths_that_two_parsers_could_read_differently() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for path in [
        "/a%2Fb",
        "/a%5cb",
        "/a/../nginx",
        "/a/%2e%2e/nginx",
        "//nginx",
        "/nginx/.",
        "/a%zz",
        "/a%2",
        "/a%00b",
        "/a\\b",
        "/..;/nginx",
        "/%ff",
    ] {
        let answer = gateway.get(path, &[]);
        assert_eq!((answer.status, answer.code()), (400, "I400PA"), "{path}: {}", answer.message());
    }
}

#[test]
fn refuses_a_url_that_is_too_long() {
    let echo = Echo::start();
    let answer = gateway(&echo).get(&format!("/nginx?{}", "x".repeat(70_000)), &[]);
    expect(&answer, 413, "I413UL", "Request URL too Large");
    assert_eq!(echo.count(), 0);
}

#[test]
fn refuses_a_domain_whose_group_is_gone() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    gateway.apply(vec![("group", "g1".into(), Value::Null)]);
    expect(&gateway.get("/nginx", &[]), 403, "X403DG", "Bad Domain or Group: the domain's group does not exist");
}

#[test]
fn carries_a_json_body_when_the_setting_says_so() {
    let echo = Echo::start();
    let records = records(&echo, json!({"auth": app_auth()}));
    let json = isthmus_engine::settings::RefusalBody::Json;
    let gateway = Gateway::start_with(records, |settings| settings.refusal_body = json);
    let answer = gateway.get("/nginx", &[]);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["code"], "A400MA");
    assert_eq!(body["message"].as_str(), Some(answer.message()));
    assert_eq!(body["requestId"].as_str(), answer.header("X-Ca-Request-Id"));
}

#[test]
fn serves_a_broken_edition_with_a_code_and_its_neighbours_as_before() {
    let echo = Echo::start();
    let mut gateway = Gateway::start(records(&echo, json!({"auth": anonymous()})));
    gateway.apply(vec![edition("api2", "GET", "/other", http_backend(echo.address), json!({}))]);
    let (kind, key, mut body) = edition("api1", "GET", "/nginx", http_backend(echo.address), json!({}));
    body["request_mode"] = json!("no such mode");
    let applied = gateway.apply(vec![(kind, key, body)]);
    assert_eq!(applied.refused.len(), 1);
    assert!(applied.refused[0].reason.contains("no such mode"), "{:?}", applied.refused);
    expect(&gateway.get("/nginx", &[]), 500, "X500AM", "Invalid Api Meta, deploy the API again");
    assert_eq!(gateway.get("/other", &[]).status, 200);
    let applied = gateway.apply(vec![edition("api1", "GET", "/nginx", http_backend(echo.address), json!({}))]);
    assert_eq!(applied.refused, vec![]);
    assert_eq!(gateway.get("/nginx", &[]).status, 200);
}

#[test]
fn every_code_has_its_status_in_the_middle_and_occurs_once() {
    let mut codes: Vec<&str> = Vec::new();
    for kind in isthmus_engine::request::answer::Kind::ALL {
        let listed = kind.listed();
        assert_eq!(listed.code[1..4], listed.status.to_string(), "{}", listed.code);
        codes.push(listed.code);
    }
    codes.sort_unstable();
    let before = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), before);
    let _ = APP_ID;
}
