//! `caching`: each field, through a real socket.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::service::{answer, Service};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, seen_header, Answer, Gateway, APP_CODE,
};
use serde_json::{json, Value};
use std::net::SocketAddr;

/// A backend that numbers its answers and takes its headers from the request's `X-Answer`.
fn backend() -> Service {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Service::start(move |request| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let wanted = seen_header(request, "x-answer").unwrap_or_default().replace('|', "\r\n");
        let status = seen_header(request, "x-status").unwrap_or("200").parse().unwrap();
        let more = if wanted.is_empty() { String::new() } else { format!("{wanted}\r\n") };
        answer(status, &format!("Content-Type: text/plain\r\nX-Other: yes\r\n{more}"), &number.to_string())
    })
}

fn gateway(backend: SocketAddr, definition: Value) -> Gateway {
    let mut open = http_backend(backend);
    open["path"] = json!("/open/*");
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api2"),
        edition("api1", "ANY", "/open/*", open, json!({})),
        edition("api2", "GET", "/own", http_backend(backend), json!({"auth": app_auth()})),
        plugin("p1", "caching", definition),
        binding("group", "g1", "p1"),
    ])
}

fn hit(answer: &Answer) -> bool {
    assert!(answer.header("X-Ca-Caching").is_none() || answer.header("Age").is_some());
    answer.header("X-Ca-Caching") == Some("true")
}

/// Whether a second request like the first is answered from the store.
fn kept(gateway: &Gateway, target: &str, headers: &[(&str, &str)]) -> bool {
    let first = gateway.get(target, headers);
    assert!(!hit(&first), "{first:?}");
    let second = gateway.get(target, headers);
    assert_eq!(second.status, first.status);
    assert_eq!(hit(&second), second.text() == first.text(), "{second:?}");
    hit(&second)
}

#[test]
fn an_answer_is_used_again_with_the_headers_that_are_kept() {
    let service = backend();
    let gateway = gateway(service.address, json!({"duration": 60, "cacheableHeaders": ["X-Kept"]}));
    let headers = [("X-Answer", "X-Kept: yes|Content-Language: de")];
    let first = gateway.get("/open/a", &headers);
    let second = gateway.get("/open/a", &[]);
    assert!(!hit(&first) && hit(&second));
    assert_eq!((second.status, second.text()), (200, first.text()));
    assert_eq!(second.header("Age"), Some("0"));
    let of = |name: &str| (first.header(name).is_some(), second.header(name).map(str::to_owned));
    assert_eq!(of("Content-Type"), (true, Some("text/plain".to_owned())));
    assert_eq!(of("Content-Language"), (true, Some("de".to_owned())));
    assert_eq!(of("X-Kept"), (true, Some("yes".to_owned())));
    assert_eq!(of("X-Other"), (true, None));
    assert_eq!(service.requests().len(), 1);
}

#[test]
fn only_get_and_only_answers_of_200() {
    let service = backend();
    let gateway = gateway(service.address, json!({"duration": "60"}));
    assert!(!kept(&gateway, "/open/bad", &[("X-Status", "404")]));
    for method in ["POST", "PUT", "DELETE"] {
        let ask = || gateway.send(method, "/open/a", &[], b"");
        assert!(!hit(&ask()) && !hit(&ask()), "{method}");
    }
    assert!(kept(&gateway, "/open/a", &[]), "what was not GET left nothing");
}

#[test]
fn the_query_and_the_path_tell_answers_apart() {
    let service = backend();
    let gateway = gateway(service.address, json!({"duration": 60}));
    for target in ["/open/a", "/open/b", "/open/a?x=1", "/open/a?x=2", "/open/a?x=1&x=2"] {
        assert!(kept(&gateway, target, &[]), "{target}");
    }
}

#[test]
fn the_documented_example_varies_by_what_it_names() {
    let service = backend();
    let gateway = gateway(service.address, example("caching"));
    assert!(kept(&gateway, "/open/a?userId=1&t=1", &[("Accept", "a/a")]));
    assert!(hit(&gateway.get("/open/a?t=2&userId=1", &[("Accept", "a/a")])), "t makes no difference");
    assert!(kept(&gateway, "/open/a?userId=2&t=1", &[("Accept", "a/a")]));
    assert!(kept(&gateway, "/open/a?userId=1&t=1", &[("Accept", "b/b")]));
    assert!(kept(&gateway, "/open/a?userId=1&t=1", &[("Accept", "b/b"), ("Accept-Encoding", "gzip")]));
}

#[test]
fn an_app_can_have_answers_of_its_own_and_a_grant_is_asked_for_first() {
    let service = backend();
    let mut gateway = gateway(service.address, json!({"duration": 60, "varyByApp": true}));
    let other = json!({"app_id": 7, "name": "other", "keys": [], "codes": ["other-code"]});
    let other_grant = json!({"api_id": "api2", "stage": "RELEASE", "app_id": 7});
    gateway.apply(vec![("app", "7".into(), other), ("grant", "api2/RELEASE/7".into(), other_grant)]);
    let as_one = format!("APPCODE {APP_CODE}");
    let ask = |gateway: &Gateway, code: &str| gateway.get("/own", &[("Authorization", code)]);
    assert!(!hit(&ask(&gateway, &as_one)) && hit(&ask(&gateway, &as_one)));
    assert!(!hit(&ask(&gateway, "APPCODE other-code")));
    gateway.apply(vec![("grant", "api2/RELEASE/7".into(), Value::Null)]);
    assert_eq!(ask(&gateway, "APPCODE other-code").code(), "I403AA");
    assert_eq!(gateway.get("/own", &[]).code(), "A400MA");
    gateway.apply(vec![plugin("p1", "caching", json!({"duration": 60}))]);
    assert!(!hit(&ask(&gateway, &as_one)) && hit(&ask(&gateway, &as_one)), "another key");
}

#[test]
fn what_a_backend_says_comes_before_the_duration() {
    let service = backend();
    let gateway = gateway(service.address, json!({"duration": 60}));
    let refusing = [
        "Cache-Control: private",
        "Cache-Control: no-store",
        "Cache-Control: no-cache",
        "Cache-Control: max-age=0",
        "Cache-Control: max-age=nonsense",
        "Cache-Control: public, max-age=60, s-maxage=0",
        "Cache-Control: max-age=30|Age: 30",
        "Set-Cookie: a=b",
        "Vary: *",
        "Vary: Accept-Encoding, Accept-Language",
    ];
    for (index, headers) in refusing.iter().enumerate() {
        assert!(!kept(&gateway, &format!("/open/{index}"), &[("X-Answer", headers)]), "{headers}");
    }
    for headers in ["Cache-Control: max-age=30", "Vary: Accept-Encoding", "Cache-Control: max-age=\"30\"|Age: 29"] {
        assert!(kept(&gateway, &format!("/open/{}", headers.len()), &[("X-Answer", headers)]), "{headers}");
    }
    let one = ("X-Answer", "Cache-Control: max-age=3000|Age: 290");
    gateway.get("/open/aged", &[one]);
    let age: u32 = gateway.get("/open/aged", &[]).header("Age").unwrap().parse().unwrap();
    assert!((290..300).contains(&age), "{age}");
}

#[test]
fn credentials_for_the_backend_keep_an_answer_to_their_owner() {
    let service = backend();
    let gateway = gateway(service.address, json!({"duration": 60}));
    let bearer = ("Authorization", "Bearer of-alice");
    assert!(!kept(&gateway, "/open/a", &[bearer]));
    assert!(kept(&gateway, "/open/a", &[]));
    assert!(!hit(&gateway.get("/open/a", &[bearer])), "nor is one with credentials given what is for all");
    assert!(kept(&gateway, "/open/b", &[bearer, ("X-Answer", "Cache-Control: public")]));
}

#[test]
fn requests_for_a_part_or_with_a_condition_go_to_the_backend() {
    let service = backend();
    let gateway = gateway(service.address, json!({"duration": 60}));
    assert!(kept(&gateway, "/open/a", &[]));
    for special in ["Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range"] {
        let before = service.requests().len();
        assert!(!hit(&gateway.get("/open/a", &[(special, "bytes=0-1")])), "{special}");
        assert_eq!(service.requests().len(), before + 1);
        assert_eq!(seen_header(&service.last(), &special.to_ascii_lowercase()), Some("bytes=0-1"));
    }
}

#[test]
fn callers_who_are_heard_may_ask_for_a_fresh_answer() {
    let service = backend();
    let mut gateway = gateway(service.address, json!({"duration": 60, "clientCacheControl": {"mode": "all"}}));
    let with = |gateway: &Gateway, path: &str, value: &str| gateway.get(path, &[("Cache-Control", value)]);
    let missing = with(&gateway, "/open/a", "only-if-cached");
    assert_eq!((missing.status, missing.code()), (404, "I404CH"));
    assert_eq!(missing.message(), "Content not cached, with `Cache-Control:only-if-cached`");
    assert!(kept(&gateway, "/open/a", &[]));
    assert!(hit(&with(&gateway, "/open/a", "only-if-cached")));
    assert!(hit(&with(&gateway, "/open/a", "max-age=5")));
    assert!(!hit(&with(&gateway, "/open/a", "no-store")));
    let fresh = with(&gateway, "/open/a", "no-cache");
    assert!(!hit(&fresh));
    assert_eq!(gateway.get("/open/a", &[]).text(), fresh.text(), "the fresh one took its place");
    gateway.apply(vec![plugin("p1", "caching", json!({"duration": 60}))]);
    assert!(hit(&with(&gateway, "/open/a", "no-cache")), "nobody is heard");
    let apps = json!({"mode": "app", "apps": [7]});
    gateway.apply(vec![plugin("p1", "caching", json!({"duration": 60, "clientCacheControl": apps}))]);
    assert!(hit(&with(&gateway, "/open/a", "no-cache")), "only these apps are");
}

#[test]
fn an_open_breaker_leaves_stored_answers_and_a_downgraded_one_is_never_stored() {
    let service = backend();
    let mut gateway = gateway(service.address, json!({"duration": 60}));
    let breaker = |more: Value| {
        let mut body = json!({"errorThreshold": 1, "errorCondition": "$StatusCode == 503", "windowInSeconds": 30,
            "openTimeoutSeconds": 300});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        plugin("p2", "circuitBreaker", body)
    };
    gateway.apply(vec![breaker(json!({})), binding("api", "api1", "p2")]);
    assert!(kept(&gateway, "/open/a", &[]));
    assert_eq!(gateway.get("/open/bad", &[("X-Status", "503")]).status, 503);
    assert_eq!(gateway.get("/open/new", &[]).code(), "D503CB");
    assert!(hit(&gateway.get("/open/a", &[])));
    gateway.apply(vec![breaker(json!({"downgradeBackend": {"type": "MOCK", "body": "instead"}}))]);
    for _ in 0..2 {
        let instead = gateway.get("/open/new", &[]);
        assert_eq!((instead.text().as_str(), hit(&instead)), ("instead", false));
    }
}

#[test]
fn an_automatic_domain_is_for_debugging_and_keeps_nothing() {
    let service = backend();
    let mut gateway = gateway(service.address, json!({"duration": 60}));
    let host = "g1-cn-hangzhou.isthmus.localhost";
    gateway.apply(vec![("domain", host.into(), json!({"host": host, "group_id": "g1", "automatic": true}))]);
    assert!(!kept(&gateway, "/open/a", &[("Host", host)]));
}

#[test]
fn a_body_over_the_limit_passes_and_is_not_kept() {
    let service = Service::start(|request| {
        let length: usize = seen_header(request, "x-length").unwrap().parse().unwrap();
        answer(200, "", &"x".repeat(length))
    });
    let gateway = gateway(service.address, json!({"duration": 60}));
    for (path, length, expected) in [("/open/a", 1024 * 1024, true), ("/open/b", 1024 * 1024 + 1, false)] {
        let length = length.to_string();
        let ask = || gateway.get(path, &[("X-Length", &length)]);
        let answers = [ask(), ask()];
        assert_eq!(answers.each_ref().map(|one| one.body.len().to_string()), [length.clone(), length.clone()]);
        assert_eq!(hit(&answers[1]), expected, "{path}");
    }
}

#[test]
fn definitions_that_make_no_sense_are_refused_with_every_field() {
    let decode = |body| {
        let problems = isthmus_plan::Definition::decode(isthmus_plan::PluginType::Caching, body).unwrap_err();
        problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
    };
    let body = json!({"duration": 172_801, "varyByHeaders": ["a b"], "cacheableHeaders": ["Set-Cookie"],
        "clientCacheControl": {"mode": "app"}});
    assert_eq!(decode(body), ["duration", "varyByHeaders", "cacheableHeaders", "clientCacheControl.apps"]);
}
