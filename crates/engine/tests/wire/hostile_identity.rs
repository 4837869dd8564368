//! Attacks on identity, one test for each class, by the number it has in the project's list of gateway vulnerabilities.

use crate::support::plugins::{binding, plugin};
use crate::support::rsa_tokens::{CONFUSED, MODULUS, RS256};
use crate::support::service::{answer, Service};
use crate::support::tokens::{encode, now, Signer};
use crate::support::{app, app_auth, domain, edition, grant, group, http_backend, seen_header, Answer, Echo, Gateway};
use crate::support::{APP_CODE, APP_KEY, APP_SECRET};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use ring::hmac;
use serde_json::{json, Value};

const TYPES: [&str; 3] = ["jwtAuth", "basicAuth", "remoteAuth"];

/// `/secret/[id]` needs a token of the signer, `/open/*` nothing, `/signed` an app.
fn gateway(echo: &Echo, jwk: Value) -> Gateway {
    let definition = json!({"parameter": "X-Token", "parameterLocation": "header", "jwk": jwk,
        "claimParameters": [{"claimName": "sub", "parameterName": "X-User-Id", "location": "header"}]});
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api3"),
        edition("api1", "ANY", "/secret/[id]", http_backend(echo.address), json!({})),
        edition("api2", "ANY", "/open/*", http_backend(echo.address), json!({})),
        edition("api3", "ANY", "/signed", http_backend(echo.address), json!({"auth": app_auth()})),
        plugin("p1", "jwtAuth", definition),
        binding("api", "api1", "p1"),
    ])
}

fn with(gateway: &Gateway, token: &str) -> Answer {
    gateway.get("/secret/1", &[("X-Token", token)])
}

fn code() -> String {
    format!("APPCODE {APP_CODE}")
}

#[test]
fn r36_no_spelling_of_a_path_passes_its_token_check() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    let (mut spellings, separators) =
        (Vec::new(), ["/", "//", "/./", "/%2f", "%2F", "/%2e/", "/x/../", "/;/", "\\", "%5c", "/.;/"]);
    for first in [
        "/secret",
        "/Secret",
        "/%73ecret",
        "/secret%00",
        "/secret;a=b",
        "/open/../secret",
        "/open/..%2fsecret",
        "/open/..;/secret",
        "/open%2f..%2fsecret",
    ] {
        for separator in separators {
            for last in ["1", "%31", "1?", "1#a", "1;x", "1%20", "1%00", "1/"] {
                spellings.push(format!("{first}{separator}{last}"));
            }
        }
    }
    assert!(spellings.len() > 500);
    for spelling in spellings {
        let answer = gateway.get(&spelling, &[]);
        let reached = answer.status == 200 && answer.seen()["target"].as_str().unwrap().contains("secret");
        assert!(!reached, "{spelling} passed: {answer:?}");
    }
}

#[test]
fn r40_listing_our_headers_in_connection_does_not_remove_them() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    let listed = "close, X-Forwarded-For, X-Ca-Request-Id, X-Ca-Api-Gateway";
    let answer = gateway.get("/open/a", &[("Connection", listed), ("X-Forwarded-For", "10.0.0.1")]);
    let id = answer.header("X-Ca-Request-Id").unwrap().to_owned();
    let seen = answer.seen();
    assert_eq!(seen_header(&seen, "x-ca-request-id"), Some(id.as_str()));
    assert_eq!(seen_header(&seen, "x-ca-api-gateway"), Some(id.as_str()));
    assert!(seen_header(&seen, "x-forwarded-for").unwrap().ends_with("127.0.0.1"));
}

#[test]
fn r41_listing_credentials_in_connection_changes_nothing_about_who_calls() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let gateway = gateway(&echo, signer.jwk(json!({})));
    let listed = ("Connection", "close, Authorization, X-Token, X-Ca-Key, X-User-Id, Host");
    assert_eq!(gateway.get("/signed", &[listed]).code(), "A400MA");
    assert_eq!(gateway.get("/secret/1", &[listed]).code(), "I400JR");
    assert_eq!(gateway.get("/signed", &[listed, ("Authorization", &code())]).status, 200);
    let token = signer.token(json!({"sub": "alice"}));
    let seen = gateway.get("/secret/1", &[listed, ("X-Token", &token), ("X-User-Id", "root")]).seen();
    assert_eq!(seen_header(&seen, "x-user-id"), Some("alice"), "what the gateway sets comes after that");
}

#[test]
fn r42_r43_r44_what_only_a_gateway_can_know_is_not_taken_from_a_client() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let gateway = gateway(&echo, signer.jwk(json!({})));
    let token = signer.token(json!({}));
    let forged = [
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "X-Forwarded-User",
        "x_forwarded_user",
        "x-forwarded_for",
        "x_forwarded_for",
        "Forwarded",
        "X-Real-IP",
        "x_real_ip",
        "X-Ca-Api-Gateway",
        "x_ca_api_gateway",
        "x_ca_request_id",
        "X-Ca-Routing-Name",
        "X-Ca-Proxy-Signature",
        "X-Ca-Proxy-Signature-Headers",
        "X-Ca-Remote-Auth-Raw-Path",
        "X-Ca-DeviceId",
        "X-User-Id",
        "x_user_id",
        "X_User-Id",
    ];
    let mut headers: Vec<(&str, &str)> = forged.iter().map(|name| (*name, "forged")).collect();
    headers.extend([("X-Token", token.as_str()), ("ca_version", "1.1.2"), ("X-Ca-Request-Id", "forged")]);
    let answer = gateway.get("/secret/1", &headers);
    let seen = answer.seen();
    let values: Vec<_> = seen["headers"].as_array().unwrap().iter().filter(|pair| pair[1] == "forged").collect();
    assert!(values.is_empty(), "{values:?}");
    assert_eq!(seen_header(&seen, "ca_version"), Some("1.1.2"), "other names with _ pass, as the Java SDK sends one");
    assert_ne!(answer.header("X-Ca-Request-Id"), Some("forged"));
}

#[test]
fn r42_a_group_may_let_a_forwarding_header_through() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    let (kind, key, mut body) = group();
    body["passthrough_headers"] = json!(["x-forwarded-proto"]);
    gateway.apply(vec![(kind, key, body)]);
    let seen = gateway.get("/open/a", &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "a")]).seen();
    assert_eq!(
        (seen_header(&seen, "x-forwarded-proto"), seen_header(&seen, "x-forwarded-host")),
        (Some("https"), None)
    );
}

#[test]
fn r45_no_header_from_outside_steers_the_gateway() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    for name in [
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Envoy-Original-Path",
        "X-HTTP-Method-Override",
        "X-Ca-Supervisor-Token",
        "gateway_channel",
        "X-Ca-Api-Id",
        "X-Ca-App-Id",
        "X-Ca-Caller",
        "X-Forwarded-Host",
        "X-Host",
    ] {
        assert_eq!(gateway.get("/secret/1", &[(name, "/open/a")]).code(), "I400JR", "{name}");
        assert_eq!(gateway.get("/signed", &[(name, "110840611")]).code(), "A400MA", "{name}");
        assert_eq!(gateway.get("/nowhere", &[(name, "/open/a")]).code(), "I404NF", "{name}");
    }
}

#[test]
fn r46_a_remembered_decision_is_for_exactly_what_was_asked() {
    let echo = Echo::start();
    let service = Service::start(|request| {
        let fine = request["target"] == "/auth?user=alice&role=" || request["target"] == "/auth?user=alice";
        answer(if fine { 200 } else { 403 }, "", "")
    });
    let parameter = |name: &str| {
        json!({"sourceLocation": "query", "sourceParameterName": name, "targetLocation": "query",
        "targetParameterName": name})
    };
    let definition = json!({"parameters": {"status": "StatusCode"}, "authUriType": "HTTP", "cachedTimeBySecond": 600,
        "authUri": {"address": format!("http://{}", service.address), "path": "/auth"},
        "authParameters": [parameter("user"), parameter("role")], "successCondition": "$status = 200"});
    let mut gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    gateway.apply(vec![plugin("p2", "remoteAuth", definition), binding("api", "api2", "p2")]);
    let get = |query: &str| gateway.get(&format!("/open/a?{query}"), &[]).status;
    assert_eq!(get("user=alice"), 200);
    // Pairs that would be the same when names and values were only written one behind the other.
    for other in [
        "user=alice&role=admin",
        "user=alicerole",
        "user=alice%26role%3Dadmin",
        "user=alic&role=e",
        "role=alice",
        "user=bob&user=alice",
    ] {
        assert_eq!(get(other), 403, "{other}");
    }
    assert_eq!(
        (get("user=alice"), get("user=alice&user=bob")),
        (200, 200),
        "the first value is what the service is told"
    );
}

#[test]
fn r48_an_address_list_looks_at_the_connection() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    let definition = json!({"type": "ALLOW", "items": [{"blocks": ["10.0.0.0/8"]}]});
    gateway.apply(vec![plugin("p2", "ipControl", definition), binding("group", "g1", "p2")]);
    for name in [
        "X-Forwarded-For",
        "x_forwarded_for",
        "Forwarded",
        "X-Real-IP",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Via",
    ] {
        assert_eq!(gateway.get("/open/a", &[(name, "10.0.0.1")]).code(), "A403IP", "{name}");
    }
}

#[test]
fn r49_the_algorithm_is_the_keys_and_never_none() {
    let echo = Echo::start();
    let rsa = json!({"kty": "RSA", "n": MODULUS, "e": "AQAB", "kid": "rsa-1"});
    let gateway = gateway(&echo, rsa);
    assert_eq!(with(&gateway, RS256).status, 200);
    for confused in CONFUSED {
        assert_eq!(with(&gateway, confused).code(), "A403JT", "the public key is no shared secret");
    }
    let claims = json!({"sub": "root", "exp": now() + 3600}).to_string();
    for algorithm in ["none", "None", "NONE", "nOnE", "", "HS256", "ES256", "dir", "RS256 "] {
        for signature in ["", "AA", RS256.rsplit('.').next().unwrap()] {
            let header = json!({"alg": algorithm, "kid": "rsa-1"}).to_string();
            let token = format!("{}.{}.{signature}", encode(header.as_bytes()), encode(claims.as_bytes()));
            let answer = with(&gateway, &token);
            assert!(matches!(answer.code(), "A403JT" | "I400JD"), "{algorithm}: {answer:?}");
        }
    }
    assert_eq!(echo.count(), 1);
}

#[test]
fn r50_keys_in_a_token_and_signatures_of_nothing_are_worth_nothing() {
    let echo = Echo::start();
    let (signer, own) = (Signer::p256(), Signer::p256());
    let gateway = gateway(&echo, signer.jwk(json!({"kid": "k1"})));
    for header in [
        json!({"kid": "k1", "jwk": own.jwk(json!({}))}),
        json!({"kid": "k1", "jku": "http://127.0.0.1/keys", "x5u": "http://127.0.0.1/x"}),
        json!({"kid": "k1", "x5c": ["AAAA"]}),
    ] {
        let answer = with(&gateway, &own.token_with(header.clone(), json!({})));
        assert!(matches!(answer.code(), "A403JT" | "I400JD"), "{header}: {answer:?}");
    }
    for kid in ["../../k1", "k1' or '1'='1", "/dev/null", "K1", "k1\u{0}"] {
        assert_eq!(with(&gateway, &signer.token_with(json!({"kid": kid}), json!({}))).code(), "A403JK", "{kid}");
    }
    let good = signer.token_with(json!({"kid": "k1"}), json!({}));
    assert_eq!(with(&gateway, &good).status, 200);
    let (message, signature) = good.rsplit_once('.').unwrap();
    for forged in [
        vec![0; 64],
        [vec![0; 32], vec![1; 32]].concat(),
        vec![0xff; 64],
        vec![0; 63],
        vec![],
        vec![0x30, 6, 2, 1, 0, 2, 1, 0],
    ] {
        assert_eq!(with(&gateway, &format!("{message}.{}", encode(&forged))).code(), "A403JT");
    }
    for broken in [
        format!("{message}.{signature}."),
        format!("{message}.{signature}="),
        format!(".{message}.{signature}"),
        message.to_owned(),
        "..".to_owned(),
    ] {
        assert!(matches!(with(&gateway, &broken).code(), "A403JT" | "I400JD"), "{broken}");
    }
    let critical = signer.token_with(json!({"kid": "k1", "crit": ["b64"], "b64": false}), json!({}));
    assert_eq!(with(&gateway, &critical).code(), "A403JT");
}

#[test]
fn r50_odd_claims_neither_pass_nor_break_anything() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let gateway = gateway(&echo, signer.jwk(json!({})));
    let header = json!({"alg": "ES256"}).to_string();
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for claims in [
        "[]",
        "1",
        "null",
        "",
        "{",
        "{\"exp\":1e400}",
        "{\"exp\":-1}",
        "{\"exp\":{}}",
        "{\"exp\":\"9999999999\"}",
        deep.as_str(),
        "{\"exp\":9999999999,\"exp\":1}",
    ] {
        let answer = with(&gateway, &signer.token_of(header.as_bytes(), claims.as_bytes()));
        assert!(matches!(answer.code(), "A403JT" | "I400JD" | "A403JE"), "{claims}: {answer:?}");
    }
    assert_eq!(with(&gateway, &signer.token(json!({"exp": i64::MAX, "nbf": -1.5}))).code(), "A403JT");
    assert_eq!(with(&gateway, &signer.token(json!({"exp": 1e18}))).status, 200);
    assert_eq!(gateway.get("/open/a", &[]).status, 200);
}

#[test]
fn r51_no_answer_holds_a_secret() {
    let echo = Echo::start();
    let shared = Signer::shared(b"a shared secret of at least 32 bytes");
    let mut gateway = gateway(&echo, shared.jwk(json!({})));
    let users = json!({"users": [{"username": "alice", "password": "wonderland9"}]});
    gateway.apply(vec![plugin("p2", "basicAuth", users), binding("api", "api2", "p2")]);
    let secrets = ["shared secret", "YSBzaGFyZWQ", "wonderland9", APP_SECRET, APP_CODE, "presented-token"];
    let signed = [("X-Ca-Key", APP_KEY), ("X-Ca-Signature", "AAAA")];
    let basic = format!("Basic {}", STANDARD.encode("alice:presented-token"));
    let answers = [
        with(&gateway, "presented-token"),
        with(&gateway, "a.presented-token.c"),
        with(&gateway, &shared.token(json!({"exp": 1, "sub": "presented-token"}))),
        gateway.get("/open/a", &[]),
        gateway.get("/open/a", &[("Authorization", &basic)]),
        gateway.get("/signed", &signed),
        gateway.get("/signed", &[("Authorization", "APPCODE presented-token")]),
        gateway.get("/signed?AppCode=presented-token", &[("X-Ca-Request-Mode", "debug")]),
    ];
    for answer in answers {
        assert_ne!(answer.status, 200);
        let shown = format!("{:?} {}", answer.headers, answer.text());
        for secret in secrets {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
}

#[test]
fn r52_each_auth_plug_in_in_its_smallest_form_turns_strangers_away() {
    let echo = Echo::start();
    let service = Service::start(|_| answer(500, "", ""));
    let definitions = [
        json!({"parameter": "token", "jwk": Signer::p256().jwk(json!({}))}),
        json!({"users": [{"username": "a", "password": "b"}]}),
        json!({"authUriType": "HTTP", "authUri": {"address": format!("http://{}", service.address)},
            "parameters": {"status": "StatusCode"}, "successCondition": "$status = 200"}),
    ];
    for (plugin_type, definition) in TYPES.iter().zip(definitions) {
        let mut gateway = gateway(&echo, Signer::p256().jwk(json!({})));
        gateway.apply(vec![plugin("p2", plugin_type, definition), binding("group", "g1", "p2")]);
        for method in ["GET", "POST", "OPTIONS", "HEAD", "TRACE", "PATCH"] {
            let answer = gateway.send(method, "/open/a", &[], b"");
            assert!(matches!(answer.status, 400 | 401 | 403), "{plugin_type} {method}: {answer:?}");
        }
    }
    assert_eq!(echo.count(), 0);
}

#[test]
fn r52_a_condition_that_cannot_be_met_denies() {
    let echo = Echo::start();
    let service = Service::start(|_| answer(200, "", "not json"));
    for condition in ["$a = 1", "$a < 5", "$a like '%'", "$status = '2000'"] {
        let definition = json!({"authUriType": "HTTP", "authUri": {"address": format!("http://{}", service.address)},
            "parameters": {"a": "BodyJsonField:$.a", "status": "StatusCode"}, "successCondition": format!("$status = 200 and {condition}")});
        let mut gateway = gateway(&echo, Signer::p256().jwk(json!({})));
        gateway.apply(vec![plugin("p2", "remoteAuth", definition), binding("group", "g1", "p2")]);
        let answer = gateway.get("/open/a", &[]);
        assert_eq!(answer.code(), "A403PR", "{condition}");
    }
}

/// A signature over the documented string for `GET /signed` with this nonce.
fn signed(secret: &str, nonce: &str) -> Vec<(&'static str, String)> {
    let string = format!("GET\n\n\n\n\nX-Ca-Nonce:{nonce}\n/signed");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), string.as_bytes());
    vec![
        ("X-Ca-Key", APP_KEY.to_owned()),
        ("X-Ca-Nonce", nonce.to_owned()),
        ("X-Ca-Signature-Headers", "X-Ca-Nonce".to_owned()),
        ("X-Ca-Signature", STANDARD.encode(tag.as_ref())),
    ]
}

fn send(gateway: &Gateway, headers: &[(&'static str, String)]) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    gateway.get("/signed", &headers)
}

#[test]
fn r53_nobody_burns_the_nonces_of_others_and_a_nonce_is_used_once() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    assert_eq!(send(&gateway, &signed("a wrong secret", "n1")).code(), "A403IS");
    assert_eq!(send(&gateway, &signed(APP_SECRET, "n1")).status, 200, "a forged request used nothing up");
    assert_eq!(send(&gateway, &signed(APP_SECRET, "n1")).code(), "S403NU");
    let other =
        json!({"app_id": 7, "name": "other", "keys": [{"key": "otherkey1", "secret": APP_SECRET}], "codes": []});
    let grant = json!({"api_id": "api3", "stage": "RELEASE", "app_id": 7});
    gateway.apply(vec![("app", "7".into(), other), ("grant", "api3/RELEASE/7".into(), grant)]);
    let mut same = signed(APP_SECRET, "n1");
    same[0].1 = "otherkey1".to_owned();
    assert_eq!(send(&gateway, &same).status, 200, "a nonce is one of its AppKey's");
}

#[test]
fn r53_of_many_at_once_exactly_one_passes() {
    let echo = Echo::start();
    let gateway = gateway(&echo, Signer::p256().jwk(json!({})));
    for round in 0..20 {
        let headers = signed(APP_SECRET, &format!("round-{round}"));
        let passed = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| send(&gateway, &headers).status == 200)).collect();
            calls.into_iter().map(|call| call.join().unwrap()).filter(|passed| *passed).count()
        });
        assert_eq!(passed, 1, "round {round}");
    }
}
