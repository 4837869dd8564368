//! `transformer`: each field, through a real socket.

use crate::support::plugins::{binding, plugin};
use crate::support::{domain, edition, group, http_backend, seen_header, Echo, Gateway};
use serde_json::{json, Value};

fn gateway(echo: &Echo, definition: Value) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/a", http_backend(echo.address), json!({})),
        plugin("p1", "transformer", definition),
        binding("api", "api1", "p1"),
    ])
}

#[test]
fn the_backend_request_is_changed_in_query_header_and_form() {
    let echo = Echo::start();
    let gateway = gateway(
        &echo,
        json!({
            "addRequestParameterIfAbsent": [
                {"name": "userId", "value": 123_456, "location": "query"}, {"name": "X-A", "value": "new", "location": "header"}],
            "putRequestParameter": [
                {"name": "X-B", "value": "put", "location": "header"}, {"name": "q", "value": null, "location": "query"},
                {"name": "f", "value": "1 2", "location": "form"}],
            "removeRequestParameter": [
                {"name": "X-C", "location": "header"}, {"name": "gone", "location": "query"}, {"name": "g", "location": "form"}],
        }),
    );
    let headers =
        [("X-A", "old"), ("X-B", "old"), ("X-C", "old"), ("Content-Type", "application/x-www-form-urlencoded")];
    let seen = gateway.send("POST", "/a?userId=1&q=7&gone=1&keep=%7E", &headers, b"f=0&g=1&h=%7E").seen();
    assert_eq!(seen["target"], "/backend?userId=1&keep=%7E&q=");
    assert_eq!(seen["body"], "h=%7E&f=1+2");
    assert_eq!((seen_header(&seen, "x-a"), seen_header(&seen, "x-b")), (Some("old"), Some("put")));
    assert_eq!(seen_header(&seen, "x-c"), None);
    let seen = gateway.get("/a", &[]).seen();
    assert_eq!((&seen["target"], seen_header(&seen, "x-a")), (&json!("/backend?userId=123456&q="), Some("new")));
}

#[test]
fn a_body_that_is_no_form_is_left_alone() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"putRequestParameter": [{"name": "f", "value": "1", "location": "form"}]}));
    assert_eq!(gateway.send("POST", "/a", &[("Content-Type", "text/plain")], b"text").seen()["body"], "text");
}

#[test]
fn the_answer_is_changed_in_status_and_headers() {
    let echo = Echo::start();
    let gateway = gateway(
        &echo,
        json!({
            "setResponseStatusCode": "201",
            "addResponseHeaderIfAbsent": [{"name": "Content-Type", "value": "x"}, {"name": "age", "value": 18}],
            "putResponseHeader": [{"name": "name", "value": "Alice"}],
            "removeResponseHeader": [{"name": "X-Ca-Error-Message"}],
        }),
    );
    let answer = gateway.get("/a", &[]);
    assert_eq!((answer.status, answer.header("age"), answer.header("name")), (201, Some("18"), Some("Alice")));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
}

#[test]
fn the_headers_of_the_message_itself_cannot_be_set() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({}));
    let wrong = json!({"putResponseHeader": [{"name": "Content-Length", "value": 1}],
        "removeRequestParameter": [{"name": "transfer-encoding", "location": "header"}]});
    let applied = gateway.apply(vec![plugin("p1", "transformer", wrong)]);
    assert!(applied.refused[0].reason.contains("is set by the gateway itself"), "{applied:?}");
}
