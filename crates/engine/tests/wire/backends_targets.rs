//! VPC accesses with several targets: who gets requests, what happens to those that fail, and health checks.

use crate::support::service::{answer, Service};
use crate::support::tls::Authority;
use crate::support::{domain, edition, group, seen_header, tls_backend, Answer, Echo, Gateway, DEADLINE};
use serde_json::{json, Value};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Instant;

fn targets(addresses: &[SocketAddr]) -> Value {
    let target = |one: &SocketAddr| json!({"target": one.ip().to_string(), "port": one.port(), "weight": 1});
    Value::Array(addresses.iter().map(target).collect())
}

fn access(set: Value) -> (&'static str, String, Value) {
    let first = &set["targets"][0];
    let body = json!({"access_id": "a", "name": "users", "network_id": "vpc-h", "target": first["target"],
        "port": first["port"], "set": set});
    ("vpc_access", "users".to_owned(), body)
}

fn records(set: Value) -> Vec<(&'static str, String, Value)> {
    let network = ("network", "vpc-h".to_owned(), json!({"network_id": "vpc-h", "attachment": {"mode": "host"}}));
    let backend =
        json!({"target": {"type": "vpc", "access": "users", "scheme": "http"}, "path": "/", "timeout_ms": 5000});
    vec![group(), domain(), network, access(set), edition("api1", "ANY", "/v1", backend, json!({}))]
}

/// Nobody listens here.
fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

fn host(answer: &Answer) -> String {
    seen_header(&answer.seen(), "host").unwrap().to_owned()
}

/// Ends each connection once it has read a request, and counts them.
fn cutting() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            if stream.read(&mut [0; 4096]).unwrap_or(0) > 0 {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (address, seen)
}

#[test]
fn spreads_requests_by_weight_and_shows_each_target_its_own_address() {
    let (first, second) = (Echo::start(), Echo::start());
    let mut set = json!({"targets": targets(&[first.address, second.address])});
    set["targets"][1]["weight"] = json!(3);
    let mut gateway = Gateway::start(records(set.clone()));
    for _ in 0..8 {
        let host = host(&gateway.get("/v1", &[]));
        assert!([first.address.to_string(), second.address.to_string()].contains(&host), "{host}");
    }
    assert_eq!((first.count(), second.count()), (2, 6));
    assert_eq!(second.connections.load(Ordering::SeqCst), 1, "connections are kept for each target");
    set["targets"][0]["weight"] = json!(0);
    gateway.apply(vec![access(set)]);
    (0..4).for_each(|_| assert_eq!(gateway.get("/v1", &[]).status, 200));
    assert_eq!((first.count(), second.count()), (2, 10), "a weight of 0 takes a target out at once");
}

#[test]
fn keeps_a_header_value_at_one_target() {
    let (first, second) = (Echo::start(), Echo::start());
    let set = json!({"targets": targets(&[first.address, second.address]),
        "balance": {"by": "header", "name": "X-User"}});
    let gateway = Gateway::start(records(set));
    let mut seen = std::collections::BTreeSet::new();
    for user in 0..20 {
        let user = user.to_string();
        let hosts: Vec<_> = (0..3).map(|_| host(&gateway.get("/v1", &[("X-User", &user)]))).collect();
        assert!(hosts.iter().all(|host| *host == hosts[0]), "{user}: {hosts:?}");
        seen.insert(hosts[0].clone());
    }
    assert_eq!(seen.len(), 2, "different users, different targets");
}

#[test]
fn goes_on_to_another_target_when_one_cannot_be_connected_to_and_leaves_it_alone() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(json!({"targets": targets(&[closed(), echo.address])})));
    for _ in 0..12 {
        let answer = gateway.send("POST", "/v1", &[], b"body");
        assert_eq!((answer.status, answer.seen()["body"].as_str()), (200, Some("body")), "nothing was sent before");
        assert_eq!(host(&answer), echo.address.to_string());
    }
}

#[test]
fn sends_again_after_a_reset_only_what_may_be_sent_twice() {
    let ((cut, seen), echo) = (cutting(), Echo::start());
    let mut set = json!({"targets": targets(&[cut, echo.address])});
    set["targets"][0]["weight"] = json!(100);
    let gateway = Gateway::start(records(set.clone()));
    assert_eq!(gateway.get("/v1", &[]).status, 200);
    assert_eq!((seen.load(Ordering::SeqCst), echo.count()), (1, 1));
    let gateway = Gateway::start(records(set));
    let answer = gateway.send("POST", "/v1", &[], b"order");
    assert_eq!((answer.status, answer.code()), (502, "N502RE"), "an order is not placed twice");
    assert_eq!((seen.load(Ordering::SeqCst), echo.count()), (2, 1));
}

#[test]
fn tries_again_only_for_a_share_of_all_requests() {
    let ((cut, seen), (other, also_seen)) = (cutting(), cutting());
    let gateway = Gateway::start(records(json!({"targets": targets(&[cut, other])})));
    for _ in 0..60 {
        assert_eq!(gateway.get("/v1", &[]).code(), "N502RE");
    }
    let sent = seen.load(Ordering::SeqCst) + also_seen.load(Ordering::SeqCst);
    assert!((60..=60 + 10 + 12).contains(&sent), "60 requests were sent {sent} times");
}

#[test]
fn refuses_at_once_while_no_target_is_well_when_asked_to() {
    let all = targets(&[closed(), closed()]);
    let mut gateway = Gateway::start(records(json!({"targets": all, "when_all_down": "refuse"})));
    until("both are left alone after they failed", || gateway.get("/v1", &[]).code() == "D503NH");
    let answer = gateway.get("/v1", &[]);
    assert_eq!((answer.status, answer.message()), (503, "Backend has no healthy target"));
    gateway.apply(vec![access(json!({"targets": all}))]);
    let answer = gateway.get("/v1", &[]);
    assert_eq!((answer.status, answer.code()), (504, "D504CO"), "without the wish, requests go on");
}

#[test]
fn takes_a_target_out_that_fails_its_check_and_back_in_when_it_passes() {
    let well = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&well);
    let service = Service::start(move |request| {
        if request["target"] == "/health?x=1" && !told.load(Ordering::SeqCst) {
            return answer(503, "", "");
        }
        answer(200, "", "service")
    });
    let echo = Echo::start();
    let set = json!({"targets": targets(&[service.address, echo.address]), "check": {"kind": "http",
        "path": "/health?x=1", "statuses": [200, 299], "interval_ms": 20, "timeout_ms": 1000, "unhealthy_after": 2, "healthy_after": 2}});
    let gateway = Gateway::start(records(set));
    let answers = |count| (0..count).filter(|_| gateway.get("/v1", &[]).text() == "service").count();
    until("it is asked", || service.requests().iter().any(|one| one["target"] == "/health?x=1"));
    let asked = service.requests().into_iter().find(|one| one["target"] == "/health?x=1").unwrap();
    assert_eq!(seen_header(&asked, "host"), Some(service.address.to_string().as_str()));
    assert_eq!(answers(4), 2);
    well.store(false, Ordering::SeqCst);
    until("it gets no requests any more", || answers(4) == 0);
    well.store(true, Ordering::SeqCst);
    until("it gets requests again", || answers(4) == 2);
}

#[test]
fn checks_a_port_that_nobody_listens_on_and_one_behind_tls() {
    let pair = Authority::new("Stranger").issue("127.0.0.1");
    let secure = tls_backend::start(&pair, None);
    let set = json!({"targets": targets(&[secure, closed()]), "when_all_down": "refuse", "check": {"kind": "https",
        "interval_ms": 20, "timeout_ms": 1000, "unhealthy_after": 1, "healthy_after": 1}});
    let mut records = records(set);
    records[4].2["backend"]["target"]["scheme"] = json!("https");
    records[3].2["verify_tls"] = json!(false);
    let mut gateway = Gateway::start(records.clone());
    until("the closed port is out", || (0..4).all(|_| gateway.get("/v1", &[]).status == 200));
    // The same certificate, now to be verified: nobody vouches for it.
    records[3].2["verify_tls"] = json!(true);
    gateway.apply(vec![records[3].clone()]);
    until("a bad certificate is not well", || gateway.get("/v1", &[]).code() == "D503NH");
    records[3].2["set"]["check"]["kind"] = json!("tcp");
    records[3].2["verify_tls"] = json!(false);
    gateway.apply(vec![records[3].clone()]);
    until("a port that listens is", || gateway.get("/v1", &[]).status == 200);
}

#[test]
fn refuses_a_set_that_makes_no_sense_and_goes_on() {
    let echo = Echo::start();
    let good = json!({"targets": targets(&[echo.address])});
    let mut gateway = Gateway::start(records(good.clone()));
    let with = |field: &str, value: Value| {
        let mut set = good.clone();
        set[field] = value;
        set
    };
    let check = json!({"kind": "http", "interval_ms": 1, "timeout_ms": 1, "unhealthy_after": 0, "healthy_after": 1});
    for bad in [
        json!({"targets": []}),
        json!({}),
        json!({"targets": [{"target": "127.0.0.1", "port": 0, "weight": 1}]}),
        json!({"targets": [{"target": "127.0.0.1", "port": 1, "weight": 0}]}),
        json!({"targets": [{"target": "127.0.0.1", "port": 1, "weight": 101}]}),
        json!({"targets": [{"target": "", "port": 1, "weight": 1}]}),
        with("balance", json!({"by": "luck"})),
        with("balance", json!({"by": "header", "name": ""})),
        with("check", check),
        with(
            "check",
            json!({"kind": "http", "path": "x y", "interval_ms": 100, "timeout_ms": 100, "unhealthy_after": 1, "healthy_after": 1}),
        ),
        json!({"targets": vec![good["targets"][0].clone(); 257]}),
    ] {
        let mut record = access(good.clone());
        record.2["set"] = bad.clone();
        let applied = gateway.apply(vec![record]);
        assert_eq!(applied.refused.len(), 1, "{bad}");
        assert_eq!(gateway.get("/v1", &[]).status, 200, "what was served stays: {bad}");
    }
}
