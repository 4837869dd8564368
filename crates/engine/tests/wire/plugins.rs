//! What every plug-in has in common: binding, precedence, change at once, and refusal when it cannot be run.

use crate::support::plugins::{binding, plugin};
use crate::support::{domain, edition, group, http_backend, Echo, Gateway};
use serde_json::{json, Value};

fn deny_all(message: &str) -> Value {
    json!({"rules": [{"condition": "1 = 1", "ifTrue": "DENY", "errorMessage": message}]})
}

fn gateway(echo: &Echo) -> Gateway {
    Gateway::start(vec![group(), domain(), edition("api1", "GET", "/a", http_backend(echo.address), json!({}))])
}

#[test]
fn acts_as_soon_as_it_is_bound_and_stops_when_it_is_not() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    assert_eq!(gateway.get("/a", &[]).status, 200);
    gateway.apply(vec![plugin("p1", "accessControl", deny_all("closed")), binding("api", "api1", "p1")]);
    assert_eq!((gateway.get("/a", &[]).status, gateway.get("/a", &[]).message()), (403, "closed"));
    gateway.apply(vec![plugin("p1", "accessControl", deny_all("still closed"))]);
    assert_eq!(gateway.get("/a", &[]).message(), "still closed");
    let (kind, key, _) = binding("api", "api1", "p1");
    gateway.apply(vec![(kind, key, Value::Null)]);
    assert_eq!(gateway.get("/a", &[]).status, 200);
    assert_eq!(echo.count(), 2);
}

#[test]
fn an_apis_own_plug_in_beats_its_groups() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    gateway.apply(vec![plugin("p1", "accessControl", deny_all("group")), binding("group", "g1", "p1")]);
    assert_eq!(gateway.get("/a", &[]).message(), "group");
    gateway.apply(vec![plugin("p2", "accessControl", deny_all("own")), binding("api", "api1", "p2")]);
    assert_eq!(gateway.get("/a", &[]).message(), "own");
}

#[test]
fn one_that_cannot_be_run_refuses_and_never_lets_through() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    let broken = json!({"rules": [{"condition": "$undeclared = 1", "ifTrue": "ALLOW"}]});
    let applied = gateway.apply(vec![plugin("p1", "accessControl", broken), binding("api", "api1", "p1")]);
    assert_eq!(applied.refused.len(), 1);
    assert!(applied.refused[0].reason.contains("definition.rules[0].condition: uses $undeclared"), "{applied:?}");
    let answer = gateway.get("/a", &[]);
    assert_eq!((answer.status, answer.code()), (400, "X400PM"));
    gateway.apply(vec![plugin("p1", "noSuchType", json!({}))]);
    assert_eq!(gateway.get("/a", &[]).code(), "X400PM");
    assert_eq!(echo.count(), 0);
}
