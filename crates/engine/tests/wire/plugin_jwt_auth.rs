//! `jwtAuth`: each field, through a real socket.

use crate::support::docs::example;
use crate::support::plugins::{binding, dataset, plugin};
use crate::support::rsa_tokens::{MODULUS, PS384, RS256};
use crate::support::tokens::{now, Signer};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, seen_header, Answer, Echo, Gateway, APP_CODE,
};
use serde_json::{json, Value};

fn gateway(echo: &Echo, definition: Value) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api2"),
        edition("api1", "ANY", "/a", http_backend(echo.address), json!({})),
        edition("api2", "GET", "/both", http_backend(echo.address), json!({"auth": app_auth()})),
        plugin("p1", "jwtAuth", definition),
        binding("group", "g1", "p1"),
        dataset("d1", "JWT_BLOCKING", json!([{"value": "mallory"}, {"value": "bob", "expires_at": 1}])),
    ])
}

/// A definition with this key; `change` overwrites fields.
fn definition(signer: &Signer, change: Value) -> Value {
    let mut body = json!({"parameter": "X-Token", "parameterLocation": "header", "jwk": signer.jwk(json!({}))});
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn with(gateway: &Gateway, token: &str) -> Answer {
    gateway.get("/a", &[("X-Token", token)])
}

#[track_caller]
fn expect(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.code(), answer.message()), (status, code, message));
}

#[test]
fn every_kind_of_key_verifies_its_own_tokens() {
    let echo = Echo::start();
    let others = [Signer::p256(), Signer::p384(), Signer::ed25519(), Signer::shared(&[7; 32])];
    for signer in &others {
        let gateway = gateway(&echo, definition(signer, json!({})));
        assert_eq!(with(&gateway, &signer.token(json!({}))).status, 200, "{}", signer.algorithm());
        let forger = Signer::p256().token_with(json!({"alg": signer.algorithm()}), json!({}));
        expect(&with(&gateway, &forger), 403, "A403JT", "Invalid JWT: `its signature does not hold`");
    }
    let rsa = json!({"kty": "RSA", "n": MODULUS, "e": "AQAB", "use": "sig", "kid": "rsa-1"});
    let gateway = gateway(&echo, definition(&others[0], json!({"jwk": rsa})));
    assert_eq!((with(&gateway, RS256).status, with(&gateway, PS384).status), (200, 200));
}

#[test]
fn the_token_can_be_in_a_header_the_query_or_a_cookie() {
    let echo = Echo::start();
    let signer = Signer::ed25519();
    let token = signer.token(json!({}));
    let place = |name: &str, location: Value| json!({"parameter": name, "parameterLocation": location});
    let mut gateway = gateway(&echo, definition(&signer, place("Authorization", json!("header"))));
    for word in ["Bearer ", "bearer ", ""] {
        assert_eq!(gateway.get("/a", &[("Authorization", &format!("{word}{token}"))]).status, 200, "{word:?}");
    }
    gateway.apply(vec![plugin("p1", "jwtAuth", definition(&signer, place("token", json!("query"))))]);
    assert_eq!(gateway.get(&format!("/a?token={token}"), &[]).status, 200);
    expect(&gateway.get("/a", &[("token", &token)]), 400, "I400JR", "JWT required");
    gateway.apply(vec![plugin("p1", "jwtAuth", definition(&signer, place("token", json!("cookie"))))]);
    assert_eq!(gateway.get("/a", &[("Cookie", &format!("a=b; token={token}; c=d"))]).status, 200);
    expect(&gateway.get("/a", &[("Cookie", &format!("xtoken={token}"))]), 400, "I400JR", "JWT required");
}

#[test]
fn without_a_location_it_is_where_the_api_declares_it() {
    let echo = Echo::start();
    let signer = Signer::ed25519();
    let token = signer.token(json!({}));
    let mut gateway = gateway(&echo, definition(&signer, json!({"parameter": "jwt", "parameterLocation": null})));
    assert_eq!(gateway.get("/a", &[("jwt", &token)]).status, 200, "undeclared: a header");
    let declared = |location: &str| {
        let parameter = json!({"name": "jwt", "location": location, "parameter_type": "string", "required": false});
        edition(
            "api1",
            "ANY",
            "/a",
            http_backend(echo.address),
            json!({"request_mode": "mapping", "parameters": [parameter]}),
        )
    };
    gateway.apply(vec![declared("query")]);
    assert_eq!(gateway.get(&format!("/a?jwt={token}"), &[]).status, 200);
    assert_eq!(gateway.get("/a", &[("jwt", &token)]).code(), "I400JR");
    gateway.apply(vec![declared("body")]);
    expect(
        &gateway.get("/a", &[("jwt", &token)]),
        400,
        "I400JP",
        "Invalid JWT plugin config: `jwt` is neither a header nor in the query",
    );
}

#[test]
fn a_missing_token_is_refused_unless_that_is_allowed() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let mut gateway = gateway(&echo, definition(&signer, json!({})));
    for headers in [&[][..], &[("X-Token", "")], &[("X-Token", "Bearer ")]] {
        expect(&gateway.get("/a", headers), 400, "I400JR", "JWT required");
    }
    gateway.apply(vec![plugin("p1", "jwtAuth", definition(&signer, json!({"bypassEmptyToken": true})))]);
    assert_eq!(gateway.get("/a", &[]).status, 200);
    assert_eq!(with(&gateway, "nonsense").code(), "I400JD", "a token that is there must be good");
}

#[test]
fn the_key_is_chosen_by_its_name() {
    let echo = Echo::start();
    let (one, two, nameless) = (Signer::p256(), Signer::p256(), Signer::ed25519());
    let keys = json!([one.jwk(json!({"kid": "k1"})), two.jwk(json!({"kid": "k2"}))]);
    let mut gateway = gateway(&echo, definition(&one, json!({"jwk": null, "jwks": keys})));
    let named = |signer: &Signer, kid: &str| signer.token_with(json!({"kid": kid}), json!({}));
    assert_eq!(with(&gateway, &named(&one, "k1")).status, 200);
    assert_eq!(with(&gateway, &named(&two, "k2")).status, 200);
    assert_eq!(with(&gateway, &two.token(json!({}))).status, 200, "a token that names no key");
    assert_eq!(with(&gateway, &named(&one, "k2")).code(), "A403JT");
    expect(&with(&gateway, &named(&one, "k3")), 403, "A403JK", "No matching JWK, kid:`k3` not found");
    let set = json!({"jwk": nameless.jwk(json!({})), "jwks": {"keys": keys}});
    gateway.apply(vec![plugin("p1", "jwtAuth", definition(&one, set))]);
    assert_eq!(with(&gateway, &named(&nameless, "whatever")).status, 200, "a key without a name takes any");
    assert_eq!(with(&gateway, &named(&one, "k1")).status, 200);
}

#[test]
fn times_are_checked_with_a_minute_of_leeway() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let mut gateway = gateway(&echo, definition(&signer, json!({})));
    assert_eq!(with(&gateway, &signer.token(json!({"exp": now() - 50, "nbf": now() + 50}))).status, 200);
    expect(
        &with(&gateway, &signer.token(json!({"exp": 1_000_000_000}))),
        403,
        "A403JE",
        "JWT is expired at `2001-09-09T01:46:40Z`",
    );
    let early = signer.token(json!({"nbf": now() + 100}));
    expect(&with(&gateway, &early), 403, "A403JT", "Invalid JWT: `it is not valid yet`");
    let endless = signer.token(json!({"exp": null}));
    expect(&with(&gateway, &endless), 403, "A403JT", "Invalid JWT: `the claim exp is required`");
    assert_eq!(with(&gateway, &signer.token(json!({"exp": "tomorrow"}))).code(), "A403JT");
    gateway.apply(vec![plugin("p1", "jwtAuth", definition(&signer, json!({"ignoreExpirationCheck": true})))]);
    assert_eq!(with(&gateway, &signer.token(json!({"exp": 1_000_000_000}))).status, 200);
    assert_eq!(with(&gateway, &endless).status, 200);
    assert_eq!(with(&gateway, &early).code(), "A403JT");
}

#[test]
fn the_documented_example_gives_the_backend_the_claims() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let mut body = example("jwtAuth");
    let _ = body.as_object_mut().unwrap().remove("jwk");
    body["jwk"] = signer.jwk(json!({}));
    let gateway = gateway(&echo, body);
    let token = format!("Bearer {}", signer.token(json!({"sub": "alice", "aud": ["a", "b"], "userId": 7})));
    let spoofed = [("Authorization", token.as_str()), ("X-Sub", "root"), ("x_sub", "root"), ("X-Aud", "root")];
    let seen = gateway.get("/a?userId=root&b=%7E&userId=root", &spoofed).seen();
    assert_eq!(seen["target"], "/backend?b=%7E&userId=7", "{seen}");
    assert_eq!((seen_header(&seen, "x-sub"), seen_header(&seen, "x-aud")), (Some("alice"), Some("[\"a\",\"b\"]")));
    assert_eq!(seen_header(&seen, "x_sub"), None);
    let token = format!("Bearer {}", signer.token(json!({"userId": null})));
    let seen = gateway.get("/a?userId=root", &[("Authorization", &token), ("X-Sub", "root")]).seen();
    assert_eq!(
        (seen_header(&seen, "x-sub"), &seen["target"]),
        (None, &json!("/backend")),
        "absent claims are no values"
    );
    let token = format!("Bearer {}", signer.token(json!({"sub": "a\r\nX-Admin: 1"})));
    assert_eq!(gateway.get("/a", &[("Authorization", &token)]).code(), "A403JT");
}

#[test]
fn a_token_is_used_once_when_replay_is_prevented() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let gateway = gateway(&echo, definition(&signer, json!({"preventJtiReplay": "true"})));
    let token = signer.token(json!({"jti": "t1"}));
    assert_eq!(with(&gateway, &token).status, 200);
    expect(&with(&gateway, &token), 403, "S403JU", "Claim jti in JWT is used");
    expect(&with(&gateway, &signer.token(json!({"jti": "t1", "a": 1}))), 403, "S403JU", "Claim jti in JWT is used");
    let without = signer.token(json!({}));
    expect(&with(&gateway, &without), 403, "S403JI", "Claim jti is required when preventJtiReplay:true");
    let forged = Signer::p256().token(json!({"jti": "t2"}));
    assert_eq!(with(&gateway, &forged).code(), "A403JT");
    assert_eq!(with(&gateway, &signer.token(json!({"jti": "t2"}))).status, 200, "a forged token uses nothing up");
}

#[test]
fn blocked_tokens_are_refused_until_the_entry_expires() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let blocking = json!({"blockByDatasetId": "d1", "blockClaimParameterName": "who"});
    let mut gateway = gateway(&echo, definition(&signer, blocking));
    expect(&with(&gateway, &signer.token(json!({"who": "mallory"}))), 403, "A403JT", "Invalid JWT: `it is blocked`");
    assert_eq!(with(&gateway, &signer.token(json!({"who": ["x", "mallory"]}))).code(), "A403JT");
    assert_eq!(with(&gateway, &signer.token(json!({"who": "bob"}))).status, 200);
    gateway.apply(vec![plugin("p1", "jwtAuth", definition(&signer, json!({"blockByDatasetId": "d1"})))]);
    assert_eq!(with(&gateway, &signer.token(json!({"jti": "mallory"}))).code(), "A403JT", "jti without a name");
    gateway.apply(vec![plugin("p1", "jwtAuth", definition(&signer, json!({"blockByDatasetId": "gone"})))]);
    assert_eq!(with(&gateway, &signer.token(json!({}))).code(), "I400JP");
}

#[test]
fn an_app_may_be_asked_for_beside_a_token() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let gateway = gateway(&echo, definition(&signer, json!({})));
    let (code, token) = (format!("APPCODE {APP_CODE}"), signer.token(json!({})));
    assert_eq!(gateway.get("/both", &[("X-Token", &token)]).code(), "A400MA");
    assert_eq!(gateway.get("/both", &[("Authorization", &code)]).code(), "I400JR");
    assert_eq!(gateway.get("/both", &[("Authorization", &code), ("X-Token", &token)]).status, 200);
}

#[test]
fn keys_that_cannot_verify_are_refused_with_their_field() {
    let signer = Signer::p256();
    let refused = |jwk: Value| {
        let body = definition(&signer, json!({"jwk": jwk}));
        let decoded = isthmus_plan::Definition::decode(isthmus_plan::PluginType::JwtAuth, body);
        decoded.unwrap_err().first().unwrap().field.clone()
    };
    assert_eq!(refused(json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})), "jwk.n");
    assert_eq!(refused(json!({"kty": "RSA", "n": MODULUS, "e": "AQAB", "alg": "HS256"})), "jwk.alg");
    assert_eq!(refused(json!({"kty": "RSA", "n": MODULUS, "e": "AQAB", "d": "AQAB"})), "jwk.d");
    assert_eq!(refused(json!({"kty": "EC", "crv": "P-521"})), "jwk.crv");
    assert_eq!(refused(signer.jwk(json!({"x": "not base64!"}))), "jwk.x");
    assert_eq!(refused(json!({"kty": "oct", "k": "c2hvcnQ"})), "jwk.k");
    assert_eq!(refused(signer.jwk(json!({"use": "enc"}))), "jwk.use");
    assert_eq!(refused(json!(null)), "jwk");
}
