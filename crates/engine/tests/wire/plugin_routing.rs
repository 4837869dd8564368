//! `routing`: each field, through a real socket.

use crate::support::plugins::{binding, plugin};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, seen_header, Echo, Gateway, APP_CODE, APP_ID,
};
use serde_json::{json, Value};
use std::net::TcpListener;

fn vpc(name: &str, echo: &Echo) -> (&'static str, String, Value) {
    let body = json!({"access_id": name, "name": name, "network_id": "vpc-here", "target": "127.0.0.1",
        "port": echo.address.port()});
    ("vpc_access", name.to_owned(), body)
}

fn gateway(echo: &Echo, routes: Value) -> Gateway {
    let change = json!({
        "auth": app_auth(), "request_mode": "mapping_passthrough",
        "parameters": [{"name": "version", "location": "query", "parameter_type": "string", "required": false,
            "default": "9"}],
    });
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api1"),
        ("network", "vpc-here".into(), json!({"network_id": "vpc-here", "attachment": {"mode": "host"}})),
        vpc("own", echo),
        edition("api1", "ANY", "/a", http_backend(echo.address), change),
        plugin("p1", "routing", json!({"routes": routes})),
        binding("api", "api1", "p1"),
    ])
}

fn get(gateway: &Gateway, target: &str) -> crate::support::Answer {
    gateway.get(target, &[("Authorization", &format!("APPCODE {APP_CODE}"))])
}

#[test]
fn the_first_route_whose_condition_holds_is_taken() {
    let (own, other) = (Echo::start(), Echo::start());
    let routes = json!([
        {"name": "old", "condition": "$version < '2'", "backend": {"type": "MOCK", "statusCode": 410, "mockBody": "too old"}},
        {"name": "vip", "condition": format!("$CaAppId = {APP_ID} and $version = '3'"),
            "backend": {"type": "HTTP", "address": format!("http://{}", other.address), "path": "/vip", "method": "post"},
            "constant-parameters": [
                {"name": "X-Route", "location": "header", "value": "vip"}, {"name": "r", "location": "query", "value": 5}]},
    ]);
    let gateway = gateway(&own, routes);
    let old = get(&gateway, "/a?version=1");
    assert_eq!((old.status, old.text().as_str(), old.code()), (410, "too old", ""));
    let seen = get(&gateway, "/a?version=3&x=1").seen();
    assert_eq!((&seen["method"], &seen["target"]), (&json!("POST"), &json!("/vip?x=1&r=5")));
    assert_eq!(seen_header(&seen, "x-route"), Some("vip"));
    assert_eq!(seen_header(&seen, "x-ca-routing-name"), Some("vip"));
    assert_eq!(other.count(), 1);
    let seen = get(&gateway, "/a").seen();
    assert_eq!((&seen["method"], &seen["target"]), (&json!("GET"), &json!("/backend")));
    assert_eq!((seen_header(&seen, "x-ca-routing-name"), own.count()), (None, 1));
}

#[test]
fn a_route_leads_through_a_vpc_access_with_its_host() {
    let echo = Echo::start();
    let routes = json!([{"name": "inside", "condition": "1 = 1",
        "backend": {"type": "HTTP-VPC", "vpcAccessName": "own", "vpcTargetHostName": "shop.example.com"}}]);
    let seen = get(&gateway(&echo, routes), "/a").seen();
    assert_eq!((seen_header(&seen, "host"), &seen["target"]), (Some("shop.example.com"), &json!("/backend")));
}

#[test]
fn a_route_can_change_the_host_and_the_time_limit_alone() {
    let echo = Echo::start();
    let routes = json!([{"name": "host", "condition": "1 = 1",
        "backend": {"httpTargetHostName": "shop.example.com", "timeout": "3000"}}]);
    let seen = get(&gateway(&echo, routes), "/a").seen();
    assert_eq!(seen_header(&seen, "host"), Some("shop.example.com"));
}

#[test]
fn a_route_has_a_time_limit_of_its_own() {
    let (echo, silent) = (Echo::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = format!("http://{}", silent.local_addr().unwrap());
    let routes = json!([{"name": "slow", "condition": "1 = 1",
        "backend": {"type": "HTTP", "address": address, "timeout": 100}}]);
    let began = std::time::Instant::now();
    assert_eq!(get(&gateway(&echo, routes), "/a").code(), "D504TO");
    assert!(began.elapsed() < std::time::Duration::from_secs(4), "the API itself would wait for 5 seconds");
}

#[test]
fn a_route_can_speak_tls_to_a_vpc_access_and_a_mock_has_its_body() {
    let echo = Echo::start();
    let routes = json!([
        {"name": "mock", "condition": "$version = '1'", "backend": {"type": "MOCK", "body": "made here"}},
        {"name": "tls", "condition": "1 = 1", "backend": {"type": "HTTP-VPC", "vpcAccessName": "own", "vpcScheme": "HTTPS"}},
    ]);
    let gateway = gateway(&echo, routes);
    let mock = get(&gateway, "/a?version=1");
    assert_eq!((mock.status, mock.text().as_str()), (200, "made here"));
    assert_eq!(get(&gateway, "/a").code(), "D504CS", "this backend speaks no TLS");
}

#[test]
fn a_route_that_leaves_the_backend_incomplete_is_refused() {
    let echo = Echo::start();
    let routes = json!([{"name": "half", "condition": "1 = 1", "backend": {"type": "HTTP-VPC"}}]);
    let answer = get(&gateway(&echo, routes), "/a");
    assert_eq!((answer.status, answer.code(), echo.count()), (504, "I504RB", 0));
}

#[test]
fn a_route_never_reaches_what_is_not_authorised() {
    let echo = Echo::start();
    let routes = json!([{"name": "gone", "condition": "1 = 1",
        "backend": {"type": "HTTP-VPC", "vpcAccessName": "not-there"}}]);
    assert_eq!(get(&gateway(&echo, routes), "/a").code(), "X504VE");
    assert_eq!(echo.count(), 0);
}
