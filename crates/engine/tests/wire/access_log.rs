//! The access log: a line for each request, in files that do not grow for ever.

use crate::support::*;
use isthmus_engine::settings::AccessLogSettings;
use serde_json::{json, Value};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// `open(2)` of Linux.
const O_NONBLOCK: i32 = 0o4000;

struct Logging {
    gateway: Gateway,
    folder: PathBuf,
}

impl Logging {
    fn start(name: &str, bytes: u64, files: u32) -> Self {
        let folder = std::env::temp_dir().join(format!("isthmus-access-log-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder).unwrap();
        let echo = Echo::start();
        let backend = http_backend(echo.address);
        let records = vec![
            group(),
            domain(),
            app(),
            grant("a1"),
            edition("a1", "GET", "/users/[id]", backend, json!({"auth": app_auth()})),
        ];
        let gateway = Gateway::start_with(records, |settings| {
            settings.access_log = Some(AccessLogSettings { path: folder.join("access.log"), bytes, files });
        });
        Self { gateway, folder }
    }

    fn call(&self, path: &str) -> Answer {
        self.gateway.get(path, &[("Authorization", &format!("APPCODE {APP_CODE}"))])
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Calls, and waits until the line of the call is in the log's file.
    fn call_and_see(&self, path: &str) -> Value {
        let answer = self.call(path);
        let id = answer.header("X-Ca-Request-Id").unwrap().to_owned();
        let found = || lines(&self.file("access.log")).into_iter().find(|line| line["requestId"] == *id);
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(line) = found() {
                return line;
            }
            assert!(Instant::now() < until, "no line of {answer:?}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Whole lines only: the last one may be under way.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_has_the_vendors_field_names() {
    let logging = Logging::start("fields", 0, 0);
    let line = logging.call_and_see("/users/7?page=2");
    for (name, value) in [
        ("statusCode", json!(200)),
        ("requestProtocol", json!("HTTP")),
        ("httpMethod", json!("GET")),
        ("domain", json!(HOST)),
        ("path", json!("/users/7")),
        ("clientIp", json!("127.0.0.1")),
        ("apiGroupUid", json!("g1")),
        ("apiUid", json!("a1")),
        ("apiStageName", json!("RELEASE")),
        ("appId", json!(APP_ID)),
        ("appName", json!("caller")),
        ("instanceId", json!("api-shared-vpc-001")),
        ("completed", json!(true)),
    ] {
        assert_eq!(line[name], value, "{name} in {line}");
    }
    let time = line["requestHandleTime"].as_str().unwrap();
    assert!(time.len() == 20 && time.ends_with('Z') && time.starts_with("20"), "{time}");
    let moments = &line["exchangeTimestamp"];
    let moment = |name: &str| moments[name].as_i64().unwrap_or_else(|| panic!("{name} in {moments}"));
    let (begin, end) = (moment("FrontRequestStart"), moment("FrontResponseEnd"));
    assert!(begin <= moment("BackendRequestStart") && moment("BackendResponseStart") <= end, "{moments}");
    assert_eq!(line["totalLatency"].as_i64().unwrap(), end - begin);
    let refused = logging.call_and_see("/nowhere\"");
    assert_eq!((&refused["errorCode"], &refused["path"]), (&json!("I404NF"), &json!("/nowhere\"")));
    assert!(refused.get("apiUid").is_none() && refused["exchangeTimestamp"].get("BackendRequestStart").is_none());
}

#[test]
fn a_file_that_is_full_is_put_aside_and_the_oldest_goes() {
    let logging = Logging::start("full", 1000, 2);
    let seen: Vec<Value> =
        (0..6).map(|number| logging.call_and_see(&format!("/users/{number}"))["path"].clone()).collect();
    let kept: Vec<Value> = ["access.log.2", "access.log.1", "access.log"]
        .iter()
        .flat_map(|name| lines(&logging.file(name)))
        .map(|line| line["path"].clone())
        .collect();
    assert!(kept.len() < seen.len() && seen.ends_with(&kept), "the newest are kept, in order: {kept:?}");
    assert!(logging.file("access.log.2").exists() && !logging.file("access.log.3").exists());
    for name in ["access.log.1", "access.log.2"] {
        assert!(std::fs::metadata(logging.file(name)).unwrap().len() <= 1000, "{name}");
    }
}

#[test]
fn a_file_that_was_moved_away_is_begun_anew() {
    let logging = Logging::start("moved", 0, 0);
    logging.call_and_see("/users/1");
    std::fs::rename(logging.file("access.log"), logging.file("yesterday")).unwrap();
    logging.call_and_see("/users/2");
    assert_eq!((lines(&logging.file("yesterday")).len(), lines(&logging.file("access.log")).len()), (1, 1));
    std::fs::remove_file(logging.file("access.log")).unwrap();
    std::fs::create_dir(logging.file("access.log")).unwrap();
    assert_eq!(logging.call("/users/3").status, 200);
    wait_for_lost(&logging.gateway, 1);
    std::fs::remove_dir(logging.file("access.log")).unwrap();
    logging.call_and_see("/users/4");
}

#[test]
fn a_full_disk_costs_lines_which_are_counted_and_no_request() {
    let echo = Echo::start();
    let records = vec![group(), domain(), edition("a1", "GET", "/x", http_backend(echo.address), json!({}))];
    let gateway = Gateway::start_with(records, |settings| settings.access_log = Some(access_log("/dev/full".into())));
    assert_eq!(gateway.get("/x", &[]).status, 200);
    wait_for_lost(&gateway, 1);
    assert_eq!(gateway.get("/x", &[]).status, 200);
    wait_for_lost(&gateway, 2);
}

#[test]
fn a_reader_that_does_not_read_holds_up_neither_requests_nor_the_end() {
    let echo = Echo::start();
    let folder = std::env::temp_dir().join(format!("isthmus-access-log-pipe-{}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let reader = std::fs::OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&path).unwrap();
    let records = vec![group(), domain(), edition("a1", "GET", "/x", http_backend(echo.address), json!({}))];
    let mut gateway = Gateway::start_with(records, |settings| {
        settings.access_log = Some(access_log(path.clone()));
        settings.drain_ms = 100;
    });
    // More than a pipe holds.
    for _ in 0..200 {
        assert_eq!(gateway.get(&format!("/x?{}", "y".repeat(500)), &[]).status, 200);
    }
    let engine = gateway.engine.take().unwrap();
    let (told, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        engine.stop();
        told.send(()).unwrap();
    });
    assert!(ended.recv_timeout(2 * DEADLINE).is_ok(), "the end waits for the reader");
    drop(reader);
    std::fs::remove_dir_all(&folder).ok();
}

#[test]
fn a_log_that_cannot_be_opened_stops_the_start_and_is_named() {
    let mut settings = Gateway::settings();
    settings.access_log = Some(access_log("/nowhere/access.log".into()));
    let error = isthmus_engine::Engine::start(settings, std::sync::Arc::default()).err().unwrap();
    assert!(error.to_string().starts_with("cannot open the access log /nowhere/access.log: "), "{error}");
}

fn wait_for_lost(gateway: &Gateway, wanted: u64) {
    let until = Instant::now() + DEADLINE;
    loop {
        let text = health(gateway);
        let lost = serde_json::from_str::<Value>(&text).unwrap()["log_lines_lost"].clone();
        if lost == json!(wanted) {
            return;
        }
        assert!(Instant::now() < until, "{lost} lines are lost");
    }
}

fn health(gateway: &Gateway) -> String {
    use std::io::{Read, Write};
    let mut stream = connect(gateway.health_address());
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}
