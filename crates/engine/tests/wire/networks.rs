//! Ways into private networks: through bastions, from a source address, and what the address policy keeps out.

use crate::support::bastion::{Bastion, Manner};
use crate::support::{domain, edition, group, seen_header, Echo, Gateway};
use serde_json::{json, Value};
use std::sync::atomic::Ordering;

fn network(attachment: Value) -> (&'static str, String, Value) {
    let body = json!({"network_id": "vpc-p", "attachment": attachment, "cidrs": ["10.0.0.0/24"],
        "instances": {"i-web": "10.0.0.11"}});
    ("network", "vpc-p".to_owned(), body)
}

fn access(target: &str, port: u16) -> (&'static str, String, Value) {
    let body = json!({"access_id": "a", "name": "web", "network_id": "vpc-p", "target": target, "port": port});
    ("vpc_access", "web".to_owned(), body)
}

fn gateway(attachment: Value) -> Gateway {
    let backend =
        json!({"target": {"type": "vpc", "access": "web", "scheme": "http"}, "path": "/", "timeout_ms": 5000});
    let api = edition("api1", "ANY", "/web", backend, json!({}));
    Gateway::start(vec![group(), domain(), network(attachment), access("i-web", 80), api])
}

fn bastion(mode: &str, bastion: &Bastion) -> Value {
    json!({"mode": mode, "host": "localhost", "port": bastion.address.port()})
}

fn with_login(mut attachment: Value, password: &str) -> Value {
    attachment["user"] = json!("gateway");
    attachment["password"] = json!(password);
    attachment
}

#[test]
fn reaches_an_instance_through_each_kind_of_bastion_and_keeps_the_connection() {
    for mode in ["socks5", "http_connect"] {
        let echo = Echo::start();
        let server = Bastion::start(echo.address, Manner::Usual);
        let gateway = gateway(bastion(mode, &server));
        for _ in 0..3 {
            let seen = gateway.send("POST", "/web", &[], b"hello").seen();
            assert_eq!(
                (seen["body"].as_str(), seen_header(&seen, "host")),
                (Some("hello"), Some("10.0.0.11")),
                "{mode}"
            );
        }
        assert_eq!(server.asked(), ["10.0.0.11:80"], "{mode}");
        assert_eq!(echo.connections.load(Ordering::SeqCst), 1, "{mode}");
    }
}

#[test]
fn signs_in_at_a_bastion() {
    for (mode, expected) in
        [("socks5", "gateway:hunter2@10.0.0.11:80"), ("http_connect", "Z2F0ZXdheTpodW50ZXIy@10.0.0.11:80")]
    {
        let echo = Echo::start();
        let server = Bastion::start(echo.address, Manner::Usual);
        let gateway = gateway(with_login(bastion(mode, &server), "hunter2"));
        assert_eq!(gateway.get("/web", &[]).status, 200, "{mode}");
        assert_eq!(server.asked(), [expected]);
    }
}

#[test]
fn tells_a_bastion_that_does_not_let_it_in_from_one_that_cannot_connect() {
    let echo = Echo::start();
    let usual = Bastion::start(echo.address, Manner::Usual);
    let forbids = Bastion::start(echo.address, Manner::Forbids);
    let babbles = Bastion::start(echo.address, Manner::Babbles);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let broken = Bastion::start(nobody, Manner::Usual);
    for (attachment, code) in [
        (with_login(bastion("socks5", &usual), "wrong"), "X504VE"),
        (bastion("socks5", &forbids), "X504VE"),
        (bastion("http_connect", &forbids), "X504VE"),
        (bastion("socks5", &babbles), "X504VE"),
        (bastion("http_connect", &babbles), "X504VE"),
        (json!({"mode": "socks5", "host": "127.0.0.1", "port": nobody.port()}), "X504VE"),
        (bastion("socks5", &broken), "X504VE"),
    ] {
        let answer = gateway(attachment.clone()).get("/web", &[]);
        assert_eq!((answer.status, answer.code()), (504, code), "{attachment}");
    }
    assert_eq!(echo.count(), 0);
}

#[test]
fn speaks_step_by_step_with_a_bastion_that_dislikes_one_flight() {
    let echo = Echo::start();
    let server = Bastion::start(echo.address, Manner::Strict);
    let gateway = gateway(with_login(bastion("socks5", &server), "hunter2"));
    assert_eq!(gateway.get("/web", &[]).status, 200);
    assert_eq!(server.asked(), ["gateway:hunter2@10.0.0.11:80"]);
}

#[test]
fn never_asks_a_bastion_for_an_address_that_is_no_backend() {
    let echo = Echo::start();
    let server = Bastion::start(echo.address, Manner::Usual);
    let mut gateway = gateway(bastion("socks5", &server));
    for target in ["169.254.169.254", "127.0.0.1", "0.0.0.0", "10.1.0.11", "::ffff:169.254.169.254", "127.1", "shop"] {
        gateway.apply(vec![access(target, 80)]);
        let answer = gateway.get("/web", &[]);
        assert_eq!((answer.status, answer.code()), (504, "X504VE"), "{target}");
    }
    assert_eq!(server.asked(), [] as [String; 0]);
}

#[test]
fn a_special_address_is_reached_only_where_the_network_names_it() {
    let echo = Echo::start();
    let server = Bastion::start(echo.address, Manner::Usual);
    let mut gateway = gateway(bastion("http_connect", &server));
    gateway.apply(vec![access("169.254.7.7", 80)]);
    assert_eq!(gateway.get("/web", &[]).code(), "X504VE");
    let (kind, key, mut body) = network(bastion("http_connect", &server));
    body["special_addresses"] = json!(["169.254.7.7"]);
    gateway.apply(vec![(kind, key, body)]);
    assert_eq!(gateway.get("/web", &[]).status, 200);
    assert_eq!(server.asked(), ["169.254.7.7:80"]);
}

#[test]
fn a_changed_inventory_takes_effect_on_the_next_request() {
    let (old, new) = (Echo::start(), Echo::start());
    let (before, after) = (Bastion::start(old.address, Manner::Usual), Bastion::start(new.address, Manner::Usual));
    let mut gateway = gateway(bastion("socks5", &before));
    assert_eq!(gateway.get("/web", &[]).status, 200);
    let (kind, key, mut body) = network(bastion("socks5", &after));
    body["instances"] = json!({"i-web": "10.0.0.12"});
    gateway.apply(vec![(kind, key, body)]);
    assert_eq!(gateway.get("/web", &[]).status, 200);
    assert_eq!((before.asked(), after.asked()), (vec!["10.0.0.11:80".to_owned()], vec!["10.0.0.12:80".to_owned()]));
}

#[test]
fn leaves_from_the_source_address_of_the_network() {
    let echo = Echo::start();
    let body = |source: &str| {
        let attachment = json!({"mode": "host", "source": source, "device": "lo"});
        ("network", "vpc-p".to_owned(), json!({"network_id": "vpc-p", "attachment": attachment}))
    };
    let mut gateway = gateway(json!({"mode": "host"}));
    gateway.apply(vec![body("127.0.0.77"), access("127.0.0.1", echo.address.port())]);
    assert_eq!(gateway.get("/web", &[]).seen()["peer"], "127.0.0.77");
    gateway.apply(vec![body("192.0.2.1")]);
    let answer = gateway.get("/web", &[]);
    assert_eq!((answer.code(), answer.message()), ("D504CO", "Backend service connect failed `no connection`"));
}

#[test]
fn a_name_that_leads_out_of_the_networks_ranges_is_not_followed() {
    let echo = Echo::start();
    let body = |cidr: &str| {
        let attachment = json!({"mode": "host"});
        let body = json!({"network_id": "vpc-p", "attachment": attachment, "cidrs": [cidr]});
        ("network", "vpc-p".to_owned(), body)
    };
    let mut gateway = gateway(json!({"mode": "host"}));
    // What a name leads to is looked up at each connection, so this is also a name that was good when it was authorised.
    gateway.apply(vec![body("127.0.0.0/8"), access("localhost", echo.address.port())]);
    assert_eq!(gateway.get("/web", &[]).status, 200);
    gateway.apply(vec![body("10.0.0.0/24")]);
    let answer = gateway.get("/web", &[]);
    assert_eq!((answer.status, answer.code()), (504, "X504VE"));
    assert_eq!(echo.count(), 1);
}
