//! `basicAuth`: each field, through a real socket.

use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::{app, app_auth, domain, edition, grant, group, http_backend, Answer, Echo, Gateway, APP_CODE};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use serde_json::json;

fn gateway(echo: &Echo) -> Gateway {
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api2"),
        edition("api1", "GET", "/a", http_backend(echo.address), json!({})),
        edition("api2", "GET", "/both", http_backend(echo.address), json!({"auth": app_auth()})),
        plugin("p1", "basicAuth", example("basicAuth")),
        binding("group", "g1", "p1"),
    ])
}

fn with(gateway: &Gateway, credentials: &str) -> Answer {
    gateway.get("/a", &[("Authorization", &format!("Basic {}", STANDARD.encode(credentials)))])
}

#[test]
fn users_of_the_documented_example_may_call() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    assert_eq!(with(&gateway, "alice:123456").status, 200);
    assert_eq!(with(&gateway, "bob:correct horse").status, 200);
    let word = format!("basic {}", STANDARD.encode("alice:123456"));
    assert_eq!(gateway.get("/a", &[("Authorization", &word)]).status, 200, "the word in any case");
}

#[test]
fn anyone_else_is_asked_for_a_password() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    let answer = gateway.get("/a", &[]);
    assert_eq!((answer.status, answer.code()), (401, "A403PR"));
    assert_eq!(answer.message(), "Plugin Authorization Needed: `user name and password`");
    assert_eq!(answer.header("WWW-Authenticate"), Some("Basic realm=\"API\", charset=\"UTF-8\""));
    for wrong in
        ["alice:12345", "alice:1234567", "alice:", "alice", "", ":", "Alice:123456", "bob:123456", "alice\0:123456"]
    {
        assert_eq!(with(&gateway, wrong).status, 401, "{wrong:?}");
    }
    for odd in ["Basic", "Basic !", "Bearer YWxpY2U6MTIzNDU2", "YWxpY2U6MTIzNDU2"] {
        assert_eq!(gateway.get("/a", &[("Authorization", odd)]).status, 401, "{odd:?}");
    }
    let good = format!("Basic {}", STANDARD.encode("alice:123456"));
    let twice = [("Authorization", good.as_str()), ("Authorization", "Basic e")];
    assert_eq!(gateway.get("/a", &twice).status, 401, "the backend could read the other");
    assert_eq!(echo.count(), 0);
}

#[test]
fn an_app_may_be_asked_for_beside_it() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    let good = format!("Basic {}", STANDARD.encode("alice:123456"));
    assert_eq!(gateway.get("/both", &[("Authorization", &good)]).code(), "A400MA");
    assert_eq!(gateway.get(&format!("/both?AppCode={APP_CODE}"), &[("Authorization", &good)]).status, 200);
    assert_eq!(gateway.get(&format!("/both?AppCode={APP_CODE}"), &[]).status, 401);
}

#[test]
fn users_that_cannot_be_told_apart_are_refused_and_passwords_never_shown() {
    let body = json!({"users": [{"username": "a:b", "password": "hush"}, {"username": "c", "password": ""},
        {"username": "c", "password": "hush"}]});
    let decode = |body| isthmus_plan::Definition::decode(isthmus_plan::PluginType::BasicAuth, body);
    let problems = decode(body).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["users[0].username", "users[1].password", "users[2].username"]);
    assert!(!format!("{:?}", decode(example("basicAuth")).unwrap()).contains("123456"));
}
