//! What the health port shows to Prometheus.

use crate::support::*;
use serde_json::json;
use std::io::{Read, Write};
use std::time::Instant;

fn metrics(gateway: &Gateway) -> String {
    let mut stream = connect(gateway.health_address());
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("application/openmetrics-text"), "{head}");
    body.to_owned()
}

/// Waits until a series has a value that fits: a request is counted a moment after its answer.
fn wait_for(gateway: &Gateway, series: &str, fits: impl Fn(f64) -> bool) {
    let until = Instant::now() + DEADLINE;
    loop {
        let text = metrics(gateway);
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
        if value.is_some_and(&fits) {
            return;
        }
        assert!(Instant::now() < until, "{series} is {value:?} in {text}");
    }
}

pub fn wait_for_count(gateway: &Gateway, series: &str, wanted: f64) {
    wait_for(gateway, series, |value| (value - wanted).abs() < 1e-9);
}

#[test]
fn requests_and_refusals_are_counted_by_api_stage_and_app() {
    let echo = Echo::start();
    let backend = http_backend(echo.address);
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("a1"),
        edition("a1", "GET", "/users/[id]", backend.clone(), json!({"auth": app_auth()})),
        edition("a2", "GET", "/closed", backend, json!({"auth": app_auth()})),
    ]);
    let code = format!("APPCODE {APP_CODE}");
    let first = gateway.get("/users/1", &[("Authorization", &code)]);
    gateway.get("/users/2?secret=s3cr3t", &[("Authorization", &code)]);
    gateway.get("/closed", &[("Authorization", &code)]);
    gateway.get("/no-such-path-in-a-label", &[("X-Ca-Stage", "RELEASE")]);
    assert_eq!(first.status, 200);
    let refused = r#"isthmus_refusals_total{api_id="",stage="",code="I404NF"}"#;
    wait_for_count(&gateway, refused, 1.0);
    wait_for_count(&gateway, r#"isthmus_refusals_total{api_id="a2",stage="RELEASE",code="I403AA"}"#, 1.0);
    wait_for_count(&gateway, r#"isthmus_requests_total{api_id="a1",stage="RELEASE",class="2xx"}"#, 2.0);
    wait_for_count(&gateway, r#"isthmus_backend_requests_total{api_id="a1",stage="RELEASE"}"#, 2.0);
    wait_for_count(&gateway, r#"isthmus_request_duration_seconds_count{api_id="a1",stage="RELEASE"}"#, 2.0);
    let most = r#"isthmus_request_duration_seconds_bucket{le="+Inf",api_id="a1",stage="RELEASE"}"#;
    wait_for_count(&gateway, most, 2.0);
    wait_for(&gateway, r#"isthmus_backend_seconds_total{api_id="a1",stage="RELEASE"}"#, |value| value > 0.0);
    wait_for(&gateway, r#"isthmus_sent_bytes_total{api_id="a1",stage="RELEASE"}"#, |value| {
        value >= first.body.len() as f64
    });
    wait_for_count(&gateway, &format!(r#"isthmus_app_requests_total{{app_id="{APP_ID}",class="2xx"}}"#), 2.0);
    wait_for_count(&gateway, "isthmus_connections_total", 4.0);
    wait_for_count(&gateway, "isthmus_plan_revision", 1.0);
    let text = metrics(&gateway);
    for never in ["no-such-path", "s3cr3t", APP_CODE, APP_SECRET, "/users", HOST] {
        assert!(!text.contains(never), "{never} is in {text}");
    }
}

#[test]
fn the_backend_of_each_api_that_was_called_is_told_with_its_access() {
    let echo = Echo::start();
    let access = json!({"type": "vpc", "access": "orders", "scheme": "http"});
    let mock = json!({"type": "mock", "status": 200, "body": "m"});
    let backend = |target: &serde_json::Value| json!({"target": target, "path": "/", "timeout_ms": 1000});
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("a1", "GET", "/in-a-network", backend(&access), json!({})),
        edition("a2", "GET", "/mock", backend(&mock), json!({})),
        edition("a3", "GET", "/address", http_backend(echo.address), json!({})),
        edition("a4", "GET", "/never-called", backend(&mock), json!({})),
    ]);
    for path in ["/in-a-network", "/mock", "/address"] {
        gateway.get(path, &[]);
    }
    let info = |api_id: &str, kind: &str, access: &str| {
        format!(r#"isthmus_api_backend_info{{api_id="{api_id}",stage="RELEASE",kind="{kind}",access="{access}"}}"#)
    };
    wait_for_count(&gateway, &info("a1", "vpc", "orders"), 1.0);
    wait_for_count(&gateway, &info("a2", "mock", ""), 1.0);
    wait_for_count(&gateway, &info("a3", "http", ""), 1.0);
    assert!(!metrics(&gateway).contains("a4"));
}
