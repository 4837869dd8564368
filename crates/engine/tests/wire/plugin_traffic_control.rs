//! `trafficControl`: each field, through a real socket.

use crate::support::docs::{example, example_at};
use crate::support::plugins::{binding, plugin};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, Answer, Echo, Gateway, APP_CODE, APP_ID,
};
use serde_json::{json, Value};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const OTHER_CODE: &str = "fedcba9876543210fedcba9876543210";

/// Two APIs and two apps.
fn gateway(echo: &Echo, definition: Value) -> Gateway {
    let other = json!({"app_id": 7, "name": "other", "keys": [], "codes": [OTHER_CODE], "user_id": "123455"});
    let other_grant = json!({"api_id": "api1", "stage": "RELEASE", "app_id": 7});
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        ("app", "7".into(), other),
        grant("api1"),
        grant("api2"),
        ("grant", "api1/RELEASE/7".into(), other_grant),
        edition("api1", "GET", "/one", http_backend(echo.address), json!({"auth": app_auth()})),
        edition("api2", "GET", "/two", http_backend(echo.address), json!({"auth": app_auth()})),
        edition("api3", "GET", "/open", http_backend(echo.address), json!({})),
        plugin("p1", "trafficControl", definition),
        binding("group", "g1", "p1"),
    ])
}

fn call(gateway: &Gateway, path: &str, code: &str) -> Answer {
    gateway.get(path, &[("Authorization", &format!("APPCODE {code}"))])
}

/// How many of so many calls pass; the others must be refused like this.
#[track_caller]
fn passed(gateway: &Gateway, calls: usize, path: &str, code: &str, refusal: (&str, &str)) -> usize {
    let answers: Vec<_> = (0..calls).map(|_| call(gateway, path, code)).collect();
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((answer.status, answer.code(), answer.message()), (429, refusal.0, refusal.1));
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// Runs at a moment that leaves `room` in the current window of this length.
fn within<T>(window: Duration, room: Duration, run: impl FnOnce() -> T) -> T {
    let left = || Duration::from_nanos((window.as_nanos() - now().as_nanos() % window.as_nanos()) as u64);
    let deadline = Instant::now() + 2 * window;
    while left() < room {
        assert!(Instant::now() < deadline);
        std::thread::park_timeout(left());
    }
    run()
}

const MINUTE: Duration = Duration::from_secs(60);
const API: (&str, &str) = ("T429PA", "Throttled by API Flow Control");
const APP: (&str, &str) = ("T429PA", "Throttled by APP Flow Control");
const USER: (&str, &str) = ("T429PA", "Throttled by USER Flow Control");

#[test]
fn an_api_has_its_limit_and_every_api_its_own() {
    let echo = Echo::start();
    for unit in ["MINUTE", "HOUR", "DAY"] {
        let gateway = gateway(&echo, json!({"unit": unit, "apiDefault": 3}));
        within(MINUTE, Duration::from_secs(5), || {
            assert_eq!(passed(&gateway, 5, "/one", APP_CODE, API), 3);
            assert_eq!(passed(&gateway, 2, "/one", OTHER_CODE, API), 0);
            assert_eq!(passed(&gateway, 5, "/two", APP_CODE, API), 3);
            assert_eq!((0..5).filter(|_| gateway.get("/open", &[]).status == 200).count(), 3);
        });
    }
}

#[test]
fn an_app_has_its_limit_and_its_flood_leaves_the_others_theirs() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"unit": "MINUTE", "apiDefault": 5, "appDefault": 3}));
    within(MINUTE, Duration::from_secs(5), || {
        assert_eq!(passed(&gateway, 20, "/one", APP_CODE, APP), 3);
        assert_eq!(passed(&gateway, 4, "/one", OTHER_CODE, API), 2);
        assert_eq!(gateway.get("/open", &[]).status, 200, "a caller without an app has only the API's limit");
    });
}

#[test]
fn an_account_has_its_limit_over_all_its_apps() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({"unit": "MINUTE", "apiDefault": 10, "userDefault": 3}));
    let (kind, key, mut body) = app();
    body["user_id"] = json!("123455");
    gateway.apply(vec![(kind, key, body)]);
    within(MINUTE, Duration::from_secs(5), || {
        assert_eq!(passed(&gateway, 2, "/one", APP_CODE, USER), 2);
        assert_eq!(passed(&gateway, 5, "/one", OTHER_CODE, USER), 1);
    });
}

#[test]
fn specials_of_the_documented_example_replace_the_defaults() {
    let echo = Echo::start();
    let mut definition = example("trafficControl");
    assert_eq!(definition["specials"][0]["policies"][0]["key"], APP_ID);
    let gateway_one = gateway(&echo, definition.clone());
    within(MINUTE, Duration::from_secs(8), || {
        assert_eq!(passed(&gateway_one, 25, "/one", APP_CODE, APP), 20);
        assert_eq!(passed(&gateway_one, 15, "/one", OTHER_CODE, APP), 10);
    });
    definition["specials"][1]["policies"][0]["value"] = json!("4");
    let gateway_two = gateway(&echo, definition);
    within(MINUTE, Duration::from_secs(5), || {
        assert_eq!(passed(&gateway_two, 6, "/one", OTHER_CODE, USER), 4);
    });
}

#[test]
fn calls_over_a_limit_per_second_wait_for_the_next_one() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"unit": "SECOND", "apiDefault": 2}));
    let second = Duration::from_secs(1);
    within(second, Duration::from_millis(700), || {
        let began = now().as_secs();
        let answers: Vec<(u64, Answer)> = std::thread::scope(|scope| {
            let ask = || {
                let answer = gateway.get("/open", &[]);
                (now().as_secs(), answer)
            };
            let running: Vec<_> = (0..5).map(|_| scope.spawn(ask)).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let at = |second| answers.iter().filter(|(at, answer)| *at == second && answer.status == 200).count();
        assert_eq!((at(began), at(began + 1)), (2, 2));
        assert_eq!(answers.iter().filter(|(_, answer)| answer.code() == "T429PA").count(), 1);
    });
}

#[test]
fn quick_return_turns_away_at_once() {
    let echo = Echo::start();
    let gateway = gateway(&echo, json!({"unit": "SECOND", "apiDefault": 2, "blockingMode": "QUICK_RETURN"}));
    within(Duration::from_secs(1), Duration::from_millis(700), || {
        assert_eq!((0..5).filter(|_| gateway.get("/open", &[]).status == 200).count(), 2);
    });
}

#[test]
fn counts_go_on_when_the_definition_changes() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, json!({"unit": "DAY", "apiDefault": 3}));
    assert_eq!(passed(&gateway, 5, "/one", APP_CODE, API), 3);
    gateway.apply(vec![plugin("p1", "trafficControl", json!({"unit": "DAY", "apiDefault": 4}))]);
    assert_eq!(passed(&gateway, 5, "/one", APP_CODE, API), 1);
}

#[test]
fn rules_count_by_the_values_of_parameters() {
    let echo = Echo::start();
    let gateway = gateway(&echo, example_at("trafficControl", 1));
    let free = |ip: &str| gateway.get("/open", &[("X-Plan", "free"), ("X-Id", ip)]);
    within(MINUTE, Duration::from_secs(8), || {
        assert_eq!((0..7).filter(|_| free("a").status == 200).count(), 5);
        let refused = free("a");
        assert_eq!((refused.code(), refused.message()), ("T429PR", "Throttled by PLUGIN Flow Control, `free`"));
        assert_eq!(refused.header("Retry-After"), Some("600"));
        assert_eq!((0..101).filter(|_| gateway.get("/open", &[]).status == 200).count(), 100);
        let refused = gateway.get("/open", &[]);
        assert_eq!(refused.message(), "Throttled by PLUGIN Flow Control, `default limit`");
        assert_eq!(refused.header("Retry-After"), Some("60"));
    });
}

#[test]
fn each_value_has_its_count_for_the_plug_in_or_for_each_api() {
    let echo = Echo::start();
    let definition = |scope: &str| {
        json!({"scope": scope, "parameters": {"id": "Query:id"}, "defaultTimeUnit": "DAY",
            "rules": [{"name": "r", "byParameters": "id", "limit": 2}]})
    };
    let mut gateway = gateway(&echo, definition("PLUGIN"));
    let count = |gateway: &Gateway, path: &str| (0..3).filter(|_| call(gateway, path, APP_CODE).status == 200).count();
    assert_eq!(count(&gateway, "/one?id=a"), 2);
    assert_eq!(count(&gateway, "/one?id=b"), 2);
    assert_eq!(count(&gateway, "/one"), 2, "an absent value is a value");
    assert_eq!(count(&gateway, "/two?id=a"), 0, "APIs with the plug-in are counted together");
    gateway.apply(vec![plugin("p1", "trafficControl", definition("API"))]);
    assert_eq!(count(&gateway, "/one?id=a"), 2);
    assert_eq!(count(&gateway, "/two?id=a"), 2);
    assert!(call(&gateway, "/two?id=a", APP_CODE).header("Retry-After").is_none());
}

#[test]
fn definitions_that_make_no_sense_are_refused_with_every_field() {
    let decode = |body| {
        let problems = isthmus_plan::Definition::decode(isthmus_plan::PluginType::TrafficControl, body).unwrap_err();
        problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
    };
    assert_eq!(decode(json!({})), ["unit"]);
    assert_eq!(decode(json!({"unit": "SECOND"})), ["apiDefault"]);
    assert_eq!(decode(json!({"unit": "WEEK", "apiDefault": 1})), ["unit"]);
    assert_eq!(decode(json!({"unit": "DAY", "apiDefault": 0})), ["apiDefault"]);
    let specials = json!([{"type": "APP", "policies": [{"key": "x", "value": 11}]}]);
    let body = json!({"unit": "DAY", "apiDefault": 10, "userDefault": 20, "appDefault": 30, "specials": specials});
    assert_eq!(
        decode(body),
        ["userDefault", "appDefault", "specials[0].policies[0].value", "specials[0].policies[0].key"]
    );
    let rule = json!({"name": "r", "condition": "$a = 1", "byParameters": "b", "limit": 1});
    let body = json!({"unit": "DAY", "rules": [rule]});
    assert_eq!(decode(body), ["unit"]);
    let body = json!({"apiDefault": 3, "rules": [rule, rule]});
    let twice = ["rules[1].name", "rules[1].byParameters", "rules[1].condition"];
    assert_eq!(decode(body)[..3], ["apiDefault", "rules[0].byParameters", "rules[0].condition"]);
    let body = json!({"rules": [rule, rule]});
    assert_eq!(decode(body)[2..], twice);
}
