//! `ipControl`: each field, through a real socket. The tests connect from 127.0.0.1.

use crate::support::docs::example;
use crate::support::plugins::{binding, dataset, plugin};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, Answer, Echo, Gateway, APP_CODE, APP_ID,
};
use serde_json::{json, Value};

/// `/open` is anonymous, `/app` asks for an app.
fn gateway(echo: &Echo, definition: Value) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api2"),
        edition("api1", "GET", "/open", http_backend(echo.address), json!({})),
        edition("api2", "GET", "/app", http_backend(echo.address), json!({"auth": app_auth()})),
        plugin("p1", "ipControl", definition),
        binding("group", "g1", "p1"),
        dataset(
            "d1",
            "IP_WHITELIST_CIDR",
            json!([{"value": "203.0.113.0/24"}, {"value": "203.0.113.9", "expires_at": 1},
                {"value": "198.51.100.1", "expires_at": 1}]),
        ),
    ])
}

fn with_code(gateway: &Gateway, forwarded: &str) -> Answer {
    let code = format!("APPCODE {APP_CODE}");
    gateway.get("/app", &[("Authorization", &code), ("X-Forwarded-For", forwarded)])
}

fn codes(gateway: &Gateway, forwarded: &[&str]) -> Vec<String> {
    let get = |entry: &&str| gateway.get("/open", &[("X-Forwarded-For", entry)]);
    forwarded.iter().map(|entry| get(entry).code().to_owned()).collect()
}

#[test]
fn allow_lets_only_its_addresses_call() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({"type": "ALLOW", "items": [{"blocks": ["10.0.0.0/8", "127.0.0.1"]}]}));
    assert_eq!(gateway.get("/open", &[]).status, 200);
    gateway.apply(vec![plugin("p1", "ipControl", json!({"type": "ALLOW", "items": [{"blocks": ["10.0.0.0/8"]}]}))]);
    let answer = gateway.get("/open", &[("X-Forwarded-For", "10.0.0.1"), ("X-Real-IP", "10.0.0.1")]);
    assert_eq!((answer.status, answer.code()), (403, "A403IP"));
    assert_eq!(answer.message(), "Access denied by IP Control Policy");
    assert_eq!(echo.count(), 1);
}

#[test]
fn refuse_turns_its_addresses_away_and_ignores_the_app() {
    let echo = Echo::start();
    let items = json!([{"blocks": ["127.0.0.0/8"], "appId": 1}]);
    let mut gateway = gateway(&echo, json!({"type": "REFUSE", "items": items}));
    assert_eq!(gateway.get("/open", &[]).code(), "A403IP");
    gateway.apply(vec![plugin("p1", "ipControl", json!({"type": "REFUSE", "items": [{"blocks": ["10.0.0.1"]}]}))]);
    assert_eq!(gateway.get("/open", &[]).status, 200);
    let missing = json!({"type": "REFUSE", "items": [{"blocksDatasetId": "nowhere"}]});
    gateway.apply(vec![plugin("p1", "ipControl", missing)]);
    assert_eq!(gateway.get("/open", &[]).code(), "A403IP", "a data set that is not there lets no one through");
}

#[test]
fn the_address_can_come_from_a_place_in_forwarded_for() {
    let echo = Echo::start();
    let items = json!([{"blocks": ["10.0.0.0/8", "2001:db8::/32"]}]);
    let gateway = gateway(&echo, json!({"type": "ALLOW", "resource": "XFF:-1", "items": items}));
    let passing =
        ["10.1.2.3", "1.1.1.1, 10.1.2.3", "10.1.2.3:4711", "[2001:db8::7]:443", "2001:db8::7", "::ffff:10.1.2.3"];
    assert_eq!(codes(&gateway, &passing), [""; 6]);
    let refused = ["10.1.2.3, 1.1.1.1", "unknown", "", "2001:db9::7", "10.1.2.3,", "0x0a.1.2.3"];
    assert_eq!(codes(&gateway, &refused), ["A403IP"; 6]);
    assert_eq!(gateway.get("/open", &[]).code(), "A403IP", "no entry, no address");
}

#[test]
fn a_data_set_has_blocks_that_expire() {
    let echo = Echo::start();
    let items = json!([{"blocksDatasetId": "d1"}]);
    let mut gateway = gateway(&echo, json!({"type": "ALLOW", "resource": "XFF:0", "items": items}));
    let entries = ["203.0.113.5", "203.0.113.9", "198.51.100.1", "198.51.100.2"];
    assert_eq!(codes(&gateway, &entries), ["", "", "A403IP", "A403IP"]);
    gateway.apply(vec![dataset("d1", "IP_WHITELIST_CIDR", json!([{"value": "198.51.100.2"}]))]);
    assert_eq!(codes(&gateway, &entries), ["A403IP", "A403IP", "A403IP", ""], "a changed set acts at once");
    let applied = gateway.apply(vec![dataset("d1", "IP_WHITELIST_CIDR", json!([{"value": "10.0.0.0/40"}]))]);
    assert!(applied.refused[0].reason.contains("items[0].value"), "{applied:?}");
}

#[test]
fn an_item_with_an_app_binds_that_app_alone() {
    let echo = Echo::start();
    let own = json!([{"blocks": ["10.0.0.1"], "appId": APP_ID.to_string()}]);
    let mut gateway = gateway(&echo, json!({"type": "ALLOW", "resource": "XFF:-1", "items": own}));
    assert_eq!(with_code(&gateway, "10.0.0.1").status, 200);
    assert_eq!(with_code(&gateway, "10.0.0.2").code(), "A403IP");
    assert_eq!(codes(&gateway, &["10.0.0.1"]), ["A403IP"], "on an anonymous API it lets no one through");
    let other = json!([{"blocks": ["10.0.0.1"], "appId": 1}]);
    let of_another = json!({"type": "ALLOW", "resource": "XFF:-1", "items": other});
    gateway.apply(vec![plugin("p1", "ipControl", of_another)]);
    assert_eq!(with_code(&gateway, "10.0.0.2").status, 200, "other apps are not bound by it");
}

#[test]
fn the_documented_example_lets_its_addresses_through() {
    let echo = Echo::start();
    let mut definition = example("ipControl");
    definition["resource"] = json!("XFF:-1");
    let gateway = gateway(&echo, definition);
    assert_eq!(codes(&gateway, &["10.9.9.9", "2001:db8:1::1", "192.0.2.7"]), [""; 3]);
    assert_eq!(codes(&gateway, &["198.51.100.3", "192.0.2.8"]), ["A403IP"; 2]);
    assert_eq!(with_code(&gateway, "198.51.100.3").status, 200);
    assert_eq!(with_code(&gateway, "203.0.113.1").code(), "A403IP");
}

#[test]
fn what_is_no_block_is_refused_with_its_field() {
    let problems = isthmus_plan::Definition::decode(
        isthmus_plan::PluginType::IpControl,
        json!({"type": "ALLOW", "resource": "Header:X", "items": [{"blocks": ["10.0.0.0/33", "1.2.3"]}, {}]}),
    )
    .unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["resource", "items[0].blocks[0]", "items[0].blocks[1]", "items[1].blocks"]);
}
