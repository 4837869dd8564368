//! OpenID Connect settings of an API: a business API asks for tokens that a token API's key verifies.

use crate::support::plugins::{binding, plugin};
use crate::support::tokens::Signer;
use crate::support::{anonymous, app, app_auth, domain, edition, grant, group, http_backend, Echo, Gateway, APP_CODE};
use serde_json::{json, Value};

type Record = (&'static str, String, Value);

fn token_api(api_id: &str, signer: &Signer, kid: &str) -> Record {
    let backend = json!({"target": {"type": "mock", "status": 200, "body": "a token"}, "timeout_ms": 1});
    let open_id = json!({"type": "id_token", "jwk": signer.jwk(json!({"kid": kid}))});
    edition(api_id, "POST", "/token", backend, json!({"open_id": open_id}))
}

fn business(api_id: &str, path: &str, echo: &Echo, auth: Value) -> Record {
    let open_id = json!({"type": "business", "parameter": "X-Token", "location": "head"});
    edition(api_id, "GET", path, http_backend(echo.address), json!({"auth": auth, "open_id": open_id}))
}

fn gateway(echo: &Echo, signer: &Signer) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api2"),
        token_api("api0", signer, "k1"),
        business("api1", "/token-only", echo, anonymous()),
        business("api2", "/both", echo, app_auth()),
    ])
}

fn token(signer: &Signer, kid: &str) -> String {
    signer.token_with(json!({"kid": kid}), json!({"sub": "alice"}))
}

#[test]
fn a_business_api_asks_for_a_token_and_perhaps_an_app() {
    let echo = Echo::start();
    let signer = Signer::p256();
    let gateway = gateway(&echo, &signer);
    let (good, code) = (token(&signer, "k1"), format!("APPCODE {APP_CODE}"));
    assert_eq!(gateway.send("POST", "/token", &[], b"").text(), "a token", "the token API itself asks for none");
    assert_eq!(gateway.get("/token-only", &[]).code(), "I400JR");
    assert_eq!(gateway.get("/token-only", &[("X-Token", &good)]).status, 200);
    assert_eq!(gateway.get("/token-only", &[("X-Token", &token(&Signer::p256(), "k1"))]).code(), "A403JT");
    assert_eq!(gateway.get("/token-only", &[("X-Token", &token(&signer, "k2"))]).code(), "A403JK");
    assert_eq!(gateway.get("/both", &[("X-Token", &good)]).code(), "A400MA");
    assert_eq!(gateway.get("/both", &[("Authorization", &code)]).code(), "I400JR");
    assert_eq!(gateway.get("/both", &[("X-Token", &good), ("Authorization", &code)]).status, 200);
}

#[test]
fn keys_come_and_go_with_the_apis_that_hand_out_tokens() {
    let echo = Echo::start();
    let (signer, next) = (Signer::p256(), Signer::ed25519());
    let mut gateway = gateway(&echo, &signer);
    let status = |gateway: &Gateway, text: String| gateway.get("/token-only", &[("X-Token", &text)]).status;
    let mut second = token_api("api9", &next, "k2");
    second.2["path"] = json!("/token2");
    gateway.apply(vec![second]);
    assert_eq!((status(&gateway, token(&signer, "k1")), status(&gateway, token(&next, "k2"))), (200, 200));
    gateway.apply(vec![("edition", "api0/RELEASE".to_owned(), Value::Null)]);
    assert_eq!((status(&gateway, token(&signer, "k1")), status(&gateway, token(&next, "k2"))), (403, 200));
}

#[test]
fn a_token_plug_in_takes_the_place_of_the_apis_own_settings() {
    let echo = Echo::start();
    let (signer, own) = (Signer::p256(), Signer::p256());
    let mut gateway = gateway(&echo, &signer);
    let definition = json!({"parameter": "X-Token", "parameterLocation": "header", "jwk": own.jwk(json!({}))});
    gateway.apply(vec![plugin("p1", "jwtAuth", definition), binding("api", "api1", "p1")]);
    assert_eq!(gateway.get("/token-only", &[("X-Token", &own.token(json!({})))]).status, 200);
    assert_eq!(gateway.get("/token-only", &[("X-Token", &token(&signer, "k1"))]).status, 403);
}
