//! HTTPS backends: whom the gateway trusts, which name it asks for, and what it says when a handshake fails.

use crate::support::tls::{Authority, Pair};
use crate::support::{domain, edition, group, tls_backend, Gateway};
use isthmus_engine::live::Live;
use isthmus_engine::settings::EngineSettings;
use isthmus_engine::Engine;
use serde_json::{json, Value};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

/// Files of one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("isthmus-backends-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: &str) -> Option<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        Some(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn backend(host: &str, port: u16) -> Value {
    json!({"target": {"type": "http", "scheme": "https", "host": host, "port": port}, "path": "/", "timeout_ms": 5000})
}

fn access(name: &str, address: SocketAddr, change: Value) -> (&'static str, String, Value) {
    let mut body = json!({"access_id": name, "name": name, "network_id": "vpc-h", "target": "127.0.0.1",
        "port": address.port()});
    for (field, value) in change.as_object().unwrap() {
        body[field] = value.clone();
    }
    ("vpc_access", name.to_owned(), body)
}

fn network() -> (&'static str, String, Value) {
    ("network", "vpc-h".to_owned(), json!({"network_id": "vpc-h", "attachment": {"mode": "host"}}))
}

fn through(access: &str, host: Option<&str>) -> Value {
    let target = json!({"type": "vpc", "access": access, "scheme": "https", "host": host});
    json!({"target": target, "path": "/", "timeout_ms": 5000})
}

#[test]
fn trusts_the_authority_of_a_setting_and_asks_for_the_address_name() {
    let (authority, folder) = (Authority::new("Own"), Folder::new("own"));
    let address = tls_backend::start(&authority.issue("localhost"), None);
    let records =
        vec![group(), domain(), edition("api1", "GET", "/v1", backend("localhost", address.port()), json!({}))];
    let file = folder.file("ca.pem", &authority.pem());
    let gateway = Gateway::start_with(records.clone(), |settings| settings.backend_ca_file = file);
    let seen = gateway.get("/v1", &[]).seen();
    assert_eq!((seen["sni"].as_str(), seen["client"].as_bool()), (Some("localhost"), Some(false)));
    assert_eq!(seen["host"], format!("localhost:{}", address.port()));
    let gateway = Gateway::start(records);
    let answer = gateway.get("/v1", &[]);
    assert_eq!((answer.status, answer.code()), (504, "D504CS"));
    assert_eq!(
        answer.message(),
        "Backend http ssl connect failed `the certificate is of an unknown authority`",
        "without the setting nobody vouches for it"
    );
}

#[test]
fn says_why_a_certificate_is_refused() {
    let (authority, folder) = (Authority::new("Own"), Folder::new("why"));
    let pairs: [(&str, Pair, &str); 3] = [
        ("/name", authority.issue("other.internal"), "the certificate is for another name"),
        ("/time", authority.issue_expired("localhost"), "the certificate has expired"),
        ("/authority", Authority::new("Stranger").issue("localhost"), "the certificate is of an unknown authority"),
    ];
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain_port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            std::io::Write::write_all(&mut stream, b"220 not TLS\r\n").ok();
        }
    });
    let mut records = vec![group(), domain()];
    for (path, pair, _) in &pairs {
        let port = tls_backend::start(pair, None).port();
        records.push(edition(&path[1..], "GET", path, backend("localhost", port), json!({})));
    }
    records.push(edition("plain", "GET", "/plain", backend("localhost", plain_port), json!({})));
    let file = folder.file("ca.pem", &authority.pem());
    let gateway = Gateway::start_with(records, |settings| settings.backend_ca_file = file);
    let reasons = pairs.iter().map(|(path, _, reason)| (*path, *reason));
    for (path, reason) in reasons.chain([("/plain", "handshake failed")]) {
        let answer = gateway.get(path, &[]);
        let message = format!("Backend http ssl connect failed `{reason}`");
        assert_eq!((answer.status, answer.code(), answer.message()), (504, "D504CS", message.as_str()), "{path}");
    }
}

#[test]
fn takes_any_certificate_only_where_verification_is_off() {
    let address = tls_backend::start(&Authority::new("Stranger").issue("other.internal"), None);
    let mut unverified = backend("localhost", address.port());
    unverified["verify_tls"] = json!(false);
    let records = vec![
        group(),
        domain(),
        network(),
        access("open", address, json!({"verify_tls": false})),
        access("strict", address, json!({})),
        edition("off", "GET", "/off", unverified, json!({})),
        edition("on", "GET", "/on", backend("localhost", address.port()), json!({})),
        edition("open", "GET", "/open", through("open", None), json!({})),
        edition("strict", "GET", "/strict", through("strict", None), json!({})),
    ];
    let gateway = Gateway::start(records);
    for (path, code) in [("/off", ""), ("/on", "D504CS"), ("/open", ""), ("/strict", "D504CS"), ("/off", "")] {
        let answer = gateway.get(path, &[]);
        assert_eq!(answer.code(), code, "{path}: a connection made without verification serves no other backend");
    }
}

#[test]
fn a_vpc_access_asks_for_the_host_it_sends_without_its_port_or_for_its_address() {
    let (authority, folder) = (Authority::new("Own"), Folder::new("access"));
    let named = tls_backend::start(&authority.issue("shop.internal"), None);
    let numbered = tls_backend::start(&authority.issue("127.0.0.1"), None);
    let records = vec![
        group(),
        domain(),
        network(),
        access("named", named, json!({"host": "shop.internal:8443"})),
        access("numbered", numbered, json!({})),
        edition("named", "GET", "/named", through("named", None), json!({})),
        edition("other", "GET", "/other", through("named", Some("bank.internal")), json!({})),
        edition("numbered", "GET", "/numbered", through("numbered", None), json!({})),
    ];
    let file = folder.file("ca.pem", &authority.pem());
    let gateway = Gateway::start_with(records, |settings| settings.backend_ca_file = file);
    let seen = gateway.get("/named", &[]).seen();
    assert_eq!((seen["sni"].as_str(), seen["host"].as_str()), (Some("shop.internal"), Some("shop.internal:8443")));
    let answer = gateway.get("/other", &[]);
    assert_eq!(answer.code(), "D504CS", "what was verified for one host is no connection for another");
    assert_eq!(gateway.get("/numbered", &[]).seen()["sni"], Value::Null, "an address is no server name");
}

#[test]
fn shows_its_own_certificate_to_backends_that_ask() {
    let (authority, folder) = (Authority::new("Own"), Folder::new("client"));
    let address = tls_backend::start(&authority.issue("localhost"), Some(&authority));
    let records =
        vec![group(), domain(), edition("api1", "GET", "/v1", backend("localhost", address.port()), json!({}))];
    let ca = folder.file("ca.pem", &authority.pem());
    let own = authority.issue("gateway");
    let (certificate, key) = (folder.file("own.pem", &own.chain), folder.file("own.key", &own.key));
    let gateway = Gateway::start_with(records.clone(), |settings| {
        settings.backend_ca_file.clone_from(&ca);
        settings.backend_certificate_file = certificate;
        settings.backend_key_file = key;
    });
    assert_eq!(gateway.get("/v1", &[]).seen()["client"], true);
    let gateway = Gateway::start_with(records, |settings| settings.backend_ca_file = ca);
    let code = gateway.get("/v1", &[]).code().to_owned();
    // With TLS 1.3 a server says no only after the client believes that the handshake is over.
    assert!(["D504CS", "N502RE"].contains(&code.as_str()), "{code}");
}

#[test]
fn does_not_start_with_a_file_that_it_cannot_use() {
    let folder = Folder::new("files");
    let (empty, pair) = (folder.file("empty.pem", "nothing"), Authority::new("Own").issue("gateway"));
    let certificate = folder.file("own.pem", &pair.chain);
    let refused = |change: &dyn Fn(&mut EngineSettings)| {
        let mut settings = Gateway::settings();
        change(&mut settings);
        Engine::start(settings, Arc::new(Live::default())).err().expect("the engine does not start").to_string()
    };
    let text = refused(&|settings| settings.backend_ca_file = Some("/no/such/file.pem".into()));
    assert!(text.contains("backend_ca_file: /no/such/file.pem cannot be used"), "{text}");
    let text = refused(&|settings| settings.backend_ca_file.clone_from(&empty));
    assert!(text.contains("it has no certificate"), "{text}");
    let text = refused(&|settings| settings.backend_certificate_file.clone_from(&certificate));
    assert!(text.contains("belong together"), "{text}");
    let text = refused(&|settings| {
        settings.backend_certificate_file.clone_from(&certificate);
        settings.backend_key_file.clone_from(&empty);
    });
    assert!(text.contains("backend_key_file"), "{text}");
}
