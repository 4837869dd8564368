//! A draft that a debug call tries out: reached under its own name only, with what holds in the stage it stands in for.

use crate::support::{domain, edition, group, Gateway};
use serde_json::{json, Value};

const SECRET: &str = "0123456789ABCDEF0123456789ABCDEF";

fn mock(body: &str) -> Value {
    json!({"target": {"type": "mock", "status": 200, "body": body}, "timeout_ms": 1000})
}

fn draft(body: &str, more: Value) -> (&'static str, String, Value) {
    let (kind, _, mut record) = edition("api1", "GET", "/a", mock(body), more);
    record["draft"] = SECRET.into();
    (kind, format!("api1/RELEASE~{SECRET}"), record)
}

#[test]
fn only_who_names_a_draft_reaches_it() {
    let live = edition("api1", "GET", "/a", mock("live"), json!({}));
    let mut gateway = Gateway::start(vec![group(), domain(), live, draft("draft", json!({}))]);
    let named = format!("release~{}", SECRET.to_lowercase());
    assert_eq!(gateway.get("/a", &[]).text(), "live");
    assert_eq!(gateway.get("/a", &[("x-ca-stage", "RELEASE")]).text(), "live");
    assert_eq!(gateway.get("/a", &[("x-ca-stage", &named)]).text(), "draft");
    for wrong in ["RELEASE~", "RELEASE~0", "RELEASE~~", &format!("TEST~{SECRET}")] {
        let answer = gateway.get("/a", &[("x-ca-stage", wrong)]);
        assert!(["I404NF", "I400SG"].contains(&answer.code()), "{wrong}: {}", answer.code());
    }
    gateway.apply(vec![("edition", format!("api1/RELEASE~{SECRET}"), Value::Null)]);
    assert_eq!(gateway.get("/a", &[("x-ca-stage", &named)]).code(), "I404NF");
    assert_eq!(gateway.get("/a", &[]).text(), "live");
}

#[test]
fn a_draft_has_the_grants_of_its_stage() {
    let auth = json!({"auth": {"type": "app", "app_code": "header", "signature_methods": ["HmacSHA256"], "force_nonce": false}});
    let app = json!({"app_id": 7, "name": "n", "keys": [], "codes": ["code-of-seven"]});
    let mut gateway = Gateway::start(vec![group(), domain(), ("app", "7".into(), app), draft("draft", auth)]);
    let headers = [("x-ca-stage", &*format!("RELEASE~{SECRET}")), ("authorization", "APPCODE code-of-seven")];
    assert_eq!(gateway.get("/a", &headers).code(), "I403AA");
    let grant = json!({"api_id": "api1", "stage": "RELEASE", "app_id": 7});
    gateway.apply(vec![("grant", "api1/RELEASE/7".into(), grant)]);
    assert_eq!(gateway.get("/a", &headers).text(), "draft");
}

#[test]
fn a_name_that_could_be_guessed_is_no_draft() {
    let (kind, _, mut record) = edition("api1", "GET", "/a", mock("m"), json!({}));
    record["draft"] = "ABC".into();
    let mut gateway = Gateway::start(vec![group(), domain()]);
    let applied = gateway.apply(vec![(kind, "api1/RELEASE~ABC".into(), record)]);
    assert!(applied.refused[0].reason.contains("a name that nobody guesses"), "{:?}", applied.refused);
    assert_eq!(gateway.get("/a", &[("x-ca-stage", "RELEASE~ABC")]).code(), "I404NF");
}
