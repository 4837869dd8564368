//! `remoteAuth`: each field, through real sockets on both sides.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::service::{answer, Service};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, seen_header, Echo, Gateway, APP_CODE, APP_ID,
};
use serde_json::{json, Value};
use std::net::TcpListener;

fn gateway(echo: &Echo, definition: Value) -> Gateway {
    let network = json!({"network_id": "vpc-a", "attachment": {"mode": "host"}});
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api2"),
        ("network", "vpc-a".into(), network),
        edition("api1", "ANY", "/users/[id]", http_backend(echo.address), json!({})),
        edition("api2", "GET", "/both", http_backend(echo.address), json!({"auth": app_auth()})),
        plugin("p1", "remoteAuth", definition),
        binding("group", "g1", "p1"),
    ])
}

/// A definition for this service; `change` overwrites fields.
fn definition(service: &Service, change: Value) -> Value {
    let mut body = json!({
        "parameters": {"statusCode": "StatusCode"}, "authUriType": "HTTP",
        "authUri": {"address": format!("http://{}", service.address), "path": "/auth", "timeout": 5000, "method": "POST"},
        "authParameters": [source("header", "X-Token", "query", "token")], "successCondition": "$statusCode = 200",
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn source(location: &str, name: &str, target: &str, target_name: &str) -> Value {
    json!({"sourceLocation": location, "sourceParameterName": name, "targetLocation": target,
        "targetParameterName": target_name})
}

/// Lets `token=good` pass.
fn by_token() -> Service {
    Service::start(|request| {
        let good = request["target"].as_str().unwrap().contains("token=good");
        answer(if good { 200 } else { 401 }, "X-Reason: bad token\r\n", "{\"userId\": \"u7\", \"level\": 3}")
    })
}

fn with(gateway: &Gateway, token: &str) -> crate::support::Answer {
    gateway.get("/users/1", &[("X-Token", token)])
}

#[test]
fn a_request_passes_when_the_condition_holds_for_the_answer() {
    let (echo, service) = (Echo::start(), by_token());
    let gateway = gateway(&echo, definition(&service, json!({})));
    assert_eq!(with(&gateway, "good").status, 200);
    let refused = with(&gateway, "bad");
    assert_eq!((refused.status, refused.code()), (403, "A403PR"));
    assert_eq!(refused.message(), "Plugin Authorization Needed: `refused by the authentication service`");
    assert_eq!((echo.count(), service.requests().len()), (1, 2));
}

#[test]
fn the_documented_example_tells_the_service_what_it_should() {
    let (echo, service) = (Echo::start(), by_token());
    let mut body = example("remoteAuth");
    body["authUri"]["address"] = json!(format!("http://{}", service.address));
    let gateway = gateway(&echo, body);
    let headers = [("Authorization", "Bearer hello"), ("Cookie", "session=1"), ("X-Other", "1")];
    let refused = gateway.get("/users/1?shop=a%26b&other=1", &headers);
    assert_eq!((refused.status, refused.code(), refused.message()), (401, "A403PR", "refused for bad token"));
    let asked = service.last();
    assert_eq!(
        (&asked["method"], &asked["target"], &asked["body"]),
        (&json!("POST"), &json!("/check"), &json!("shop=a%26b"))
    );
    assert_eq!(seen_header(&asked, "x-token"), Some("hello"));
    assert_eq!(seen_header(&asked, "x-ca-remote-auth-raw-path"), Some("/users/1"));
    assert_eq!(seen_header(&asked, "content-type"), Some("application/x-www-form-urlencoded; charset=UTF-8"));
    assert_eq!(seen_header(&asked, "x-ca-request-id").map(str::len), Some(36));
    let mut names: Vec<_> = asked["headers"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
    names.sort_unstable();
    let expected =
        ["content-length", "content-type", "host", "x-ca-remote-auth-raw-path", "x-ca-request-id", "x-token"];
    assert_eq!(names, expected, "nothing else of the request");
}

#[test]
fn parameters_come_from_every_place_and_go_to_every_place() {
    let (echo, service) = (Echo::start(), by_token());
    let parameters = json!([
        source("query", "q", "header", "x-q"),
        source("form", "f", "form", "f"),
        source("path", "id", "query", "id"),
        source("system", "CaStage", "query", "stage"),
        source("header", "absent", "query", "absent"),
        source("query", "token", "query", "token"),
    ]);
    let gateway = gateway(&echo, definition(&service, json!({"authParameters": parameters})));
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = gateway.send("POST", "/users/9?q=a%20b&token=good", &form, b"f=1+2&g=3");
    assert_eq!(answer.seen()["body"], "f=1+2&g=3", "the backend gets the body too");
    let asked = service.last();
    assert_eq!(asked["target"], "/auth?id=9&stage=RELEASE&token=good");
    assert_eq!((seen_header(&asked, "x-q"), &asked["body"]), (Some("a b"), &json!("f=1+2")));
    let broken = gateway.get("/users/9?q=a%0Ab&token=good", &[]);
    assert_eq!((broken.status, broken.code()), (400, "I400IP"), "a line break cannot be a header");
}

#[test]
fn the_body_is_passed_on_when_asked_for_and_both_get_it() {
    let (echo, service) = (Echo::start(), by_token());
    let gateway = gateway(&echo, definition(&service, json!({"passThroughBody": true})));
    let headers = [("X-Token", "good"), ("Content-Type", "application/json")];
    let answer = gateway.send("POST", "/users/1", &headers, b"{\"a\":1}");
    assert_eq!(answer.seen()["body"], "{\"a\":1}");
    let asked = service.last();
    assert_eq!((&asked["body"], seen_header(&asked, "content-type")), (&json!("{\"a\":1}"), Some("application/json")));
}

#[test]
fn method_and_path_are_the_services_own() {
    let (echo, service) = (Echo::start(), by_token());
    let uri = json!({"address": format!("http://{}/base/", service.address), "method": "get"});
    let gateway = gateway(&echo, definition(&service, json!({"authUri": uri})));
    assert_eq!(with(&gateway, "good").status, 200);
    let asked = service.last();
    assert_eq!((&asked["method"], &asked["target"]), (&json!("GET"), &json!("/base/?token=good")));
}

#[test]
fn a_vpc_access_leads_to_it_and_only_to_it() {
    let (echo, service) = (Echo::start(), by_token());
    let uri = json!({"vpcAccessName": "auth", "path": "/auth"});
    let mut gateway = gateway(&echo, definition(&service, json!({"authUriType": "HTTP-VPC", "authUri": uri})));
    assert_eq!(with(&gateway, "good").code(), "X504VE", "the access does not exist yet");
    let access = json!({"access_id": "a1", "name": "auth", "network_id": "vpc-a",
        "target": service.address.ip().to_string(), "port": service.address.port(), "host": "auth.internal"});
    gateway.apply(vec![("vpc_access", "auth".into(), access)]);
    assert_eq!(with(&gateway, "good").status, 200);
    assert_eq!(seen_header(&service.last(), "host"), Some("auth.internal"));
    let uri = json!({"vpcAccessName": "auth", "path": "/auth", "vpcScheme": "HTTPS"});
    let tls = definition(&service, json!({"authUriType": "HTTP-VPC", "authUri": uri}));
    gateway.apply(vec![plugin("p1", "remoteAuth", tls)]);
    assert_eq!(with(&gateway, "good").code(), "D504CS", "this service speaks no TLS");
}

#[test]
fn who_cannot_be_asked_lets_nothing_through() {
    let echo = Echo::start();
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (silent, slow) = (TcpListener::bind("127.0.0.1:0").unwrap(), by_token());
    let uri = |address: String| json!({"address": format!("http://{address}"), "timeout": 100});
    let mut gateway = gateway(&echo, definition(&slow, json!({"authUri": uri(nowhere.to_string())})));
    assert_eq!((with(&gateway, "good").status, with(&gateway, "good").code()), (504, "D504CO"));
    let waiting = definition(&slow, json!({"authUri": uri(silent.local_addr().unwrap().to_string())}));
    gateway.apply(vec![plugin("p1", "remoteAuth", waiting)]);
    assert_eq!(with(&gateway, "good").code(), "D504TO");
    let own = definition(&slow, json!({"authUri": uri(gateway.address().to_string())}));
    gateway.apply(vec![plugin("p1", "remoteAuth", own)]);
    assert_eq!(with(&gateway, "good").code(), "D504IL", "the gateway does not ask itself");
    assert_eq!(echo.count(), 0);
}

#[test]
fn answers_are_remembered_for_what_was_asked_and_no_longer_than_the_definition() {
    let (echo, service) = (Echo::start(), by_token());
    let cached = |seconds: u32| definition(&service, json!({"cachedTimeBySecond": seconds}));
    let mut gateway = gateway(&echo, cached(600));
    for token in ["good", "good", "bad", "bad", "good"] {
        with(&gateway, token);
    }
    assert_eq!((service.requests().len(), echo.count()), (2, 3));
    assert_eq!(gateway.get("/both", &[("X-Token", "good")]).code(), "A400MA");
    let code = format!("APPCODE {APP_CODE}");
    gateway.get("/both", &[("X-Token", "good"), ("Authorization", &code)]);
    assert_eq!(service.requests().len(), 3, "another API asks for itself");
    gateway.apply(vec![plugin("p1", "remoteAuth", cached(600))]);
    with(&gateway, "good");
    assert_eq!(service.requests().len(), 4, "a changed plug-in forgets");
    gateway.apply(vec![plugin("p1", "remoteAuth", cached(0))]);
    with(&gateway, "good");
    with(&gateway, "good");
    assert_eq!(service.requests().len(), 6);
}

#[test]
fn what_is_remembered_depends_on_path_and_body_where_the_service_gets_them() {
    let (echo, service) = (Echo::start(), by_token());
    let change = json!({"cachedTimeBySecond": 600, "passThroughPath": true, "passThroughBody": true});
    let gateway = gateway(&echo, definition(&service, change));
    let post = |path: &str, body: &str| gateway.send("POST", path, &[("X-Token", "good")], body.as_bytes()).status;
    for (path, body) in [("/users/1", "a"), ("/users/2", "a"), ("/users/1", "b"), ("/users/1", "a")] {
        assert_eq!(post(path, body), 200);
    }
    assert_eq!(service.requests().len(), 3);
}

#[test]
fn the_condition_sees_this_request_even_when_the_answer_is_remembered() {
    let (echo, service) = (Echo::start(), by_token());
    let change = json!({
        "cachedTimeBySecond": 600,
        "parameters": {"statusCode": "StatusCode", "user": "BodyJsonField:$.userId", "asked": "Query:user"},
        "successCondition": "$statusCode = 200 and $user = $asked",
        "errorMessage": "${asked} is not ${user}",
    });
    let gateway = gateway(&echo, definition(&service, change));
    assert_eq!(gateway.get("/users/1?user=u7", &[("X-Token", "good")]).status, 200);
    let refused = gateway.get("/users/1?user=u8", &[("X-Token", "good")]);
    assert_eq!((refused.status, refused.message()), (403, "u8 is not u7"));
    assert_eq!(service.requests().len(), 1);
}

#[test]
fn other_plug_ins_read_what_the_service_answered() {
    let (echo, service) = (Echo::start(), by_token());
    let parameters = json!({"statusCode": "StatusCode", "level": "BodyJsonField:$.level"});
    let mut gateway = gateway(&echo, definition(&service, json!({"parameters": parameters})));
    let rules =
        json!({"parameters": {"level": "Parameter:level"}, "rules": [{"condition": "$level < 5", "ifTrue": "DENY"}]});
    gateway.apply(vec![plugin("p2", "accessControl", rules), binding("group", "g1", "p2")]);
    assert_eq!(with(&gateway, "good").code(), "A403AC");
    assert_eq!(gateway.get("/users/1?level=9", &[("X-Token", "good")]).code(), "A403AC");
}

#[test]
fn the_app_can_be_told() {
    let (echo, service) = (Echo::start(), by_token());
    let parameters =
        json!([source("system", "CaAppId", "query", "app"), source("header", "X-Token", "query", "token")]);
    let gateway = gateway(&echo, definition(&service, json!({"authParameters": parameters})));
    let code = format!("APPCODE {APP_CODE}");
    assert_eq!(gateway.get("/both", &[("Authorization", &code), ("X-Token", "good")]).status, 200);
    assert_eq!(service.last()["target"], format!("/auth?app={APP_ID}&token=good"));
}

#[test]
fn what_cannot_work_is_refused_with_its_field() {
    let service = by_token();
    let change = json!({
        "authUri": {"address": "auth.example.com", "path": "auth?x", "timeout": 10_001, "method": "GET"},
        "cachedTimeBySecond": 601, "passThroughBody": true, "successCondition": "$other = 1", "errorStatusCode": 99,
        "authParameters": [source("query", "a", "form", "a"), source("query", "a", "header", "Content-Length")],
    });
    let body = definition(&service, change);
    let problems = isthmus_plan::Definition::decode(isthmus_plan::PluginType::RemoteAuth, body).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    let expected = [
        "authUri.address",
        "authUri.path",
        "authUri.timeout",
        "cachedTimeBySecond",
        "authParameters[0].targetLocation",
        "authParameters[1].targetParameterName",
        "passThroughBody",
        "successCondition",
        "errorStatusCode",
    ];
    assert_eq!(fields, expected);
}
