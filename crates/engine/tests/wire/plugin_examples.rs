//! The examples of the pages of plug-ins whose own tests do not run them: what stands there does what it says.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::service::{answer, Service};
use crate::support::{app, app_auth, domain, edition, group, http_backend, seen_header, Answer, Echo, Gateway};
use crate::support::{APP_CODE, APP_ID};
use serde_json::{json, Value};
use std::net::SocketAddr;

/// One API with the example of this type, called by an app with this id.
fn gateway(plugin_type: &str, backend: SocketAddr, app_id: u64, change: Value) -> Gateway {
    let (kind, _, mut caller) = app();
    caller["app_id"] = json!(app_id);
    let grant = json!({"api_id": "api1", "stage": "RELEASE", "app_id": app_id});
    let mut api = edition("api1", "ANY", "/users/[userId]", http_backend(backend), change);
    api.2["auth"] = app_auth();
    let vip = json!({"access_id": "v", "name": "vip-access", "network_id": "vpc-here", "target": "127.0.0.1",
        "port": backend.port(), "host": "vip.internal"});
    Gateway::start(vec![
        group(),
        domain(),
        (kind, app_id.to_string(), caller),
        ("grant", format!("api1/RELEASE/{app_id}"), grant),
        ("network", "vpc-here".into(), json!({"network_id": "vpc-here", "attachment": {"mode": "host"}})),
        ("vpc_access", "vip-access".into(), vip),
        api,
        plugin("p1", plugin_type, example(plugin_type)),
        binding("api", "api1", "p1"),
    ])
}

fn get(gateway: &Gateway, target: &str) -> Answer {
    gateway.get(target, &[("Authorization", &format!("APPCODE {APP_CODE}"))])
}

#[test]
fn access_control_lets_each_app_see_its_own_user_and_one_app_all() {
    let echo = Echo::start();
    let usual = gateway("accessControl", echo.address, APP_ID, json!({}));
    assert_eq!(get(&usual, &format!("/users/{APP_ID}")).status, 200);
    let other = get(&usual, "/users/5");
    assert_eq!((other.status, other.code(), other.message()), (403, "A403AC", "User 5 is not yours"));
    assert_eq!(other.text(), r#"{"error": "forbidden", "user": "5"}"#);
    assert_eq!(other.header("Content-Type"), Some("application/json"));
    assert_eq!(get(&gateway("accessControl", echo.address, 100_001, json!({})), "/users/5").status, 200);
}

#[test]
fn error_mapping_turns_results_into_statuses() {
    let service = Service::start(|request| {
        let result = request["target"].as_str().unwrap().rsplit('?').next().unwrap().to_owned();
        let body = json!({"result_code": result, "req_msg_id": "m1"}).to_string();
        answer(200, "Content-Type: application/json\r\n", &body)
    });
    let gateway = gateway("errorMapping", service.address, APP_ID, json!({}));
    assert_eq!(get(&gateway, "/users/1?OK").status, 200);
    let gone = get(&gateway, "/users/1?ROLE_NOT_EXISTS");
    assert_eq!((gone.status, gone.message()), (404, "Role not found, RequestId=m1"));
    let invalid = get(&gateway, "/users/1?INVALID_NAME");
    assert_eq!((invalid.status, invalid.header("X-Result")), (400, Some("INVALID_NAME")));
    assert_eq!(invalid.text(), r#"{"error": "INVALID_NAME"}"#);
    let unknown = get(&gateway, "/users/1?BROKEN");
    assert_eq!((unknown.status, unknown.message()), (500, "Unknown error, BROKEN, RequestId=m1"));
}

#[test]
fn routing_answers_old_clients_and_leads_one_app_elsewhere() {
    let echo = Echo::start();
    let version =
        json!([{"name": "ClientVersion", "location": "query", "parameter_type": "string", "required": false}]);
    let change = json!({"request_mode": "mapping_passthrough", "parameters": version});
    let gateway = gateway("routing", echo.address, 100_001, change);
    let old = get(&gateway, "/users/1?ClientVersion=2.0.4");
    assert_eq!((old.status, old.text().as_str()), (400, "This version is not supported any more"));
    let vip = get(&gateway, "/users/1?ClientVersion=2.0.5");
    assert_eq!(seen_header(&vip.seen(), "host"), Some("vip.internal"));
    assert_eq!(seen_header(&vip.seen(), "x-ca-routing-name"), Some("vip"));
}

#[test]
fn transformer_changes_requests_and_answers() {
    let service = Service::start(|_| answer(201, "Server: old\r\n", "made"));
    let gateway = gateway("transformer", service.address, APP_ID, json!({}));
    let made = get(&gateway, "/users/1?debug=1");
    assert_eq!((made.status, made.text().as_str(), made.header("Server")), (200, "made", None));
    assert_eq!((made.header("Cache-Control"), made.header("X-Powered-By")), (Some("no-store"), Some("Isthmus")));
    let seen = service.last();
    assert_eq!(
        (seen["target"].as_str(), seen_header(&seen, "x-source")),
        (Some("/backend?userId=123456"), Some("gateway"))
    );
}
