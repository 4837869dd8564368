//! Every recorded request of a real signing client, through a real socket.

use crate::support::{app_auth, domain, edition, group, http_backend, Answer, Echo, Gateway};
use serde_json::{json, Value};

fn vectors() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/signatures.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

fn client_vectors(kind: &str) -> Vec<Value> {
    let chosen: Vec<Value> = vectors().into_iter().filter(|vector| vector["kind"] == kind).collect();
    assert!(!chosen.is_empty(), "no vector of kind {kind}");
    chosen
}

/// An engine that accepts any timestamp and any path, with one app for each key of the vectors.
fn gateway(echo: &Echo, secrets: &[(String, String)]) -> Gateway {
    let mut records = vec![group(), domain()];
    let auth = json!({"auth": app_auth()});
    records.push(edition("any", "ANY", "/*", http_backend(echo.address), auth));
    for (index, (key, secret)) in secrets.iter().enumerate() {
        let app_id = 1000 + index;
        let app = json!({"app_id": app_id, "name": "caller", "keys": [{"key": key, "secret": secret}], "codes": []});
        records.push(("app", app_id.to_string(), app));
        let grant = json!({"api_id": "any", "stage": "RELEASE", "app_id": app_id});
        records.push(("grant", format!("any/RELEASE/{app_id}"), grant.clone()));
        for stage in ["TEST", "PRE"] {
            records.push((
                "grant",
                format!("any/{stage}/{app_id}"),
                json!({"api_id": "any", "stage": stage, "app_id": app_id}),
            ));
        }
    }
    for stage in ["TEST", "PRE"] {
        let change = json!({"auth": app_auth(), "stage": stage});
        records.push(edition("any", "ANY", "/*", http_backend(echo.address), change));
    }
    Gateway::start_with(records, |settings| {
        settings.signature_window_ms = u64::MAX / 2;
        settings.nonce_window_ms = 0;
    })
}

fn replay(gateway: &Gateway, vector: &Value) -> Answer {
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    let body = text("body_utf8").into_bytes();
    let mut message =
        format!("{} {} HTTP/1.1\r\nHost: {}\r\n", text("method"), text("target"), crate::support::HOST).into_bytes();
    for pair in vector["headers"].as_array().unwrap() {
        let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let framing = ["host", "connection", "content-length", "transfer-encoding"];
        if !framing.iter().any(|skipped| name.eq_ignore_ascii_case(skipped)) {
            message.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
    }
    message.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    message.extend_from_slice(&body);
    gateway.raw(&message)
}

fn secrets(vectors: &[Value]) -> Vec<(String, String)> {
    let mut secrets: Vec<(String, String)> = vectors
        .iter()
        .map(|vector| {
            (vector["app_key"].as_str().unwrap().to_owned(), vector["app_secret"].as_str().unwrap().to_owned())
        })
        .collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

#[test]
fn accepts_every_recorded_request_of_real_clients() {
    let vectors = client_vectors("client-signature");
    let echo = Echo::start();
    let gateway = gateway(&echo, &secrets(&vectors));
    let refused: Vec<String> = vectors
        .iter()
        .filter_map(|vector| {
            let answer = replay(&gateway, vector);
            (answer.status != 200).then(|| format!("{}: {} {}", vector["id"], answer.code(), answer.message()))
        })
        .collect();
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!(echo.count(), vectors.len());
}

#[test]
fn names_the_server_string_to_sign_when_the_secret_is_another() {
    let vectors = client_vectors("client-signature");
    let echo = Echo::start();
    let wrong: Vec<(String, String)> =
        secrets(&vectors).into_iter().map(|(key, _)| (key, "another secret".to_owned())).collect();
    let gateway = gateway(&echo, &wrong);
    for vector in &vectors {
        let answer = replay(&gateway, vector);
        assert_eq!((answer.status, answer.code()), (403, "A403IS"), "{}", vector["id"]);
        let documented =
            vector["documented_rules_string_to_sign"].as_str().or(vector["string_to_sign"].as_str()).unwrap();
        let expected = format!("Invalid Signature, Server StringToSign:`{}`", documented.replace('\n', "#"));
        assert_eq!(answer.message(), expected, "{}", vector["id"]);
    }
    assert_eq!(echo.count(), 0, "a request with a wrong signature must not reach the backend");
}

#[test]
fn rejects_the_recorded_negative_requests_with_their_messages() {
    let vectors = client_vectors("client-signature-negative");
    let echo = Echo::start();
    let gateway = gateway(&echo, &secrets(&vectors));
    for vector in &vectors {
        let answer = replay(&gateway, vector);
        assert_eq!((answer.status, answer.code()), (403, "A403IS"), "{}", vector["id"]);
        if let Some(expected) = vector["error_header_if_rejected"].as_str() {
            assert_eq!(answer.message(), expected, "{}", vector["id"]);
        }
    }
}
