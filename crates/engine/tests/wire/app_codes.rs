//! AppCodes: where they are taken, the group's own, several per app, and hiding them from backends.

use crate::support::{
    app_auth, domain, edition, grant, group, http_backend, seen_header, Answer, Echo, Gateway, APP_ID,
};
use serde_json::{json, Value};

const GROUP_CODE: &str = "group-code-of-16";

/// `/header`, `/query`, `/group` and `/never` differ in where they take an AppCode.
fn gateway(echo: &Echo, app_code: Value) -> Gateway {
    let app = json!({"app_id": APP_ID, "name": "caller", "keys": [], "codes": ["code-one", "code-two"]});
    let mut records = vec![group_with(app_code), domain(), ("app", APP_ID.to_string(), app)];
    for (name, allowed) in
        [("header", "header"), ("query", "header_and_query"), ("group", "group"), ("never", "nowhere")]
    {
        let mut auth = app_auth();
        auth["app_code"] = json!(allowed);
        let backend = http_backend(echo.address);
        records.push(edition(name, "GET", &format!("/{name}"), backend, json!({"auth": auth})));
        records.push(grant(name));
    }
    Gateway::start(records)
}

fn group_with(app_code: Value) -> (&'static str, String, Value) {
    let (kind, key, mut body) = group();
    body["app_code"] = app_code;
    (kind, key, body)
}

fn code(text: &str) -> (&'static str, String) {
    ("Authorization", format!("APPCODE {text}"))
}

fn with_code(gateway: &Gateway, target: &str, text: &str) -> Answer {
    let (name, value) = code(text);
    gateway.get(target, &[(name, &value)])
}

#[test]
fn each_code_of_an_app_works() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({}));
    assert_eq!(
        (with_code(&gateway, "/header", "code-one").status, with_code(&gateway, "/header", "code-two").status),
        (200, 200)
    );
    let fewer = json!({"app_id": APP_ID, "name": "caller", "keys": [], "codes": ["code-two"]});
    gateway.apply(vec![("app", APP_ID.to_string(), fewer)]);
    assert_eq!(with_code(&gateway, "/header", "code-one").code(), "A400AC");
    assert_eq!(with_code(&gateway, "/header", "code-two").status, 200);
}

#[test]
fn an_api_says_where_a_code_may_be() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({}));
    assert_eq!(gateway.get("/query?AppCode=code-one", &[]).status, 200);
    assert_eq!(gateway.get("/header?AppCode=code-one", &[]).code(), "A400MA");
    for path in ["/never", "/group"] {
        let refused = with_code(&gateway, path, "code-one");
        assert_eq!((refused.status, refused.code()), (400, "A400AC"), "{path}");
        assert_eq!(gateway.get(path, &[]).code(), "A400MA");
    }
}

#[test]
fn the_groups_code_is_good_for_its_apis_without_an_app() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({"code": GROUP_CODE}));
    for path in ["/header", "/query", "/group"] {
        assert_eq!(with_code(&gateway, path, GROUP_CODE).status, 200, "{path}");
        assert_eq!(with_code(&gateway, path, "code-one").status, 200, "{path}: an app's code too");
        assert_eq!(with_code(&gateway, path, "group-code-of-17").code(), "A400AC");
    }
    assert_eq!(gateway.get(&format!("/query?appcode={GROUP_CODE}"), &[]).status, 200);
    assert_eq!(with_code(&gateway, "/never", GROUP_CODE).code(), "A400AC", "an API can take none at all");
    gateway.apply(vec![group_with(json!({}))]);
    assert_eq!(with_code(&gateway, "/header", GROUP_CODE).code(), "A400AC", "it ends at once");
}

#[test]
fn a_group_can_name_one_more_place() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({"place": {"header": "myAppCode"}}));
    assert_eq!(gateway.get("/header", &[("MYAPPCODE", "code-one")]).status, 200);
    assert_eq!(with_code(&gateway, "/header", "code-one").status, 200, "the usual place goes on working");
    assert_eq!(gateway.get("/never", &[("myAppCode", "code-one")]).code(), "A400MA");
    gateway.apply(vec![group_with(json!({"place": {"query": "key"}}))]);
    assert_eq!(gateway.get("/header?key=code-one", &[]).status, 200);
    assert_eq!(gateway.get("/header", &[("myAppCode", "code-one")]).code(), "A400MA");
}

#[test]
fn codes_can_be_hidden_from_backends() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({"place": {"header": "myAppCode"}, "hidden": true}));
    let seen = gateway.get("/header", &[("myAppCode", "code-one"), ("Authorization", "APPCODE x")]).seen();
    assert_eq!((seen_header(&seen, "myappcode"), seen_header(&seen, "authorization")), (None, None));
    let seen = gateway.get("/query?a=%7E&APPCode=code-one&b", &[("Authorization", "Bearer stays")]).seen();
    assert_eq!(
        (&seen["target"], seen_header(&seen, "authorization")),
        (&json!("/backend?a=%7E&b"), Some("Bearer stays"))
    );
    assert_eq!(gateway.get("/query?appcode=code-one", &[]).seen()["target"], "/backend");
    gateway.apply(vec![group_with(json!({"place": {"query": "k[y]"}, "hidden": true}))]);
    assert_eq!(gateway.get("/query?k%5By%5D=code-one&c=1", &[]).seen()["target"], "/backend?c=1");
    gateway.apply(vec![group_with(json!({}))]);
    let (name, value) = code("code-one");
    let seen = gateway.get("/header", &[(name, &value)]).seen();
    assert_eq!(seen_header(&seen, "authorization"), Some("APPCODE code-one"), "only when the group says so");
}
