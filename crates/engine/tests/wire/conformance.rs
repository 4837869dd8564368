//! h2spec, the conformance tests of HTTP/2, against both ports. `make clients` builds it where there is Go; without it
//! this test says so and shows nothing. docs/reference/http2.md explains the one case that fails.

use crate::support::service::{answer, Service};
use crate::support::tls::{certificate, Authority};
use crate::support::{edition, group, http_backend, Gateway};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// An invalid preface on the plain port is HTTP/1.1 there, and answered as that.
const EXPLAINED: &str = "Sends invalid connection preface";

fn failures(program: &Path, address: SocketAddr, more: &[&str]) -> (String, Vec<String>) {
    let port = address.port().to_string();
    let ran = Command::new(program).args(["-h", "127.0.0.1", "-p", &port]).args(more).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let listed = said.split_once("Failures:").map_or("", |(_, listed)| listed);
    let failed = listed
        .lines()
        .filter_map(|line| line.trim().strip_prefix('×'))
        .map(|line| line.split_once(": ").map_or(line, |(_, title)| title).to_owned());
    let failed = failed.collect();
    (said, failed)
}

#[test]
fn h2spec_finds_nothing_that_is_not_explained() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/clients/h2spec");
    if !program.exists() {
        eprintln!("h2spec is not built: make clients builds it where there is Go");
        return;
    }
    let service = Service::start(|_| answer(200, "", "conforms"));
    let authority = Authority::new("root");
    let mut backend = http_backend(service.address);
    backend["path"] = json!("/*");
    let records = vec![
        group(),
        ("domain", "127.0.0.1".into(), json!({"host": "127.0.0.1", "group_id": "g1"})),
        edition("api1", "ANY", "/*", backend, json!({})),
        certificate("default", "127.0.0.1", &authority.issue("127.0.0.1")),
    ];
    let gateway = Gateway::start_with(records, |settings| settings.https = Some("127.0.0.1:0".parse().unwrap()));
    let (said, failed) = failures(&program, gateway.address(), &[]);
    assert!(said.contains("145 tests"), "{said}");
    assert!(failed.iter().all(|title| title == EXPLAINED), "{said}");
    let https = gateway.engine.as_ref().unwrap().addresses.https.unwrap();
    let (said, failed) = failures(&program, https, &["-t", "-k"]);
    assert!(said.contains("145 tests"), "{said}");
    assert!(failed.is_empty(), "{said}");
}
