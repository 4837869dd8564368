//! Secrets of callers, apps, plug-ins and backends are in nothing that is written down: not in the ring with its traces,
//! not in the access log, not in what spans are made from. One call with each way to say who one is, well and badly.

use crate::records::Recording;
use crate::support::plugins::{binding, plugin};
use crate::support::service::{answer, Service};
use crate::support::tokens::Signer;
use crate::support::*;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use isthmus_engine::settings::{SpanSettings, TraceSettings};
use serde_json::{json, Value};
use std::path::Path;

const GROUP_CODE: &str = "gr0up-c0de-0f-16-and-more";
const PASSWORD: &str = "wonderland9";
const BACKEND_SECRET: &str = "DemoSecret1";
const TICKET: &str = "t1cket-0f-the-remote-service";
const SESSION: &str = "sess10n-0f-a-br0wser";
const GIVEN: &str = "g1ven-by-the-backend";
const SHARED: &[u8] = b"a-shared-secret-of-32-bytes-long!";

fn records(echo: &Echo, service: &Service) -> Vec<(&'static str, String, Value)> {
    let (kind, key, mut group) = group();
    group["app_code"] = json!({"code": GROUP_CODE, "place": {"header": "X-Mine"}});
    let echoed = |id, path, change| edition(id, "ANY", path, http_backend(echo.address), change);
    let jwk = Signer::shared(SHARED).jwk(json!({"alg": "HS256", "kid": "k"}));
    let jwt = |place: &str| json!({"parameter": "X-Id", "parameterLocation": place, "jwk": jwk});
    let sent = |name: &str| json!({"sourceLocation": "header", "sourceParameterName": name, "targetLocation": "header", "targetParameterName": name});
    let remote = json!({
        "parameters": {"status": "StatusCode"}, "authUriType": "HTTP", "successCondition": "$status = 200",
        "authUri": {"address": format!("http://{}", service.address), "path": "/auth", "timeout": 5000, "method": "POST"},
        "authParameters": [sent("X-Auth-Token"), sent("Cookie"), sent("Authorization")]});
    vec![
        (kind, key, group),
        domain(),
        app(),
        grant("app"),
        echoed("app", "/app", json!({"auth": app_auth()})),
        echoed("jwt", "/jwt", json!({})),
        echoed("cookie", "/cookie", json!({})),
        echoed("basic", "/basic", json!({})),
        echoed("signed", "/signed", json!({})),
        edition("remote", "ANY", "/remote", http_backend(service.address), json!({})),
        plugin("p1", "jwtAuth", jwt("header")),
        plugin("p2", "jwtAuth", jwt("cookie")),
        plugin("p3", "basicAuth", json!({"users": [{"username": "alice", "password": PASSWORD}]})),
        plugin("p4", "backendSignature", json!({"type": "APIGW_BACKEND", "key": "DemoKey1", "secret": BACKEND_SECRET})),
        plugin("p5", "remoteAuth", remote),
        binding("api", "jwt", "p1"),
        binding("api", "cookie", "p2"),
        binding("api", "basic", "p3"),
        binding("api", "signed", "p4"),
        binding("api", "remote", "p5"),
    ]
}

/// Calls everything; what nobody may find anywhere.
fn called(gateway: &Gateway) -> Vec<String> {
    let (code, wrong_code) = (format!("APPCODE {APP_CODE}"), "APPCODE wr0ng-c0de-0f-s0mebody");
    let get = |target: &str, headers: &[(&str, &str)]| gateway.get(target, headers);
    assert_eq!(get("/app", &[("Authorization", &code)]).status, 200);
    assert_eq!(get("/app", &[("Authorization", wrong_code)]).code(), "A400AC");
    assert_eq!(get(&format!("/app?a=1&AppCode={APP_CODE}"), &[]).status, 200);
    assert_eq!(get("/app?appcode=wr0ng-c0de-0f-s0mebody", &[]).code(), "A400AC");
    assert_eq!(get("/app", &[("X-Mine", GROUP_CODE)]).status, 200);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, APP_SECRET.as_bytes());
    let mut signatures = Vec::new();
    let mut signed = |string: &str, more: &[(&str, &str)]| {
        let signature = BASE64.encode(ring::hmac::sign(&key, string.as_bytes()));
        let answer = get("/app", &[&[("X-Ca-Key", APP_KEY), ("X-Ca-Signature", signature.as_str())], more].concat());
        signatures.push(signature);
        answer
    };
    assert_eq!(signed("GET\n\n\n\n\n/app", &[]).status, 200);
    let listed = ("X-Ca-Signature-Headers", "X-Mine,Cookie,X-Token,Authorization");
    let cookie = format!("sid={SESSION}");
    let sent = [listed, ("X-Mine", GROUP_CODE), ("Cookie", &cookie), ("X-Token", TICKET), ("Authorization", &code)];
    assert_eq!(signed("GET\n\n\n\n\n/other", &sent).code(), "A403IS");
    let signer = Signer::shared(SHARED);
    let good = signer.token_with(json!({"kid": "k"}), json!({"sub": "alice"}));
    let late = signer.token_with(json!({"kid": "k"}), json!({"exp": 1}));
    for (token, status) in [(&good, 200), (&late, 403)] {
        assert_eq!(get(&format!("/jwt?again={token}"), &[("X-Id", token)]).status, status);
        assert_eq!(get("/cookie", &[("Cookie", &format!("X-Id={token}"))]).status, status);
    }
    let basic = BASE64.encode(format!("alice:{PASSWORD}"));
    assert_eq!(get("/basic", &[("Authorization", &format!("Basic {basic}"))]).status, 200);
    let badly = BASE64.encode(format!("alice:{PASSWORD}x"));
    assert_eq!(get("/basic", &[("Authorization", &format!("Basic {badly}"))]).status, 401);
    let own = get("/signed", &[]).seen();
    let own = seen_header(&own, "x-ca-proxy-signature").unwrap().to_owned();
    let bearer = format!("Bearer {TICKET}");
    let passed = [("X-Auth-Token", TICKET), ("Cookie", &cookie), ("Authorization", &bearer)];
    assert_eq!(get("/remote", &passed).header("Set-Cookie"), Some(format!("id={GIVEN}").as_str()));
    let refused = [("X-Auth-Token", "wr0ng-c0de"), ("Cookie", &cookie), ("Authorization", wrong_code)];
    assert_eq!(get("/remote", &refused).code(), "A403PR");
    let part = |token: &str| token.rsplit_once('.').unwrap().1.to_owned();
    let plain = [APP_CODE, APP_SECRET, GROUP_CODE, PASSWORD, BACKEND_SECRET, TICKET, SESSION, GIVEN, "wr0ng-c0de"];
    let mut secrets: Vec<String> = plain.map(str::to_owned).into();
    secrets.extend([basic, badly, own, part(&good), part(&late)]);
    secrets.extend(signatures);
    secrets
}

/// The service lets in who asks it to, and its backend gives a cookie.
fn service() -> Service {
    Service::start(|request| {
        let refused = request["target"] == "/auth" && !request["headers"].to_string().contains("t1cket");
        answer(if refused { 401 } else { 200 }, &format!("Set-Cookie: id={GIVEN}\r\n"), "{}")
    })
}

fn files(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files(&entry, into);
        } else {
            into.push((entry.display().to_string(), std::fs::read(&entry).unwrap()));
        }
    }
}

#[test]
fn no_way_to_say_who_one_is_is_written_down() {
    let (echo, service) = (Echo::start(), service());
    for one_in in [1, 0] {
        let mut recording = Recording::start_with(&format!("secrets-{one_in}"), records(&echo, &service), |settings| {
            settings.traces = TraceSettings { one_in, slow_ms: 0 };
            settings.spans = Some(SpanSettings { one_in });
            settings.records = Some(isthmus_engine::settings::RecordSettings { bytes: 64 << 20, age_ms: 3_600_000 });
        });
        let secrets = called(&recording.gateway);
        let last = recording.gateway.get("/nowhere", &[("X-Plain", "this-is-shown")]);
        recording.whole(&last);
        let sampled = recording.gateway.engine.as_ref().unwrap().sampled.clone().unwrap();
        recording.gateway.end();
        let mut written = vec![("spans".to_owned(), sampled.take(usize::MAX).join("\n").into_bytes())];
        files(recording.state(), &mut written);
        let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        let shown = written.iter().filter(|(_, bytes)| has(bytes, "this-is-shown")).count();
        assert_eq!(shown, if one_in == 1 { 2 } else { 1 }, "the ring, and what spans are made from");
        for (place, bytes) in &written {
            for secret in &secrets {
                assert!(!has(bytes, secret), "{secret} is in {place}");
            }
        }
    }
}
