//! `accessControl`: each field, through a real socket.

use crate::support::plugins::{binding, dataset, plugin};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, Answer, Echo, Gateway, APP_CODE, APP_ID,
};
use serde_json::{json, Value};

/// A gateway whose API takes `/users/[id]` and has these rules.
fn gateway(echo: &Echo, definition: Value) -> Gateway {
    let change = json!({"auth": app_auth()});
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api1"),
        edition("api1", "ANY", "/users/[id]", http_backend(echo.address), change),
        plugin("p1", "accessControl", definition),
        binding("api", "api1", "p1"),
        dataset("d1", "PARAMETER_ACCESS", json!([{"value": "7"}, {"value": "8", "expires_at": 1}])),
    ])
}

fn get(gateway: &Gateway, target: &str, headers: &[(&str, &str)]) -> Answer {
    let code = format!("APPCODE {APP_CODE}");
    let mut all = vec![("Authorization", code.as_str())];
    all.extend_from_slice(headers);
    gateway.get(target, &all)
}

#[test]
fn the_first_rule_with_an_outcome_decides() {
    let echo = Echo::start();
    let rules = json!({
        "parameters": {"id": "path:id", "role": "Header:X-Role", "app": "System:CaAppId", "q": "Query:q", "m": "Method"},
        "rules": [
            {"name": "admin", "condition": "$role = 'admin'", "ifTrue": "ALLOW"},
            {"name": "own", "condition": format!("$id = {APP_ID} and $app = {APP_ID}"), "ifTrue": "ALLOW"},
            {"name": "odd", "condition": "$q = 'x' or $m = 'DELETE'", "ifTrue": "DENY"},
            {"name": "even", "condition": "$id like '1%'", "ifFalse": "DENY"},
        ],
    });
    let gateway = gateway(&echo, rules);
    assert_eq!(get(&gateway, "/users/5?q=x", &[("X-Role", "admin")]).status, 200);
    assert_eq!(get(&gateway, &format!("/users/{APP_ID}?q=x"), &[]).status, 200);
    let odd = get(&gateway, "/users/15?q=x", &[]);
    assert_eq!((odd.status, odd.code(), odd.message()), (403, "A403AC", "Access Control Forbidden by `odd`"));
    assert_eq!(get(&gateway, "/users/25", &[]).message(), "Access Control Forbidden by `even`");
    assert_eq!(get(&gateway, "/users/15", &[]).status, 200, "the end of the list allows");
}

#[test]
fn a_denial_has_its_own_status_message_headers_and_body() {
    let echo = Echo::start();
    let rules = json!({
        "parameters": {"id": "Parameter:id"},
        "rules": [{"condition": "true", "ifTrue": "DENY", "statusCode": "418", "errorMessage": "no tea for ${id}",
            "responseHeaders": {"X-Why": "because ${id}"}, "responseBody": "{\"id\": \"${id}\"}"}],
    });
    let answer = get(&gateway(&echo, rules), "/users/5", &[]);
    assert_eq!((answer.status, answer.code(), answer.message()), (418, "A403AC", "no tea for 5"));
    assert_eq!((answer.header("X-Why"), answer.text().as_str()), (Some("because 5"), "{\"id\": \"5\"}"));
}

#[test]
fn a_data_set_decides_and_its_items_expire() {
    let echo = Echo::start();
    let rules = json!({
        "parameters": {"id": "path:id"},
        "rules": [{"assertParameterName": "id", "assertInDataset": "d1", "ifFalse": "DENY"}],
    });
    let gateway = gateway(&echo, rules);
    assert_eq!(get(&gateway, "/users/7", &[]).status, 200);
    assert_eq!(get(&gateway, "/users/8", &[]).status, 403);
    assert_eq!(get(&gateway, "/users/9", &[]).status, 403);
}

#[test]
fn a_field_of_the_body_can_decide_and_the_body_still_arrives() {
    let echo = Echo::start();
    let rules = json!({
        "parameters": {"kind": "BodyJsonField:$.kind"},
        "rules": [{"condition": "$kind = 'bad'", "ifTrue": "DENY"}],
    });
    let gateway = gateway(&echo, rules);
    let code = format!("APPCODE {APP_CODE}");
    let post = |body: &str| gateway.send("POST", "/users/1", &[("Authorization", &code)], body.as_bytes());
    assert_eq!(post("{\"kind\": \"bad\"}").status, 403);
    assert_eq!(post("{\"kind\": \"good\"}").seen()["body"], "{\"kind\": \"good\"}");
    assert_eq!(post("not json").status, 200);
}

#[test]
fn a_wrong_field_of_a_rule_is_told_with_its_place() {
    let told = |change: Value| {
        let mut rule = json!({"condition": "true", "ifTrue": "DENY"});
        rule.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let definition = json!({"rules": [rule]});
        let problems =
            isthmus_plan::Definition::decode(isthmus_plan::PluginType::AccessControl, definition).unwrap_err();
        problems.first().unwrap().to_string()
    };
    for (change, place, problem) in [
        (json!({"statusCode": "x"}), "rules[0]", "statusCode \"x\""),
        (json!({"statusCode": 99}), "rules[0].statusCode", "between 200 and 599"),
        (json!({"responseBody": "${none}"}), "rules[0].responseBody", "$none"),
        (json!({"responseHeaders": {"Content-Length": "1"}}), "rules[0].responseHeaders", "set by the gateway"),
        (json!({"other": 1}), "rules[0]", "unknown field `other`"),
    ] {
        let text = told(change);
        assert!(text.contains(place) && text.contains(problem), "{text}");
    }
}
