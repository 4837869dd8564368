//! Functions as backends: the event they get, what becomes of their result, and results of another shape.

use crate::support::service::{answer, Service};
use crate::support::{domain, edition, group, Gateway};
use serde_json::{json, Value};

const RESULT: &str =
    r#"{"isBase64Encoded":false,"statusCode":201,"headers":{"X-Made":"yes","X-Count":3},"body":"hello"}"#;

fn function(change: Value) -> Value {
    let mut target = json!({"type": "function", "region": "cn-hangzhou", "service": "shop", "function": "list users",
        "qualifier": "LATEST"});
    for (name, value) in change.as_object().unwrap() {
        target[name] = value.clone();
    }
    json!({"target": target, "path": "/v1/[id]", "timeout_ms": 5000})
}

fn returning(result: &'static str) -> Service {
    Service::start(move |_| answer(200, "", result))
}

fn gateway(service: &Service, change: Value) -> Gateway {
    let target = json!({"url": format!("http://{}/invoke", service.address), "header_names": ["CaClientIp"]});
    let records = vec![group(), domain(), edition("api1", "ANY", "/v1/[id]", function(target), change)];
    Gateway::start(records)
}

#[test]
fn a_request_becomes_an_event_and_a_result_the_answer() {
    let service = returning(RESULT);
    let change = json!({
        "request_mode": "mapping_passthrough",
        "parameters": [{"name": "id", "location": "path", "parameter_type": "string", "required": true}],
        "mappings": [
            {"source": {"request": "id"}, "location": "path", "name": "id"},
            {"source": {"system": "CaClientIp"}, "location": "head", "name": "CaClientIp"},
        ],
    });
    let gateway = gateway(&service, change);
    let headers = [("Content-Type", "application/json"), ("X-Trace", "t")];
    let got = gateway.send("PUT", "/v1/a%20b?q=1&q=2&empty=", &headers, r#"{"a":"ü"}"#.as_bytes());
    assert_eq!((got.status, got.text().as_str()), (201, "hello"));
    assert_eq!((got.header("X-Made"), got.header("X-Count")), (Some("yes"), Some("3")));
    let asked = service.last();
    assert_eq!((asked["method"].as_str(), asked["target"].as_str()), (Some("POST"), Some("/invoke")));
    let mut event: Value = serde_json::from_str(asked["body"].as_str().unwrap()).unwrap();
    let seen = event["headers"].take();
    assert_eq!(
        event,
        json!({"path": "/v1/a%20b", "httpMethod": "PUT", "headers": null, "queryParameters": {"q": "1", "empty": ""},
            "pathParameters": {"id": "a b"}, "body": "{\"a\":\"ü\"}", "isBase64Encoded": false})
    );
    assert_eq!((seen["X-Trace"].as_str(), seen["Content-Type"].as_str()), (Some("t"), Some("application/json")));
    assert_eq!((seen["CaClientIp"].as_str(), seen["X-Forwarded-For"].as_str()), (Some("127.0.0.1"), Some("127.0.0.1")));
    assert_eq!(seen["X-Ca-Api-Gateway"].as_str(), got.header("X-Ca-Request-Id"));
}

#[test]
fn binary_bodies_travel_in_base64_both_ways() {
    let service = returning(r#"{"isBase64Encoded":"true","statusCode":"200","headers":null,"body":"/wA="}"#);
    let gateway = gateway(&service, json!({}));
    let event = |content_type: &str, body: &[u8]| -> Value {
        let got = gateway.send("POST", "/v1/7", &[("Content-Type", content_type)], body);
        assert_eq!((got.status, got.body), (200, vec![255, 0]));
        serde_json::from_str(service.last()["body"].as_str().unwrap()).unwrap()
    };
    let seen = event("application/octet-stream", b"text");
    assert_eq!((seen["body"].as_str(), seen["isBase64Encoded"].as_bool()), (Some("dGV4dA=="), Some(true)));
    let seen = event("image/png", &[0xff, 0xfe]);
    assert_eq!((seen["body"].as_str(), seen["isBase64Encoded"].as_bool()), (Some("//4="), Some(true)));
    assert_eq!(seen["pathParameters"], json!({"id": "7"}), "passing through has the placeholders too");
}

#[test]
fn a_function_without_an_url_is_found_by_the_setting() {
    let service = returning(RESULT);
    let records = vec![group(), domain(), edition("api1", "GET", "/v1/[id]", function(json!({})), json!({}))];
    let template = format!("http://{}/fc/{{region}}/{{service}}/{{function}}/{{qualifier}}", service.address);
    let gateway = Gateway::start_with(records.clone(), |settings| settings.function_url = Some(template));
    assert_eq!(gateway.get("/v1/7", &[]).status, 201);
    assert_eq!(service.last()["target"], "/fc/cn-hangzhou/shop/list%20users/LATEST");
    let answer = Gateway::start(records).get("/v1/7", &[]);
    assert_eq!((answer.status, answer.code()), (502, "D502FC"));
    assert_eq!(answer.message(), "Function Compute response invalid: no URL is known for the function");
}

#[test]
fn a_result_of_another_shape_is_refused() {
    for (result, reason) in [
        ("not json", "it is not JSON"),
        ("[]", "it is not an object"),
        (r#"{"body":"x"}"#, "statusCode is not a status from 200 to 599"),
        (r#"{"statusCode":99}"#, "statusCode is not a status from 200 to 599"),
        (r#"{"statusCode":1e99}"#, "statusCode is not a status from 200 to 599"),
        (r#"{"statusCode":200,"isBase64Encoded":1}"#, "isBase64Encoded is neither true nor false"),
        (r#"{"statusCode":200,"isBase64Encoded":true,"body":"*"}"#, "body is not Base64"),
        (r#"{"statusCode":200,"body":{"a":1}}"#, "body is not a string"),
        (r#"{"statusCode":200,"headers":[]}"#, "headers is not an object"),
        (r#"{"statusCode":200,"headers":{"a":[1]}}"#, "the header \"a\" is not a string"),
        (r#"{"statusCode":200,"headers":{"a b":"c"}}"#, "\"a b\" cannot be a header"),
        (r#"{"statusCode":200,"headers":{"a":"x\r\ny: z"}}"#, "\"a\" cannot be a header"),
    ] {
        let service = returning(result);
        let answer = gateway(&service, json!({})).get("/v1/7", &[]);
        let message = format!("Function Compute response invalid: {reason}");
        assert_eq!((answer.status, answer.code(), answer.message()), (502, "D502FC", message.as_str()), "{result}");
    }
    for status in [401, 403] {
        let closed = Service::start(move |_| answer(status, "", RESULT));
        let answer = gateway(&closed, json!({})).get("/v1/7", &[]);
        assert_eq!((answer.status, answer.code()), (403, "A403FC"));
        let message =
            format!("Function Compute AssumeRole failed `list users`:the function's endpoint answered {status}");
        assert_eq!(answer.message(), message);
    }
    let failing = Service::start(|_| answer(500, "", RESULT));
    assert_eq!(gateway(&failing, json!({})).get("/v1/7", &[]).code(), "D502FC", "the endpoint's own failure");
}

#[test]
fn what_a_result_says_of_its_framing_is_not_sent() {
    let service = returning(
        r#"{"statusCode":200,"headers":{"Content-Length":"99","Transfer-Encoding":"chunked","Connection":"X-Gone","X-Gone":"1","Content-Type":"text/plain"},"body":"ok"}"#,
    );
    let gateway = gateway(&service, json!({}));
    let answer = gateway.get("/v1/7", &[]);
    assert_eq!((answer.text().as_str(), answer.header("Content-Length")), ("ok", Some("2")));
    assert_eq!((answer.header("X-Gone"), answer.header("Content-Type")), (None, Some("text/plain")));
}
