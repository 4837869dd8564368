//! Hostile input to limits and stores, one test for each known class of defect (named by its number in our list).

use crate::support::plugins::{binding, plugin};
use crate::support::{connect, domain, edition, group, http_backend, read_answer, Answer, Echo, Gateway, HOST};
use serde_json::{json, Value};
use std::io::{BufReader, Write};

fn gateway(echo: &Echo, plugin_type: &str, definition: Value) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        ("domain", "other.example.com".into(), json!({"host": "other.example.com", "group_id": "g1"})),
        edition("api1", "ANY", "/a", http_backend(echo.address), json!({})),
        edition("api2", "GET", "/b", http_backend(echo.address), json!({})),
        edition("api1", "ANY", "/a", http_backend(echo.address), json!({"stage": "TEST"})),
        plugin("p1", plugin_type, definition.clone()),
        binding("group", "g1", "p1"),
        (
            "plugin_binding",
            "group/g1/TEST/p1".into(),
            json!({"scope": "group", "target_id": "g1", "stage": "TEST", "plugin_id": "p1"}),
        ),
    ])
}

fn hit(answer: &Answer) -> bool {
    answer.header("X-Ca-Caching") == Some("true")
}

/// A smuggled request stands in the body of one that is answered early.
#[test]
fn r09_an_early_answer_never_lets_a_body_become_a_request() {
    let echo = Echo::start();
    let cached = gateway(&echo, "caching", json!({"duration": 60}));
    assert_eq!(cached.get("/a", &[]).status, 200);
    let limit = json!({"unit": "DAY", "apiDefault": 1});
    let limited = gateway(&echo, "trafficControl", limit);
    assert_eq!(limited.get("/a", &[]).status, 200);
    let before = echo.count();
    for (gateway, expected) in [(&cached, 200), (&limited, 429)] {
        let smuggled = format!("GET /b HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        let length = smuggled.len();
        let mut stream = connect(gateway.address());
        let head = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        assert_eq!(read_answer(&mut reader).status, expected);
        stream.write_all(smuggled.as_bytes()).ok();
        stream.write_all(format!("GET /none HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).ok();
        let next = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read_answer(&mut reader)));
        assert!(next.is_err() || matches!(next.as_ref().map(|one| one.status), Ok(0 | 404)), "{next:?}");
    }
    assert_eq!(echo.count(), before, "no backend saw a request that stood in a body");
}

#[test]
fn r12_a_stored_answer_belongs_to_its_api_stage_host_and_method() {
    let echo = Echo::start();
    let gateway = gateway(&echo, "caching", json!({"duration": 60, "varyByParameters": []}));
    assert!(!hit(&gateway.get("/a", &[])) && hit(&gateway.get("/a", &[])));
    assert!(!hit(&gateway.get("/b", &[])), "another API with the same backend path");
    assert!(!hit(&gateway.get("/a", &[("X-Ca-Stage", "TEST")])));
    assert!(!hit(&gateway.get("/a", &[("Host", "other.example.com")])));
    assert!(!hit(&gateway.send("HEAD", "/b", &[("Connection", "close")], b"")));
    assert!(!hit(&gateway.send("POST", "/a", &[], b"x")));
}

/// Parts of a key that run into each other would give one caller another's answer.
#[test]
fn r12_values_cannot_be_moved_from_one_part_of_the_key_to_another() {
    let echo = Echo::start();
    let definition = json!({"duration": 60, "varyByParameters": ["a", "b"], "varyByHeaders": ["X-One", "X-Two"]});
    let gateway = gateway(&echo, "caching", definition);
    let requests: [(&str, &[(&str, &str)]); 7] = [
        ("/a?a=1&b=2", &[]),
        ("/a?a=12&b=", &[]),
        ("/a?a=&b=12", &[]),
        ("/a?a=1b&b=2", &[]),
        ("/a?a=1&a=2", &[]),
        ("/a", &[("X-One", "12")]),
        ("/a", &[("X-One", "1"), ("X-Two", "2")]),
    ];
    for (target, headers) in requests {
        assert!(!hit(&gateway.get(target, headers)), "{target} {headers:?}");
        assert!(hit(&gateway.get(target, headers)), "{target} {headers:?}");
    }
}
