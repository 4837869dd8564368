//! Nonces and used tokens across restarts (R53).

use crate::support::plugins::{binding, plugin};
use crate::support::tokens::Signer;
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, Echo, Gateway, APP_KEY, APP_SECRET, DEADLINE,
};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use ring::hmac;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::time::Instant;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("isthmus-nonces-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("nonces")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn gateway(echo: &Echo, state: &Path, jwk: &Value) -> Gateway {
    let once = json!({"parameter": "X-Token", "parameterLocation": "header", "jwk": jwk, "preventJtiReplay": true});
    let records = vec![
        group(),
        domain(),
        app(),
        grant("api1"),
        edition("api1", "GET", "/a", http_backend(echo.address), json!({"auth": app_auth()})),
        edition("api2", "GET", "/token", http_backend(echo.address), json!({})),
        plugin("p1", "jwtAuth", once),
        binding("api", "api2", "p1"),
    ];
    Gateway::start_with(records, |settings| settings.state = state.to_owned())
}

fn send(gateway: &Gateway, nonce: &str) -> (u16, String) {
    let string = format!("GET\n\n\n\n\nX-Ca-Nonce:{nonce}\n/a");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes()), string.as_bytes());
    let signature = STANDARD.encode(tag.as_ref());
    let listed = ("X-Ca-Signature-Headers", "X-Ca-Nonce");
    let headers = [("X-Ca-Key", APP_KEY), ("X-Ca-Nonce", nonce), listed, ("X-Ca-Signature", &signature)];
    let answer = gateway.get("/a", &headers);
    (answer.status, answer.code().to_owned())
}

const USED: (u16, &str) = (403, "S403NU");
const FINE: (u16, &str) = (200, "");

fn is(found: &(u16, String), expected: (u16, &str)) -> bool {
    (found.0, found.1.as_str()) == expected
}

fn wait_for_length(path: &Path, length: u64) {
    let started = Instant::now();
    while std::fs::metadata(path).map_or(0, |data| data.len()) < length {
        assert!(started.elapsed() < DEADLINE, "{} does not grow to {length} bytes", path.display());
        std::thread::yield_now();
    }
}

#[test]
fn r53_a_stopped_engine_forgets_no_nonce_and_no_token() {
    let (echo, folder, signer) = (Echo::start(), Folder::new("stopped"), Signer::p256());
    let (jwk, token) = (signer.jwk(json!({})), signer.token(json!({"jti": "t1"})));
    let first = gateway(&echo, &folder.0, &jwk);
    assert!(is(&send(&first, "n1"), FINE));
    assert_eq!(first.get("/token", &[("X-Token", &token)]).status, 200);
    drop(first);
    let second = gateway(&echo, &folder.0, &jwk);
    assert!(is(&send(&second, "n1"), USED));
    assert_eq!(second.get("/token", &[("X-Token", &token)]).code(), "S403JU");
    assert!(is(&send(&second, "n2"), FINE));
    drop(second);
    let third = gateway(&echo, &folder.0, &jwk);
    assert!(is(&send(&third, "n1"), USED) && is(&send(&third, "n2"), USED));
}

#[test]
fn r53_an_engine_that_died_forgets_only_its_last_moment() {
    let (echo, folder, copy) = (Echo::start(), Folder::new("died"), Folder::new("copy"));
    let jwk = Signer::p256().jwk(json!({}));
    let running = gateway(&echo, &folder.0, &jwk);
    assert!(is(&send(&running, "n1"), FINE) && is(&send(&running, "n2"), FINE));
    wait_for_length(&folder.file(), 24 + 2 * 24);
    // What a disk holds when the process is killed: the file as it is, its last record perhaps cut off.
    let mut bytes = std::fs::read(folder.file()).unwrap();
    bytes.extend_from_slice(&[7; 13]);
    std::fs::create_dir_all(&copy.0).unwrap();
    std::fs::write(copy.file(), bytes).unwrap();
    let next = gateway(&echo, &copy.0, &jwk);
    assert!(is(&send(&next, "n1"), USED) && is(&send(&next, "n2"), USED) && is(&send(&next, "n3"), FINE));
}

#[test]
fn a_file_that_is_damaged_or_cannot_be_written_stops_nobody() {
    let (echo, folder) = (Echo::start(), Folder::new("damaged"));
    let jwk = Signer::p256().jwk(json!({}));
    std::fs::create_dir_all(&folder.0).unwrap();
    for damaged in [&b""[..], b"nonces1\n", b"something else that is longer than a header"] {
        std::fs::write(folder.file(), damaged).unwrap();
        let gateway = gateway(&echo, &folder.0, &jwk);
        assert!(is(&send(&gateway, "n1"), FINE) && is(&send(&gateway, "n1"), USED));
    }
    std::fs::remove_file(folder.file()).unwrap();
    std::fs::create_dir(folder.file()).unwrap();
    let gateway = gateway(&echo, &folder.0, &jwk);
    assert!(is(&send(&gateway, "n1"), FINE) && is(&send(&gateway, "n1"), USED));
}

#[test]
fn the_file_holds_no_text_and_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (echo, folder) = (Echo::start(), Folder::new("private"));
    let gateway = gateway(&echo, &folder.0, &Signer::p256().jwk(json!({})));
    assert!(is(&send(&gateway, "a-nonce-that-could-be-found"), FINE));
    wait_for_length(&folder.file(), 48);
    let shown = String::from_utf8_lossy(&std::fs::read(folder.file()).unwrap()).into_owned();
    assert!(!shown.contains("nonce-that") && !shown.contains(APP_KEY));
    assert_eq!(std::fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
}
