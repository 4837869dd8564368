//! `errorMapping`: each field, through a real socket.

use crate::support::plugins::{binding, plugin};
use crate::support::{app, app_auth, domain, edition, grant, group, http_backend, Answer, Echo, Gateway, APP_CODE};
use serde_json::{json, Value};

fn gateway(echo: &Echo, definition: Value) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api1"),
        edition("api1", "ANY", "/a", http_backend(echo.address), json!({"auth": app_auth()})),
        plugin("p1", "errorMapping", definition),
        binding("api", "api1", "p1"),
    ])
}

fn send(gateway: &Gateway, method: &str) -> Answer {
    gateway.send(method, "/a", &[("Authorization", &format!("APPCODE {APP_CODE}"))], b"")
}

/// The echo backend's answer has the fields `method` and `target`.
fn by_method() -> Value {
    json!({
        "parameters": {"status": "StatusCode", "method": "BodyJsonField:$.method", "target": "BodyJsonField:target",
            "type": "Header:Content-Type"},
        "errorCondition": "$status = 200 and $method <> 'GET' and $type like '%json%'",
        "errorCode": "$method",
        "mappings": [
            {"code": "PUT", "statusCode": "404", "errorMessage": "no ${method} of ${target}",
                "responseHeaders": {"X-Seen": "${status}"}, "responseBody": "{\"gone\": \"${target}\"}"},
            {"condition": "$method = 'PATCH'", "statusCode": 409},
        ],
        "defaultMapping": {"statusCode": 500, "errorMessage": "unknown ${method}"},
    })
}

#[test]
fn an_answer_is_replaced_by_the_mapping_that_fits() {
    let echo = Echo::start();
    let gateway = gateway(&echo, by_method());
    let put = send(&gateway, "PUT");
    assert_eq!((put.status, put.message(), put.code()), (404, "no PUT of /backend", ""));
    assert_eq!((put.header("X-Seen"), put.text().as_str()), (Some("200"), "{\"gone\": \"/backend\"}"));
    let patch = send(&gateway, "PATCH");
    assert_eq!((patch.status, patch.seen()["method"].as_str()), (409, Some("PATCH")));
    let delete = send(&gateway, "DELETE");
    assert_eq!((delete.status, delete.message()), (500, "unknown DELETE"));
}

#[test]
fn an_answer_that_is_no_error_passes_whole() {
    let echo = Echo::start();
    let gateway = gateway(&echo, by_method());
    let get = send(&gateway, "GET");
    assert_eq!((get.status, get.seen()["method"].as_str()), (200, Some("GET")));
    assert_eq!((send(&gateway, "GET").status, echo.connections.load(std::sync::atomic::Ordering::SeqCst)), (200, 1));
}

#[test]
fn a_refusal_of_the_gateway_can_be_mapped_and_keeps_its_code() {
    let echo = Echo::start();
    let gateway = gateway(
        &echo,
        json!({
            "parameters": {"code": "ErrorCode", "domain": "System:CaDomain"},
            "errorCondition": "$code = 'A400MA'",
            "defaultMapping": {"statusCode": 401, "errorMessage": "sign in at ${domain}", "responseBody": "sign in"},
        }),
    );
    let answer = gateway.get("/a", &[]);
    assert_eq!((answer.status, answer.code(), answer.message()), (401, "A400MA", "sign in at api.example.com"));
    assert_eq!(answer.text(), "sign in");
}

#[test]
fn without_a_fitting_mapping_and_a_default_nothing_changes() {
    let echo = Echo::start();
    let definition = json!({"parameters": {"s": "StatusCode"}, "errorCondition": "$s = 200", "errorCode": "s",
        "mappings": [{"code": 201, "statusCode": 500}]});
    assert_eq!(send(&gateway(&echo, definition), "GET").status, 200);
}
