//! `cors`: each field, through a real socket, and what holds without a plug-in.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::{app_auth, domain, edition, group, http_backend, Answer, Echo, Gateway};
use serde_json::{json, Value};

/// `/a` takes POST and asks for an app, `/open` takes any method from anyone, `/own` takes OPTIONS itself.
fn gateway(echo: &Echo, definition: Option<Value>) -> Gateway {
    let backend = || http_backend(echo.address);
    let mut records = vec![
        group(),
        domain(),
        edition("api1", "POST", "/a", backend(), json!({"auth": app_auth()})),
        edition("api2", "ANY", "/open", backend(), json!({})),
        edition("api3", "OPTIONS", "/own", backend(), json!({})),
        edition("api4", "GET", "/own", backend(), json!({})),
    ];
    if let Some(definition) = definition {
        records.extend([plugin("p1", "cors", definition), binding("group", "g1", "p1")]);
    }
    Gateway::start(records)
}

fn preflight(gateway: &Gateway, target: &str, origin: &str, method: &str) -> Answer {
    let headers = [("Origin", origin), ("Access-Control-Request-Method", method)];
    gateway.send("OPTIONS", target, &[&headers[..], &[("Access-Control-Request-Headers", "x-odd")]].concat(), b"")
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("Access-Control-Allow-Origin")
}

#[test]
fn without_a_plug_in_every_page_may_call() {
    let echo = Echo::start();
    let gateway = gateway(&echo, None);
    let answer = preflight(&gateway, "/a", "https://any.example", "POST");
    assert_eq!((answer.status, allowed(&answer)), (200, Some("*")));
    assert_eq!(answer.header("Access-Control-Allow-Methods"), Some("GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH"));
    assert!(answer.header("Access-Control-Allow-Headers").unwrap().contains("X-Ca-Signature-Headers"));
    assert_eq!(answer.header("Access-Control-Max-Age"), Some("172800"));
    assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
    assert_eq!(echo.count(), 0, "a preflight does not reach the backend");
    assert_eq!(allowed(&gateway.get("/open", &[("Origin", "https://any.example")])), Some("*"));
    let refusal = gateway.send("POST", "/a", &[("Origin", "https://any.example")], b"");
    assert_eq!((refusal.code(), allowed(&refusal)), ("A400MA", Some("*")), "a page can read why it was refused");
    assert_eq!(allowed(&gateway.get("/open", &[])), None, "who is no page gets no header");
}

#[test]
fn a_preflight_for_what_no_api_has_is_refused() {
    let echo = Echo::start();
    let gateway = gateway(&echo, None);
    let answer = preflight(&gateway, "/a", "https://any.example", "DELETE");
    assert_eq!((answer.status, answer.code()), (404, "I404CO"));
    assert_eq!(answer.message(), "Cross origin resource not found `DELETE - /a`");
    let no_preflight = gateway.send("OPTIONS", "/a", &[("Origin", "https://any.example")], b"");
    assert_eq!(no_preflight.code(), "I404NF");
}

#[test]
fn an_api_that_takes_options_gets_the_request() {
    let echo = Echo::start();
    let gateway = gateway(&echo, None);
    assert_eq!(preflight(&gateway, "/own", "https://any.example", "GET").seen()["method"], "OPTIONS");
    assert_eq!(preflight(&gateway, "/open", "https://any.example", "GET").seen()["method"], "OPTIONS");
}

#[test]
fn the_documented_example_allows_its_origins_with_credentials() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Some(example("cors")));
    for origin in ["https://app.example.com", "http://app.example.com", "https://a.b.partner.example"] {
        let answer = preflight(&gateway, "/open", origin, "POST");
        assert_eq!((answer.status, allowed(&answer)), (200, Some(origin)));
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), Some("true"));
        assert_eq!(answer.header("Access-Control-Allow-Methods"), Some("GET, POST"));
        assert_eq!(answer.header("Access-Control-Allow-Headers"), Some("Content-Type, X-Trace"));
        assert_eq!(answer.header("Access-Control-Max-Age"), Some("600"));
        assert_eq!(answer.header("Vary"), Some("Origin"));
        let called = gateway.get("/open", &[("Origin", origin)]);
        assert_eq!((called.status, allowed(&called)), (200, Some(origin)));
        assert_eq!(called.header("Access-Control-Expose-Headers"), Some("X-Ca-Request-Id"));
    }
}

#[test]
fn an_origin_that_only_looks_like_one_is_refused() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Some(example("cors")));
    for origin in [
        "https://evil.example",
        "https://partner.example",
        "https://evilpartner.example",
        "https://app.example.com.evil.example",
        "https://app.example.com:8443",
        "https://evil.example/app.example.com",
        "null",
        "",
    ] {
        let called = gateway.get("/open", &[("Origin", origin)]);
        assert_eq!((called.status, called.code(), allowed(&called)), (403, "A403CO", None), "{origin}");
        assert_eq!(preflight(&gateway, "/open", origin, "POST").code(), "A403CO", "{origin}");
    }
    assert_eq!(echo.count(), 0);
    let own = gateway.get("/open", &[("Origin", "http://api.example.com")]);
    assert_eq!(own.status, 200, "a page of the API's own host is not of another origin");
}

#[test]
fn scheme_and_port_of_an_entry_must_fit() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Some(json!({"allowOrigins": "https://Foo.com:8443, null"})));
    for origin in ["https://foo.com:8443", "HTTPS://FOO.com:8443", "null"] {
        assert_eq!(allowed(&gateway.get("/open", &[("Origin", origin)])), Some(origin));
    }
    for origin in ["http://foo.com:8443", "https://foo.com", "https://foo.com:443"] {
        assert_eq!(gateway.get("/open", &[("Origin", origin)]).code(), "A403CO");
    }
}

#[test]
fn all_headers_can_be_allowed_and_refusals_carry_the_headers_too() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Some(json!({"allowHeaders": "*", "allowCredentials": "true"})));
    let answer = preflight(&gateway, "/a", "https://any.example", "POST");
    assert_eq!(answer.header("Access-Control-Allow-Headers"), Some("x-odd"));
    let refusal = gateway.send("POST", "/a", &[("Origin", "https://any.example")], b"");
    assert_eq!((refusal.code(), allowed(&refusal)), ("A400MA", Some("https://any.example")));
    assert_eq!(refusal.header("Access-Control-Allow-Credentials"), Some("true"));
}

#[test]
fn what_the_backend_says_is_replaced_by_the_plug_in_alone() {
    let echo = Echo::start();
    let mock = json!({"target": {"type": "mock", "status": 200, "body": "",
        "headers": [{"name": "Access-Control-Allow-Origin", "value": "https://of.the.backend"}]}, "timeout_ms": 1});
    let mut gateway = gateway(&echo, None);
    gateway.apply(vec![edition("api5", "GET", "/mock", mock, json!({}))]);
    assert_eq!(allowed(&gateway.get("/mock", &[("Origin", "https://a.example")])), Some("https://of.the.backend"));
    gateway.apply(vec![plugin("p1", "cors", json!({})), binding("api", "api5", "p1")]);
    assert_eq!(allowed(&gateway.get("/mock", &[("Origin", "https://a.example")])), Some("*"));
}

#[test]
fn an_entry_that_is_no_origin_is_refused_with_its_field() {
    let problems = isthmus_plan::Definition::decode(
        isthmus_plan::PluginType::Cors,
        json!({"allowOrigins": "a b, https://foo.com:99999", "allowMethods": "GET,P UT"}),
    )
    .unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["allowOrigins", "allowOrigins", "allowMethods"]);
}
