//! Stage variables in a backend's address, path and VPC access, resolved for each request.

use crate::support::{domain, edition, group, Echo, Gateway};
use serde_json::{json, Value};

fn variables(list: Value) -> (&'static str, String, Value) {
    ("stage_variables", "g1/RELEASE".into(), json!({"group_id": "g1", "stage": "RELEASE", "variables": list}))
}

fn address_backend(address: &str, path: &str) -> Value {
    json!({"target": {"type": "address", "address": address}, "path": path, "timeout_ms": 5000, "uses_variables": true})
}

fn gateway(backend: Value, list: Value) -> Gateway {
    Gateway::start(vec![group(), domain(), variables(list), edition("api1", "GET", "/a/*", backend, json!({}))])
}

#[test]
fn fills_variables_into_address_and_path() {
    let echo = Echo::start();
    let list = json!([
        {"name": "Host", "value": echo.address.ip().to_string()},
        {"name": "Port", "value": echo.address.port().to_string()},
        {"name": "base", "value": "v2 beta"},
    ]);
    let gateway = gateway(address_backend("http://#Host#:#Port#/base", "/#base#/*"), list);
    assert_eq!(gateway.get("/a/x?q=1", &[]).seen()["target"], "/base/v2%20beta/x?q=1");
}

#[test]
fn a_changed_variable_acts_at_once() {
    let (first, second) = (Echo::start(), Echo::start());
    let list = |echo: &Echo| json!([{"name": "Addr", "value": format!("http://{}", echo.address)}]);
    let mut gateway = gateway(address_backend("#Addr#", "/x"), list(&first));
    assert_eq!(gateway.get("/a/", &[]).status, 200);
    gateway.apply(vec![variables(list(&second))]);
    assert_eq!(gateway.get("/a/", &[]).status, 200);
    assert_eq!((first.count(), second.count()), (1, 1));
}

#[test]
fn fills_the_name_of_a_vpc_access() {
    let echo = Echo::start();
    let backend = json!({"target": {"type": "vpc", "access": "#Access#", "scheme": "http"}, "path": "/x",
        "timeout_ms": 5000, "uses_variables": true});
    let mut gateway = gateway(backend, json!([{"name": "Access", "value": "users"}]));
    assert_eq!(gateway.get("/a/", &[]).code(), "X504VE");
    let network = json!({"network_id": "vpc-a", "attachment": {"mode": "host"}});
    let access = json!({"access_id": "x", "name": "users", "network_id": "vpc-a",
        "target": echo.address.ip().to_string(), "port": echo.address.port()});
    gateway.apply(vec![("network", "vpc-a".into(), network), ("vpc_access", "users".into(), access)]);
    assert_eq!(gateway.get("/a/", &[]).status, 200);
}

#[test]
fn refuses_a_missing_variable_and_values_that_make_no_address() {
    let echo = Echo::start();
    let mut gateway = gateway(address_backend("http://#Host#", "/x"), json!([{"name": "host", "value": "h"}]));
    let answer = gateway.get("/a/", &[]);
    let told = "Stage route missing: RELEASE has no variable `Host`";
    assert_eq!((answer.status, answer.code(), answer.message()), (404, "I404SR", told));
    for value in ["", "user@host", "a b", "h:99999", "h?x"] {
        gateway.apply(vec![variables(json!([{"name": "Host", "value": value}]))]);
        assert_eq!(gateway.get("/a/", &[]).code(), "D504IL", "{value:?}");
    }
    gateway.apply(vec![("stage_variables", "g1/RELEASE".into(), Value::Null)]);
    assert_eq!(gateway.get("/a/", &[]).code(), "I404SR");
    assert_eq!(echo.count(), 0);
}

#[test]
fn a_routed_variable_takes_the_result_of_the_first_rule_that_fits() {
    let echo = Echo::start();
    let route = json!({"parameter": "region", "location": "query", "rules": [
        {"values": ["cn", "hk"], "result": format!("http://{}/east", echo.address)},
        {"values": ["us"], "result": format!("http://{}/west", echo.address)},
    ]});
    let gateway = gateway(address_backend("#Addr#", "/x"), json!([{"name": "Addr", "route": route}]));
    assert_eq!(gateway.get("/a/?region=hk", &[]).seen()["target"], "/east/x?region=hk");
    assert_eq!(gateway.get("/a/?region=us", &[]).seen()["target"], "/west/x?region=us");
    for target in ["/a/", "/a/?region=de", "/a/?region=http://evil.example.com"] {
        let answer = gateway.get(target, &[]);
        assert_eq!(answer.code(), "I404SR", "{target}");
        assert_eq!(answer.message(), "Stage route missing: no rule of `Addr` fits the request");
    }
}

#[test]
fn a_record_with_a_route_by_body_is_refused() {
    let echo = Echo::start();
    let mut gateway = gateway(address_backend(&format!("http://{}", echo.address), "/x"), json!([]));
    let route = json!({"parameter": "p", "location": "body", "rules": []});
    let applied = gateway.apply(vec![variables(json!([{"name": "A", "route": route}]))]);
    assert!(applied.refused[0].reason.contains("variables[0].route.location"), "{:?}", applied.refused);
}
