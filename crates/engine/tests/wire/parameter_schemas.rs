//! `JsonScheme` of a parameter: its value, read as JSON, fits the schema or is refused with the place named.

use crate::support::{domain, edition, group, http_backend, Echo, Gateway};
use serde_json::{json, Value};

fn change(schema: Value, location: &str) -> Value {
    json!({"request_mode": "mapping", "body_format": "form", "parameters": [
        {"name": "filter", "location": location, "parameter_type": "string", "required": false,
         "constraint": {"json_schema": schema}}],
        "mappings": [{"source": {"request": "filter"}, "location": location, "name": "filter"}]})
}

fn schema() -> Value {
    json!({"type": "object", "required": ["age"], "additionalProperties": false,
        "properties": {"age": {"type": "integer", "minimum": 18}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}}}})
}

fn gateway(echo: &Echo) -> Gateway {
    let backend = || http_backend(echo.address);
    Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "GET", "/query", backend(), change(schema(), "query")),
        edition("api2", "GET", "/head", backend(), change(schema(), "head")),
        edition("api3", "POST", "/form", backend(), change(schema(), "body")),
    ])
}

fn encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

#[test]
fn a_value_that_fits_reaches_the_backend_as_it_was_sent() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    let value = r#"{ "age": 18, "tags": ["a","b"] }"#;
    let query = gateway.get(&format!("/query?filter={}", encoded(value)), &[]);
    let seen = query.seen();
    let target = seen["target"].as_str().unwrap();
    let (_, sent) = form_urlencoded::parse(target.split_once('?').unwrap().1.as_bytes()).next().unwrap();
    assert_eq!((query.status, sent.as_ref()), (200, value));
    assert_eq!(gateway.get("/head", &[("filter", value)]).status, 200);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = format!("filter={}", encoded(value));
    assert_eq!(gateway.send("POST", "/form", &form, body.as_bytes()).status, 200);
    assert_eq!(gateway.get("/query", &[]).status, 200, "it is optional");
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_its_place() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    let long = format!(r#"{{"age": 18, "{}": 1}}"#, "k".repeat(5_000));
    let deep = "[".repeat(10_000);
    for (value, said) in [
        (r#"{"age": 17}"#, "/age"),
        (r#"{"age": 18, "tags": ["a", "c"]}"#, "/tags/1"),
        (r#"{"tags": []}"#, "\"age\" is a required property"),
        ("18", "does not fit its schema"),
        ("", "is not valid JSON"),
        ("{age: 18}", "is not valid JSON"),
        // Which of the two the backend reads is not known.
        (r#"{"age": 18, "age": 1}"#, "is not valid JSON"),
        (&long, "does not fit its schema"),
        (&deep, "is not valid JSON"),
    ] {
        let body = format!("filter={}", encoded(value));
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = gateway.send("POST", "/form", &form, body.as_bytes());
        assert_eq!((answer.status, answer.code()), (400, "I400IP"), "{value:.60}");
        let message = answer.message();
        assert!(message.starts_with("Invalid parameter `filter` ") && message.contains(said), "{value:.60}: {message}");
        assert!(message.len() < 700, "{} bytes", message.len());
    }
    let head = gateway.get("/head", &[("filter", "{}")]);
    assert_eq!((head.status, head.code()), (400, "I400IP"));
    assert_eq!(echo.count(), 0);
}

#[test]
fn a_schema_that_asks_for_too_much_is_refused_and_its_neighbours_run() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    for schema in [json!({"$ref": "#"}), json!({"$ref": "http://127.0.0.1/s"}), json!({"type": "nothing"}), json!(5)] {
        let broken = edition("api2", "GET", "/head", http_backend(echo.address), change(schema.clone(), "head"));
        let refused = gateway.apply(vec![broken]).refused;
        let reason = &refused.first().unwrap_or_else(|| panic!("{schema} was taken")).reason;
        assert!(reason.contains("parameters[0].constraint.json_schema: "), "{reason}");
        assert_eq!(gateway.get("/head", &[]).code(), "X500AM");
    }
    assert_eq!(gateway.get("/query", &[]).status, 200);
}
