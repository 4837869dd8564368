//! `requestValidation`: each field, through a real socket.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::{domain, edition, group, http_backend, Answer, Echo, Gateway};
use serde_json::{json, Value};

const JSON: (&str, &str) = ("Content-Type", "application/json; charset=utf-8");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn gateway(echo: &Echo, definition: Value) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/orders/[id]", http_backend(echo.address), json!({})),
        plugin("p1", "requestValidation", definition),
        binding("api", "api1", "p1"),
    ])
}

fn told(answer: &Answer) -> (u16, String, String) {
    (answer.status, answer.code().to_owned(), answer.message().to_owned())
}

fn refused(code: &str, message: &str) -> (u16, String, String) {
    (400, code.to_owned(), message.to_owned())
}

fn post(gateway: &Gateway, body: &str) -> Answer {
    gateway.send("POST", "/orders/1", &[JSON], body.as_bytes())
}

#[test]
fn the_example_of_its_page_works() {
    let echo = Echo::start();
    let gateway = gateway(&echo, example("requestValidation"));
    let body = r#"{"item": "book", "count": 2}"#;
    let headers = [JSON, ("x-trace-id", "0123456789abcdef")];
    let answer = gateway.send("POST", "/orders/7?page=3&tag=a&tag=b", &headers, body.as_bytes());
    assert_eq!(answer.seen()["body"], body, "the backend gets what was sent");
    let wrong = gateway.send("POST", "/orders/x?page=0", &[JSON, ("X-Trace-Id", "1")], b"{\"item\": 5, \"count\": 0}");
    let all = "Invalid parameter path/id value does not match \"^[0-9]+$\"; query/page value is less than the minimum of \
               1; headers/X-Trace-Id value is shorter than 16 characters; body/count value is less than the minimum of 1; \
               body/item value is not of type \"string\"";
    assert_eq!(told(&wrong), refused("I400IP", all));
    assert_eq!(echo.count(), 1);
}

#[test]
fn a_body_fits_its_schema_or_is_refused() {
    let echo = Echo::start();
    let schema = json!({
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "format": "email"}, "tags": {"items": {"enum": ["a", "b"]}}},
        "additionalProperties": false,
    });
    let gateway = gateway(&echo, json!({"body": schema}));
    assert_eq!(post(&gateway, r#"{"name": "a@example.com", "tags": ["a"]}"#).status, 200);
    for (body, message) in [
        ("{}", "body \"name\" is a required property"),
        ("[]", "body value is not of type \"object\""),
        (r#"{"name": "a@b.c", "tags": ["a", "c"]}"#, "body/tags/1 value is not one of \"a\" or \"b\""),
        (r#"{"name": "nobody"}"#, "body/name value is not a \"email\""),
        (r#"{"name": "a@b.c", "x": 1}"#, "body Additional properties are not allowed ('x' was unexpected)"),
        (
            r#"{"name": "a@b.c", "name": "x"}"#,
            "body is not valid JSON: a key occurs twice in one object at line 1 column 30",
        ),
        ("{", "body is not valid JSON: EOF while parsing an object at line 1 column 1"),
        ("{} {}", "body is not valid JSON: trailing characters at line 1 column 4"),
        ("", "body is required"),
    ] {
        assert_eq!(told(&post(&gateway, body)), refused("I400BD", &format!("Invalid Body: {message}")), "{body}");
    }
    let deep = "[".repeat(200);
    assert_eq!(post(&gateway, &deep).code(), "I400BD");
    assert_eq!(gateway.get("/orders/1", &[]).status, 200, "only POST, PUT and PATCH need a body");
    assert_eq!(echo.count(), 2);
}

#[test]
fn a_body_that_nobody_can_read_is_refused() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"body": {"type": "object"}}));
    let send = |headers: &[(&str, &str)], body: &[u8]| told(&gateway.send("POST", "/orders/1", headers, body));
    let text = "Invalid Body: body is neither JSON nor a form: see Content-Type";
    assert_eq!(send(&[("Content-Type", "text/plain")], b"{}"), refused("I400BD", text));
    assert_eq!(send(&[], b"{}"), refused("I400BD", text));
    let zipped = "Invalid Body: body cannot be checked with a Content-Encoding";
    assert_eq!(send(&[JSON, ("Content-Encoding", "gzip")], b"{}"), refused("I400BD", zipped));
    assert_eq!(send(&[JSON], &vec![b' '; 1024 * 1024 + 1]).1, "I413RL");
    assert_eq!(send(&[("Content-Type", "application/problem+json")], b"{}").0, 200);
}

#[test]
fn body_required_can_be_switched_off() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"body": {"type": "object"}, "bodyRequired": false}));
    assert_eq!(post(&gateway, "").status, 200);
    assert_eq!(post(&gateway, "[]").status, 400);
}

#[test]
fn a_form_is_an_object_of_its_fields() {
    let echo = Echo::start();
    let schema =
        json!({"properties": {"n": {"type": "integer"}, "all": {"type": "array", "items": {"type": "boolean"}}}});
    let gateway = gateway(&echo, json!({"body": schema}));
    let send = |body: &str| gateway.send("POST", "/orders/1", &[FORM], body.as_bytes());
    assert_eq!(send("n=7&all=true&other=x").seen()["body"], "n=7&all=true&other=x");
    assert_eq!(send("n=seven").message(), "Invalid Body: body/n value is not of type \"integer\"");
    assert_eq!(send("all=true&all=no").message(), "Invalid Body: body/all/1 value is not of type \"boolean\"");
}

#[test]
fn query_parameters_are_read_as_their_types() {
    let echo = Echo::start();
    let schema = json!({
        "properties": {
            "n": {"$ref": "#/$defs/small"},
            "x": {"type": ["number", "null"]},
            "on": {"type": "boolean"},
            "ids": {"type": "array", "items": {"$ref": "#/$defs/small"}, "uniqueItems": true},
            "text": {"type": "string"},
        },
        "required": ["n"],
        "additionalProperties": false,
        "$defs": {"small": {"type": "integer", "maximum": 9}},
    });
    let gateway = gateway(&echo, json!({"query": schema}));
    let ask = |query: &str| told(&gateway.get(&format!("/orders/1?{query}"), &[]));
    assert_eq!(ask("n=9&x=1.5e3&on=false&ids=1&ids=2&text=7").0, 200);
    for (query, message) in [
        ("", "query \"n\" is a required property"),
        ("n=10", "query/n value is greater than the maximum of 9"),
        ("n=1&n=2", "query/n value is not of type \"integer\""),
        ("n=1&x=NaN", "query/x value is not of types \"null\", \"number\""),
        ("n=1&on=yes", "query/on value is not of type \"boolean\""),
        ("n=1&ids=1&ids=1", "query/ids value has non-unique elements"),
        ("n=1&ids=x", "query/ids/0 value is not of type \"integer\""),
        ("n=1&%6f=1", "query Additional properties are not allowed ('o' was unexpected)"),
    ] {
        assert_eq!(ask(query), refused("I400IP", &format!("Invalid parameter {message}")), "{query}");
    }
}

#[test]
fn headers_have_any_case_and_only_named_ones_are_looked_at() {
    let echo = Echo::start();
    let schema = json!({"properties": {"X-Count": {"type": "integer"}}, "required": ["x-key"]});
    let gateway = gateway(&echo, json!({"headers": schema}));
    let ask = |headers: &[(&str, &str)]| told(&gateway.get("/orders/1", headers));
    assert_eq!(ask(&[("X-KEY", "a"), ("X-Other", "b"), ("x-count", "7")]).0, 200);
    assert_eq!(ask(&[]).2, "Invalid parameter headers \"x-key\" is a required property");
    let wrong = ask(&[("x-count", "a"), ("x-key", "a")]);
    assert_eq!(wrong.2, "Invalid parameter headers/X-Count value is not of type \"integer\"");
    let closed = json!({"properties": {"X-Count": {}}, "additionalProperties": false});
    let gateway = self::gateway(&echo, json!({"headers": closed}));
    assert_eq!(gateway.get("/orders/1", &[("X-Count", "1")]).status, 200, "Host and others are not its business");
}

#[test]
fn the_path_fits_its_schema() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"path": {"properties": {"id": {"type": "integer", "multipleOf": 5}}}}));
    assert_eq!(gateway.get("/orders/15", &[]).status, 200);
    assert_eq!(gateway.get("/orders/16", &[]).message(), "Invalid parameter path/id value is not a multiple of 5");
}

#[test]
fn long_lists_of_violations_are_cut() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"body": {"items": {"type": "string"}}}));
    let answer = post(&gateway, &format!("[{}0]", "0,".repeat(5_000)));
    assert!(answer.message().starts_with("Invalid Body: body/0 value is not of type \"string\"; body/1 "));
    assert_eq!(answer.message().matches("; ").count(), 19);
    let wide = json!({"body": {"additionalProperties": {"type": "string"}}});
    let gateway = self::gateway(&echo, wide);
    let long = post(&gateway, &format!("{{\"{}\": 1}}", "k".repeat(5_000)));
    assert_eq!(told(&long), refused("I400BD", "Invalid Body: too much to name"));
}

/// The values of a request may be secrets, and messages are logged.
#[test]
fn messages_do_not_repeat_values() {
    let echo = Echo::start();
    let gateway =
        gateway(&echo, json!({"body": {"properties": {"password": {"minLength": 20, "pattern": "^[0-9]+$"}}}}));
    assert!(!post(&gateway, r#"{"password": "secret-word"}"#).message().contains("secret-word"));
}
