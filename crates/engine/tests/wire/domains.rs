//! Domains: which group and stage a host leads to, which certificate a client gets, who may come in, and how often.

use crate::support::tls::{certificate, Authority, Client};
use crate::support::{domain, edition, group, http_backend, seen_header, Echo, Gateway, HOST};
use serde_json::{json, Value};

type Records = Vec<(&'static str, String, Value)>;

fn records(echo: &Echo) -> Records {
    vec![group(), domain(), edition("api1", "GET", "/nginx", http_backend(echo.address), json!({}))]
}

fn bound(host: &str, change: Value) -> (&'static str, String, Value) {
    let mut body = json!({"host": host, "group_id": "g1"});
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    ("domain", host.to_owned(), body)
}

fn instance(change: Value) -> (&'static str, String, Value) {
    let mut body = json!({"instance_id": "api-shared-vpc-001"});
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    ("instance", "api-shared-vpc-001".to_owned(), body)
}

fn with_https(records: Records) -> Gateway {
    Gateway::start_with(records, |settings| settings.https = Some("127.0.0.1:0".parse().unwrap()))
}

#[test]
fn gives_each_name_its_own_certificate_and_others_the_default_one() {
    let (echo, authority) = (Echo::start(), Authority::new("root"));
    let mut records = records(&echo);
    records.push(bound("*.wild.example.com", json!({})));
    records.push(certificate("c1", HOST, &authority.issue(HOST)));
    records.push(certificate("c2", "*.wild.example.com", &authority.issue("*.wild.example.com")));
    records.push(certificate("default", "*.isthmus.localhost", &authority.issue("fallback.example.com")));
    let gateway = with_https(records);
    let (engine, client) = (gateway.engine.as_ref().unwrap(), Client::new(&authority));
    for host in [HOST, "API.example.com", "a.wild.example.com", "b.wild.example.com"] {
        assert_eq!(client.open(engine, host).unwrap().get(host, "/nginx").status, 200, "{host}");
    }
    let error = client.open(engine, "two.levels.wild.example.com").err().unwrap().to_string();
    assert!(error.contains("fallback.example.com"), "{error}");
    assert_eq!(client.open_unnamed(engine, "fallback.example.com").unwrap().get(HOST, "/nginx").status, 200);
}

#[test]
fn gives_clients_without_a_name_the_groups_default_domain() {
    let (echo, authority) = (Echo::start(), Authority::new("root"));
    let mut records = records(&echo);
    records[0].2["default_domain"] = json!(HOST);
    records.push(certificate("c1", HOST, &authority.issue(HOST)));
    records.push(certificate("default", "*.isthmus.localhost", &authority.issue("fallback.example.com")));
    let mut gateway = with_https(records);
    let client = Client::new(&authority);
    assert!(client.open_unnamed(gateway.engine.as_ref().unwrap(), HOST).is_ok());
    gateway.apply(vec![group()]);
    assert!(client.open_unnamed(gateway.engine.as_ref().unwrap(), "fallback.example.com").is_ok());
}

#[test]
fn asks_callers_for_a_certificate_and_hands_their_name_on() {
    let (echo, authority, clients) = (Echo::start(), Authority::new("root"), Authority::new("clients"));
    let mut records = records(&echo);
    records.push(bound("mutual.example.com", json!({"client_certificate": "c1"})));
    let mut own = certificate("c1", "mutual.example.com", &authority.issue("mutual.example.com"));
    own.2["client"] = json!({"roots_pem": clients.pem(), "depth": 1, "subject_passed": true});
    records.push(own);
    records.push(certificate("c2", HOST, &authority.issue(HOST)));
    let gateway = with_https(records);
    let engine = gateway.engine.as_ref().unwrap();
    let (alice, stranger) = (clients.issue("alice"), authority.issue("alice"));
    let deep = clients.issue_through("between", "alice");
    let call = |client: &Client<'_>| {
        let session = client.open(engine, "mutual.example.com");
        session.and_then(|mut session| session.try_get("mutual.example.com", "/nginx"))
    };
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        for pair in [&alice, &deep] {
            let known = Client { shown: Some(pair), versions, ..Client::new(&authority) };
            let answer = call(&known).unwrap();
            assert_eq!((answer.status, answer.code()), (200, ""));
            assert_eq!(seen_header(&answer.seen(), "x-client-s-dn"), Some("O=Example,CN=alice"));
        }
        assert!(call(&Client { versions, ..Client::new(&authority) }).is_err(), "no certificate");
        let unknown = Client { shown: Some(&stranger), versions, ..Client::new(&authority) };
        assert!(call(&unknown).is_err(), "another authority's certificate");
    }
    let plain = gateway.get("/nginx", &[("Host", "mutual.example.com")]);
    assert_eq!((plain.status, plain.code(), plain.message()), (403, "I403PT", "Invalid protocol HTTP unsupported"));
    let mut around = Client::new(&authority).open(engine, HOST).unwrap();
    let answer = around.get("mutual.example.com", "/nginx");
    assert_eq!((answer.status, answer.code()), (421, "I421MD"), "by a connection for another name");
    let answer = around.get(HOST, "/nginx");
    assert_eq!(answer.status, 200);
    assert_eq!(seen_header(&answer.seen(), "x-client-s-dn"), None, "what a client says of itself is dropped");
}

#[test]
fn lets_no_more_certificates_between_a_callers_and_an_authoritys_than_the_depth_says() {
    let (echo, authority, clients) = (Echo::start(), Authority::new("root"), Authority::new("clients"));
    let mut records = records(&echo);
    records[1].2["client_certificate"] = json!("c1");
    let mut own = certificate("c1", HOST, &authority.issue(HOST));
    own.2["client"] = json!({"roots_pem": clients.pem(), "depth": 0});
    records.push(own);
    let gateway = with_https(records);
    let call = |pair| {
        let client = Client { shown: Some(pair), ..Client::new(&authority) };
        client.open(gateway.engine.as_ref().unwrap(), HOST).and_then(|mut session| session.try_get(HOST, "/nginx"))
    };
    let (near, far) = (clients.issue("alice"), clients.issue_through("between", "alice"));
    assert_eq!(call(&near).unwrap().status, 200);
    assert!(call(&far).is_err());
}

#[test]
fn speaks_no_tls_older_than_the_instance_says() {
    let (echo, authority) = (Echo::start(), Authority::new("root"));
    let mut records = records(&echo);
    records.push(certificate("c1", HOST, &authority.issue(HOST)));
    let mut gateway = with_https(records);
    let old = Client { versions: &[&rustls::version::TLS12], ..Client::new(&authority) };
    assert!(old.open(gateway.engine.as_ref().unwrap(), HOST).is_ok());
    gateway.apply(vec![instance(json!({"oldest_tls": "1.3"}))]);
    let engine = gateway.engine.as_ref().unwrap();
    assert!(old.open(engine, HOST).is_err());
    assert_eq!(Client::new(&authority).open(engine, HOST).unwrap().get(HOST, "/nginx").status, 200);
}

#[test]
fn sends_calls_from_http_to_https_with_their_method_and_target() {
    let echo = Echo::start();
    let mut records = records(&echo);
    records.push(bound("safe.example.com", json!({"https_redirect": true})));
    let gateway = with_https(records);
    let answer = gateway.get("/any/path?a=1", &[("Host", "safe.example.com")]);
    assert_eq!((answer.status, answer.header("Location")), (301, Some("https://safe.example.com/any/path?a=1")));
    let port = gateway.engine.as_ref().unwrap().addresses.https.unwrap().port();
    let answer = gateway.send("POST", "/nginx", &[("Host", "safe.example.com:8080")], b"x");
    let location = format!("https://safe.example.com:{port}/nginx");
    assert_eq!((answer.status, answer.header("Location")), (308, Some(location.as_str())));
    assert_eq!(echo.count(), 0);
}

#[test]
fn keeps_named_parts_of_a_host_for_plug_ins() {
    let echo = Echo::start();
    let mut records = records(&echo);
    let patterns = json!({"patterns": ["{svc}-{env}.wild.example.com", "{svc}.wild.example.com"]});
    records.push(bound("*.wild.example.com", patterns));
    let definition = json!({
        "parameters": {"svc": "Host:svc", "env": "Host:env"},
        "rules": [{"name": "one", "condition": "$svc = 'shop' and $env = 'test'", "ifTrue": "ALLOW", "ifFalse": "DENY"}],
    });
    let plugin = json!({"plugin_id": "p1", "name": "by_host", "type": "accessControl", "definition": definition});
    records.push(("plugin", "p1".into(), plugin));
    let binding = json!({"scope": "api", "target_id": "api1", "stage": "RELEASE", "plugin_id": "p1"});
    records.push(("plugin_binding", "api/api1/RELEASE/p1".into(), binding));
    let gateway = Gateway::start(records);
    for (host, code) in [
        ("shop-test.wild.example.com", ""),
        ("SHOP-test.wild.example.com", ""),
        ("shop-live.wild.example.com", "A403AC"),
        ("shop.wild.example.com", "A403AC"),
    ] {
        assert_eq!(gateway.get("/nginx", &[("Host", host)]).code(), code, "{host}");
    }
}

#[test]
fn lets_in_whom_the_instances_access_lists_allow() {
    let echo = Echo::start();
    let mut gateway = Gateway::start(records(&echo));
    let mut code = |access: Value| {
        gateway.apply(vec![instance(json!({"access": access}))]);
        let answer = gateway.get("/nginx", &[]);
        (answer.status, answer.code().to_owned(), answer.message().to_owned())
    };
    let list = |version: &str, mode: &str, blocks: Value| json!({"version": version, "mode": mode, "blocks": blocks});
    let refused = (403, "A403IP".to_owned(), "Access denied by IP Control Policy".to_owned());
    let passed = (200, String::new(), String::new());
    assert_eq!(code(json!([list("ipv4", "black", json!(["127.0.0.0/8"]))])), refused);
    assert_eq!(code(json!([list("ipv4", "black", json!(["10.0.0.0/8"]))])), passed);
    assert_eq!(code(json!([list("ipv4", "white", json!(["10.0.0.1", "192.0.2.0/24"]))])), refused);
    assert_eq!(code(json!([list("ipv4", "white", json!(["127.0.0.1"]))])), passed);
    assert_eq!(code(json!([list("ipv4", "white", json!([]))])), passed, "an empty list is not in force");
    assert_eq!(code(json!([list("ipv6", "white", json!(["2001:db8::/32"]))])), passed, "it binds IPv6 alone");
    let both = json!([list("ipv6", "white", json!(["::1"])), list("ipv4", "black", json!(["127.0.0.1"]))]);
    assert_eq!(code(both), refused);
    let answer = gateway.apply(vec![instance(json!({"access": [list("ipv4", "white", json!(["::1"]))]}))]);
    assert!(answer.refused[0].reason.contains("access[0].blocks[0]"), "{answer:?}");
}

#[test]
fn limits_the_calls_a_second_of_a_group_and_of_its_instance() {
    let echo = Echo::start();
    let mut gateway = Gateway::start_with(records(&echo), |settings| settings.threads = 2);
    let seen = |gateway: &Gateway| -> std::collections::BTreeSet<(u16, String, String)> {
        let answers = (0..40).map(|_| gateway.get("/nginx", &[]));
        answers.map(|answer| (answer.status, answer.code().to_owned(), answer.message().to_owned())).collect()
    };
    let refused = |code: &str, message: &str| (429, code.to_owned(), message.to_owned());
    let passed = (200, String::new(), String::new());
    let (kind, key, mut body) = group();
    body["requests_per_second"] = json!(2);
    gateway.apply(vec![(kind, key, body)]);
    let answers = seen(&gateway);
    assert_eq!(answers, [passed.clone(), refused("T429GR", "Throttled by GROUP Flow Control")].into());
    gateway.apply(vec![group(), instance(json!({"requests_per_second": 2}))]);
    let answers = seen(&gateway);
    assert_eq!(answers, [passed, refused("T429IN", "Throttled by INSTANCE Flow Control")].into());
}

#[test]
fn counts_a_days_calls_on_an_automatic_domain_across_a_restart() {
    let echo = Echo::start();
    let state = std::env::temp_dir().join(format!("isthmus-day-counts-{}", std::process::id()));
    std::fs::create_dir_all(&state).unwrap();
    let start = || {
        let mut records = records(&echo);
        records[1].2["automatic"] = json!(true);
        Gateway::start_with(records, |settings| {
            settings.automatic_domain_quota = 2;
            settings.state = state.clone();
            settings.state_key = "0".repeat(64);
            // Nobody is there: the records come from the test.
            settings.feed = serde_json::from_value(json!({"url": "http://127.0.0.1:1", "token": "t"})).ok();
        })
    };
    let first = start();
    assert_eq!([first.get("/nginx", &[]).code(), first.get("/nginx", &[]).code()], ["", ""]);
    assert_eq!(first.get("/nginx", &[]).code(), "T429ID");
    drop(first);
    assert_eq!(start().get("/nginx", &[]).code(), "T429ID");
    std::fs::remove_dir_all(&state).unwrap();
}

#[test]
fn an_engine_of_one_instance_serves_its_groups_and_those_that_left_a_while_ago() {
    let backend = Echo::start();
    let api = edition("api1", "GET", "/web", http_backend(backend.address), json!({}));
    let moved = |change: Value| {
        let (kind, key, mut body) = group();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        (kind, key, body)
    };
    let other = moved(json!({"instance_id": "other"}));
    let mut gateway =
        Gateway::start_with(vec![other, domain(), api], |settings| settings.instance = Some("own".to_owned()));
    let answer = gateway.get("/web", &[]);
    assert_eq!((answer.status, answer.code()), (404, "I404DO"), "the group of another instance");
    gateway.apply(vec![moved(json!({"instance_id": "own"}))]);
    assert_eq!(gateway.get("/web", &[]).status, 200);
    let left = |until: u64| json!({"instance_id": "other", "leaving": {"instance_id": "own", "until": until}});
    gateway.apply(vec![moved(left(u64::MAX))]);
    assert_eq!(gateway.get("/web", &[]).status, 200, "callers may still come here");
    gateway.apply(vec![moved(left(1))]);
    assert_eq!(gateway.get("/web", &[]).code(), "I404DO", "the while is over");
}
