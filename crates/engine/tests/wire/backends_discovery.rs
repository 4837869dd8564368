//! Backends whose targets a registry tells. The Nacos here answers as its open API is documented; no Nacos takes part.

use crate::support::service::{answer, Service};
use crate::support::{domain, edition, group, seen_header, Echo, Gateway, DEADLINE};
use serde_json::{json, Value};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What the registry answers at present, for version 1 and 2.
#[derive(Clone, Default)]
struct Registry(Arc<Mutex<(String, String)>>);

impl Registry {
    fn say(&self, version1: String, version2: String) {
        *self.0.lock().unwrap() = (version1, version2);
    }

    fn instances(&self, hosts: Value) {
        let found = json!({"name": "DEFAULT_GROUP@@users", "hosts": hosts, "cacheMillis": 10000});
        let wrapped = json!({"code": 0, "message": "success", "data": found});
        self.say(answer(404, "", ""), answer(200, "", &wrapped.to_string()));
    }

    fn start(&self) -> Service {
        let said = self.clone();
        Service::start(move |request| {
            let said = said.0.lock().unwrap();
            let target = request["target"].as_str().unwrap();
            if target.starts_with("/nacos/v2/ns/instance/list?") {
                said.1.clone()
            } else {
                said.0.clone()
            }
        })
    }
}

fn host(address: SocketAddr, change: Value) -> Value {
    let mut body = json!({"ip": address.ip().to_string(), "port": address.port(), "weight": 1.0, "healthy": true,
        "enabled": true, "ephemeral": true, "clusterName": "DEFAULT", "metadata": {}});
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn gateway(servers: &[SocketAddr]) -> Gateway {
    let servers: Vec<_> = servers.iter().map(|server| format!("http://{server}")).collect();
    gateway_of(json!({"type": "nacos", "servers": servers, "namespace": "dev", "group": "DEFAULT_GROUP",
        "clusters": ["a", "b"], "service": "users"}))
}

fn gateway_of(registry: Value) -> Gateway {
    let target = json!({"type": "discovered", "scheme": "http", "registry": registry});
    let backend = json!({"target": target, "path": "/u", "timeout_ms": 8000});
    let records = vec![group(), domain(), edition("api1", "GET", "/v1", backend, json!({}))];
    Gateway::start_with(records, |settings| settings.discovery_interval_ms = 20)
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn requests_go_to_the_instances_of_nacos_by_weight_and_follow_them() {
    let (first, second, ill, off) = (Echo::start(), Echo::start(), Echo::start(), Echo::start());
    let registry = Registry::default();
    registry.instances(json!([
        host(first.address, json!({"weight": 0.5})),
        host(second.address, json!({"weight": 1.5})),
        host(ill.address, json!({"healthy": false})),
        host(off.address, json!({"enabled": false})),
    ]));
    let service = registry.start();
    let gateway = gateway(&[service.address]);
    for _ in 0..8 {
        let seen = gateway.get("/v1", &[]).seen();
        assert_eq!(seen["target"], "/u");
        let host = seen_header(&seen, "host").unwrap().to_owned();
        assert!([first.address.to_string(), second.address.to_string()].contains(&host));
    }
    assert_eq!((first.count(), second.count(), ill.count(), off.count()), (2, 6, 0, 0));
    let asked = service.requests()[0]["target"].as_str().unwrap().to_owned();
    assert_eq!(
        asked,
        "/nacos/v2/ns/instance/list?serviceName=users&groupName=DEFAULT_GROUP&namespaceId=dev&clusterName=a%2Cb&healthyOnly=false"
    );
    registry.instances(json!([host(off.address, json!({}))]));
    until("the instances are followed", || {
        gateway.get("/v1", &[]);
        off.count() > 0
    });
    let before = first.count() + second.count();
    (0..4).for_each(|_| assert_eq!(gateway.get("/v1", &[]).status, 200));
    assert_eq!(first.count() + second.count(), before, "those that left get nothing");
}

#[test]
fn the_last_good_answer_stays_while_the_registry_is_away() {
    let echo = Echo::start();
    let registry = Registry::default();
    registry.instances(json!([host(echo.address, json!({}))]));
    let service = registry.start();
    let gateway = gateway(&[closed(), service.address]);
    assert_eq!(gateway.get("/v1", &[]).status, 200, "the second server is asked when the first does not answer");
    for bad in [answer(500, "", "broken"), answer(200, "", "{}"), answer(200, "", "not json"), answer(403, "", "")] {
        registry.say(bad.clone(), bad);
        let asked = service.requests().len();
        until("it is asked again", || service.requests().len() > asked + 2);
        assert_eq!(gateway.get("/v1", &[]).status, 200);
    }
    registry.instances(json!([]));
    until("an empty list is an answer", || gateway.get("/v1", &[]).code() == "D503NH");
}

#[test]
fn a_registry_that_says_nothing_good_is_a_backend_that_does_not_resolve() {
    for bad in
        [answer(500, "", "broken"), answer(200, "", "[]"), answer(200, "", "{\"data\":{\"hosts\":[{\"ip\":1}]}}")]
    {
        let registry = Registry::default();
        registry.say(bad.clone(), bad.clone());
        let service = registry.start();
        let answer = gateway(&[service.address]).get("/v1", &[]);
        assert_eq!((answer.status, answer.code()), (504, "D504RE"), "{bad}");
        assert_eq!(answer.message(), "Backend domain `users` resolve failed");
    }
    assert_eq!(gateway(&[closed()]).get("/v1", &[]).code(), "D504RE");
}

#[test]
fn servers_of_before_version_2_of_the_api_are_asked_by_version_1() {
    let echo = Echo::start();
    let registry = Registry::default();
    let found = json!({"dom": "DEFAULT_GROUP@@users", "hosts": [host(echo.address, json!({}))]});
    registry.say(answer(200, "", &found.to_string()), answer(404, "", ""));
    let service = registry.start();
    assert_eq!(gateway(&[service.address]).get("/v1", &[]).status, 200);
    let asked: Vec<_> = service.requests().iter().map(|one| one["target"].as_str().unwrap().to_owned()).collect();
    assert!(asked[1].starts_with("/nacos/v1/ns/instance/list?serviceName=users&groupName=DEFAULT_GROUP"), "{asked:?}");
    assert!(asked[1].contains("&clusters=a%2Cb"), "{asked:?}");
}

/// A Nacos that wants a token, which it gives `gateway` for the right password; tokens are `t0`, `t1` and so on.
fn asking(echo: SocketAddr, valid: Arc<Mutex<usize>>) -> Service {
    let instances = json!({"code": 0, "data": {"hosts": [host(echo, json!({}))]}}).to_string();
    Service::start(move |request| {
        let current = *valid.lock().unwrap();
        if request["target"] == "/nacos/v1/auth/login" {
            let is_known = request["method"] == "POST" && request["body"] == "username=gateway&password=s3cret%26";
            let token = json!({"accessToken": format!("t{current}"), "tokenTtl": 18_000, "globalAdmin": false});
            return if is_known { answer(200, "", &token.to_string()) } else { answer(403, "", "unknown user!") };
        }
        let is_let_in = request["target"].as_str().unwrap().ends_with(&format!("&accessToken=t{current}"));
        if is_let_in {
            answer(200, "", &instances)
        } else {
            answer(403, "", "token invalid!")
        }
    })
}

fn signing_in(server: SocketAddr, credential: Value) -> Gateway {
    let file = std::env::temp_dir().join(format!("isthmus-nacos-{}-{}.json", std::process::id(), server.port()));
    std::fs::write(&file, json!({server.to_string(): credential}).to_string()).unwrap();
    let registry = json!({"type": "nacos", "servers": [format!("http://{server}")], "group": "g", "service": "users"});
    let target = json!({"type": "discovered", "scheme": "http", "registry": registry});
    let backend = json!({"target": target, "path": "/u", "timeout_ms": 8000});
    let records = vec![group(), domain(), edition("api1", "GET", "/v1", backend, json!({}))];
    let gateway = Gateway::start_with(records, |settings| {
        settings.discovery_interval_ms = 20;
        settings.nacos_credentials_file = Some(file.clone());
    });
    std::fs::remove_file(file).unwrap();
    gateway
}

#[test]
fn nacos_is_signed_in_to_and_again_when_it_does_not_take_the_token_any_more() {
    let (echo, valid) = (Echo::start(), Arc::new(Mutex::new(0)));
    let service = asking(echo.address, Arc::clone(&valid));
    let gateway = signing_in(service.address, json!({"user": "gateway", "password": "s3cret&"}));
    assert_eq!(gateway.get("/v1", &[]).status, 200);
    *valid.lock().unwrap() = 1;
    let is_login = |one: &Value| one["target"] == "/nacos/v1/auth/login";
    until("it signs in again", || service.requests().iter().filter(|one| is_login(one)).count() == 2);
    let asked = service.requests().len();
    until("with the new token it goes on", || service.requests().len() > asked + 3);
    assert_eq!(service.requests().iter().filter(|one| is_login(one)).count(), 2);
    assert_eq!(gateway.get("/v1", &[]).status, 200);
}

#[test]
fn nacos_takes_an_access_token_as_it_is_and_a_wrong_password_not_at_all() {
    let (echo, valid) = (Echo::start(), Arc::new(Mutex::new(7)));
    let service = asking(echo.address, Arc::clone(&valid));
    assert_eq!(signing_in(service.address, json!({"token": "t7"})).get("/v1", &[]).status, 200);
    let service = asking(echo.address, Arc::clone(&valid));
    let answer = signing_in(service.address, json!({"user": "gateway", "password": "wrong"})).get("/v1", &[]);
    assert_eq!((answer.status, answer.code()), (504, "D504RE"));
    let service = asking(echo.address, valid);
    assert_eq!(gateway(&[service.address]).get("/v1", &[]).code(), "D504RE", "without signing in");
}

#[test]
fn an_instance_that_fails_is_left_for_another() {
    let echo = Echo::start();
    let registry = Registry::default();
    registry.instances(json!([host(closed(), json!({})), host(echo.address, json!({}))]));
    let service = registry.start();
    let gateway = gateway(&[service.address]);
    (0..12).for_each(|_| assert_eq!(gateway.get("/v1", &[]).status, 200));
}

/// R61: a registry cannot lead the gateway to where it may not go.
#[test]
fn r61_addresses_that_a_registry_names_are_checked() {
    let registry = Registry::default();
    let service = registry.start();
    for ip in ["169.254.169.254", "0.0.0.0", "[::ffff:169.254.169.254]", "::ffff:169.254.169.254", "2852039166"] {
        registry.instances(json!([{"ip": ip, "port": 80}]));
        let answer = gateway(&[service.address]).get("/v1", &[]);
        assert_eq!(answer.status, 504, "{ip}");
        assert!(["D504IL", "D504RE"].contains(&answer.code()), "{ip}: {}", answer.code());
    }
}

#[test]
fn every_address_of_a_name_is_a_target() {
    let echo = Echo::start();
    let gateway = gateway_of(json!({"type": "dns", "name": "localhost", "port": echo.address.port()}));
    (0..4).for_each(|_| assert_eq!(gateway.get("/v1", &[]).status, 200));
    let gateway = gateway_of(json!({"type": "dns", "name": "no-such-host.invalid", "port": 80}));
    assert_eq!(gateway.get("/v1", &[]).message(), "Backend domain `no-such-host.invalid` resolve failed");
}
