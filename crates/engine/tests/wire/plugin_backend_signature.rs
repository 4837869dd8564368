//! `backendSignature`: the vendor's own example, and what is signed, through a real socket.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::{domain, edition, group, http_backend, seen_header, Echo, Gateway};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use serde_json::{json, Value};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn gateway(echo: &Echo, change: Value) -> Gateway {
    let mut backend = http_backend(echo.address);
    backend["path"] = json!("/demo/uri");
    Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/a", backend, change),
        plugin("p1", "backendSignature", example("backendSignature")),
        binding("api", "api1", "p1"),
    ])
}

/// As a backend would: from what arrived.
fn signature(string: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"DemoSecret1");
    STANDARD.encode(ring::hmac::sign(&key, string.as_bytes()))
}

#[track_caller]
fn expect(seen: &Value, string: &str) {
    assert_eq!(seen_header(seen, "x-ca-proxy-signature"), Some(signature(string).as_str()), "{string:?} of {seen}");
    assert_eq!(seen_header(seen, "x-ca-proxy-signature-secret-key"), Some("DemoKey1"));
}

#[test]
fn the_vendors_verifier_accepts_its_own_example() {
    let echo = Echo::start();
    let head = |name: &str, value: &str| json!({"source": {"constant": value}, "location": "head", "name": name});
    let mappings = [head("HeaderKey2", "HeaderValue2"), head("HeaderKey1", "HeaderValue1")];
    let gateway = gateway(&echo, json!({"mappings": mappings}));
    let target = "/a?QueryKey2=QueryValue2&QueryKey1=QueryValue1";
    let seen = gateway.send("POST", target, &[FORM], b"FormKey2=FormValue2&FormKey1=FormValue1").seen();
    let constant = "C7Lqfn8Spz0DxQTfUJq0NrkEbwNUuTNtC9p3SzRWgv0=";
    assert_eq!(seen_header(&seen, "x-ca-proxy-signature"), Some(constant));
    assert_eq!(seen_header(&seen, "x-ca-proxy-signature-headers"), Some("headerkey1,headerkey2"));
    assert_eq!(seen_header(&seen, "content-md5"), None);
    assert_eq!(seen["body"], "FormKey2=FormValue2&FormKey1=FormValue1");
}

#[test]
fn a_body_that_is_no_form_is_signed_by_its_md5() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({}));
    let json_type = ("Content-Type", "application/json");
    for method in ["POST", "PUT"] {
        let seen = gateway.send(method, "/a", &[json_type], b"{}").seen();
        assert_eq!(seen_header(&seen, "content-md5"), Some("mZFLkyvTelC5g8XnyQrpOw=="));
        assert_eq!(seen["body"], "{}");
        expect(&seen, &format!("{method}\nmZFLkyvTelC5g8XnyQrpOw==\n/demo/uri"));
    }
    let seen = gateway.send("POST", "/a", &[json_type, ("Content-MD5", "wrong")], b"{}").seen();
    expect(&seen, "POST\nmZFLkyvTelC5g8XnyQrpOw==\n/demo/uri");
    let seen = gateway.send("PATCH", "/a", &[json_type, ("Content-MD5", "own")], b"{}").seen();
    expect(&seen, "PATCH\nown\n/demo/uri");
    expect(&gateway.send("POST", "/a", &[], b"").seen(), "POST\n\n/demo/uri");
    let answer = gateway.send("POST", "/a", &[json_type], &[b'x'; 65537]);
    assert_eq!(answer.code(), "I413RL");
}

#[test]
fn parameters_are_decoded_sorted_and_the_first_of_a_name_counts() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({}));
    let seen = gateway.send("POST", "/a?b=%20x&a=&a=2&c", &[FORM], b"b=form&d=%C3%A9").seen();
    expect(&seen, "POST\n\n/demo/uri?a=&b= x&c=&d=\u{e9}");
    expect(&gateway.get("/a", &[]).seen(), "GET\n\n/demo/uri");
}

#[test]
fn what_a_client_sends_in_its_place_never_arrives() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({}));
    let forged = [("X-Ca-Proxy-Signature", "forged"), ("X-Ca-Proxy-Signature-Secret-Key", "forged")];
    expect(&gateway.get("/a", &forged).seen(), "GET\n\n/demo/uri");
    let (kind, key, _) = binding("api", "api1", "p1");
    gateway.apply(vec![(kind, key, Value::Null)]);
    let seen = gateway.get("/a", &forged).seen();
    assert_eq!(seen_header(&seen, "x-ca-proxy-signature"), None);
}

#[test]
fn what_other_plug_ins_put_is_signed_too() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({}));
    let put = json!({"putRequestParameter": [{"name": "X-Put", "value": "yes", "location": "header"}]});
    let routes = json!({"routes": [{"name": "r1", "condition": "1 = 1", "backend": {}, "constant-parameters":
        [{"name": "X-Route", "value": "one", "location": "header"}]}]});
    gateway.apply(vec![
        plugin("p2", "transformer", put),
        binding("api", "api1", "p2"),
        plugin("p3", "routing", routes),
        binding("api", "api1", "p3"),
    ]);
    let seen = gateway.get("/a", &[]).seen();
    expect(&seen, "GET\n\nx-ca-routing-name:r1\nx-put:yes\nx-route:one\n/demo/uri");
}

#[test]
fn a_key_or_secret_of_a_wrong_length_is_refused_and_a_secret_never_shown() {
    let decode = |body| isthmus_plan::Definition::decode(isthmus_plan::PluginType::BackendSignature, body);
    let problems = decode(json!({"type": "APIGW_BACKEND", "key": "short", "secret": "x".repeat(31)})).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["key", "secret"]);
    assert!(!format!("{:?}", decode(example("backendSignature")).unwrap()).contains("DemoSecret1"));
}
