//! `circuitBreaker`: each field, through a real socket.

use crate::support::docs::{example, example_at};
use crate::support::plugins::{binding, plugin};
use crate::support::service::{answer, Service};
use crate::support::{domain, edition, group, http_backend, Echo, Gateway};
use serde_json::{json, Value};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::time::{Duration, Instant};

fn gateway(backend: SocketAddr, definition: Value) -> Gateway {
    let mut backend = http_backend(backend);
    backend["timeout_ms"] = json!(200);
    let mut gateway = Gateway::start(vec![group(), domain(), edition("api1", "GET", "/a", backend, json!({}))]);
    gateway.apply(vec![plugin("p1", "circuitBreaker", definition), binding("api", "api1", "p1")]);
    gateway
}

/// A port on which nobody answers.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn by_status(threshold: u32) -> Value {
    json!({"errorThreshold": threshold, "errorCondition": "$StatusCode == 503", "windowInSeconds": 30,
        "openTimeoutSeconds": 15})
}

#[test]
fn timeouts_of_the_documented_example_lead_to_the_downgrade_backend() {
    let gateway = gateway(nobody(), example("circuitBreaker"));
    for _ in 0..15 {
        assert_eq!(gateway.get("/a", &[]).code(), "D504CO");
    }
    let instead = gateway.get("/a", &[]);
    assert_eq!((instead.status, instead.text().as_str(), instead.code()), (403, "temporarily closed", ""));
}

#[test]
fn a_backend_that_does_not_answer_in_time_opens_it() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let definition = json!({"timeoutThreshold": 2, "windowsInSeconds": "30", "openTimeoutSeconds": "15"});
    let gateway = gateway(silent.local_addr().unwrap(), definition);
    assert_eq!(gateway.get("/a", &[]).code(), "D504TO");
    assert_eq!(gateway.get("/a", &[]).code(), "D504TO");
    let refused = gateway.get("/a", &[]);
    assert_eq!((refused.status, refused.code(), refused.message()), (503, "D503CB", "Backend circuit breaker open"));
}

#[test]
fn answers_of_a_status_open_it_and_others_do_not() {
    let status = Arc::new(AtomicU16::new(500));
    let now = Arc::clone(&status);
    let service = Service::start(move |_| answer(now.load(Ordering::SeqCst), "", ""));
    let mut gateway = gateway(service.address, by_status(3));
    for _ in 0..5 {
        assert_eq!(gateway.get("/a", &[]).status, 500);
    }
    status.store(503, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!((gateway.get("/a", &[]).status, gateway.get("/other", &[]).code()), (503, "I404NF"));
    }
    assert_eq!(gateway.get("/a", &[]).code(), "D503CB");
    gateway.apply(vec![plugin("p1", "circuitBreaker", by_status(5))]);
    assert_eq!(gateway.get("/a", &[]).code(), "D503CB", "a changed definition does not close it");
    let mut backend = http_backend(service.address);
    backend["timeout_ms"] = json!(200);
    gateway.apply(vec![edition("api1", "GET", "/a", backend, json!({}))]);
    assert_eq!(gateway.get("/a", &[]).status, 503, "publishing closes it");
    assert_eq!(service.requests().len(), 9);
}

#[test]
fn slow_answers_open_it() {
    let service = Service::start(|_| {
        std::thread::park_timeout(Duration::from_millis(20));
        answer(200, "", "slow")
    });
    let mut definition = example_at("circuitBreaker", 1);
    definition["errorThreshold"] = json!(2);
    let mut gateway = gateway(service.address, definition.clone());
    assert_eq!((0..4).filter(|_| gateway.get("/a", &[]).status == 200).count(), 4);
    definition["errorCondition"] = json!("$LatencyMilliSeconds > 15 and $LatencySeconds < 5");
    gateway.apply(vec![plugin("p1", "circuitBreaker", definition)]);
    assert_eq!((0..4).filter(|_| gateway.get("/a", &[]).status == 200).count(), 2);
}

#[test]
fn after_its_time_one_request_tries_and_others_are_told_so() {
    let (release, released) = mpsc::channel::<u16>();
    let released = Mutex::new(released);
    let statuses = Mutex::new(vec![503, 503]);
    let asked = Arc::new(AtomicU16::new(0));
    let counted = Arc::clone(&asked);
    let service = Service::start(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let first = statuses.lock().unwrap().pop();
        let status = first.unwrap_or_else(|| released.lock().unwrap().recv_timeout(crate::support::DEADLINE).unwrap());
        answer(status, "", "")
    });
    let mut backend = http_backend(service.address);
    backend["timeout_ms"] = json!(10_000);
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "GET", "/a", backend, json!({})),
        plugin("p1", "circuitBreaker", by_status(2)),
        binding("api", "api1", "p1"),
    ]);
    (0..2).for_each(|_| assert_eq!(gateway.get("/a", &[]).status, 503));
    let opened = Instant::now();
    std::thread::scope(|scope| {
        let trying = scope.spawn(|| loop {
            let answer = gateway.get("/a", &[]);
            if answer.code() != "D503CB" {
                return answer;
            }
            assert!(opened.elapsed() < Duration::from_secs(25), "it must be tried after 15 seconds");
            std::thread::park_timeout(Duration::from_millis(50));
        });
        while asked.load(Ordering::SeqCst) < 3 {
            assert!(opened.elapsed() < Duration::from_secs(25));
            std::thread::park_timeout(Duration::from_millis(50));
        }
        assert!(opened.elapsed() >= Duration::from_secs(14), "open for its time");
        let busy = gateway.get("/a", &[]);
        assert_eq!((busy.status, busy.code(), busy.message()), (503, "D503BB", "Backend circuit breaker busy"));
        release.send(200).unwrap();
        let tried = trying.join().unwrap();
        assert_eq!(tried.status, 200);
    });
    release.send(200).unwrap();
    assert_eq!(gateway.get("/a", &[]).status, 200, "closed again");
}

#[test]
fn without_a_plug_in_a_few_failures_open_nothing() {
    let echo = Echo::start();
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "GET", "/a", http_backend(nobody()), json!({})),
        edition("api2", "GET", "/b", http_backend(echo.address), json!({})),
    ]);
    for _ in 0..30 {
        assert_eq!(gateway.get("/a", &[]).code(), "D504CO");
    }
    assert_eq!(gateway.get("/b", &[]).status, 200);
}

#[test]
fn a_thousand_failures_open_the_breaker_of_every_api() {
    let gateway =
        Gateway::start(vec![group(), domain(), edition("api1", "GET", "/a", http_backend(nobody()), json!({}))]);
    let codes: Vec<String> = (0..1001).map(|_| gateway.get("/a", &[]).code().to_owned()).collect();
    assert!(codes[..1000].iter().all(|code| code == "D504CO"));
    assert_eq!(codes[1000], "D503CB");
}

#[test]
fn definitions_that_make_no_sense_are_refused_with_every_field() {
    let decode = |body| {
        let problems = isthmus_plan::Definition::decode(isthmus_plan::PluginType::CircuitBreaker, body).unwrap_err();
        problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
    };
    let body = json!({"timeoutThreshold": 1, "errorThreshold": 1, "windowInSeconds": 9, "openTimeoutSeconds": 301,
        "downgradeBackend": {"type": "HTTP", "address": "nowhere", "path": "x", "statusCode": 99}});
    let downgrade = ["downgradeBackend.address", "downgradeBackend.path", "downgradeBackend.statusCode"];
    assert_eq!(decode(body), [&["timeoutThreshold", "windowInSeconds", "openTimeoutSeconds"][..], &downgrade].concat());
    let body = json!({"errorThreshold": 5001, "errorCondition": "$Status == 503", "windowInSeconds": 10,
        "openTimeoutSeconds": 15});
    assert_eq!(decode(body), ["errorThreshold", "errorCondition"]);
}
